/* SPDX-License-Identifier: Apache-2.0
 *
 * The clocks a daemon can discipline, behind one table.
 *
 * Every clock has two time scales. The *free-running* time h follows CLOCK_MONOTONIC_RAW and is
 * never steered: all packet timestamps are expressed in it. The *disciplined* time C = h + line is
 * published; steering changes the line only. clock_system steers CLOCK_REALTIME after the line,
 * clock_phc a card's clock, clock_virtual keeps both scales in this process and touches nothing.
 */
#ifndef NOON_PLATFORM_CLOCK_H
#define NOON_PLATFORM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/time.h"

/** C(h) = h + corr0 + rate * (h - h0), and slew * (h - h0) more up to slew_end: where the
 *  discipline wants the clock to be. */
struct noon_clock_line {
	noon_time h0;
	noon_dur corr0;	    /**< ns */
	noon_freq rate;	    /**< fractional */
	noon_freq slew;	    /**< fractional, until slew_end */
	noon_time slew_end; /**< <= h0: no slew */
};

/** A linear map from CLOCK_MONOTONIC_RAW or CLOCK_REALTIME to C; good for a few seconds. */
struct noon_clock_map {
	int64_t from0;	/**< source clock, ns */
	noon_time to0;	/**< C at from0 */
	noon_freq rate; /**< dC/dfrom - 1 */
	noon_freq osc; /**< dh/draw - 1 in force: the part of `rate` that is a virtual clock's fault
			*/
};

enum noon_clock_event {
	NOON_CLOCK_STEADY,
	NOON_CLOCK_STEPPED,   /**< another program stepped the clock we steer */
	NOON_CLOCK_SUSPENDED, /**< the machine was suspended: h lost time */
};

/** What the kernel tells all programs about the disciplined clock. */
struct noon_clock_claim {
	noon_dur bound;	   /**< largest error until the next claim, ns; NOON_DUR_MAX: not known */
	noon_dur estimate; /**< of the error, ns, >= 0 */
	bool synchronised; /**< else STA_UNSYNC */
	noon_dur leap;	   /**< shift of the UTC count that is due: -1 s, +1 s; 0: none */
	noon_time leap_at; /**< C at which it takes effect */
	int16_t tai;	   /**< TAI - UTC, s; 0: not known */
};

struct noon_clock;

struct noon_clock_ops {
	const char *name;
	bool real_is_disciplined; /**< C is CLOCK_REALTIME itself */
	noon_time (*free_running)(struct noon_clock *c, int64_t raw_ns);
	/** dh/draw - 1 at raw_ns; NULL: h runs at the rate of CLOCK_MONOTONIC_RAW. */
	noon_freq (*oscillator)(struct noon_clock *c, int64_t raw_ns);
	void (*steer)(struct noon_clock *c, const struct noon_clock_line *line);
	noon_err (*step)(struct noon_clock *c, const struct noon_clock_line *line);
	/** NULL: as step. */
	noon_err (*leap)(struct noon_clock *c, const struct noon_clock_line *line, noon_dur shift);
	noon_time (*disciplined)(struct noon_clock *c);
	enum noon_clock_event (*check)(struct noon_clock *c, noon_dur *ret_size);
	/** NULL: no other program reads the quality of this clock. */
	void (*tell)(struct noon_clock *c, const struct noon_clock_claim *claim);
	void (*fini)(struct noon_clock *c);
};

struct noon_clock {
	const struct noon_clock_ops *ops;
	struct noon_clock_line line;
	int64_t raw0;	  /**< CLOCK_MONOTONIC_RAW at start */
	noon_time h0;	  /**< free-running time at start */
	noon_dur asleep0; /**< noon_clock_asleep() when last looked at */
};

/** Both clocks of the machine at one instant. */
struct noon_instant {
	int64_t raw_ns;	 /**< CLOCK_MONOTONIC_RAW */
	int64_t real_ns; /**< CLOCK_REALTIME */
	noon_dur err;	 /**< half the time it took to read them */
};

struct noon_instant noon_instant_now(void);
/** Tell whether CLOCK_REALTIME ran on without a step from a to b: within 500 ppm of
 *  CLOCK_MONOTONIC_RAW, which is what the kernel's frequency correction can do. */
bool noon_instant_is_steady(const struct noon_instant *a, const struct noon_instant *b);

/** Read one clock of the kernel (CLOCK_REALTIME, CLOCK_MONOTONIC, ...), ns. */
int64_t noon_clock_read(int id);
/** Return how long the machine has been suspended since it booted, ns: constant while it runs.
 *  Never too large, and too small only if interrupted three times in a row. */
noon_dur noon_clock_asleep(void);
/** Return CLOCK_REALTIME - CLOCK_MONOTONIC, ns, exactly: it changes by suspension and by steps of
 * CLOCK_REALTIME. */
noon_dur noon_clock_real_ahead(void);
/** Read CLOCK_MONOTONIC as an instant, for time-outs. */
noon_time noon_mono_now(void);

/** Return the free-running time now. */
noon_time noon_clock_now(struct noon_clock *c);

/**
 * Translate a kernel timestamp (CLOCK_REALTIME, a moment ago) to free-running time.
 *
 * A stamp is meaningless if CLOCK_REALTIME was stepped since, by this daemon or another program. So
 * it is refused unless the clock has run steadily since an instant before it.
 *
 * @param      since    an instant before the stamp was taken: before the request left
 * @param[out] ret_err  error of the result: reading the clocks, and 500 ppm of the stamp's age for
 *                      the steering of CLOCK_REALTIME meanwhile
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  the clock was stepped, or the stamp is in the future or older than 10 s
 */
NOON_MUST_USE noon_err noon_clock_from_stamp(struct noon_clock *c, const struct noon_instant *since,
					     int64_t real_ns, noon_time *ret, noon_dur *ret_err);

/** Aim the clock at a line; gradual where the clock is steered by frequency. */
void noon_clock_steer(struct noon_clock *c, const struct noon_clock_line *line);
/** Step the clock onto a line. @retval NOON_OK, NOON_ERR_PERM, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_clock_step(struct noon_clock *c, const struct noon_clock_line *line);
/** Carry out a leap second: the line has been shifted by it. For the system clock the kernel does
 * that by itself, if a claim announced it, a little sooner or later; C is on the line meanwhile.
 * @retval as noon_clock_step() */
NOON_MUST_USE noon_err noon_clock_leap(struct noon_clock *c, const struct noon_clock_line *line,
				       noon_dur shift);
/** Publish the quality of the clock: the system clock's maxerror, esterror and STA_UNSYNC, which
 * adjtimex(2) shows, and STA_INS or STA_DEL for a leap second today. At least once a second; the
 * kernel increases maxerror by 500 ppm in between. An earlier call is passed on only if the clock
 * got worse.
 */
void noon_clock_tell(struct noon_clock *c, const struct noon_clock_claim *claim);
/** Return the disciplined time now. */
noon_time noon_clock_disciplined(struct noon_clock *c);
/** Look for steps by others and for suspension; `ret_size` is how far C jumped, ns. */
enum noon_clock_event noon_clock_check(struct noon_clock *c, noon_dur *ret_size);

/** Map of CLOCK_MONOTONIC_RAW to C along the line (not what CLOCK_REALTIME happens to do). */
struct noon_clock_map noon_clock_map_raw(struct noon_clock *c);
/** Map of CLOCK_REALTIME to C, for servers that stamp packets in CLOCK_REALTIME. */
struct noon_clock_map noon_clock_map_real(struct noon_clock *c);
noon_time noon_clock_map_apply(const struct noon_clock_map *m, int64_t from_ns);

/** Release; NULL is fine. */
void noon_clock_free(struct noon_clock *c);

/** The system clock. `steer` false: read only, C is CLOCK_REALTIME as it is.
 *  @retval NOON_OK, NOON_ERR_PERM (may not steer), NOON_ERR_OS */
NOON_MUST_USE noon_err noon_clock_system_new(bool steer, struct noon_clock **ret);

struct noon_clock_virtual_conf {
	noon_dur offset;      /**< local - true at start, ns (clock error, not "offset") */
	noon_freq freq_error; /**< > 0 runs fast */
	double random_walk;   /**< random-walk FM, fractional per sqrt(s) */
	double ageing;	      /**< fractional per second */
	uint64_t seed;	      /**< of the random walk */
};

/** An oscillator with the given faults on top of CLOCK_MONOTONIC_RAW; changes no real clock.
 *  @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_clock_virtual_new(const struct noon_clock_virtual_conf *conf,
					      struct noon_clock **ret);

/** Operations that clock_phc needs of a PTP hardware clock; implemented by the kernel or a
 *  simulation. */
struct noon_phc_device {
	void *arg;
	/** Read device and CLOCK_REALTIME around it, ns; 0 or errno. */
	int (*sample)(void *arg, int64_t *ret_before, int64_t *ret_phc, int64_t *ret_after);
	int (*set_freq)(void *arg, double ppm);
	int (*step)(void *arg, int64_t delta_ns);
	double max_ppm;
};

/** A card's clock as the disciplined one. The device is copied, its arg borrowed.
 *  @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_clock_phc_new(const struct noon_phc_device *dev,
					  struct noon_clock **ret);
/** Open /dev/ptpN. @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_phc_device_open(const char *path, struct noon_phc_device *ret);

#endif
