/* SPDX-License-Identifier: Apache-2.0
 *
 * Creates the parts of the daemon and opens their files, while it may still be root.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/aead.h"
#include "daemon/core/daemon_priv.h"
#include "daemon/core/store.h"
#include "daemon/report/log.h"
#include "platform/file.h"
#include "platform/sandbox.h"

static noon_err make_clock(struct noon_daemon *d)
{
	const struct noon_config_clock *c = &d->conf.clock;
	struct noon_phc_device dev;
	noon_err err = NOON_ERR_UNSUPPORTED;

	switch (c->kind) {
	case NOON_CLOCK_KIND_VIRTUAL:
		err = noon_clock_virtual_new(&c->virt, &d->clock);
		break;
	case NOON_CLOCK_KIND_SYSTEM:
		err = noon_clock_system_new(true, &d->clock);
		break;
	case NOON_CLOCK_KIND_SYSTEM_READ_ONLY:
		err = noon_clock_system_new(false, &d->clock);
		break;
	case NOON_CLOCK_KIND_PHC:
		err = noon_phc_device_open(c->device, &dev);
		err = err ? err : noon_clock_phc_new(&dev, &d->clock);
		break;
	}
	if (err)
		noon_log(NOON_LOG_ERROR, "cannot use the clock%s%s: %s",
			 c->kind == NOON_CLOCK_KIND_PHC ? " " : "",
			 c->kind == NOON_CLOCK_KIND_PHC ? c->device : "", noon_err_text(err));
	return err;
}

/* Without them the daemon continues: the kernel's stamps are available. */
static void open_hwstamps(struct noon_daemon *d)
{
	const char *why = "";
	const char *name = d->conf.hwtimestamp;
	noon_err err;

	if (name[0] == '\0')
		return;
	err = noon_hwstamp_open(name, &d->hw, &why);
	d->has_hw = !err;
	if (err)
		noon_log(NOON_LOG_WARNING,
			 "hwtimestamp %s: %s (%s): using the kernel's time stamps", name, why,
			 noon_err_text(err));
}

static noon_err make_engine(struct noon_daemon *d)
{
	struct noon_engine_conf conf = d->conf.engine;
	const noon_time h = noon_clock_now(d->clock);
	noon_freq drift = 0;
	noon_err err;

	d->engine = calloc(1, sizeof(*d->engine));
	if (d->engine == NULL)
		return NOON_ERR_OS;
	conf.start.h0 = h;
	conf.start.slew_end = h;
	conf.start.corr0 = noon_time_diff(noon_clock_disciplined(d->clock), h);
	if (d->conf.clock.kind != NOON_CLOCK_KIND_VIRTUAL &&
	    noon_store_read_drift(d->conf.state_dir, &drift) == NOON_OK)
		conf.start.rate = -drift;
	err = noon_engine_init(d->engine, &conf);
	if (err)
		noon_log(NOON_LOG_ERROR, "engine: %s", noon_err_text(err));
	return err;
}

static noon_err make_dir(const char *path, bool is_file)
{
	char dir[NOON_CONFIG_PATH_MAX];
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (is_file) {
		if (slash == NULL || slash == dir)
			return NOON_OK;
		*slash = '\0';
	}
	/* The folder of the control socket hides it; the page's must be reachable. */
	if (noon_dir_make(dir, 0755)) {
		noon_log(NOON_LOG_ERROR, "%s: cannot make the directory: %s", dir, strerror(errno));
		return NOON_ERR_OS;
	}
	return NOON_OK;
}

static noon_err make_dirs(const struct noon_config *c)
{
	noon_err err = make_dir(c->state_dir, false);

	/* Keys are kept there; the default of a user without privileges is below /tmp, where any
	 * user could have created it first. */
	if (!err && !noon_sandbox_is_ours(c->state_dir, c->user)) {
		noon_log(NOON_LOG_ERROR,
			 "%s: not used: other users can write there, or it is theirs or a link",
			 c->state_dir);
		err = NOON_ERR_PERM;
	}
	if (!err && c->control[0] != '\0')
		err = make_dir(c->control, true);
	if (!err && c->page[0] != '\0')
		err = make_dir(c->page, true);
	return err;
}

static noon_err take_lock(struct noon_lock *l, const char *what, const char *suffix)
{
	char path[NOON_CONFIG_PATH_MAX + 32];
	long holder = 0;
	noon_err err;

	(void)snprintf(path, sizeof(path), "%s%s", what, suffix);
	err = noon_lock_take(path, l, &holder);
	if (err == NOON_ERR_STATE)
		noon_log(NOON_LOG_ERROR, "%s: in use by another noonmarkd (process %ld)", what,
			 holder);
	else if (err)
		noon_log(NOON_LOG_ERROR, "%s: cannot lock: %s", path, strerror(errno));
	return err;
}

/* Before anything that a daemon shares is touched, so that a second one started by mistake does not
 * disturb clock, page and socket of the first. */
static noon_err take_locks(struct noon_daemon *d)
{
	noon_err err = make_dirs(&d->conf);

	err = err ? err : take_lock(&d->lock_state, d->conf.state_dir, "/lock");
	if (!err && d->conf.page[0] != '\0')
		err = take_lock(&d->lock_page, d->conf.page, ".lock");
	return err;
}

static noon_err make_files(struct noon_daemon *d, const struct noon_control_ops *control)
{
	const struct noon_config *c = &d->conf;
	noon_err err = NOON_OK;

	if (c->page[0] != '\0') {
		err = noon_page_writer_new(c->page, &d->page);
		if (err)
			noon_log(NOON_LOG_ERROR, "%s: cannot share the clock page: %s", c->page,
				 strerror(errno));
	}
	if (!err && c->control[0] != '\0')
		err = noon_control_new(c->control, d->loop, control, d, &d->control);
	return err;
}

static noon_err open_sources(struct noon_daemon *d)
{
	noon_err err = NOON_OK;

	for (size_t i = 0; i < d->conf.n_sources && !err; i++)
		err = noon_daemon_source_open(&d->source[i], &d->conf, &d->conf.source[i],
					      &d->services.ports);
	return err;
}

noon_err noon_daemon_setup(struct noon_daemon *d, enum noon_loop_backend backend,
			   const struct noon_control_ops *control)
{
	noon_err err = noon_aead_global_init();

	err = err ? err : noon_loop_new(backend, &d->loop);
	if (err) {
		noon_log(NOON_LOG_ERROR, "cannot start: %s", noon_err_text(err));
		return err;
	}
	err = take_locks(d);
	if (err)
		return err;
	open_hwstamps(d);
	noon_machine_watch_open(&d->machine, &d->conf.clock);
	d->services.served.vmclock = &d->machine.vmclock;
	err = make_clock(d);
	err = err ? err : make_engine(d);
	err = err ? err : make_files(d, control);
	err = err ? err
		  : noon_services_open(&d->services, d->loop, &d->entropy,
				       d->has_hw ? &d->hw : NULL);
	if (err)
		return err;
	d->steering = (struct noon_steering){
		.clock = d->clock, .engine = d->engine, .kind = d->conf.clock.kind};
	err = open_sources(d);
	return err ? err : noon_services_open_ptp(&d->services);
}
