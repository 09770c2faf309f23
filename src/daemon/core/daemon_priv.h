/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the daemon. They are independent of each other; daemon.c calls them in turn.
 */
#ifndef NOON_DAEMON_DAEMON_PRIV_H
#define NOON_DAEMON_DAEMON_PRIV_H

#include "daemon/config/config.h"
#include "daemon/core/daemon.h"
#include "daemon/core/local_clock.h"
#include "daemon/core/machine_watch.h"
#include "daemon/core/steering.h"
#include "daemon/core/timescale.h"
#include "daemon/report/alert.h"
#include "daemon/report/control.h"
#include "daemon/report/events.h"
#include "daemon/report/recovery.h"
#include "daemon/serve/services.h"
#include "daemon/source/source.h"
#include "engine/engine.h"
#include "platform/clock/clock.h"
#include "platform/entropy.h"
#include "platform/lock.h"
#include "platform/loop.h"
#include "platform/page.h"

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
	struct noon_steering steering;
	struct noon_local_clock local; /**< of a clock without sources */
	struct noon_timescale tai;
	struct noon_source_host host;
	struct noon_daemon_source source[NOON_SOURCES_MAX];
	struct noon_services services;
	struct noon_control *control;
	struct noon_page_writer *page;
	struct noon_alert alert;
	struct noon_events events;
	struct noon_timer tick;
	noon_time tick_at; /**< instant of the stamps at which the next tick is due at the latest */
	struct noon_actions actions;
	struct noon_recovery_told told_recovery;
	uint32_t leaps;		/**< of the engine, as carried out here */
	uint32_t poll_requests; /**< of the engine, as processed here */
	unsigned ke_done;
	bool receivers_changed; /**< alarms of our transmitters, not reported yet */
	bool ready;		/**< READY=1 was sent */
};

/** Tell whether the daemon has sources; without them it serves the local clock as it is. */
static inline bool noon_daemon_has_sources(const struct noon_daemon *d)
{
	return d->conf.n_sources > 0;
}

/** Return the context for judging a reading. */
struct noon_limits_input noon_daemon_limits(const struct noon_daemon *d,
					    const struct noon_reading *r);

/** Publish a reading just taken: write the page, the snapshot of the servers and the kernel's
 *  figures, and inform sources and PTP transmitters (outputs.c). */
void noon_daemon_publish(struct noon_daemon *d, const struct noon_reading *r);

/** Create clock, engine, files and the rest in the order of their dependencies (setup.c). Errors
 *  are logged; everything created is released by noon_daemon_free(). */
NOON_MUST_USE noon_err noon_daemon_setup(struct noon_daemon *d, enum noon_loop_backend backend,
					 const struct noon_control_ops *control);

#endif
