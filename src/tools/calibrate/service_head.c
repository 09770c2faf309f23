/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/calibrate/service_head.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/text.h"

#define NTP_FRAME 114 /* bytes: NTP, UDP, IPv4, Ethernet, with preamble and FCS */

/* Address of the service; "" where it is not known. */
static void address_of(const struct noon_service_options *s, const struct noon_asker *a, char *out,
		       size_t n)
{
	const struct noon_addr *peer = &a->ntp.peer;

	if (s->by_one_way)
		peer = &a->question.peer;
	else if (a->conf.ptp != NULL)
		peer = &a->transmitter;
	out[0] = '\0';
	if (s->by_tsp)
		(void)snprintf(out, n, "%s", noon_http_post_peer(a->tsp.post));
	else if (peer->len > 0)
		noon_addr_format_host(peer, out, n);
}

/* Reference identifier as people write it (RFC 5905, 7.3): four letters of a primary server, four
 * numbers of another. */
static void put_refid(json_t *head, const struct noon_sample *s)
{
	const uint8_t b[4] = {(uint8_t)(s->ref_id >> 24), (uint8_t)(s->ref_id >> 16),
			      (uint8_t)(s->ref_id >> 8), (uint8_t)s->ref_id};
	char text[32] = "";
	size_t n = 0;

	while (s->stratum <= 1 && n < 4 && b[n] > ' ' && b[n] < 0x7f) {
		text[n] = (char)b[n];
		text[++n] = '\0';
	}
	if (n == 0)
		(void)snprintf(text, sizeof(text), "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	(void)json_object_set_new(head, "refid", json_string(text));
}

/* Who signs the tokens, if that was verified. */
static void put_authority(json_t *head, const struct noon_tsp_token *t)
{
	char hex[65];

	if (!t->verified)
		return;
	noon_text_hex(noon_bytes_of(t->verdict.signer.cert_hash, 32), hex);
	(void)json_object_set_new(head, "tsa_subject", json_string(t->verdict.signer.subject));
	(void)json_object_set_new(head, "tsa_certificate_sha256", json_string(hex));
}

static bool only_stamps(const struct noon_service_options *s)
{
	return s->by_tsp || s->by_one_way;
}

/* What the first answer shows of the service. */
static void put_shown(json_t *head, const struct noon_service_options *s,
		      const struct noon_asker *a, const struct noon_sample *first)
{
	char address[NOON_HTTP_PEER_MAX];

	address_of(s, a, address, sizeof(address));
	if (address[0] != '\0') {
		(void)json_object_set_new(head, "address", json_string(address));
		(void)json_object_set_new(head, "ip_version",
					  json_integer(strchr(address, ':') != NULL ? 6 : 4));
	}
	if (s->by_tsp)
		put_authority(head, &a->tsp.token);
	else if (!only_stamps(s) && a->conf.ptp == NULL)
		put_refid(head, first);
}

/* Size of the frames, where the user says none: those of NTP; TCP's are not known. */
static void settle_sizes(struct noon_campaign_options *c, const struct noon_service_options *s)
{
	const bool datagrams = !s->by_tsp && !(s->by_one_way && s->one_way.tcp);
	struct noon_path_model *p = &c->path;

	p->request_bytes = c->request_bytes > 0 ? c->request_bytes : datagrams ? NTP_FRAME : 0;
	p->reply_bytes = c->reply_bytes > 0 ? c->reply_bytes : p->request_bytes;
}

json_t *noon_service_head(struct noon_campaign_options *c, const struct noon_service_options *s,
			  const struct noon_asker *a, const char *url,
			  const struct noon_sample *first)
{
	const char *device = c->device != NULL ? c->device : s->url.host;
	json_t *head;

	settle_sizes(c, s);
	head = noon_campaign_head(c);
	(void)json_object_set_new(head, "service", json_string(url));
	(void)json_object_set_new(head, "device", json_string(device));
	(void)json_object_set_new(head, "kind", json_string(s->by_tsp ? "tsp" : s->url.scheme));
	(void)json_object_set_new(head, "method", json_string("active"));
	(void)json_object_set_new(head, "two_way", json_boolean(!only_stamps(s)));
	(void)json_object_set_new(head, "interval_s", json_real(s->interval_s));
	if (s->server.family != AF_UNSPEC)
		(void)json_object_set_new(head, "ip_version",
					  json_integer(s->server.family == AF_INET6 ? 6 : 4));
	if (first != NULL)
		put_shown(head, s, a, first);
	return head;
}
