/* SPDX-License-Identifier: Apache-2.0
 *
 * A time seeker that does exactly what the paper says, to compare ours with.
 *
 * It is station B of L. Narula and T. Humphreys, "Requirements for Secure Clock Synchronization",
 * its time master A being the path's server. On each exchange it takes the offset of equation (4),
 * departure at A + modelled delay - arrival, and station A's test of the round trip (6), (7): an
 * attack is declared iff |measured - modelled| > lambda (section V-A). A one-way seeker has no
 * round trip and no test. It reads the free-running clock of the path's client, so that both are
 * judged on the same clock, path and attackers.
 *
 * The signals are plain messages of NTP on the links of the path. On a path of PTP they are the
 * Syncs and Delay_Reqs of the path's receiver, evaluated here as in the paper. A MAC is taken as
 * ideal: unless the seeker is predictable, forgeries and replays are refused. Seekers are compared
 * with the truth at the equal distances of a scenario.
 */
#ifndef NOON_SIM_SEEKER_H
#define NOON_SIM_SEEKER_H

#include "sim/scenario.h"

/** The three necessary conditions (section IV), judged from what the seeker assumes. */
struct noon_sim_compliance {
	bool met[3];
	const char *why[3]; /**< "is not met: ..."; static; NULL where it is met */
};

/** Judge a seeker of a checked scenario. */
struct noon_sim_compliance noon_sim_seeker_compliance(const struct noon_scenario *s, size_t seeker);

/** Return L of a seeker, the alert limit of its path's client, ns. */
noon_dur noon_sim_seeker_limit(const struct noon_scenario *s, size_t seeker);

#endif
