/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/duplicates.h"

#include <string.h>

#include "daemon/core/daemon.h"
#include "daemon/report/log.h"

/* What "localhost" leads to. */
static bool is_localhost(const struct noon_addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return a->u.v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	return IN6_IS_ADDR_LOOPBACK(&a->u.v6.sin6_addr);
}

/* An IPv4 address in the clothes of IPv6 (RFC 4291, 2.5.5.2) is the IPv4 address. */
static struct noon_addr plain(const struct noon_addr *a)
{
	struct noon_addr out = {.len = sizeof(out.u.v4)};

	if (a->u.sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->u.v6.sin6_addr))
		return *a;
	out.u.v4.sin_family = AF_INET;
	memcpy(&out.u.v4.sin_addr, a->u.v6.sin6_addr.s6_addr + 12, 4);
	noon_addr_set_port(&out, noon_addr_port(a));
	return out;
}

static bool is_same_address(const struct noon_addr *p, const struct noon_addr *q)
{
	const struct noon_addr a = plain(p);
	const struct noon_addr b = plain(q);

	if (p->len == 0 || q->len == 0)
		return false;
	return noon_addr_equal(&a, &b) ||
	       (noon_addr_port(&a) == noon_addr_port(&b) && is_localhost(&a) && is_localhost(&b));
}

const char *noon_source_identity_same(const struct noon_source_identity *a,
				      const struct noon_source_identity *b)
{
	if (is_same_address(&a->peer, &b->peer))
		return "the same address and port";
	if (a->has_key && b->has_key && memcmp(a->key, b->key, sizeof(a->key)) == 0)
		return "the same key in the certificate";
	if (a->transmitter.n == 0 || b->transmitter.n == 0)
		return NULL;
	if (a->domain == b->domain && noon_peer_equal(&a->transmitter, &b->transmitter))
		return "the same address and domain of the transmitter";
	if (memcmp(a->clock, b->clock, sizeof(a->clock)) == 0)
		return "the same clockIdentity of the transmitter";
	return NULL;
}

static struct noon_source_identity identity_of(const struct noon_daemon_source *s)
{
	static const uint8_t none[NOON_TLS_DIGEST];
	struct noon_source_identity id = {.has_key = false};
	const struct noon_ptp_foreign *f;

	if (s->ptp == NULL) {
		id.peer = s->ntp.peer;
		memcpy(id.key, s->ntp.client.session.server_key, sizeof(id.key));
		id.has_key = s->conf->nts && memcmp(id.key, none, sizeof(none)) != 0;
		return id;
	}
	f = noon_ptp_receiver_parent(&s->ptp->machine);
	if (f != NULL) {
		id.transmitter = f->peer;
		id.domain = s->conf->ptp.port.domain;
		memcpy(id.clock, f->set.sender.clock, sizeof(id.clock));
	}
	return id;
}

/* Whether it may have a vote at all. */
static bool takes_part(const struct noon_daemon *d, size_t i, size_t current)
{
	const struct noon_daemon_source *s = &d->source[i];

	return s->up && !s->conf->engine.noselect &&
	       (i == current || d->engine->source[s->index].n_accepted > 0);
}

/* Whether a votes rather than b. */
static bool comes_first(const struct noon_daemon *d, size_t a, size_t b)
{
	const bool auth_a = d->source[a].conf->engine.require_auth;
	const bool auth_b = d->source[b].conf->engine.require_auth;

	return auth_a != auth_b ? auth_a : a < b;
}

/* The one that votes for i, or NULL. */
static const struct noon_daemon_source *voter_for(const struct noon_daemon *d, size_t i,
						  size_t current, const char **ret_why)
{
	const struct noon_source_identity own = identity_of(&d->source[i]);
	size_t first = i;

	for (size_t k = 0; k < d->conf.n_sources; k++) {
		const char *why;

		if (k == i || !takes_part(d, k, current) || !comes_first(d, k, first))
			continue;
		const struct noon_source_identity other = identity_of(&d->source[k]);

		why = noon_source_identity_same(&own, &other);
		if (why == NULL)
			continue;
		*ret_why = why;
		first = k;
	}
	return first == i ? NULL : &d->source[first];
}

void noon_duplicates_find(struct noon_daemon *d, size_t current)
{
	for (size_t i = 0; i < d->conf.n_sources; i++) {
		struct noon_daemon_source *s = &d->source[i];
		const struct noon_daemon_source *voter;

		if (!takes_part(d, i, current))
			continue;
		voter = voter_for(d, i, current, &s->duplicate_why);
		if (voter == s->duplicate_of)
			continue;
		if (voter != NULL)
			noon_log(NOON_LOG_WARNING,
				 "sources %s and %s are one machine (%s): %s has no vote",
				 voter->conf->host, s->conf->host, s->duplicate_why, s->conf->host);
		else
			noon_log(NOON_LOG_NOTICE, "source %s is a machine of its own: it votes",
				 s->conf->host);
		s->duplicate_of = voter;
		noon_engine_set_duplicate(d->engine, s->index, voter != NULL);
	}
}
