/* SPDX-License-Identifier: Apache-2.0 */
#include "option/common/engine_options.h"

#include "engine/conf.h"

#define ENGINE(member) NOON_OPTION_AT(struct noon_engine_conf, member)
#define SOURCE(member) NOON_OPTION_AT(struct noon_source_conf, member)

#define RATE NOON_OPTION_RANGE(0, 0.1)
#define POLL NOON_OPTION_RANGE(NOON_POLL_LOG2_MIN, NOON_POLL_LOG2_MAX)

const struct noon_option noon_engine_rows[] = {
	{"alert-limit", NOON_OPTION_TIME, ENGINE(alert_limit),
	 NOON_OPTION_LEAST(NOON_ALERT_LIMIT_MIN),
	 .help = "the state is ok only while the bound is within it"},
	{"maxclockerror", NOON_OPTION_FREQ, ENGINE(max_rate_error), RATE,
	 .help = "assumption: largest rate error of the local oscillator"},
	{"wander", NOON_OPTION_FREQ, ENGINE(wander), RATE,
	 .help = "assumption: how far mean rates of the oscillator differ"},
	{"holdover-wander", NOON_OPTION_FREQ, ENGINE(holdover), RATE,
	 .help = "assumption: the same once an exchange is overdue; wander where that is given"},
	{"max-age", NOON_OPTION_TIME, ENGINE(max_age),
	 NOON_OPTION_RANGE(NOON_S(1), NOON_S(2592000)),
	 .help = "exchanges older than this are forgotten"},
	{"max-liars", NOON_OPTION_INT, ENGINE(max_liars),
	 NOON_OPTION_RANGE(-1, NOON_SOURCES_MAX - 1),
	 .help = "assumption: how many sources may lie; -1: what a majority allows"},
	{"step-at-start", NOON_OPTION_BOOL, ENGINE(step_at_start),
	 .help = "step the clock before the first synchronisation"},
	{"step-threshold", NOON_OPTION_TIME, ENGINE(step_threshold), NOON_OPTION_LEAST(0),
	 .help = "larger corrections are stepped then"},
	{"maxslewrate", NOON_OPTION_FREQ, ENGINE(slew_rate), NOON_OPTION_RANGE(1e-9, 0.1),
	 .help = "largest rate of a slew beside the frequency"},
	{"clear-after", NOON_OPTION_UINT, ENGINE(clear_after), NOON_OPTION_RANGE(1, 1000),
	 .help = "good exchanges in a row that end an alarm"},
	{"holdover-polls", NOON_OPTION_UINT, ENGINE(holdover_polls), NOON_OPTION_RANGE(1, 1000),
	 .help = "polls without a good exchange before the state is holdover"},
	{"readmit-after", NOON_OPTION_TIME, ENGINE(readmit_after), NOON_OPTION_LEAST(0),
	 .help = "how long sources agree until they are believed again; 0: never by itself"},
	{"readmit-lone-after", NOON_OPTION_TIME, ENGINE(readmit_lone_after), NOON_OPTION_LEAST(0),
	 .help = "the same for a single source, and without authentication"},
	NOON_OPTION_END,
};

const struct noon_option noon_source_poll_rows[] = {
	{"minpoll", NOON_OPTION_INT, SOURCE(poll_min), POLL,
	 .help = "shortest poll interval, log2 s"},
	{"maxpoll", NOON_OPTION_INT, SOURCE(poll_max), POLL,
	 .help = "longest poll interval, log2 s"},
	{"burst-interval", NOON_OPTION_TIME, SOURCE(burst_interval), NOON_OPTION_LEAST(NOON_MS(1)),
	 .help = "between exchanges of a burst"},
	NOON_OPTION_END,
};

const struct noon_option noon_source_vote_rows[] = {
	{"noselect", NOON_OPTION_BOOL, SOURCE(noselect), .help = "measured and shown, never used"},
	{"extra-error", NOON_OPTION_TIME, SOURCE(extra_err), NOON_OPTION_RANGE(0, NOON_S(86400)),
	 .help = "added to the error that the server states"},
	NOON_OPTION_END,
};
