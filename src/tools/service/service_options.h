/* SPDX-License-Identifier: Apache-2.0
 *
 * A time service on the command line, of any protocol, for the verbs that ask one.
 */
#ifndef NOON_TOOLS_SERVICE_OPTIONS_H
#define NOON_TOOLS_SERVICE_OPTIONS_H

#include "ask/asker.h"
#include "tools/core/tool.h"
#include "tools/core/url.h"
#include "tools/service/one_way_options.h"
#include "tools/service/ptp_options.h"
#include "tools/service/server_options.h"
#include "tools/service/tsp_options.h"
#include "tools/service/tunnel_options.h"

struct noon_service_options {
	struct noon_url url;
	bool nts;
	struct noon_server_options server;
	double interval_s; /**< 0: the default of the protocol */
	double timeout_s;
	int aead; /**< 0: both */
	bool by_ptp;
	struct noon_asker_ptp ptp;
	struct noon_asker_tunnel tunnel;
	bool by_one_way;
	struct noon_asker_one_way one_way;
	bool by_tsp;
	struct noon_asker_tsp tsp;
};

/** Interval, time-out, AEAD. */
extern const struct noon_option noon_service_rows[];

/** The parts of a verb whose options have a struct noon_service_options as this member. */
#define NOON_SERVICE_PARTS(type, member)                                                        \
	{noon_service_rows, offsetof(type, member), NULL},                                      \
		{noon_server_rows,                                                              \
		 offsetof(type, member) + offsetof(struct noon_service_options, server), NULL}, \
		{noon_server_time_rows,                                                         \
		 offsetof(type, member) + offsetof(struct noon_service_options, server), NULL}, \
		{noon_ptp_rows,                                                                 \
		 offsetof(type, member) + offsetof(struct noon_service_options, ptp),           \
		 NOON_PTP_HEADING},                                                             \
		{noon_tunnel_rows,                                                              \
		 offsetof(type, member) + offsetof(struct noon_service_options, tunnel),        \
		 NOON_TUNNEL_HEADING},                                                          \
		{noon_one_way_rows,                                                             \
		 offsetof(type, member) + offsetof(struct noon_service_options, one_way),       \
		 NOON_ONE_WAY_HEADING},                                                         \
	{                                                                                       \
		noon_tsp_rows,                                                                  \
			offsetof(type, member) + offsetof(struct noon_service_options, tsp),    \
			NOON_TSP_HEADING                                                        \
	}

/** The forms of its URL, for --help. */
#define NOON_SERVICE_URLS                                                \
	"  nts://HOST[:PORT]       ntp://HOST[:PORT]       ptp://HOST\n" \
	"  daytime://HOST[:PORT]   time://HOST[:PORT]      "             \
	"tsp+http[s]://HOST[:PORT][/PATH]\n"

/** Fill in what is not in the tables. */
void noon_service_init(struct noon_service_options *s);

/** Take the URL, and see that the options fit it; what is wrong is printed.
 *  @return an exit status, or -1: it is good */
int noon_service_take(const struct noon_verb *self, const char *url,
		      struct noon_service_options *s);

/** What an asker needs; borrows from *s, which it completes. */
struct noon_asker_conf noon_service_asker(struct noon_service_options *s);

/** Whether answers are to be authenticated. */
bool noon_service_authenticates(const struct noon_service_options *s);

#endif
