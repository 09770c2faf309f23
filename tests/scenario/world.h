/* SPDX-License-Identifier: Apache-2.0
 *
 * A small virtual world around one engine: an oscillator, servers, links and an attacker.
 *
 * Everything is a function of h, the free-running clock of the engine, and of the seed. The truth
 * is UTC = h + theta(h); rates are constant within a second of h and walk from one to the next.
 * At every second and after every event the world compares the reading with the truth.
 */
#ifndef NOON_TESTS_WORLD_H
#define NOON_TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "engine/engine.h"

#define WORLD_SECONDS 200000

struct world;

/** One direction of a path. */
struct path {
	double least_ns;  /**< propagation */
	double jitter_ns; /**< mean of an exponential queueing delay */
	double loss;	  /**< probability */
};

struct server {
	struct noon_source_conf conf;
	struct path there, back;
	double stamp_ns;     /**< standard deviation of each timestamp error, cut at 3 */
	noon_dur stamp_err;  /**< what the sample claims */
	noon_dur server_err; /**< what the server claims */
	noon_dur layover;    /**< ns */
	noon_dur time_out;   /**< a reply later than this is a miss */
	uint32_t index;	     /**< in the engine */
	noon_time next_poll;
	bool in_flight;
	struct noon_sample reply; /**< valid while in_flight */
};

/** Add to the delay of a packet, or lose it (return false). dir 0: to the server. */
typedef bool attack_fn(struct world *w, unsigned server, unsigned dir, double *delay_ns);
/** Return the error of a server's clock, ns. */
typedef double lie_fn(struct world *w, unsigned server);

struct oscillator {
	double rate_ppm;  /**< d theta / dh at the start */
	double walk;	  /**< random walk of frequency per sqrt(s), fractional */
	double sine_ppm;  /**< amplitude of a slow sine in addition */
	double sine_s;	  /**< its period */
	bool square;	  /**< its sign only: the hardest for a bound on mean rates */
	double limit_ppm; /**< the walk is reflected so that rates stay within +- this of the start;
			   *   0: no limit */
};

/** What was seen; reset with world_watch(). */
struct tally {
	uint64_t checks;
	uint64_t violations;  /**< |truth - C| > bound */
	uint64_t outside;     /**< truth outside [lower, upper]: the same, one-sided */
	uint64_t stale;	      /**< truth outside a reading carried on by its rates */
	uint64_t harmed;      /**< OK or HOLDOVER while |truth - C| > L */
	uint64_t in_state[4]; /**< checks at full seconds */
	uint64_t findings[NOON_FINDING_KINDS];
	double sum_sq, max_ns; /**< error of C at full seconds */
	double bound_sum, bound_max;
	noon_time last_over; /**< last full second with error above `over_ns` */
	noon_time first_alarm;
	double err_at_alarm;
};

struct world {
	struct noon_engine engine;
	struct noon_actions actions; /**< of the event under way */
	struct noon_rng rng;
	struct server server[NOON_SOURCES_MAX];
	unsigned servers;
	attack_fn *attack;
	lie_fn *lie;
	unsigned liars; /**< servers below this lie, for the lie in force */
	double knob;	/**< for the attack in force */
	noon_time h;	/**< now */
	noon_time h0;
	int64_t theta0; /**< UTC - h at h0, ns */
	struct oscillator osc;
	struct noon_rng osc_rng;
	double walked_ppm;
	unsigned laid;		     /**< seconds laid out so far */
	double x[WORLD_SECONDS + 1]; /**< theta - theta0 at each second, ns */
	struct noon_reading kept;    /**< of up to ten minutes ago, to be carried on */
	struct tally tally;
	double over_ns; /**< for tally.last_over; default 100 us */
	bool loud;	/**< print a line per minute */
};

/** The default configuration, but for the wander: 1 ppm, which is all that the oscillators here do.
 */
struct noon_engine_conf world_conf(void);

/** Create a world for a seed; the caller frees it with free(). C starts wrong by c_error ns. */
struct world *world_new(uint64_t seed, const struct noon_engine_conf *conf,
			const struct oscillator *osc, noon_dur c_error);

/** Return a server on the path of the accuracy target: 100 us + exponential 100 us each way. */
struct server server_typical(void);
/** Return a server with 10 ns timestamps on a quiet, surveyed path, asked each second. */
struct server server_hardware(void);

/** Add a server; returns its number. */
unsigned world_add(struct world *w, const struct server *s);

/** Return theta at h, ns after theta0. */
double world_x(const struct world *w, noon_time h);

/** Return the error of C at h: UTC - C, ns. */
double world_error(const struct world *w, noon_time h);

/** Let time pass, s. */
void world_run(struct world *w, double seconds);

/** Start a new tally. */
void world_watch(struct world *w);

double world_rms(const struct world *w);
struct noon_reading world_reading(const struct world *w);

#endif
