/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that ask a PTP transmitter.
 */
#ifndef NOON_TOOLS_PTP_OPTIONS_H
#define NOON_TOOLS_PTP_OPTIONS_H

#include <getopt.h>

#include "ask/asker.h"

enum {
	NOON_PTP_OPTION_FIRST = 0x200,
	NOON_PTP_OPTION_INTERFACE = NOON_PTP_OPTION_FIRST,
	NOON_PTP_OPTION_SA_FILE,
	NOON_PTP_OPTION_SPP,
	NOON_PTP_OPTION_KEY_ID,
	NOON_PTP_OPTION_DOMAIN,
	NOON_PTP_OPTION_ARBITRARY,
	NOON_PTP_OPTION_ACCURACY,
	NOON_PTP_OPTION_STEP_ACCURACY,
	NOON_PTP_OPTION_UTC_OFFSET,
	NOON_PTP_OPTION_END,
};

/** Entries for getopt_long(). */
#define NOON_PTP_LONG_OPTIONS                                                                  \
	{"interface", required_argument, NULL, NOON_PTP_OPTION_INTERFACE},                     \
		{"sa-file", required_argument, NULL, NOON_PTP_OPTION_SA_FILE},                 \
		{"spp", required_argument, NULL, NOON_PTP_OPTION_SPP},                         \
		{"key-id", required_argument, NULL, NOON_PTP_OPTION_KEY_ID},                   \
		{"domain", required_argument, NULL, NOON_PTP_OPTION_DOMAIN},                   \
		{"arbitrary-is-utc", no_argument, NULL, NOON_PTP_OPTION_ARBITRARY},            \
		{"accuracy", required_argument, NULL, NOON_PTP_OPTION_ACCURACY},               \
		{"accuracy-per-step", required_argument, NULL, NOON_PTP_OPTION_STEP_ACCURACY}, \
	{                                                                                      \
		"utc-offset", required_argument, NULL, NOON_PTP_OPTION_UTC_OFFSET              \
	}

/** Their help. */
#define NOON_PTP_OPTIONS_HELP                                                                 \
	"For ptp:// (needs the right to open ports 319 and 320):\n"                           \
	"      --interface NAME leave through this interface\n"                               \
	"      --sa-file FILE   keys, as linuxptp's sa_file; without one nothing is "         \
	"authenticated\n"                                                                     \
	"      --spp N          security policy pointer (default 0)\n"                        \
	"      --key-id N       key to seal with (default the last one of the file)\n"        \
	"      --domain N       domainNumber (default 0)\n"                                   \
	"      --accuracy T     error of a transmitter that claims none (default: refused)\n" \
	"      --accuracy-per-step T\n"                                                       \
	"                       error of each boundary clock on the way (default: refused)\n" \
	"      --arbitrary-is-utc\n"                                                          \
	"                       a timescale that is not PTP's is UTC (ptp4l with software "   \
	"stamps)\n"                                                                           \
	"      --utc-offset N   TAI - UTC, s (default: what the transmitter says)\n"

/** Return the defaults. */
struct noon_asker_ptp noon_ptp_options_default(void);

/** Take an option. @return whether its value is good */
bool noon_ptp_options_take(struct noon_asker_ptp *p, int option, const char *text);

#endif
