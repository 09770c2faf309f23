/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/service/service_options.h"

#include <string.h>
#include <sys/socket.h>

#define OPTION(member) NOON_OPTION_AT(struct noon_service_options, member)
#define SECONDS	       NOON_OPTION_RANGE(0.01, 3600), .unit = "s", .value = "s"

const struct noon_option noon_service_rows[] = {
	{"interval", NOON_OPTION_REAL, OPTION(interval_s), SECONDS,
	 .says = "1; 4.1 for daytime:// and time://", .letter = 'i', .help = "between questions"},
	{"timeout", NOON_OPTION_REAL, OPTION(timeout_s), SECONDS, .def = "2", .letter = 't',
	 .help = "to wait for an answer"},
	{"aead", NOON_OPTION_WORD, OPTION(aead), .words = noon_aead_words, .says = "both, 15 first",
	 .help = "offer this AEAD only"},
	NOON_OPTION_END,
};

void noon_service_init(struct noon_service_options *s)
{
	s->ptp = noon_ptp_options_default();
}

static bool is_scheme(const struct noon_service_options *s, const char *scheme)
{
	return strcmp(s->url.scheme, scheme) == 0;
}

int noon_service_take(const struct noon_verb *self, const char *url, struct noon_service_options *s)
{
	const char *wrong = NULL;

	s->by_tsp = noon_tsp_options_url(&s->tsp, url, &s->url);
	s->tsp.accuracy = s->ptp.accuracy;
	if (!s->by_tsp && noon_url_parse(url, &s->url) == NOON_OK) {
		s->nts = is_scheme(s, "nts");
		s->by_ptp = is_scheme(s, "ptp");
		s->by_one_way = is_scheme(s, "daytime") || is_scheme(s, "time");
	}
	if (!s->nts && !s->by_ptp && !s->by_one_way && !s->by_tsp && !is_scheme(s, "ntp"))
		return noon_tool_usage(self,
				       "\"%s\": expected nts://HOST[:PORT], ntp://HOST[:PORT], "
				       "ptp://HOST, daytime://HOST[:PORT], time://HOST[:PORT] or "
				       "tsp+http[s]://HOST[:PORT][/PATH]",
				       url);
	if (s->by_ptp && s->url.port != 0)
		return noon_tool_usage(self, "PTP has its own two ports: expected ptp://HOST");
	if (s->by_ptp && s->server.family == AF_UNSPEC)
		s->server.family = strchr(s->url.host, ':') != NULL ? AF_INET6 : AF_INET;
	if (!s->by_ptp && s->tunnel.peer != NULL)
		return noon_tool_usage(self, "--tunnel: expected ptp://ADDRESS");
	if (s->by_one_way)
		wrong = noon_one_way_options_check(&s->one_way, s->url.scheme);
	if (wrong != NULL)
		return noon_tool_usage(self, "%s", wrong);
	if (s->interval_s <= 0)
		s->interval_s = s->by_one_way ? NOON_ONE_WAY_INTERVAL_S : 1;
	return -1;
}

struct noon_asker_conf noon_service_asker(struct noon_service_options *s)
{
	s->ptp.tunnel = s->tunnel.peer != NULL ? &s->tunnel : NULL;
	return (struct noon_asker_conf){
		.host = s->url.host,
		.port = s->url.port,
		.family = s->server.family,
		.nts = s->nts,
		.ptp = s->by_ptp ? &s->ptp : NULL,
		.one_way = s->by_one_way ? &s->one_way : NULL,
		.tsp = s->by_tsp ? &s->tsp : NULL,
		.ca = s->server.ca,
		.name = s->server.name,
		.no_time_check = s->server.no_time_check,
		.aead = s->aead,
		.interval = noon_dur_from_s(s->interval_s),
		.timeout = noon_dur_from_s(s->timeout_s),
	};
}

bool noon_service_authenticates(const struct noon_service_options *s)
{
	return s->nts || s->ptp.sa_file != NULL || s->tunnel.peer != NULL ||
	       (s->by_tsp && s->server.ca != NULL);
}
