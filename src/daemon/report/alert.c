/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/alert.h"

#include <stdio.h>

#include "daemon/report/limits.h"
#include "daemon/report/log.h"

/* Between two lines about going from ok to holdover or back. */
#define TELL_EVERY NOON_S(60)

/* Whoever can drop packets can make the state change between ok and holdover: that is told
 * at most once in TELL_EVERY. `status` has the whole story. */
static bool is_worth_a_line(const struct noon_daemon *d, enum noon_state from, enum noon_state to)
{
	const bool calm = (from == NOON_STATE_OK || from == NOON_STATE_HOLDOVER) &&
			  (to == NOON_STATE_OK || to == NOON_STATE_HOLDOVER);

	return !calm || noon_time_diff(noon_mono_now(), d->told_at) >= TELL_EVERY;
}

static void log_state(struct noon_daemon *d, const struct noon_reading *r)
{
	const enum noon_log_level level =
		r->state == NOON_STATE_ALARM ? NOON_LOG_WARNING : NOON_LOG_NOTICE;

	d->told_at = noon_mono_now();
	if (r->bound == NOON_DUR_MAX)
		noon_log(level, "state %s", noon_state_word(r->state));
	else
		noon_log(level, "state %s, bound %.9f s, limit %.9f s", noon_state_word(r->state),
			 noon_dur_to_s(r->bound), noon_dur_to_s(d->conf.engine.alert_limit));
}

/* Receivers that are watched, and those in alarm of them. */
struct receivers {
	uint32_t findings; /* of all of them together */
	char alarmed[NOON_HOOK_VAR_MAX];
};

static void look(const struct noon_daemon *d, struct receivers *ret)
{
	size_t n = 0;

	*ret = (struct receivers){0};
	for (size_t i = 0; i < d->conf.n_transmitters; i++) {
		const struct noon_ptp_service *s = d->ptp[i];

		for (size_t k = 0; s != NULL && k < s->conf->n_watch; k++) {
			ret->findings |= s->watch[k].findings.active;
			if ((s->alarms >> k & 1) && n < sizeof(ret->alarmed))
				n += (size_t)snprintf(ret->alarmed + n, sizeof(ret->alarmed) - n,
						      "%s ", s->conf->watch[k].guard.name);
		}
	}
}

/* The command of the operator gets the facts in its environment. */
static void tell_hook(struct noon_daemon *d, const struct noon_reading *r)
{
	struct noon_hook_facts f = {0};
	struct receivers others;
	size_t n = 0;

	look(d, &others);
	(void)snprintf(f.var[0], sizeof(f.var[0]), "NOONMARK_STATE=%s", noon_state_word(r->state));
	(void)snprintf(f.var[1], sizeof(f.var[1]), "NOONMARK_PREVIOUS_STATE=%s",
		       noon_state_word(d->state));
	(void)snprintf(f.var[2], sizeof(f.var[2]), "NOONMARK_ALERT_LIMIT_S=%.9f",
		       noon_dur_to_s(d->conf.engine.alert_limit));
	n = (size_t)snprintf(f.var[3], sizeof(f.var[3]), "NOONMARK_FINDINGS=");
	for (unsigned k = 0; k < NOON_FINDING_KINDS && n < sizeof(f.var[3]); k++)
		if ((r->findings | others.findings) >> k & 1)
			n += (size_t)snprintf(f.var[3] + n, sizeof(f.var[3]) - n, "%s ",
					      noon_finding_word((enum noon_finding_kind)k));
	(void)snprintf(f.var[4], sizeof(f.var[4]), "NOONMARK_RECEIVERS=%.*s",
		       (int)sizeof(f.var[4]) - 20, others.alarmed);
	if (r->bound != NOON_DUR_MAX)
		(void)snprintf(f.var[5], sizeof(f.var[5]), "NOONMARK_BOUND_S=%.9f",
			       noon_dur_to_s(r->bound));
	if (noon_hook_tell(&d->hook, &f))
		noon_log(NOON_LOG_ERROR, "hook %s: cannot be started", d->hook.path);
}

void noon_alert_state(struct noon_daemon *d, const struct noon_reading *r)
{
	if (is_worth_a_line(d, d->state, r->state))
		log_state(d, r);
	tell_hook(d, r);
}

void noon_alert_finding(struct noon_daemon *d, const struct noon_reading *r)
{
	tell_hook(d, r);
}

void noon_alert_limit(struct noon_daemon *d, const struct noon_reading *r)
{
	char why[NOON_LIMITS_TEXT];

	if (r->state == NOON_STATE_OK)
		d->told_limit = false;
	if (d->told_limit || noon_limits_reason(d, r) != NOON_CLOCK_REASON_OUT_OF_REACH)
		return;
	d->told_limit = true;
	noon_limits_why(d, r, why);
	noon_log(NOON_LOG_WARNING, "%s", why);
}

void noon_alert_receivers(struct noon_daemon *d, const struct noon_reading *r)
{
	struct receivers others;

	look(d, &others);
	if (others.alarmed[0] != '\0')
		noon_log(NOON_LOG_WARNING, "receivers in alarm: %s", others.alarmed);
	else
		noon_log(NOON_LOG_NOTICE, "no receiver is in alarm any more");
	tell_hook(d, r);
}

void noon_alert_tend(struct noon_daemon *d)
{
	int status = 0;

	if (noon_hook_tend(&d->hook, &status))
		noon_log(NOON_LOG_WARNING, "hook %s: ended with status %d", d->hook.path, status);
}
