/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the asker*.c files only.
 */
#ifndef NOON_ASK_ASKER_PRIV_H
#define NOON_ASK_ASKER_PRIV_H

#include "ask/asker.h"

/** Arm the timer of the question after the one that left at `asked`. */
void noon_asker_arm_next(struct noon_asker *a, struct noon_timer *t, noon_time asked);

/** PTP instead of NTP: sockets, keys, machine. */
NOON_MUST_USE noon_err noon_asker_ptp_init(struct noon_asker *a, const char **ret_why);
void noon_asker_ptp_start(struct noon_asker *a, const struct noon_addr *peer);
void noon_asker_ptp_fini(struct noon_asker *a);

/** Open the port of PTP in a tunnel. @param[out] ret_why  in *a */
NOON_MUST_USE noon_err noon_asker_tunnel_open(struct noon_asker *a, const char **ret_why);
/** Begin; on_up is called when the tunnel has keys, at once if it has them. */
void noon_asker_tunnel_start(struct noon_asker *a, void (*on_up)(struct noon_asker *a));
/** Close; none is fine. */
void noon_asker_tunnel_fini(struct noon_asker *a);

/** Daytime or time instead of NTP. */
void noon_asker_one_way_init(struct noon_asker *a);
void noon_asker_one_way_start(struct noon_asker *a, const struct noon_addr *peer);
void noon_asker_one_way_fini(struct noon_asker *a);

/** A time-stamp authority instead of NTP. */
NOON_MUST_USE noon_err noon_asker_tsp_init(struct noon_asker *a, const char **ret_why);
void noon_asker_tsp_start(struct noon_asker *a);
void noon_asker_tsp_fini(struct noon_asker *a);

#endif
