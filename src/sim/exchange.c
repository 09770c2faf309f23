/* SPDX-License-Identifier: Apache-2.0
 *
 * Key exchanges: both machines of NTS-KE over a simulated stream, or keys handed over after the
 * time an exchange takes.
 *
 * A stream loses nothing; a lost packet costs a retransmission. Pieces take the delay of a full
 * packet whatever their length, since the length of a signature differs from run to run.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/world_priv.h"

#define KE_TIMEOUT   NOON_S(5) /* as link/ke_link.c waits for a connection */
#define RETRANSMIT   NOON_MS(200)
#define PACKET_BYTES 1500
#define ROUND_TRIPS  4 /* TCP, TLS, request: three, and one for the arithmetic */
#define HOST	     "sim.invalid"

/* Bytes of a stream in flight. */
struct piece {
	uint64_t number; /* of the exchange */
	uint32_t path;
	unsigned dir;
	size_t n;
	uint8_t data[];
};

static struct noon_sim_machine *server_of(struct noon_world *w, uint32_t path)
{
	return &w->node[w->s->path[path].server];
}

static noon_err make_cookie(void *arg, enum noon_aead_id aead,
			    const struct noon_secret_nts_keys *keys, struct noon_wr *out)
{
	struct noon_sim_machine *m = arg;

	return noon_nts_cookie_make(&m->keys, &m->rng, aead, keys, out);
}

static void stop(struct noon_sim_ke *ke)
{
	if (ke->client != NULL)
		noon_ntske_client_fini(ke->client);
	if (ke->server != NULL)
		noon_ntske_server_fini(ke->server);
	free(ke->client);
	free(ke->server);
	ke->client = NULL;
	ke->server = NULL;
	ke->busy = false;
}

void noon_sim_ke_fini(struct noon_sim_ke *ke)
{
	stop(ke);
}

void noon_sim_ke_drop(void *piece)
{
	free(piece);
}

unsigned noon_sim_ke_side(const void *piece)
{
	const struct piece *p = piece;

	return p->dir;
}

static noon_dur travel(struct noon_world *w, uint32_t path, unsigned dir)
{
	const noon_dur since = noon_time_diff(w->now, w->start);
	const struct noon_net_link_fate f =
		noon_net_link_draw(&w->s->path[path].link[dir], since, PACKET_BYTES, &w->rng);

	return (noon_dur)f.delay_ns + (f.lost ? RETRANSMIT : 0) + 1;
}

static void send(struct noon_world *w, uint32_t path, unsigned dir, struct noon_bytes data)
{
	struct noon_sim_ke *ke = &w->assoc[path].ke;
	struct piece *p = malloc(sizeof(*p) + data.n);
	noon_time at = noon_time_add(w->now, travel(w, path, dir));

	if (p == NULL)
		abort();
	*p = (struct piece){.number = ke->number, .path = path, .dir = dir, .n = data.n};
	if (data.n > 0)
		memcpy(p->data, data.p, data.n);
	if (noon_time_before(at, ke->last[dir]))
		at = ke->last[dir];
	ke->last[dir] = at;
	noon_sim_at(w, at, NOON_SIM_KE_BYTES, path, p);
}

/* Send what a machine has to send; returns whether it closed. */
static bool execute(struct noon_world *w, uint32_t path, unsigned dir,
		    const struct noon_actions *as)
{
	bool closed = false;

	for (size_t i = 0; i < as->n; i++) {
		if (as->a[i].kind == NOON_ACTION_SEND)
			send(w, path, dir, as->a[i].send);
		closed |= as->a[i].kind == NOON_ACTION_CLOSE;
	}
	return closed;
}

/* Let both machines send everything pending; tell the client if that was the end. */
static void carry(struct noon_world *w, uint32_t path, unsigned dir)
{
	struct noon_sim_ke *ke = &w->assoc[path].ke;
	struct noon_actions *as = &ke->actions;
	bool ok;

	(void)execute(w, path, dir, as);
	while (dir == 1 && noon_ntske_server_deadline(ke->server).ns == w->now.ns) {
		noon_actions_reset(as);
		noon_ntske_server_on_timer(ke->server, w->now, as);
		if (execute(w, path, dir, as) || as->n == 0)
			break;
	}
	if (dir == 1 || noon_ntske_client_outcome(ke->client) == NOON_KE_PENDING)
		return;
	ok = noon_ntske_client_result(ke->client, &ke->session) == NOON_OK;
	stop(ke);
	noon_sim_client_ke_done(w, path, ok ? &ke->session : NULL);
	noon_nts_session_wipe(&ke->session);
}

void noon_sim_ke_bytes(struct noon_world *w, void *arg)
{
	struct piece *p = arg;
	struct noon_sim_ke *ke = &w->assoc[p->path].ke;
	const struct noon_rx rx = {
		.data = noon_bytes_of(p->data, p->n), .at = w->now, .now = w->now};

	noon_actions_reset(&ke->actions);
	if (ke->busy && ke->number == p->number && ke->client != NULL) {
		if (p->dir == 0)
			noon_ntske_server_on_packet(ke->server, &rx, &ke->actions);
		else
			noon_ntske_client_on_packet(ke->client, &rx, &ke->actions);
		carry(w, p->path, p->dir == 0 ? 1 : 0);
	}
	free(p);
}

static noon_err start_tls(struct noon_world *w, uint32_t path)
{
	struct noon_sim_ke *ke = &w->assoc[path].ke;
	const struct noon_ntske_client_conf conf = {
		.tls = w->tls_client,
		.peer = {.host = HOST, .time_s = w->now.ns / NOON_NS_PER_SEC},
	};
	noon_err err;

	ke->client = calloc(1, sizeof(*ke->client));
	ke->server = calloc(1, sizeof(*ke->server));
	if (ke->client == NULL || ke->server == NULL)
		abort();
	ke->conf = (struct noon_ntske_server_conf){
		.tls = w->tls_server, .make_cookie = make_cookie, .arg = server_of(w, path)};
	ke->last[0] = ke->last[1] = w->now;
	if (noon_nts_keys_rotate(&server_of(w, path)->keys, w->now))
		return NOON_ERR_CRYPTO;
	err = noon_ntske_server_init(ke->server, &ke->conf, w->now);
	err = err ? err : noon_ntske_client_init(ke->client, &conf, w->now);
	if (err)
		return err;
	noon_actions_reset(&ke->actions);
	noon_ntske_client_on_timer(ke->client, w->now, &ke->actions);
	(void)execute(w, path, 0, &ke->actions);
	return NOON_OK;
}

static bool is_blocked(struct noon_world *w, uint32_t path)
{
	for (size_t i = 0; i < w->s->attacks; i++)
		if (w->attacker[i].conf->kind == NOON_ATTACK_BLOCK_KE &&
		    noon_sim_attack_is_on(&w->attacker[i], w, path))
			return true;
	return false;
}

/* The pointer of the event carries numbers and points to nothing. */
static void *as_pointer(uint64_t number)
{
	return (void *)(uintptr_t)number; // NOLINT(performance-no-int-to-ptr)
}

void noon_sim_ke_start(struct noon_world *w, uint32_t path)
{
	struct noon_sim_ke *ke = &w->assoc[path].ke;
	const bool blocked = is_blocked(w, path);
	noon_dur round = 0;

	ke->busy = true;
	ke->number = ++w->exchanges;
	noon_sim_at(w, noon_time_add(w->now, KE_TIMEOUT), NOON_SIM_KE_LIMIT, path,
		    as_pointer(ke->number));
	if (blocked)
		return;
	if (w->s->path[path].tls) {
		if (start_tls(w, path))
			stop(ke); /* the time limit ends it */
		ke->busy = true;
		return;
	}
	for (int i = 0; i < ROUND_TRIPS; i++) {
		round += travel(w, path, 0);
		round += travel(w, path, 1);
	}
	if (round < KE_TIMEOUT)
		noon_sim_at(w, noon_time_add(w->now, round), NOON_SIM_KE_HANDED, path, NULL);
}

void noon_sim_ke_limit(struct noon_world *w, uint32_t path, void *number)
{
	struct noon_sim_ke *ke = &w->assoc[path].ke;

	if (!ke->busy || as_pointer(ke->number) != number)
		return;
	stop(ke);
	noon_sim_client_ke_done(w, path, NULL);
}

void noon_sim_ke_handed(struct noon_world *w, uint32_t path)
{
	struct noon_sim_machine *m = server_of(w, path);
	struct noon_sim_ke *ke = &w->assoc[path].ke;
	struct noon_nts_session *s = &ke->session;
	uint8_t cookie[NOON_NTS_COOKIE_MAX];
	noon_err err;

	if (!ke->busy)
		return;
	memset(s, 0, sizeof(*s));
	s->aead = NOON_AEAD_SIV_CMAC_256;
	noon_rng_fill(&m->rng, &s->keys, sizeof(s->keys));
	err = noon_nts_keys_rotate(&m->keys, w->now);
	for (int i = 0; i < NOON_NTS_COOKIES && !err; i++) {
		struct noon_wr wr = noon_wr_over(cookie, sizeof(cookie));

		err = noon_nts_cookie_make(&m->keys, &m->rng, s->aead, &s->keys, &wr);
		err = err ? err : noon_nts_session_put(s, noon_wr_written(&wr));
	}
	stop(ke);
	noon_sim_client_ke_done(w, path, err ? NULL : s);
	noon_nts_session_wipe(s);
}
