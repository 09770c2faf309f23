/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon: one clock, one engine, its sources and its services on one loop.
 */
#ifndef NOON_DAEMON_DAEMON_H
#define NOON_DAEMON_DAEMON_H

#include "daemon/config/config.h"
#include "daemon/core/machine_watch.h"
#include "daemon/core/timescale.h"
#include "daemon/report/control.h"
#include "daemon/report/recovery.h"
#include "daemon/serve/ke_service.h"
#include "daemon/serve/ntp_service.h"
#include "daemon/serve/one_way_service.h"
#include "daemon/serve/ptp_service.h"
#include "daemon/serve/served.h"
#include "daemon/serve/tsa_service.h"
#include "daemon/source/guarding.h"
#include "daemon/source/source.h"
#include "engine/engine.h"
#include "platform/clock/clock.h"
#include "platform/entropy.h"
#include "platform/hook.h"
#include "platform/lock.h"
#include "platform/loop.h"
#include "platform/page.h"

#define NOON_DAEMON_EVENTS 32 /**< findings and changes of state remembered for `status` */

struct noon_daemon_event {
	int64_t real_ns; /**< CLOCK_REALTIME when it was seen */
	bool is_state;
	enum noon_state state;	     /**< if is_state: the new one */
	struct noon_finding finding; /**< otherwise */
	const char *who;	     /**< what the finding is of; NULL: the source in it */
};

struct noon_daemon {
	struct noon_config conf;
	struct noon_lock lock_state; /**< of the state directory */
	struct noon_lock lock_page;
	struct noon_loop *loop;
	struct noon_clock *clock;
	struct noon_hwstamp hw; /**< open if has_hw */
	bool has_hw;
	struct noon_machine_watch machine;
	struct noon_entropy entropy;
	struct noon_engine *engine;
	struct noon_source_host host;
	struct noon_daemon_source source[NOON_SOURCES_MAX];
	struct noon_daemon_guard *guard[NOON_SOURCES_MAX]; /**< of each source; NULL: none */
	struct noon_hook hook;
	struct noon_served served;
	struct noon_ntp_service *ntp;
	struct noon_ke_service *ke;
	struct noon_tsa_service *tsa;	      /**< NULL: none */
	struct noon_one_way_service *daytime; /**< NULL: not served */
	struct noon_one_way_service *time;
	struct noon_ptp_ports ports;
	struct noon_ptp_service *ptp[NOON_CONFIG_TRANSMITTERS_MAX]; /**< NULL: not there */
	struct noon_timescale tai;
	struct noon_control *control;
	struct noon_page_writer *page;
	struct noon_timer tick;
	noon_time tick_at; /**< instant of the stamps at which the next tick is due at the latest */
	struct noon_actions actions;
	enum noon_state state;		  /**< last one seen */
	noon_time told_at;		  /**< monotonic: last line about it */
	struct noon_leap_plan local_leap; /**< of a clock without sources */
	uint32_t leaps;			  /**< of the engine, as far as carried out here */
	uint32_t steps;			  /**< of the engine's line, carried out */
	struct noon_recovery_told told_recovery;
	uint32_t hurries; /**< of the engine, as far as followed here */
	unsigned ke_done;
	bool receivers_changed; /**< of our transmitters: their alarms, and nobody was told */
	bool ready;		/**< READY=1 was sent */
	bool told_limit;	/**< the log says that the alert limit is out of reach */
	bool overslept;		/**< a virtual clock without sources lost time, or may have */
	int64_t started_ns;	/**< CLOCK_REALTIME */
	size_t n_events;	/**< ever; the ring holds the last ones */
	struct noon_daemon_event event[NOON_DAEMON_EVENTS];
};

/**
 * Build everything and open all sockets and files. Errors are logged.
 * @param conf  copied
 */
NOON_MUST_USE noon_err noon_daemon_init(struct noon_daemon *d, const struct noon_config *conf,
					enum noon_loop_backend backend);
/** Start threads, sources and timers; after privileges were dropped. */
NOON_MUST_USE noon_err noon_daemon_start(struct noon_daemon *d);
/** Save state and release everything; fine after a failed init. */
void noon_daemon_fini(struct noon_daemon *d);

/** Read the clock that others see: the engine's reading, widened by how far the real clock is
 *  from where the engine wants it (still being steered, or stepped by somebody else). */
void noon_daemon_reading(struct noon_daemon *d, struct noon_reading *ret);

/** Step the clock onto the estimate. @retval as noon_engine_step(), noon_clock_step() */
NOON_MUST_USE noon_err noon_daemon_step(struct noon_daemon *d);

/** Tell whether the daemon has sources; without any it serves the local clock as it is. */
bool noon_daemon_has_sources(const struct noon_daemon *d);

/** SIGHUP: read certificate and key again, and baselines, which is how an operator puts a new
 *  one into force, and the keys of PTP. */
void noon_daemon_reload(struct noon_daemon *d);

/** Read the keys of PTP again. @retval NOON_OK, NOON_ERR_FORMAT (some file could not be read; its
 * old keys stay in force), NOON_ERR_EMPTY (there are none) */
NOON_MUST_USE noon_err noon_daemon_reload_keys(struct noon_daemon *d);

#endif
