/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/capture.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SNAP_LEN    262144
#define BUFFER_LEN  (32 << 20)
#define US	    1000
#define PROMISCUOUS 1

struct noon_capture {
	pcap_t *pcap;
	bool live;
	bool fine; /* its times have more digits than microseconds */
	enum noon_capture_level level;
	uint64_t frames;
	char why[NOON_CAPTURE_WHY];
};

/* NULL: no memory; pcap is closed then. */
static struct noon_capture *take_over(pcap_t *pcap, char *why)
{
	struct noon_capture *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		pcap_close(pcap);
		(void)snprintf(why, NOON_CAPTURE_WHY, "out of memory");
		return NULL;
	}
	c->pcap = pcap;
	return c;
}

/* libpcap would call a folder an empty file. */
static bool is_folder(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

noon_err noon_capture_file(const char *path, struct noon_capture **ret, char *why)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap;
	const size_t n = strlen(path);
	const char *clause = text;
	struct noon_capture *c;

	if (is_folder(path)) {
		(void)snprintf(why, NOON_CAPTURE_WHY, "is a directory: expected a capture file");
		return NOON_ERR_FORMAT;
	}
	pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
	if (pcap == NULL) {
		/* libpcap begins some of its messages with the path, which the caller says. */
		if (strncmp(text, path, n) == 0 && strncmp(text + n, ": ", 2) == 0)
			clause = text + n + 2;
		(void)snprintf(why, NOON_CAPTURE_WHY, "%s (expected a file of pcap or pcapng)",
			       clause);
		return NOON_ERR_FORMAT;
	}
	c = take_over(pcap, why);
	if (c == NULL)
		return NOON_ERR_OS;
	*ret = c;
	return NOON_OK;
}

/* The type of time stamp to ask for, or -1 if the adapter has none of that kind. */
static int type_of(pcap_t *pcap, enum noon_capture_level level)
{
	const int wanted = level == NOON_CAPTURE_ADAPTER_CLOCK ? PCAP_TSTAMP_ADAPTER_UNSYNCED
							       : PCAP_TSTAMP_ADAPTER;
	int *types = NULL;
	const int n = pcap_list_tstamp_types(pcap, &types);
	int found = -1;

	for (int i = 0; i < n; i++)
		if (types[i] == wanted)
			found = wanted;
	if (types != NULL)
		pcap_free_tstamp_types(types);
	return found;
}

static noon_err set_stamps(struct noon_capture *c, const struct noon_capture_live *conf, char *why)
{
	int type;

	c->level = NOON_CAPTURE_KERNEL;
	if (conf->level <= NOON_CAPTURE_KERNEL)
		return NOON_OK;
	type = type_of(c->pcap, conf->level);
	if (type < 0 || pcap_set_tstamp_type(c->pcap, type) != 0) {
		(void)snprintf(why, NOON_CAPTURE_WHY,
			       "the adapter offers no time stamps of the kind \"%s\"",
			       noon_capture_level_word(conf->level));
		return NOON_ERR_UNSUPPORTED;
	}
	c->level = conf->level;
	return NOON_OK;
}

static noon_err say_activate(const struct noon_capture *c, int status, char *why)
{
	const char *text = pcap_geterr(c->pcap);

	if (*text == '\0')
		text = pcap_statustostr(status);
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		(void)snprintf(why, NOON_CAPTURE_WHY,
			       "not permitted to capture: run it as root, or with CAP_NET_RAW");
		return NOON_ERR_PERM;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		(void)snprintf(why, NOON_CAPTURE_WHY, "no such interface");
		return NOON_ERR_NOT_FOUND;
	case PCAP_ERROR_IFACE_NOT_UP:
		(void)snprintf(why, NOON_CAPTURE_WHY, "the interface is not up");
		return NOON_ERR_NOT_FOUND;
	default:
		(void)snprintf(why, NOON_CAPTURE_WHY, "%s", text);
		return NOON_ERR_OS;
	}
}

/* What this machine sends is stamped by the kernel even where the adapter stamps what comes in: two
 * clocks in one capture would prove nothing. */
static noon_err set_direction(const struct noon_capture *c, char *why)
{
	if (c->level <= NOON_CAPTURE_KERNEL || pcap_setdirection(c->pcap, PCAP_D_IN) == 0)
		return NOON_OK;
	(void)snprintf(why, NOON_CAPTURE_WHY, "incoming frames alone cannot be heard: %s",
		       pcap_geterr(c->pcap));
	return NOON_ERR_UNSUPPORTED;
}

static noon_err activate(struct noon_capture *c, const struct noon_capture_live *conf, char *why)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	int status;
	noon_err err;

	(void)pcap_set_snaplen(c->pcap, SNAP_LEN);
	(void)pcap_set_promisc(c->pcap, conf->promiscuous ? PROMISCUOUS : 0);
	(void)pcap_set_immediate_mode(c->pcap, 1);
	(void)pcap_set_buffer_size(c->pcap, BUFFER_LEN);
	(void)pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO);
	err = set_stamps(c, conf, why);
	if (err)
		return err;
	status = pcap_activate(c->pcap);
	if (status < 0)
		return say_activate(c, status, why);
	c->fine = pcap_get_tstamp_precision(c->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	if (pcap_setnonblock(c->pcap, 1, text) != 0 || pcap_get_selectable_fd(c->pcap) < 0) {
		(void)snprintf(why, NOON_CAPTURE_WHY, "it cannot be waited for: %s", text);
		return NOON_ERR_OS;
	}
	return set_direction(c, why);
}

static noon_err set_filter(struct noon_capture *c, const char *filter, char *why)
{
	struct bpf_program program;
	noon_err err = NOON_OK;

	if (filter == NULL)
		return NOON_OK;
	if (pcap_compile(c->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		(void)snprintf(why, NOON_CAPTURE_WHY, "filter \"%s\": %s (see pcap-filter(7))",
			       filter, pcap_geterr(c->pcap));
		return NOON_ERR_FORMAT;
	}
	if (pcap_setfilter(c->pcap, &program) != 0) {
		(void)snprintf(why, NOON_CAPTURE_WHY, "%s", pcap_geterr(c->pcap));
		err = NOON_ERR_OS;
	}
	pcap_freecode(&program);
	return err;
}

noon_err noon_capture_live(const struct noon_capture_live *conf, struct noon_capture **ret,
			   char *why)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(conf->interface, text);
	struct noon_capture *c;
	noon_err err;

	if (pcap == NULL) {
		(void)snprintf(why, NOON_CAPTURE_WHY, "%s", text);
		return NOON_ERR_OS;
	}
	c = take_over(pcap, why);
	if (c == NULL)
		return NOON_ERR_OS;
	c->live = true;
	err = activate(c, conf, why);
	err = err ? err : set_filter(c, conf->filter, why);
	if (err)
		noon_capture_close(c);
	else
		*ret = c;
	return err;
}

void noon_capture_close(struct noon_capture *c)
{
	if (c == NULL)
		return;
	pcap_close(c->pcap);
	free(c);
}

static noon_dur seconds(int64_t s)
{
	noon_dur d;

	if (__builtin_mul_overflow(s, NOON_NS_PER_SEC, &d))
		return s < 0 ? INT64_MIN : INT64_MAX;
	return d;
}

static void take_frame(struct noon_capture *c, const struct pcap_pkthdr *h, const u_char *p,
		       struct noon_captured *ret)
{
	/* With nanoseconds in the place of microseconds, as was asked for. */
	const int64_t fraction = h->ts.tv_usec;
	const bool nano = pcap_get_tstamp_precision(c->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	const int64_t ns = nano ? fraction : fraction * US;

	c->fine = c->fine || ns % US != 0;
	c->frames++;
	ret->bytes = noon_bytes_of(p, h->caplen);
	ret->wire_n = h->len > h->caplen ? h->len : h->caplen;
	ret->at = (noon_time){noon_sat_add(seconds(h->ts.tv_sec), ns)};
}

enum noon_capture_step noon_capture_next(struct noon_capture *c, struct noon_captured *ret)
{
	struct pcap_pkthdr *header;
	const u_char *p;

	switch (pcap_next_ex(c->pcap, &header, &p)) {
	case 1:
		take_frame(c, header, p, ret);
		return NOON_CAPTURE_FRAME;
	case 0:
		return NOON_CAPTURE_NONE;
	case PCAP_ERROR_BREAK:
		return NOON_CAPTURE_END;
	default:
		(void)snprintf(c->why, sizeof(c->why), "%s", pcap_geterr(c->pcap));
		return NOON_CAPTURE_FAILED;
	}
}

const char *noon_capture_why(const struct noon_capture *c)
{
	return c->why;
}

int noon_capture_link_type(const struct noon_capture *c)
{
	return pcap_datalink(c->pcap);
}

const char *noon_capture_link_name(const struct noon_capture *c)
{
	const char *name = pcap_datalink_val_to_name(pcap_datalink(c->pcap));

	return name != NULL ? name : "?";
}

noon_dur noon_capture_unit(const struct noon_capture *c)
{
	return c->fine ? 1 : US;
}

enum noon_capture_level noon_capture_level(const struct noon_capture *c)
{
	return c->level;
}

uint64_t noon_capture_frames(const struct noon_capture *c)
{
	return c->frames;
}

int noon_capture_fd(const struct noon_capture *c)
{
	return pcap_get_selectable_fd(c->pcap);
}

uint64_t noon_capture_dropped(const struct noon_capture *c)
{
	struct pcap_stat s = {0};

	if (!c->live || pcap_stats(c->pcap, &s) != 0)
		return 0;
	return (uint64_t)s.ps_drop + s.ps_ifdrop;
}

bool noon_capture_progress(const struct noon_capture *c, uint64_t *ret_done, uint64_t *ret_all)
{
	FILE *f = pcap_file(c->pcap);
	struct stat st;
	long at;

	if (f == NULL || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	at = ftell(f);
	if (at < 0 || st.st_size <= 0)
		return false;
	*ret_done = (uint64_t)at;
	*ret_all = (uint64_t)st.st_size;
	return true;
}

const char *noon_capture_level_word(enum noon_capture_level l)
{
	switch (l) {
	case NOON_CAPTURE_UNKNOWN:
		return "unknown";
	case NOON_CAPTURE_KERNEL:
		return "kernel";
	case NOON_CAPTURE_ADAPTER:
		return "adapter";
	case NOON_CAPTURE_ADAPTER_CLOCK:
		return "adapter-clock";
	}
	return "unknown";
}
