/* SPDX-License-Identifier: Apache-2.0 */
#include "link/kernel_link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proto/ptp/ptp_port.h"

/* How often the kernel is asked for its counts, and the other end told of an unheard epoch. */
#define POLL NOON_S(1)

/* Steps at a time; a plan never has so many. */
#define STEPS_MAX 32

/* Parts of a tunnel's reqid. Outbound associations have two in turn, so that a policy names one of
 * them and not whatever is there. */
#define REQID_OUT 1U
#define REQID_IN  3U

static noon_time now(void)
{
	return noon_mono_now();
}

static uint32_t reqid_out(const struct noon_kernel_link *k, size_t slot)
{
	return k->conf.reqid + REQID_OUT + (uint32_t)slot;
}

static uint32_t reqid_in(const struct noon_kernel_link *k)
{
	return k->conf.reqid + REQID_IN;
}

/* ---- states ---- */

static struct noon_xfrm_id id_of(const struct noon_kernel_link *k, bool inbound, uint8_t proto,
				 uint32_t spi)
{
	return (struct noon_xfrm_id){.dst = inbound ? k->conf.link.local : k->conf.link.peer,
				     .proto = proto,
				     .spi = spi};
}

static noon_err add_one(struct noon_kernel_link *k, const struct noon_tunnel_step *s, uint8_t proto,
			struct noon_bytes key)
{
	const bool esp = proto == IPPROTO_ESP;
	const struct noon_tunnel_conf *const m = &k->link->machine.conf;
	const struct noon_xfrm_state state = {
		.id = id_of(k, s->inbound, proto, esp ? s->spi : s->ah_spi),
		.src = s->inbound ? k->conf.link.peer : k->conf.link.local,
		.reqid = s->inbound ? reqid_in(k) : reqid_out(k, s->slot),
		.inbound = s->inbound,
		.extended = m->extended,
		.inner_family = k->conf.inner_peer.u.sa.sa_family,
		.top = esp ? s->top : s->ah_top,
		.cell = k->conf.cell,
		.key = key,
	};

	return noon_xfrm_add(&k->xfrm, &state);
}

static noon_err remove_one(struct noon_kernel_link *k, bool inbound, uint8_t proto, uint32_t spi)
{
	const struct noon_xfrm_id id = id_of(k, inbound, proto, spi);
	const noon_err err = noon_xfrm_remove(&k->xfrm, &id);

	return err == NOON_ERR_NOT_FOUND ? NOON_OK : err;
}

static noon_err add(struct noon_kernel_link *k, const struct noon_tunnel_step *s)
{
	const struct noon_tunnel_conf *const m = &k->link->machine.conf;
	struct noon_secret_tunnel_epoch e;
	uint8_t cipher[NOON_GCM_KEY_MAX + NOON_ESP_SALT_LEN];
	noon_err err = noon_tunnel_keys_for(&k->link->machine, s->inbound, s->epoch, &e);

	/* The secret may have been replaced since the plan was made. */
	if (!err && e.spi != s->spi)
		err = NOON_ERR_STATE;
	if (err) {
		k->xfrm.sys = 0;
		return err;
	}
	memcpy(cipher, e.keys.cipher, m->key_len);
	memcpy(cipher + m->key_len, e.keys.salt, sizeof(e.keys.salt));
	err = add_one(k, s, IPPROTO_ESP, noon_bytes_of(cipher, m->key_len + sizeof(e.keys.salt)));
	if (!err && m->ah) {
		err = add_one(k, s, IPPROTO_AH, noon_bytes_of(e.keys.ah, sizeof(e.keys.ah)));
		if (err)
			(void)!remove_one(k, s->inbound, IPPROTO_ESP, s->spi);
	}
	noon_wipe(cipher, sizeof(cipher));
	noon_wipe(&e, sizeof(e));
	return err;
}

static noon_err remove_both(struct noon_kernel_link *k, const struct noon_tunnel_step *s)
{
	noon_err err = remove_one(k, s->inbound, IPPROTO_ESP, s->spi);

	if (k->link->machine.conf.ah && !err)
		err = remove_one(k, s->inbound, IPPROTO_AH, s->ah_spi);
	return err;
}

/* ---- policies ---- */

/* Two of each port: to it and from it, as the machine admits them. */
static struct noon_xfrm_policy policy_of(const struct noon_kernel_link *k, bool inbound, size_t i)
{
	const struct noon_kernel_link_conf *const c = &k->conf;
	const uint16_t port = c->link.machine.port[i / 2];

	return (struct noon_xfrm_policy){
		.inbound = inbound,
		.inner_src = inbound ? c->inner_peer : c->inner_local,
		.inner_dst = inbound ? c->inner_local : c->inner_peer,
		.sport = i % 2 == 1 ? port : 0,
		.dport = i % 2 == 0 ? port : 0,
		.src = inbound ? c->link.peer : c->link.local,
		.dst = inbound ? c->link.local : c->link.peer,
		.ah = c->link.machine.ah,
		.reqid = inbound ? reqid_in(k) : k->reqid_out,
	};
}

static noon_err set_policies(struct noon_kernel_link *k, bool inbound)
{
	noon_err err = NOON_OK;

	for (size_t i = 0; i < 2 * k->conf.link.machine.ports && !err; i++) {
		const struct noon_xfrm_policy p = policy_of(k, inbound, i);

		err = noon_xfrm_set_policy(&k->xfrm, &p);
	}
	return err;
}

/* Put back those that somebody else removed: without them the ports are open until that is seen. */
static void look_at_policies(struct noon_kernel_link *k, bool inbound)
{
	for (size_t i = 0; i < 2 * k->conf.link.machine.ports; i++) {
		const struct noon_xfrm_policy p = policy_of(k, inbound, i);

		if (noon_xfrm_look_policy(&k->xfrm, &p) != NOON_ERR_NOT_FOUND)
			continue;
		k->n_opened++;
		(void)!set_policies(k, inbound); /* looked at again within a second */
		return;
	}
}

/* ---- the plan ---- */

static noon_err do_step(struct noon_kernel_link *k, const struct noon_tunnel_step *s,
			const char **ret_what)
{
	switch (s->kind) {
	case NOON_TUNNEL_STEP_ADD:
		*ret_what = "an association could not be added";
		return add(k, s);
	case NOON_TUNNEL_STEP_SWITCH:
		*ret_what = "the policies could not be changed";
		k->reqid_out = reqid_out(k, s->slot);
		return set_policies(k, false);
	case NOON_TUNNEL_STEP_REMOVE:
		*ret_what = "an association could not be removed";
		return remove_both(k, s);
	case NOON_TUNNEL_STEP_NONE:
		break;
	}
	return NOON_OK;
}

static void do_steps(struct noon_kernel_link *k)
{
	const char *what = NULL;

	for (int i = 0; i < STEPS_MAX; i++) {
		const struct noon_tunnel_step s =
			noon_tunnel_plan_step(&k->plan, &k->link->machine, now());

		if (s.kind == NOON_TUNNEL_STEP_NONE)
			break;
		if (do_step(k, &s, &what)) {
			k->failing = what;
			k->sys = k->xfrm.sys;
			return; /* tried again within a second */
		}
		noon_tunnel_plan_done(&k->plan, &s, now());
	}
	k->failing = NULL;
}

/* ---- what the kernel counts ---- */

static noon_err look(struct noon_kernel_link *k, bool inbound, const struct noon_tunnel_held *held,
		     struct noon_tunnel_count *ret)
{
	struct noon_xfrm_id id = id_of(k, inbound, IPPROTO_ESP, held->spi);
	struct noon_xfrm_report esp = {.top = 0};
	struct noon_xfrm_report ah = {.top = 0};
	noon_err err = noon_xfrm_look(&k->xfrm, &id, &esp);

	if (!err && k->conf.link.machine.ah) {
		id = id_of(k, inbound, IPPROTO_AH, held->ah_spi);
		err = noon_xfrm_look(&k->xfrm, &id, &ah);
	}
	*ret = (struct noon_tunnel_count){.packets = esp.packets,
					  .bytes = esp.bytes,
					  .top = esp.top,
					  .replays = esp.replays + ah.replays,
					  .bad = esp.bad,
					  .ah_bad = ah.bad};
	return err;
}

static void look_at(struct noon_kernel_link *k, bool inbound, size_t slot)
{
	struct noon_tunnel_held *const held = inbound ? &k->plan.in[slot] : &k->plan.out[slot];
	const struct noon_tunnel_step all = {
		.inbound = inbound, .spi = held->spi, .ah_spi = held->ah_spi};
	struct noon_tunnel_count c;
	noon_err err;

	if (held->epoch == 0)
		return;
	err = look(k, inbound, held, &c);
	if (!err) {
		noon_tunnel_plan_counted(&k->plan, &k->link->machine, inbound, slot, &c, now());
	} else if (err == NOON_ERR_NOT_FOUND) {
		k->n_lost++;
		(void)!remove_both(k, &all); /* AH, if it was not removed as well */
		noon_tunnel_plan_lost(&k->plan, &k->link->machine, inbound, slot, now());
	}
}

/* A Signaling message without TLVs (IEEE 1588-2019, 13.12) of nobody, to nobody. */
static const uint8_t nudge[44] = {
	0x0c,	     0x12,	  0,	       44,	    [20] = 0xfe, [21] = 0xff,
	[22] = 0xff, [23] = 0xff, [24] = 0xff, [25] = 0xff, [26] = 0xff, [27] = 0xff,
	[29] = 1,    [32] = 5,	  [33] = 0x7f, [34] = 0xfe};

static void poll_kernel(struct noon_kernel_link *k)
{
	for (size_t i = 0; i < NOON_TUNNEL_PLAN_IN; i++)
		look_at(k, true, i);
	for (size_t i = 0; i < NOON_TUNNEL_PLAN_OUT; i++)
		look_at(k, false, i);
	look_at_policies(k, true);
	look_at_policies(k, false);
	if (!noon_tunnel_plan_is_unheard(&k->link->machine))
		return;
	k->n_nudges++;
	/* The other end may not be there, and its host may say so. */
	(void)!send(k->nudge, nudge, sizeof(nudge), MSG_DONTWAIT);
}

static void on_settled(void *arg)
{
	struct noon_kernel_link *k = arg;
	const bool is_due = noon_time_diff(now(), k->polled) >= POLL;

	do_steps(k);
	if (!is_due)
		return;
	k->polled = now();
	poll_kernel(k);
	do_steps(k);
}

/* Somebody changed a policy, perhaps of ours. */
static void on_change(void *arg, unsigned what)
{
	struct noon_kernel_link *k = arg;

	(void)what;
	noon_xfrm_drain(k->changes.fd);
	look_at_policies(k, true);
	look_at_policies(k, false);
}

/* ---- opening ---- */

/* Associations that carry nothing, to know what the kernel can do before there is traffic. */
static noon_err try_kernel(struct noon_kernel_link *k, struct noon_rng *rng, const char **ret_why)
{
	const struct noon_tunnel_conf *const m = &k->conf.link.machine;
	struct noon_tunnel_step s = {.kind = NOON_TUNNEL_STEP_ADD, .inbound = true};
	uint8_t key[NOON_GCM_KEY_MAX + NOON_ESP_SALT_LEN];
	noon_err err;

	noon_rng_fill(rng, &s.spi, sizeof(s.spi));
	s.spi |= UINT32_C(0x80000000);
	s.ah_spi = s.spi;
	noon_rng_fill(rng, key, sizeof(key));
	err = add_one(k, &s, IPPROTO_ESP, noon_bytes_of(key, m->key_len + NOON_ESP_SALT_LEN));
	if (err == NOON_ERR_UNSUPPORTED)
		*ret_why =
			"this kernel has no ESP with AES-GCM (modules esp4 or esp6, gcm, seqiv): "
			"backend = \"user\" works without";
	err = err ? err : remove_one(k, true, IPPROTO_ESP, s.spi);
	if (err || !m->ah)
		return err;
	err = add_one(k, &s, IPPROTO_AH, noon_bytes_of(key, NOON_TUNNEL_AH_KEY));
	if (err == NOON_ERR_UNSUPPORTED)
		*ret_why = "this kernel has no AH with HMAC-SHA256 (modules ah4 or ah6, hmac, "
			   "sha256_generic): ah = false, or backend = \"user\", works without";
	return err ? err : remove_one(k, true, IPPROTO_AH, s.ah_spi);
}

static noon_err open_nudge(struct noon_kernel_link *k, const char **ret_why)
{
	struct noon_addr from = k->conf.inner_local;
	struct noon_addr to = k->conf.inner_peer;
	const struct noon_tunnel_conf *const m = &k->conf.link.machine;
	uint16_t port = m->port[0];

	/* That of general messages, where there is no stamp to be had. */
	for (size_t i = 0; i < m->ports; i++)
		if (m->port[i] == NOON_PTP_GENERAL_PORT)
			port = m->port[i];
	noon_addr_set_port(&from, 0);
	noon_addr_set_port(&to, port);
	k->nudge = socket(to.u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*ret_why = "cannot open a socket";
	if (k->nudge >= 0) {
		*ret_why = "inner-local has to be an address of this host (ip address add)";
		if (bind(k->nudge, &from.u.sa, from.len) == 0) {
			*ret_why = "there has to be a route to inner-peer (ip route add)";
			if (connect(k->nudge, &to.u.sa, to.len) == 0)
				return NOON_OK;
		}
	}
	k->xfrm.sys = errno;
	return NOON_ERR_OS;
}

static noon_err set_up_kernel(struct noon_kernel_link *k, struct noon_rng *rng,
			      const char **ret_why)
{
	noon_err err = noon_xfrm_open(&k->xfrm);

	*ret_why = err == NOON_ERR_UNSUPPORTED
			   ? "this kernel has no IPsec (module xfrm_user): backend = \"user\" "
			     "works without"
			   : "cannot open a netlink socket";
	if (err)
		return err;
	*ret_why = "cannot remove the associations of an earlier run";
	err = noon_xfrm_clear(&k->xfrm, k->conf.reqid, ~NOON_KERNEL_REQID_PARTS, &k->n_stale);
	if (err)
		return err;
	/* Before there are policies, which nothing gets past without a state: a route is looked for
	 * again when they have changed. */
	err = open_nudge(k, ret_why);
	if (err)
		return err;
	*ret_why = "cannot add an association";
	err = try_kernel(k, rng, ret_why);
	if (err)
		return err;
	*ret_why = "cannot set a policy";
	k->reqid_out = reqid_out(k, 0);
	err = set_policies(k, true);
	err = err ? err : set_policies(k, false);
	if (err)
		return err;
	*ret_why = "cannot watch policies";
	k->changes = (struct noon_fd_watch){
		.fd = -1, .want = NOON_READABLE, .ready = on_change, .arg = k};
	err = noon_xfrm_watch_policies(&k->xfrm, &k->changes.fd);
	return err ? err : noon_loop_add(k->link->loop, &k->changes);
}

static bool reserve(void *arg, uint64_t epoch)
{
	struct noon_kernel_link *k = arg;

	return k->host.reserve(k->host.arg, epoch);
}

static void on_spis(void *arg, const struct noon_tunnel_spis *s)
{
	const struct noon_kernel_link *k = arg;

	k->host.on_spis(k->host.arg, s);
}

noon_err noon_kernel_link_open(struct noon_kernel_link *k, struct noon_tunnel_link *link,
			       struct noon_loop *loop, const struct noon_kernel_link_conf *conf,
			       const struct noon_tunnel_host *host, struct noon_rng *rng,
			       const char **ret_why, int *ret_sys)
{
	const struct noon_tunnel_host mine = {.reserve = reserve,
					      .on_settled = on_settled,
					      .on_spis = host->on_spis != NULL ? on_spis : NULL,
					      .arg = k};
	const char *why = "";
	noon_err err;

	memset(k, 0, sizeof(*k));
	k->link = link;
	k->conf = *conf;
	noon_wipe(&k->conf.link.machine.secret, sizeof(k->conf.link.machine.secret));
	k->host = *host;
	k->nudge = -1;
	k->changes.fd = -1;
	k->polled = now();
	*ret_sys = 0;
	err = noon_tunnel_link_open(link, loop, &conf->link, &mine, rng, ret_why, ret_sys);
	if (err) {
		k->link = NULL;
		return err;
	}
	err = set_up_kernel(k, rng, &why);
	if (err) {
		*ret_sys = k->xfrm.sys;
		*ret_why = why;
		noon_kernel_link_close(k);
	}
	return err;
}

void noon_kernel_link_close(struct noon_kernel_link *k)
{
	size_t n;

	if (k->link == NULL)
		return;
	if (k->xfrm.socket != NULL)
		(void)!noon_xfrm_clear(&k->xfrm, k->conf.reqid, ~NOON_KERNEL_REQID_PARTS, &n);
	noon_xfrm_close(&k->xfrm);
	if (k->changes.fd >= 0) {
		noon_loop_del(k->link->loop, &k->changes);
		(void)close(k->changes.fd);
	}
	k->changes.fd = -1;
	if (k->nudge >= 0)
		(void)close(k->nudge);
	k->nudge = -1;
	noon_tunnel_link_close(k->link);
	k->link = NULL;
}
