/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/sim/channel_options.h"

#include <stdio.h>
#include <string.h>

#include "platform/number.h"

#define CHANNEL(member) NOON_OPTION_AT(struct noon_channel, member)

const struct noon_option noon_channel_rows[] = {
	{"routers", NOON_OPTION_UINT, CHANNEL(routers),
	 NOON_OPTION_RANGE(1, NOON_CHANNEL_ROUTERS_MAX), .help = "routers in each direction"},
	{"p-idle", NOON_OPTION_REAL, CHANNEL(p_idle), NOON_OPTION_RANGE(0, 0.999999), .value = "p",
	 .noun = "a probability", .help = "probability that one is idle"},
	{"packet-bytes", NOON_OPTION_REAL, CHANNEL(packet_bytes), NOON_OPTION_RANGE(1, 1e6),
	 .value = "bytes", .help = "size of other packets"},
	NOON_OPTION_END,
};

bool noon_channel_read_rate(const struct noon_option *o, const char *text, void *at,
			    char why[NOON_OPTION_WHY])
{
	double rate;

	(void)o;
	(void)why;
	if (!noon_number_rate(text, &rate))
		return false;
	memcpy(at, &rate, sizeof(rate));
	return true;
}

void noon_channel_show_rate(const void *at, char out[NOON_OPTION_SHOW])
{
	static const char units[] = {'\0', 'k', 'M', 'G'};
	size_t i = 0;
	double rate;

	memcpy(&rate, at, sizeof(rate));
	for (; i + 1 < sizeof(units) && rate >= 1e3; i++)
		rate /= 1e3;
	(void)snprintf(out, NOON_OPTION_SHOW, "%g%.1s", rate, &units[i]);
}
