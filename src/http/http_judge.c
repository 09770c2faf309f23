/* SPDX-License-Identifier: Apache-2.0
 *
 * What the server answers by itself: too many requests, unknown paths, wrong methods and types.
 */
#include <string.h>

#include "http/http_priv.h"

static const struct noon_http_verdict fine = {0};

static bool is_method(const struct noon_http_route *route, struct noon_bytes method)
{
	return noon_http_is(method, route->method) ||
	       (strcmp(route->method, "GET") == 0 && noon_http_is(method, "HEAD"));
}

static bool is_limited(struct noon_http_conn *c, noon_time now)
{
	return noon_rate_limit_ask(&c->server->rate, noon_addr_network(&c->request.peer), now) !=
	       NOON_RATE_PASS;
}

static struct noon_http_verdict too_many(const struct noon_http_conf *conf)
{
	const double wait_s = 1 / conf->rate_per_s;

	return (struct noon_http_verdict){
		.status = 429,
		.count = NOON_HTTP_COUNT_LIMITED,
		.text = "Too many requests come from this address.",
		.retry_after_s = wait_s < 1	 ? 1
				 : wait_s > 3600 ? 3600
						 : (uint32_t)wait_s + 1,
	};
}

static struct noon_http_verdict bad_method(const struct noon_http_route *route)
{
	return (struct noon_http_verdict){
		.status = 405,
		.count = NOON_HTTP_COUNT_BAD_METHOD,
		.text = route->about,
		.allow = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method,
	};
}

static const struct noon_http_route *find(struct noon_http_conn *c, struct noon_bytes path)
{
	const struct noon_http_conf *conf = &c->server->conf;

	for (size_t i = 0; i < conf->n_routes; i++)
		if (noon_http_is(path, conf->route[i].path)) {
			c->request.route = i;
			return &conf->route[i];
		}
	return NULL;
}

struct noon_http_verdict noon_http_judge(struct noon_http_conn *c, noon_time now)
{
	const struct noon_http_head *head = &c->reader.head;
	const struct noon_http_route *route = find(c, noon_http_span_of(c->in, head->path));

	if (is_limited(c, now))
		return too_many(&c->server->conf);
	if (route == NULL)
		return (struct noon_http_verdict){.status = 404,
						  .count = NOON_HTTP_COUNT_NOT_FOUND,
						  .text = "There is nothing at this path."};
	if (!is_method(route, noon_http_span_of(c->in, head->method)))
		return bad_method(route);
	if (strcmp(route->method, "POST") == 0 && !head->has_length && !head->chunked)
		return noon_http_fault_verdict(NOON_HTTP_FAULT_NO_LENGTH);
	if (route->type != NULL &&
	    !noon_http_is_nocase(noon_http_span_of(c->in, head->type), route->type))
		return (struct noon_http_verdict){
			.status = 415,
			.count = NOON_HTTP_COUNT_BAD_TYPE,
			.text = route->about,
		};
	return fine;
}

struct noon_http_verdict noon_http_fault_verdict(enum noon_http_fault fault)
{
	const bool large = fault == NOON_HTTP_FAULT_BODY_LONG ||
			   fault == NOON_HTTP_FAULT_TARGET_LONG ||
			   fault == NOON_HTTP_FAULT_FIELDS_LONG;

	return (struct noon_http_verdict){
		.status = noon_http_fault_status(fault),
		.count = large ? NOON_HTTP_COUNT_TOO_LARGE : NOON_HTTP_COUNT_MALFORMED,
		.text = noon_http_fault_text(fault),
	};
}
