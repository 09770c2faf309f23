/* SPDX-License-Identifier: Apache-2.0
 *
 * What the random tests of edge offsets have in common: a table with its clock, counts of packets
 * within the stated half-width, and figures with their standard errors.
 */
#ifndef NOON_TEST_EDGE_WORLD_H
#define NOON_TEST_EDGE_WORLD_H

#include "edge_stream.h"
#include "estimate/edge/edge_table.h"

/** Of all streams; stream i has EDGE_SEED + i. */
#define EDGE_SEED UINT64_C(20260)

struct edge_world {
	struct noon_edge_table table;
	noon_time now;
};

/** Key of the packets that most tests feed: 1 kHz. */
extern const struct noon_edge_key edge_fast;

/** Start with an empty table and the defaults. */
void edge_world_start(struct edge_world *w);

/** Feed a value, 1 ms after the one before. */
enum noon_edge_verdict edge_world_feed(struct edge_world *w, const struct noon_edge_key *key,
				       noon_dur v);

struct noon_edge_estimate edge_world_ask(const struct edge_world *w,
					 const struct noon_edge_key *key);

/** Return the correction less the truth, us. */
double edge_world_error_us(const struct edge_world *w, const struct noon_edge_key *key,
			   double truth_us);

struct coverage {
	double n, inside, stated; /**< packets, within the half-width, expected there as stated */
	double half_us;		  /**< sum of the half-widths */
};

/** Count the packet v with the estimate that it would have been corrected by. */
void coverage_count(struct coverage *c, const struct noon_edge_estimate *e, noon_dur v);
void coverage_print(const char *what, const struct coverage *c);

struct figure {
	double n, sum, squares;
};

void figure_add(struct figure *f, double x);
double figure_mean(const struct figure *f);

/** Print the mean, its standard error and the root mean square. */
void figure_print(const char *what, const struct figure *f, const char *unit);

#endif
