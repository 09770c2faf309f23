/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keys/tunnel_secrets.h"

#include <stdio.h>
#include <string.h>

static struct noon_tunnel_ke_terms terms(void *arg, uint64_t *ret_floor)
{
	const struct noon_tunnel_secrets *s = arg;

	*ret_floor = noon_tunnel_epoch_floor(&s->link->machine);
	return noon_tunnel_ke_terms_of(&s->link->machine.conf);
}

static bool is_between(const struct noon_tunnel_ke_terms *a, const struct noon_tunnel_ke_terms *b)
{
	const size_t n = noon_ip_addr_len(a->version);

	return !b->is_ptp && a->version == b->version &&
	       memcmp(a->initiator, b->initiator, n) == 0 &&
	       memcmp(a->responder, b->responder, n) == 0;
}

static bool judge(void *arg, const struct noon_tls *tls, const struct noon_tunnel_ke_terms *asked,
		  struct noon_tunnel_ke_answer *ret)
{
	struct noon_tunnel_secrets *s = arg;
	struct noon_tunnel_ke_answer a = {.is_refused = true};
	const struct noon_tunnel_ke_terms ours = terms(s, &a.floor);

	if (!is_between(&ours, asked))
		return false;
	s->form = ours.form;
	if (!noon_tls_peer_is(tls, s->conf->exchange.name)) {
		a.code = NOON_TUNNEL_KE_NAME;
	} else if (!noon_tunnel_ke_form_equal(&s->form, &asked->form)) {
		a.code = NOON_TUNNEL_KE_FORM;
		a.ours = &s->form;
	} else {
		a.is_refused = false;
	}
	*ret = a;
	return true;
}

static noon_err take(void *arg, const struct noon_tunnel_ke_result *r)
{
	struct noon_tunnel_secrets *s = arg;
	const noon_err err = noon_tunnel_rekey(&s->link->machine, &r->secret, r->epoch,
					       s->conf->is_initiator, noon_mono_now());

	noon_tunnel_link_settle(s->link);
	return err;
}

static bool is_up(void *arg)
{
	const struct noon_tunnel_secrets *s = arg;

	return noon_tunnel_is_up(&s->link->machine, noon_mono_now());
}

static void forget(void *arg)
{
	struct noon_tunnel_secrets *s = arg;

	noon_tunnel_forget(&s->link->machine);
	noon_tunnel_link_settle(s->link);
}

noon_err noon_tunnel_secrets_open(struct noon_tunnel_secrets *s,
				  const struct noon_config_tunnel *conf,
				  struct noon_tunnel_link *link,
				  struct noon_key_exchanges *exchanges)
{
	static const struct noon_key_exchange_ops ops = {
		.terms = terms, .judge = judge, .take = take, .is_up = is_up, .forget = forget};
	struct noon_key_exchange_conf c = {.exchange = &conf->exchange,
					   .asks = conf->is_initiator,
					   .local = conf->local,
					   .peer = conf->peer,
					   .family = conf->peer.u.sa.sa_family,
					   .jitter = conf->jitter,
					   .dead_after = conf->dead_after};

	(void)snprintf(c.name, sizeof(c.name), "tunnel %s", conf->name);
	/* Behind a translator of addresses the other end has another one. */
	if (conf->udp && !conf->is_initiator)
		c.peer.len = 0;
	s->conf = conf;
	s->link = link;
	return noon_key_exchange_add(exchanges, &c, &ops, s, &s->exchange);
}
