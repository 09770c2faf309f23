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

/* Where stamps come, they are those of the encrypted packets: nothing is estimated. */
static const char *mode_word(const struct noon_tunnel_link *l)
{
	if (l->n_sent == 0)
		return "untested";
	return l->n_stamped > 0 ? "exact" : "none";
}

static json_t *tunnel(const struct noon_daemon_tunnel *t)
{
	const struct noon_tunnel_link *const l = &t->link;
	const struct noon_tunnel *const m = &l->machine;
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
		      "up", (int)noon_tunnel_is_up(m, now), "mode", mode_word(l), "out",
		      half_part(&m->out, m->out.sa.seq), "in",
		      half_part(&m->now, m->now.sa.replay.top), "verdicts", verdicts(m),
		      "refreshes", (json_int_t)m->refreshes, "followed", (json_int_t)m->followed,
		      "refused", (json_int_t)m->refused, "cover_packets", (json_int_t)m->covers);
	if (o == NULL)
		return NULL;
	(void)json_object_set_new(o, "refresh_in_s",
				  noon_status_seconds(noon_time_diff(m->out_until, now)));
	(void)json_object_set_new(o, "datagrams_sent", json_integer((json_int_t)m->sent));
	(void)json_object_set_new(o, "events_sent", json_integer((json_int_t)l->n_sent));
	(void)json_object_set_new(o, "events_sent_stamped", json_integer((json_int_t)l->n_stamped));
	(void)json_object_set_new(o, "received", json_integer((json_int_t)l->n_arrived));
	(void)json_object_set_new(o, "received_stamped",
				  json_integer((json_int_t)l->n_arrived_stamped));
	(void)json_object_set_new(o, "send_failures", json_integer((json_int_t)l->n_failed));
	(void)json_object_set_new(o, "edges", edges(t->edges));
	return o;
}

json_t *noon_status_tunnels(const struct noon_tunnels *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->n; i++)
		(void)json_array_append_new(list, tunnel(t->tunnel[i]));
	return list;
}
