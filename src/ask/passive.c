/* SPDX-License-Identifier: Apache-2.0 */
#include "ask/passive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/ntp.h"

#define FLOWS	      4096
#define BLOCKS	      8192
#define ASKS	      8192
#define NTP_ASKS      16384
#define FRAMES_A_LOOK 4096 /* frames between two looks at the clock, or at other events */
#define FILTER_MAX    512

struct noon_passive {
	struct noon_passive_conf conf;
	struct noon_tap tap;
	struct noon_capture *live;
	struct noon_loop *loop;
	struct noon_fd_watch watch;
	uint64_t dropped;
	enum noon_capture_level level;
	struct noon_tap_flow flows[FLOWS];
	struct noon_tap_block blocks[BLOCKS];
	struct noon_tap_ask asks[ASKS];
	struct noon_tap_ntp_ask ntp_asks[NTP_ASKS];
	uint8_t scratch[NOON_TAP_SCRATCH_LEN];
};

size_t noon_passive_memory(void)
{
	return sizeof(struct noon_passive);
}

static noon_err init_tap(struct noon_passive *p)
{
	const struct noon_tap_room room = {p->flows, FLOWS,	  p->blocks, BLOCKS,	p->asks,
					   ASKS,     p->ntp_asks, NTP_ASKS,  p->scratch};
	struct noon_tap_conf conf = {.tap_unit = 1,
				     .tap_delay = p->conf.tap_delay,
				     .on_exchange = p->conf.on_exchange,
				     .arg = p->conf.arg};

	if (p->conf.ports == 0) {
		conf.ntp_port[0] = NOON_NTP_PORT;
		conf.ntp_ports = 1;
	} else {
		memcpy(conf.ntp_port, p->conf.port, sizeof(conf.ntp_port));
		memcpy(conf.tsp_port, p->conf.port, sizeof(conf.tsp_port));
		conf.ntp_ports = p->conf.ports;
		conf.tsp_ports = p->conf.ports;
	}
	return noon_tap_init(&p->tap, &conf, &room);
}

noon_err noon_passive_new(const struct noon_passive_conf *conf, struct noon_passive **ret)
{
	struct noon_passive *p = calloc(1, sizeof(*p));
	noon_err err;

	if (p == NULL)
		return NOON_ERR_OS;
	p->conf = *conf;
	err = init_tap(p);
	if (err)
		free(p);
	else
		*ret = p;
	return err;
}

void noon_passive_free(struct noon_passive *p)
{
	if (p == NULL)
		return;
	noon_passive_end(p);
	free(p);
}

static noon_err check_link(const struct noon_capture *c, char *why)
{
	if (noon_frame_knows(noon_capture_link_type(c)))
		return NOON_OK;
	(void)snprintf(why, NOON_CAPTURE_WHY,
		       "link layer %s (%d) is not known here: expected Ethernet, Linux cooked, raw "
		       "IP or loopback",
		       noon_capture_link_name(c), noon_capture_link_type(c));
	return NOON_ERR_UNSUPPORTED;
}

static void hear(struct noon_passive *p, const struct noon_capture *c,
		 const struct noon_captured *f)
{
	p->tap.conf.tap_unit = noon_capture_unit(c);
	noon_tap_on_frame(&p->tap, noon_capture_link_type(c), f->bytes, f->wire_n, f->at);
}

static int64_t seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static enum noon_capture_step read_all(struct noon_passive *p, struct noon_capture *c)
{
	int64_t said = seconds_now();
	struct noon_captured f;
	enum noon_capture_step step;

	while ((step = noon_capture_next(c, &f)) == NOON_CAPTURE_FRAME) {
		hear(p, c, &f);
		if (p->conf.on_progress == NULL || noon_capture_frames(c) % FRAMES_A_LOOK != 0 ||
		    seconds_now() == said)
			continue;
		said = seconds_now();
		p->conf.on_progress(p->conf.arg, c);
	}
	return step;
}

noon_err noon_passive_file(struct noon_passive *p, const char *path, char *why)
{
	struct noon_capture *c = NULL;
	noon_err err = noon_capture_file(path, &c, why);

	if (err)
		return err;
	err = check_link(c, why);
	if (!err && read_all(p, c) == NOON_CAPTURE_FAILED) {
		(void)snprintf(why, NOON_CAPTURE_WHY,
			       "damaged behind frame %llu, all before it was used: %.400s",
			       (unsigned long long)noon_capture_frames(c), noon_capture_why(c));
		err = NOON_ERR_SHORT;
	}
	noon_capture_close(c);
	return err;
}

static void stop_listening(struct noon_passive *p)
{
	if (p->live == NULL)
		return;
	noon_loop_del(p->loop, &p->watch);
	p->dropped += noon_capture_dropped(p->live);
	noon_capture_close(p->live);
	p->live = NULL;
}

static void on_ready(void *arg, unsigned what)
{
	struct noon_passive *p = arg;
	enum noon_capture_step step = NOON_CAPTURE_FRAME;
	struct noon_captured f;
	char why[NOON_CAPTURE_WHY];

	(void)what;
	for (unsigned i = 0; i < FRAMES_A_LOOK && step == NOON_CAPTURE_FRAME; i++) {
		step = noon_capture_next(p->live, &f);
		if (step == NOON_CAPTURE_FRAME)
			hear(p, p->live, &f);
	}
	if (step != NOON_CAPTURE_FAILED)
		return;
	(void)snprintf(why, sizeof(why), "%s", noon_capture_why(p->live));
	stop_listening(p);
	p->conf.on_fail(p->conf.arg, why);
}

/* What the tap can use, with VLAN tags and without: behind "vlan" a filter looks at what is within
 * the tag (pcap-filter(7)). */
static void make_filter(const struct noon_passive *p, char *out, size_t n)
{
	char ports[FILTER_MAX / 2] = "tcp or udp port 123";
	size_t at = 0;

	for (unsigned i = 0; i < p->conf.ports && at < sizeof(ports); i++)
		at += (size_t)snprintf(ports + at, sizeof(ports) - at, "%sport %u",
				       i > 0 ? " or " : "", (unsigned)p->conf.port[i]);
	(void)snprintf(out, n, "(%s) or (vlan and (%s))", ports, ports);
}

static noon_err open_live(struct noon_passive *p, const struct noon_capture_live *conf, char *why)
{
	struct noon_capture_live filtered = *conf;
	char filter[FILTER_MAX + 64];
	noon_err err;

	make_filter(p, filter, sizeof(filter));
	if (conf->filter == NULL)
		filtered.filter = filter;
	err = noon_capture_live(&filtered, &p->live, why);
	/* Some link layers know no VLAN: their tags cannot be filtered for. */
	if (err == NOON_ERR_FORMAT && conf->filter == NULL) {
		*strstr(filter, " or (vlan") = '\0';
		err = noon_capture_live(&filtered, &p->live, why);
	}
	return err;
}

noon_err noon_passive_listen(struct noon_passive *p, const struct noon_capture_live *conf,
			     struct noon_loop *loop, char *why)
{
	noon_err err = open_live(p, conf, why);

	if (err)
		return err;
	p->level = noon_capture_level(p->live);
	p->loop = loop;
	p->watch =
		(struct noon_fd_watch){noon_capture_fd(p->live), NOON_READABLE, on_ready, p, NULL};
	err = check_link(p->live, why);
	if (!err && noon_loop_add(loop, &p->watch)) {
		(void)snprintf(why, NOON_CAPTURE_WHY, "event loop: no room");
		err = NOON_ERR_OS;
	}
	if (err) {
		noon_capture_close(p->live);
		p->live = NULL;
	}
	return err;
}

void noon_passive_end(struct noon_passive *p)
{
	stop_listening(p);
	noon_tap_end(&p->tap);
}

const struct noon_tap_counts *noon_passive_counts(const struct noon_passive *p)
{
	return &p->tap.counts;
}

uint64_t noon_passive_dropped(const struct noon_passive *p)
{
	return p->dropped;
}

enum noon_capture_level noon_passive_level(const struct noon_passive *p)
{
	return p->level;
}
