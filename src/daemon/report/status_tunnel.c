/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/status_tunnel.h"

#include <stdio.h>

#include "daemon/report/status_words.h"

static json_t *spi_text(const struct noon_tunnel_half *half)
{
	char text[11];

	if (half->epoch == 0)
		return json_null();
	(void)snprintf(text, sizeof(text), "0x%08x", half->sa.form.spi);
	return json_string(text);
}

/* Of an association: epoch, SPI, packets and bytes of it. */
static json_t *half_part(const struct noon_tunnel_half *half, uint64_t packets)
{
	return json_pack("{s:I, s:o, s:I, s:I}", "epoch", (json_int_t)half->epoch, "spi",
			 spi_text(half), "packets", (json_int_t)packets, "bytes",
			 (json_int_t)half->sa.bytes);
}

static json_t *verdicts(const struct noon_tunnel *m)
{
	json_t *o = json_object();

	for (int v = 0; v < NOON_TUNNEL_VERDICTS; v++)
		if (m->verdicts[v] > 0)
			(void)json_object_set_new(
				o, noon_tunnel_verdict_word((enum noon_tunnel_verdict)v),
				json_integer((json_int_t)m->verdicts[v]));
	return o;
}

static json_t *histogram(const struct noon_edge_histogram *h)
{
	json_t *rows = json_array();
	size_t first;
	size_t end;

	noon_edge_histogram_rows(h, &first, &end);
	for (size_t i = first; i < end; i++) {
		const noon_dur below = noon_edge_histogram_limit(i);

		(void)json_array_append_new(
			rows,
			json_pack("{s:o, s:I}", "below_s",
				  below == NOON_DUR_MAX ? json_null() : noon_status_seconds(below),
				  "n", (json_int_t)h->count[i]));
	}
	return rows;
}

static json_t *edge(const struct noon_edge_table *t, const struct noon_edge_entry *e)
{
	const struct noon_edge_estimate x = noon_edge_table_estimate(t, &e->key, noon_mono_now());
	json_t *o = json_pack("{s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:b, s:o}", "side",
			      e->key.direction == NOON_EDGE_EGRESS ? "out" : "in", "message",
			      (int)e->key.message, "size_class", (int)e->key.size, "gap_class",
			      (int)e->key.gap, "n", (json_int_t)e->offset.n, "outliers",
			      (json_int_t)e->offset.outliers, "steps", (json_int_t)e->offset.steps,
			      "stale", (int)x.stale, "histogram", histogram(&e->offset.values));

	if (o == NULL || x.basis == NOON_EDGE_UNKNOWN)
		return o;
	(void)json_object_set_new(o, "median_s", noon_status_seconds(x.p50));
	(void)json_object_set_new(o, "mean_s", noon_status_seconds(x.mean));
	(void)json_object_set_new(o, "mad_s", noon_status_seconds(x.mad));
	(void)json_object_set_new(o, "p01_s", noon_status_seconds(x.p01));
	(void)json_object_set_new(o, "p99_s", noon_status_seconds(x.p99));
	(void)json_object_set_new(o, "correction_s", noon_status_seconds(x.correction));
	(void)json_object_set_new(o, "uncertainty_s", noon_status_seconds(x.uncertainty));
	(void)json_object_set_new(o, "residual_s", noon_status_seconds(x.half));
	return o;
}

static json_t *edges(const struct noon_edge_table *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->n; i++)
		(void)json_array_append_new(list, edge(t, &t->e[i]));
	return list;
}

/* Event messages, in the tunnel or through the sockets of a port. */
struct events {
	uint64_t sent;
	uint64_t stamped;
	uint64_t arrived;
	uint64_t arrived_stamped;
	uint64_t failed;
};

static struct events events_of(const struct noon_daemon_tunnel *t)
{
	const struct noon_tunnel_link *const l = &t->link;
	const struct noon_ptp_link *const p = t->port;

	if (p != NULL)
		return (struct events){p->n_sent, p->n_stamped, p->n_arrived, p->n_arrived_stamped,
				       p->n_failed};
	return (struct events){l->n_sent, l->n_stamped, l->n_arrived, l->n_arrived_stamped,
			       l->n_failed};
}

/* What is done with departures. Where stamps come, they are those of the encrypted packets: nothing
 * is estimated. */
static const char *mode_word(const struct noon_daemon_tunnel *t, const struct events *e)
{
	const struct noon_tunnel_link *const l = &t->link;

	if (t->port != NULL)
		return e->sent == 0 ? "untested" : e->stamped > 0 ? "exact" : "none";
	if (l->correction == NOON_TUNNEL_AUTO && l->n_stamped == 0 &&
	    !noon_tunnel_stamping_is_silent(&l->stamping))
		return "untested";
	return noon_tunnel_correction_word(noon_tunnel_correction_of(l->correction, &l->stamping));
}

static const char *backend_word(const struct noon_daemon_tunnel *t)
{
	return t->conf->backend == NOON_TUNNEL_BY_KERNEL ? "kernel" : "user";
}

static json_t *since(noon_time at, noon_time now)
{
	return noon_time_is_never(at) ? json_null() : noon_status_seconds(noon_time_diff(now, at));
}

json_t *noon_status_exchange(const struct noon_key_exchange *x, noon_time now)
{
	json_t *o = json_pack("{s:s, s:I, s:I, s:s, s:o}", "peer_name", x->conf.exchange->name,
			      "done", (json_int_t)x->n_done, "failed", (json_int_t)x->n_failed,
			      "failure", x->why, "since_s", since(x->done, now));

	if (o != NULL && x->conf.asks && !noon_time_is_never(x->due))
		(void)json_object_set_new(o, "next_in_s",
					  noon_status_seconds(noon_time_diff(x->due, now)));
	return o;
}

/* What the last event message was corrected by, where that is done. */
static json_t *correction(const struct noon_daemon_tunnel *t)
{
	const struct noon_edge_estimate *const e = &t->egress;

	if (e->basis == NOON_EDGE_UNKNOWN)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:f, s:b}", "correction_s",
			 noon_status_seconds(e->correction), "uncertainty_s",
			 noon_status_seconds(e->uncertainty), "residual_s",
			 noon_status_seconds(e->half), "share", e->share, "borrowed",
			 (int)(e->basis == NOON_EDGE_OTHER));
}

/* What is not as it has to be in the kernel. */
static json_t *kernel(const struct noon_kernel_link *k)
{
	return json_pack("{s:s, s:I, s:I, s:I}", "failure", k->failing != NULL ? k->failing : "",
			 "associations_lost", (json_int_t)k->n_lost, "policies_lost",
			 (json_int_t)k->n_opened, "announcements", (json_int_t)k->n_nudges);
}

static json_t *tunnel(const struct noon_daemon_tunnel *t)
{
	const struct noon_tunnel_link *const l = &t->link;
	const struct noon_tunnel *const m = &l->machine;
	const struct events events = events_of(t);
	const noon_time now = noon_mono_now();
	char peer[64] = "";
	json_t *o;

	if (l->peer.len > 0)
		noon_addr_format_host(&l->peer, peer, sizeof(peer));
	o = json_pack("{s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "name",
		      t->conf->name, "peer", peer, "transport",
		      t->conf->udp  ? "esp-udp"
		      : t->conf->ah ? "ah-esp"
				    : "esp",
		      "up", (int)noon_tunnel_is_up(m, now), "mode", mode_word(t, &events), "out",
		      half_part(&m->out, m->out.sa.seq), "in",
		      half_part(&m->now, m->now.sa.replay.top), "verdicts", verdicts(m),
		      "refreshes", (json_int_t)m->refreshes, "followed", (json_int_t)m->followed,
		      "refused", (json_int_t)m->refused, "cover_packets", (json_int_t)m->covers);
	if (o == NULL)
		return NULL;
	if (t->secrets.exchange != NULL)
		(void)json_object_set_new(o, "exchange",
					  noon_status_exchange(t->secrets.exchange, now));
	(void)json_object_set_new(o, "backend", json_string(backend_word(t)));
	if (t->conf->backend == NOON_TUNNEL_BY_KERNEL)
		(void)json_object_set_new(o, "kernel", kernel(&t->kernel));
	(void)json_object_set_new(o, "refresh_in_s",
				  m->out.epoch == 0
					  ? json_null()
					  : noon_status_seconds(noon_time_diff(m->out_until, now)));
	(void)json_object_set_new(o, "datagrams_sent", json_integer((json_int_t)m->sent));
	(void)json_object_set_new(o, "events_sent", json_integer((json_int_t)events.sent));
	(void)json_object_set_new(o, "events_sent_stamped",
				  json_integer((json_int_t)events.stamped));
	(void)json_object_set_new(o, "received", json_integer((json_int_t)events.arrived));
	(void)json_object_set_new(o, "received_stamped",
				  json_integer((json_int_t)events.arrived_stamped));
	(void)json_object_set_new(o, "send_failures", json_integer((json_int_t)events.failed));
	(void)json_object_set_new(o, "correction",
				  json_string(noon_tunnel_correction_word(l->correction)));
	(void)json_object_set_new(o, "egress", correction(t));
	(void)json_object_set_new(o, "edges", edges(t->edges));
	return o;
}

static json_t *way(const struct noon_observed_way *w, bool is_matched)
{
	const int64_t now = noon_instant_now().real_ns;
	char spi[11];
	json_t *o;

	(void)snprintf(spi, sizeof(spi), "0x%08x", w->spi);
	o = json_pack("{s:o, s:I, s:I}", "spi", w->spi == 0 ? json_null() : json_string(spi),
		      "spi_changes", (json_int_t)w->spis, "packets", (json_int_t)w->outside);
	if (o == NULL || !is_matched)
		return o;
	(void)json_object_set_new(o, "packets_inside", json_integer((json_int_t)w->inside));
	(void)json_object_set_new(o, "others_inside", json_integer((json_int_t)w->others));
	(void)json_object_set_new(o, "matched", json_integer((json_int_t)w->matched));
	(void)json_object_set_new(o, "unmatched", json_integer((json_int_t)w->unmatched));
	(void)json_object_set_new(o, "exclusive", json_boolean(noon_observed_is_exclusive(w, now)));
	return o;
}

/* What is known of the stamps of PTP's sockets. */
static const char *observed_stamps(const struct noon_observe_link *l, const struct events *e)
{
	if (l->is_tun)
		return "before encryption";
	if (l->observer.out.outside == 0)
		return e->sent > 0 ? "no tunnel is seen" : "untested";
	return "after encryption";
}

/* One that others manage. */
static json_t *observed(const struct noon_daemon_tunnel *t)
{
	const struct noon_observe_link *const l = &t->observed;
	const struct events events = events_of(t);
	char peer[64];

	noon_addr_format_host(&t->conf->peer, peer, sizeof(peer));
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, "
		"s:o}",
		"name", t->conf->name, "peer", peer, "transport", "of others", "backend", "observe",
		"up", (int)noon_observe_link_is_up(l, t->conf->dead_after), "mode", "observed",
		"stamps", observed_stamps(l, &events), "device", l->outside.device, "inner_device",
		l->inside.device, "out", way(&l->observer.out, l->is_tun), "in",
		way(&l->observer.in, l->is_tun), "unread", (json_int_t)l->n_dropped, "events_sent",
		(json_int_t)events.sent, "events_sent_stamped", (json_int_t)events.stamped,
		"received", (json_int_t)events.arrived, "received_stamped",
		(json_int_t)events.arrived_stamped, "edges", edges(t->edges));
}

json_t *noon_status_tunnels(const struct noon_tunnels *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->n; i++)
		(void)json_array_append_new(list,
					    t->tunnel[i]->conf->backend == NOON_TUNNEL_BY_OTHERS
						    ? observed(t->tunnel[i])
						    : tunnel(t->tunnel[i]));
	return list;
}
