/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/conf.h"

#include <math.h>

struct noon_engine_conf noon_engine_conf_default(void)
{
	return (struct noon_engine_conf){
		.alert_limit = NOON_MS(100),
		.max_rate_error = 500e-6,
		.wander = 7e-6,
		.holdover = 1e-6,
		.max_age = NOON_S(4 * 3600),
		.max_liars = -1,
		.step_threshold = NOON_MS(1),
		.slew_rate = 500e-6,
		.clear_after = 4,
		.holdover_polls = 3,
		.readmit_after = NOON_S(300),
		.readmit_lone_after = NOON_S(900),
		.step_at_start = true,
	};
}

struct noon_source_conf noon_source_conf_default(void)
{
	return (struct noon_source_conf){
		.minima = NOON_MINIMA_ZERO,
		.poll_min = 4,
		.poll_max = 10,
		.burst = 8,
		.burst_interval = NOON_S(2),
		.require_auth = true,
	};
}

static noon_dur over(noon_dur minimum, noon_dur light)
{
	return minimum > light ? minimum - light : 0;
}

struct noon_hidden noon_source_hidden(const struct noon_source_conf *conf)
{
	return (struct noon_hidden){over(conf->m_f, conf->light), over(conf->m_r, conf->light)};
}

static bool is_rate(noon_freq f)
{
	return f >= 0.0 && f <= 0.1;
}

noon_err noon_engine_conf_check(const struct noon_engine_conf *conf)
{
	const bool ok = conf->alert_limit >= NOON_ALERT_LIMIT_MIN &&
			is_rate(conf->max_rate_error) && is_rate(conf->wander) &&
			is_rate(conf->holdover) && conf->max_age >= NOON_S(1) &&
			conf->max_age <= NOON_S(30 * 86400) && conf->max_liars >= -1 &&
			conf->max_liars < NOON_SOURCES_MAX && conf->step_threshold >= 0 &&
			is_rate(conf->slew_rate) && conf->slew_rate >= 1e-9 &&
			conf->clear_after >= 1 && conf->readmit_after >= 0 &&
			conf->readmit_lone_after >= 0 && conf->holdover_polls >= 1 &&
			conf->holdover_polls <= 1000 && is_rate(fabs(conf->start.rate));

	return ok ? NOON_OK : NOON_ERR_RANGE;
}

noon_err noon_source_conf_check(const struct noon_source_conf *conf)
{
	const bool ok = conf->m_f >= 0 && conf->m_f <= NOON_S(1000) && conf->m_r >= 0 &&
			conf->m_r <= NOON_S(1000) && conf->light >= 0 && conf->extra_err >= 0 &&
			conf->extra_err <= NOON_S(86400) && conf->poll_min >= NOON_POLL_LOG2_MIN &&
			conf->poll_min <= conf->poll_max && conf->poll_max <= NOON_POLL_LOG2_MAX &&
			conf->burst_interval >= NOON_MS(1);

	return ok ? NOON_OK : NOON_ERR_RANGE;
}
