/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/service/ptp_options.h"

#include <net/if.h>
#include <string.h>

#define PTP(member) NOON_OPTION_AT(struct noon_asker_ptp, member)

static bool read_interface(const struct noon_option *o, const char *text, void *at,
			   char why[NOON_OPTION_WHY])
{
	(void)o;
	(void)why;
	if (strlen(text) >= IFNAMSIZ)
		return false;
	memcpy(at, &text, sizeof(text));
	return true;
}

const struct noon_option noon_ptp_rows[] = {
	{"interface", NOON_OPTION_OWN, PTP(interface), .read = read_interface, .value = "name",
	 .says = "by routes", .noun = "a name of at most 15 characters",
	 .help = "leave through this interface"},
	{"sa-file", NOON_OPTION_BORROWED, PTP(sa_file), .value = "file", .says = "none",
	 .help = "keys, as linuxptp's sa_file; without one nothing is authenticated"},
	{"spp", NOON_OPTION_UINT, PTP(spp), NOON_OPTION_RANGE(0, 255),
	 .help = "security policy pointer"},
	{"key-id", NOON_OPTION_UINT, PTP(key_id), NOON_OPTION_RANGE(0, UINT32_MAX),
	 .help = "key to seal with; 0: the last one of the file"},
	{"domain", NOON_OPTION_UINT, PTP(domain), NOON_OPTION_RANGE(0, 255),
	 .help = "domainNumber"},
	{"accuracy", NOON_OPTION_TIME, PTP(accuracy), NOON_OPTION_LEAST(0), .says = "refused",
	 .help = "error of a transmitter (of tsp: an authority) that claims none"},
	{"accuracy-per-step", NOON_OPTION_TIME, PTP(accuracy_per_step), NOON_OPTION_LEAST(0),
	 .says = "refused", .help = "error of each boundary clock on the way"},
	{"arbitrary-is-utc", NOON_OPTION_BOOL, PTP(arbitrary_is_utc),
	 .help = "a timescale that is not PTP's is UTC (ptp4l with software stamps)"},
	{"utc-offset", NOON_OPTION_INT, PTP(utc_offset), NOON_OPTION_RANGE(1, 1000), .unit = "s",
	 .says = "what the transmitter says", .help = "TAI - UTC"},
	NOON_OPTION_END,
};

struct noon_asker_ptp noon_ptp_options_default(void)
{
	return (struct noon_asker_ptp){
		.interface = "", .accuracy = NOON_DUR_MAX, .accuracy_per_step = NOON_DUR_MAX};
}
