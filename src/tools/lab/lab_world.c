/* SPDX-License-Identifier: Apache-2.0
 *
 * Server number i is at 127.0.1.i, the relay of path number i at 127.0.2.i: each client reaches
 * each of its servers by a separate address.
 */
#include "tools/lab/lab_world.h"

#include <fcntl.h>
#include <math.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/file.h"
#include "tools/core/child.h"
#include "tools/core/tool.h"
#include "tools/lab/lab_attack.h"
#include "tools/lab/lab_tally.h"
#include "tools/lab/relay_control.h"

#define NTP_PORT   10123
#define KE_PORT	   14460
#define READ_EVERY 0.1 /* s */
#define PATH_LEN   NOON_CHILD_PATH
#define CONF_LEN   16384

struct lab {
	const struct noon_scenario *s;
	const volatile int *stop;
	char dir[64];
	struct noon_children children;
	struct noon_ask ask[NOON_SIM_NODES];
	struct noon_lab_tally tally[NOON_SIM_NODES];
	unsigned mask[NOON_SIM_PATHS][2]; /* active attacks */
	char why[256];
};

/* A configuration in construction. */
struct text {
	char buf[CONF_LEN];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->buf + t->n, sizeof(t->buf) - t->n, format, ap);
	va_end(ap);
	t->n += n > 0 ? (size_t)n : 0;
	if (t->n >= sizeof(t->buf))
		t->n = sizeof(t->buf) - 1;
}

static bool write_to(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool raise_loopback(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {.ifr_name = "lo"};
	bool ok = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0;

	r.ifr_flags |= IFF_UP;
	ok = ok && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

noon_err noon_lab_enter_namespace(void)
{
	char map[64];
	const unsigned uid = geteuid();
	const unsigned gid = getegid();

	if (unshare(CLONE_NEWNET) != 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
			return NOON_ERR_PERM;
		(void)write_to("/proc/self/setgroups", "deny");
		(void)snprintf(map, sizeof(map), "0 %u 1", uid);
		if (!write_to("/proc/self/uid_map", map))
			return NOON_ERR_PERM;
		(void)snprintf(map, sizeof(map), "0 %u 1", gid);
		(void)write_to("/proc/self/gid_map", map);
	}
	return raise_loopback() ? NOON_OK : NOON_ERR_PERM;
}

static void put_common(struct text *t, const struct lab *l, const char *name)
{
	put(t,
	    "state-directory = \"%s/%s\"\n"
	    "control-socket = \"%s/%s/sock\"\n"
	    "shared-page = \"%s/%s/clock\"\n"
	    "user = \"\"\n",
	    l->dir, name, l->dir, name, l->dir, name);
}

/* The faults of the scenario's oscillator that a virtual clock supports. */
static void put_clock(struct text *t, const struct noon_sim_node *n, noon_dur wrong, uint64_t seed)
{
	put(t,
	    "clock { type = \"virtual\" offset = \"%.9f\" frequency-error = \"%.6fppm\"\n"
	    "  random-walk = %g ageing = \"%.12fppm\" seed = %llu }\n",
	    noon_dur_to_s(wrong), n->clock.frequency * 1e6, n->clock.random_walk,
	    n->clock.ageing / 86400.0 * 1e6, (unsigned long long)(seed & 0xffffffff) / 2 + 1);
}

static void put_server(struct text *t, const struct lab *l, size_t i)
{
	const struct noon_sim_node *n = &l->s->node[i];

	put_common(t, l, n->name);
	if (n->offset == 0 && fabs(n->clock.frequency) < 1e-15)
		put(t, "clock { type = \"system-read-only\" }\n");
	else
		put_clock(t, n, n->offset, l->s->seed + i);
	put(t,
	    "server { listen = {\"127.0.1.%zu:%d\"} local-stratum = %u local-bound = \"%.9f\" }\n"
	    "nts-ke { listen = {\"127.0.1.%zu:%d\"} ntp-port = %d ntsrotate = \"%.3f\"\n"
	    "  names = {\"localhost\"} }\n",
	    i + 1, NTP_PORT, (unsigned)n->stratum, noon_dur_to_s(n->local_bound), i + 1, KE_PORT,
	    NTP_PORT, noon_dur_to_s(n->rotate));
}

static void put_source(struct text *t, const struct lab *l, size_t path)
{
	const struct noon_sim_path *p = &l->s->path[path];
	const struct noon_source_conf *c = &p->source;

	put(t, "source \"127.0.2.%zu\" {\n  port = %d ntsport = %d minpoll = %d maxpoll = %d\n",
	    path + 1, NTP_PORT, KE_PORT, c->poll_min, c->poll_max);
	put(t, "  iburst = %s burst-interval = \"%.6f\" noselect = %s extra-error = \"%.9f\"\n",
	    c->burst > 0 ? "true" : "false", noon_dur_to_s(c->burst_interval),
	    c->noselect ? "true" : "false", noon_dur_to_s(c->extra_err));
	if (c->m_f > 0 || c->m_r > 0)
		put(t,
		    "  measured-minimum-forward = \"%.9f\" measured-minimum-reverse = \"%.9f\"\n",
		    noon_dur_to_s(c->m_f), noon_dur_to_s(c->m_r));
	if (p->nts)
		put(t,
		    "  ntstrustedcerts = \"%s/%s/ntske.crt\" certificate-name = \"localhost\"\n}\n",
		    l->dir, l->s->node[p->server].name);
	else
		put(t, "  nts = false allow-unauthenticated = true\n}\n");
}

static void put_client(struct text *t, const struct lab *l, size_t i)
{
	const struct noon_sim_node *n = &l->s->node[i];
	const struct noon_engine_conf *e = &n->engine;

	put_common(t, l, n->name);
	put(t,
	    "alert-limit = \"%.9f\"\nmaxclockerror = \"%.6fppm\"\nwander = \"%.6fppm\"\n"
	    "holdover-wander = \"%.6fppm\"\n"
	    "max-age = \"%.3f\"\nmax-liars = %d\nclear-after = %u\nholdover-polls = %u\n"
	    "step-at-start = %s\nmaxslewrate = \"%.6fppm\"\n"
	    "readmit-after = \"%.3f\"\nreadmit-lone-after = \"%.3f\"\n",
	    noon_dur_to_s(e->alert_limit), e->max_rate_error * 1e6, e->wander * 1e6,
	    e->holdover * 1e6, noon_dur_to_s(e->max_age), e->max_liars, e->clear_after,
	    e->holdover_polls, e->step_at_start ? "true" : "false", e->slew_rate * 1e6,
	    noon_dur_to_s(e->readmit_after), noon_dur_to_s(e->readmit_lone_after));
	put_clock(t, n, -n->offset, l->s->seed + i);
	for (size_t p = 0; p < l->s->paths; p++)
		if (l->s->path[p].client == i)
			put_source(t, l, p);
}

static bool start_node(struct lab *l, size_t i)
{
	const struct noon_sim_node *n = &l->s->node[i];
	struct text *t = calloc(1, sizeof(*t));
	char conf[PATH_LEN];
	char log[PATH_LEN];
	char ready[PATH_LEN];
	char option[] = "-f";
	char *argv[] = {l->children.daemon, option, conf, NULL};
	bool ok;

	if (t == NULL)
		return false;
	(void)snprintf(conf, sizeof(conf), "%s/%s.conf", l->dir, n->name);
	(void)snprintf(log, sizeof(log), "%s/%s.log", l->dir, n->name);
	(void)snprintf(ready, sizeof(ready), "%s/%s/sock", l->dir, n->name);
	if (n->server)
		put_server(t, l, i);
	else
		put_client(t, l, i);
	ok = noon_file_replace(conf, noon_bytes_of(t->buf, t->n), 0600) == NOON_OK &&
	     noon_child_start(&l->children, log, argv) && noon_child_wait_for(ready, l->stop);
	free(t);
	if (!ok)
		(void)snprintf(l->why, sizeof(l->why), "%s did not start: see %s.log", n->name,
			       n->name);
	return ok;
}

static void relay_path(const struct lab *l, size_t path, char out[PATH_LEN])
{
	(void)snprintf(out, PATH_LEN, "%s/relay%zu.sock", l->dir, path);
}

static bool start_relay(struct lab *l, size_t path)
{
	char udp[96], tcp[96], control[PATH_LEN], log[PATH_LEN];
	char spec[2][NOON_LAB_SPEC];
	char verb[] = "relay", o_udp[] = "--udp", o_tcp[] = "--tcp", o_control[] = "--control";
	char o_forward[] = "--forward", o_reverse[] = "--reverse";
	char *argv[] = {
		l->children.program, verb,    o_udp,	 udp,	  o_tcp, tcp, o_forward, spec[0],
		o_reverse,	     spec[1], o_control, control, NULL};
	const uint32_t server = l->s->path[path].server;

	(void)snprintf(udp, sizeof(udp), "127.0.2.%zu:%d=127.0.1.%u:%d", path + 1, NTP_PORT,
		       (unsigned)server + 1, NTP_PORT);
	(void)snprintf(tcp, sizeof(tcp), "127.0.2.%zu:%d=127.0.1.%u:%d", path + 1, KE_PORT,
		       (unsigned)server + 1, KE_PORT);
	for (unsigned d = 0; d < 2; d++) {
		l->mask[path][d] = noon_lab_active(l->s, path, d, 0);
		noon_lab_spec(l->s, path, d, l->mask[path][d], 0, spec[d]);
	}
	relay_path(l, path, control);
	(void)snprintf(log, sizeof(log), "%s/relay%zu.log", l->dir, path);
	if (noon_child_start(&l->children, log, argv) && noon_child_wait_for(control, l->stop))
		return true;
	(void)snprintf(l->why, sizeof(l->why), "relay %zu did not start: see relay%zu.log", path,
		       path);
	return false;
}

static bool start_all(struct lab *l)
{
	for (size_t i = 0; i < l->s->nodes; i++)
		if (l->s->node[i].server && !start_node(l, i))
			return false;
	for (size_t p = 0; p < l->s->paths; p++)
		if (!start_relay(l, p))
			return false;
	for (size_t i = 0; i < l->s->nodes; i++)
		if (l->s->node[i].client && !start_node(l, i))
			return false;
	return true;
}

static bool open_controls(struct lab *l, const struct noon_verb *verb)
{
	char path[PATH_LEN];

	for (size_t i = 0; i < l->s->nodes; i++) {
		if (!l->s->node[i].client)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s/sock", l->dir, l->s->node[i].name);
		if (!noon_ask_open(&l->ask[i], verb, path)) {
			(void)snprintf(l->why, sizeof(l->why), "%s: no answer", l->s->node[i].name);
			return false;
		}
	}
	return true;
}

/* Send new commands to the relays whose attacks start or stop. */
static bool attack(struct lab *l, noon_dur at)
{
	static const char *const ways[] = {"forward", "reverse"};
	char spec[NOON_LAB_SPEC];
	char command[NOON_LAB_SPEC + 16];
	char control[PATH_LEN];
	char answer[256];
	int sys;

	for (size_t p = 0; p < l->s->paths; p++)
		for (unsigned d = 0; d < 2; d++) {
			const unsigned mask = noon_lab_active(l->s, p, d, at);

			if (mask == l->mask[p][d])
				continue;
			l->mask[p][d] = mask;
			noon_lab_spec(l->s, p, d, mask, at, spec);
			(void)snprintf(command, sizeof(command), "%s %s", ways[d], spec);
			relay_path(l, p, control);
			if (noon_relay_control_ask(control, command, answer, sizeof(answer),
						   &sys) ||
			    strstr(answer, "error") != NULL) {
				(void)snprintf(l->why, sizeof(l->why), "relay: %s", strerror(sys));
				return false;
			}
		}
	return true;
}

static bool read_all(struct lab *l, noon_dur at)
{
	for (size_t i = 0; i < l->s->nodes; i++) {
		const char *why;
		json_t *status;

		if (!l->s->node[i].client)
			continue;
		status = noon_ask(&l->ask[i], json_pack("{s:s}", "command", "status"), &why);
		if (status == NULL) {
			(void)snprintf(l->why, sizeof(l->why), "%s: %s", l->s->node[i].name, why);
			return false;
		}
		noon_lab_tally_take(&l->tally[i], status, at);
		json_decref(status);
	}
	return true;
}

static bool play(struct lab *l)
{
	const noon_time begin = noon_mono_now();
	noon_dur at = 0;

	while (at < l->s->duration && !*l->stop) {
		if (!attack(l, at) || !read_all(l, at))
			return false;
		noon_child_pause(READ_EVERY);
		at = noon_time_diff(noon_mono_now(), begin);
	}
	return true;
}

static noon_err perform(struct lab *l)
{
	static const struct noon_verb verb = {.name = "lab"};
	const noon_dur first = noon_scenario_first_attack(l->s);
	bool ok;

	for (size_t i = 0; i < l->s->nodes; i++) {
		l->ask[i].fd = -1;
		noon_lab_tally_init(&l->tally[i], first);
	}
	ok = start_all(l) && open_controls(l, &verb) && play(l);
	for (size_t i = 0; i < l->s->nodes; i++)
		noon_ask_close(&l->ask[i]);
	noon_children_stop(&l->children);
	return ok ? NOON_OK : NOON_ERR_OS;
}

void noon_lab_play(const struct noon_scenario *s, const struct noon_lab_conf *conf,
		   const volatile int *stop, struct noon_lab_outcome *ret)
{
	struct lab *l = calloc(1, sizeof(*l));

	memset(ret, 0, sizeof(*ret));
	ret->err = NOON_ERR_OS;
	if (l == NULL)
		return;
	l->s = s;
	l->stop = stop;
	noon_dir_template("noonmark-lab", l->dir, sizeof(l->dir));
	if (!noon_children_find(&l->children, conf->daemon)) {
		(void)snprintf(
			ret->why, sizeof(ret->why),
			"noonmarkd not found beside this program; --noonmarkd FILE names it");
	} else if (mkdtemp(l->dir) == NULL) {
		(void)snprintf(ret->why, sizeof(ret->why), "%s: cannot be made", l->dir);
	} else {
		ret->err = perform(l);
		(void)snprintf(ret->why, sizeof(ret->why), "%s", l->why);
		if (conf->keep || ret->err)
			(void)snprintf(ret->dir, sizeof(ret->dir), "%s", l->dir);
		else
			noon_child_remove_dir(l->dir);
	}
	for (size_t i = 0; i < s->nodes; i++)
		ret->client[i] = l->tally[i].t;
	free(l);
}
