/* SPDX-License-Identifier: Apache-2.0
 *
 * A free-running clock h with the faults of real ones, as a function of true time.
 *
 * theta(t) = UTC - h = theta0 + x(t). The phase x is generated at knots of `step` from the
 * beginning, independent of queries, and is linear between two knots: so the same seed gives the
 * same answers, in any order of queries. Limit: noise faster than a step is seen only as the line
 * between its ends (white and flicker PM therefore begin at the Fourier frequency of one step). The
 * knots of the last NOON_OSC_KNOTS steps are kept; a query further back is a bug of the caller.
 *
 * Flicker is the sum of Ornstein-Uhlenbeck processes of equal variance, one for each decade of
 * time constants from one step to NOON_OSC_SLOWEST: its power density is 1/f within 10 % there.
 *
 * A busy machine is a random telegraph signal of the frequency, a day's temperature a sine.
 *
 * Sign: frequency > 0 means that h runs fast, so that x falls (docs/units.md).
 */
#ifndef NOON_SIM_OSCILLATOR_H
#define NOON_SIM_OSCILLATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/time.h"

#define NOON_OSC_KNOTS	 512 /**< kept, a power of two */
#define NOON_OSC_DECADES 8
#define NOON_OSC_SLOWEST 1e7 /**< s */
#define NOON_OSC_SHIFTS	 16  /**< changes of temperature in progress at a time */
#define NOON_OSC_JUMPS	 8   /**< jumps of h kept for queries about earlier times */

struct noon_osc_conf {
	noon_freq frequency;  /**< at the start, fractional */
	double white_pm_ns;   /**< standard deviation of the phase at each knot, ns */
	double flicker_pm_ns; /**< of each decade, ns */
	double white_fm;      /**< Allan deviation at 1 s, fractional; falls with 1/sqrt(tau) */
	double flicker_fm;    /**< floor of the Allan deviation, fractional */
	double random_walk;   /**< of the frequency, fractional per sqrt(s) */
	double ageing;	      /**< of the frequency, fractional per day */
	noon_freq day;	      /**< amplitude of a sine of the frequency, fractional */
	noon_dur day_period;  /**< of that sine, ns, > 0; 0: a day */
	noon_dur day_phase;   /**< how long ago, at the start, it passed zero upwards, ns */
	noon_freq load;	      /**< more frequency while the machine is busy, fractional */
	noon_dur load_mean;   /**< of a busy and of an idle time, ns, >= 1 ms; 0: never busy */
	bool load_regular;    /**< all of them last load_mean; false: exponentially distributed */
	noon_dur step;	      /**< between knots, ns, >= 1 ms; default 1 s */
};

/** A change of frequency by `by`, approached with a time constant: a change of temperature. */
struct noon_osc_shift {
	noon_time at;  /**< true time */
	noon_freq by;  /**< in the end, fractional */
	double tau_ns; /**< 0: at once */
};

/** A jump of h: it stood still or was replaced. */
struct noon_osc_jump {
	noon_time at; /**< true time */
	double by_ns; /**< of h, signed */
};

/** All state; the caller's storage. */
struct noon_osc {
	struct noon_osc_conf conf;
	struct noon_rng rng;
	noon_time start;
	noon_dur theta0; /**< UTC - h at the start, ns */
	double step_ns;
	double base_ns; /**< phase of the newest knot without PM, ns */
	noon_freq walk; /**< random walk and ageing so far */
	double fm[NOON_OSC_DECADES], pm[NOON_OSC_DECADES];
	double keep[NOON_OSC_DECADES], kick[NOON_OSC_DECADES];
	size_t decades;
	uint64_t laid; /**< index of the newest knot */
	double x[NOON_OSC_KNOTS];
	struct noon_osc_shift shift[NOON_OSC_SHIFTS];
	size_t shifts;
	noon_freq settled;			   /**< of completed shifts */
	struct noon_osc_jump jump[NOON_OSC_JUMPS]; /**< oldest first */
	size_t jumps;
	double jumped_ns;	  /**< by jumps that are no longer kept */
	struct noon_rng load_rng; /**< separate, so that loads change nothing else */
	bool busy;
	noon_time load_next;	      /**< end of the current busy or idle time */
	double least_rate, most_rate; /**< of h between two knots so far, fractional */
};

/** Fill conf with a preset: "perfect", "tcxo", "ocxo", "rb" or "vm" (a virtual machine's counter).
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND */
NOON_MUST_USE noon_err noon_osc_preset(const char *name, struct noon_osc_conf *ret);

/** Begin at the true time `start`, when h = start - theta0. */
void noon_osc_init(struct noon_osc *o, const struct noon_osc_conf *conf, noon_time start,
		   noon_dur theta0, uint64_t seed);

/** Return x(t), ns; t not before the start nor before the oldest knot kept. Cost: O(1), amortised
 *  over the knots passed. */
double noon_osc_x(struct noon_osc *o, noon_time t);

/** Return what the clock shows at the true time t, to the nearest ns. */
noon_time noon_osc_h(struct noon_osc *o, noon_time t);

/**
 * Return the first true time, not before `from`, at which the clock shows h or more, to within 2
 * ns; if that is further than a quarter of the kept knots away, an earlier instant to continue
 * from.
 */
noon_time noon_osc_when(struct noon_osc *o, noon_time h, noon_time from);

/** Let the frequency change by `by` from the first knot after `at` on; more than NOON_OSC_SHIFTS
 *  at a time are ignored. */
void noon_osc_shift(struct noon_osc *o, noon_time at, noon_freq by, noon_dur tau);

/** Let h show `by` more (less, if negative) from the true time `at` on. In chronological order;
 *  what it shows before `at` stays as it is for the last NOON_OSC_JUMPS of them. */
void noon_osc_jump(struct noon_osc *o, noon_time at, noon_dur by);

/** Switch h to another oscillator at the first knot not before `at`, which must be kept; later
 *  knots are generated again. Shifts do not carry over.
 *  @param conf  its step is not used */
void noon_osc_replace(struct noon_osc *o, noon_time at, const struct noon_osc_conf *conf);

/** Return the first knot not before an instant. */
noon_time noon_osc_knot(const struct noon_osc *o, noon_time at);

#endif
