/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/alert.h"

#include <stdio.h>

#include "daemon/report/log.h"
#include "platform/clock/clock.h"

/* Between two log lines about changes from ok to holdover or back. */
#define TELL_EVERY NOON_S(60)

void noon_alert_init(struct noon_alert *a, const char *hook, noon_dur alert_limit)
{
	*a = (struct noon_alert){.alert_limit = alert_limit};
	(void)snprintf(a->hook.path, sizeof(a->hook.path), "%s", hook);
}

/* An attacker who drops packets can make the state alternate between ok and holdover: that is
 * logged at most once in TELL_EVERY. `status` shows every change. */
static bool is_logged(const struct noon_alert *a, enum noon_state to)
{
	const bool calm = (a->state == NOON_STATE_OK || a->state == NOON_STATE_HOLDOVER) &&
			  (to == NOON_STATE_OK || to == NOON_STATE_HOLDOVER);

	return !calm || noon_time_diff(noon_mono_now(), a->told_at) >= TELL_EVERY;
}

static void log_state(struct noon_alert *a, const struct noon_reading *r)
{
	const enum noon_log_level level =
		r->state == NOON_STATE_ALARM ? NOON_LOG_WARNING : NOON_LOG_NOTICE;

	a->told_at = noon_mono_now();
	if (r->bound == NOON_DUR_MAX)
		noon_log(level, "state %s", noon_state_word(r->state));
	else
		noon_log(level, "state %s, bound %.9f s, limit %.9f s", noon_state_word(r->state),
			 noon_dur_to_s(r->bound), noon_dur_to_s(a->alert_limit));
}

/* The operator's command gets the facts in its environment. */
static void tell_hook(struct noon_alert *a, const struct noon_reading *r,
		      const struct noon_alert_receivers *of)
{
	struct noon_hook_facts f = {0};
	size_t n;

	(void)snprintf(f.var[0], sizeof(f.var[0]), "NOONMARK_STATE=%s", noon_state_word(r->state));
	(void)snprintf(f.var[1], sizeof(f.var[1]), "NOONMARK_PREVIOUS_STATE=%s",
		       noon_state_word(a->state));
	(void)snprintf(f.var[2], sizeof(f.var[2]), "NOONMARK_ALERT_LIMIT_S=%.9f",
		       noon_dur_to_s(a->alert_limit));
	n = (size_t)snprintf(f.var[3], sizeof(f.var[3]), "NOONMARK_FINDINGS=");
	for (unsigned k = 0; k < NOON_FINDING_KINDS && n < sizeof(f.var[3]); k++)
		if ((r->findings | of->findings) >> k & 1)
			n += (size_t)snprintf(f.var[3] + n, sizeof(f.var[3]) - n, "%s ",
					      noon_finding_word((enum noon_finding_kind)k));
	(void)snprintf(f.var[4], sizeof(f.var[4]), "NOONMARK_RECEIVERS=%.*s",
		       (int)sizeof(f.var[4]) - 20, of->alarmed);
	if (r->bound != NOON_DUR_MAX)
		(void)snprintf(f.var[5], sizeof(f.var[5]), "NOONMARK_BOUND_S=%.9f",
			       noon_dur_to_s(r->bound));
	if (noon_hook_tell(&a->hook, &f))
		noon_log(NOON_LOG_ERROR, "hook %s: cannot be started", a->hook.path);
}

void noon_alert_state(struct noon_alert *a, const struct noon_reading *r,
		      const struct noon_alert_receivers *of)
{
	if (is_logged(a, r->state))
		log_state(a, r);
	tell_hook(a, r, of);
	a->state = r->state;
}

void noon_alert_finding(struct noon_alert *a, const struct noon_reading *r,
			const struct noon_alert_receivers *of)
{
	tell_hook(a, r, of);
}

void noon_alert_limit(struct noon_alert *a, const struct noon_limits_input *in)
{
	char why[NOON_LIMITS_TEXT];

	if (in->reading->state == NOON_STATE_OK)
		a->told_limit = false;
	if (a->told_limit || noon_limits_reason(in) != NOON_CLOCK_REASON_OUT_OF_REACH)
		return;
	a->told_limit = true;
	noon_limits_why(in, why);
	noon_log(NOON_LOG_WARNING, "%s", why);
}

void noon_alert_receivers_changed(struct noon_alert *a, const struct noon_reading *r,
				  const struct noon_alert_receivers *of)
{
	if (of->alarmed[0] != '\0')
		noon_log(NOON_LOG_WARNING, "receivers in alarm: %s", of->alarmed);
	else
		noon_log(NOON_LOG_NOTICE, "no receiver is in alarm any more");
	tell_hook(a, r, of);
}

void noon_alert_tend(struct noon_alert *a)
{
	int status = 0;

	if (noon_hook_tend(&a->hook, &status))
		noon_log(NOON_LOG_WARNING, "hook %s: ended with status %d", a->hook.path, status);
}

void noon_alert_fini(struct noon_alert *a)
{
	noon_hook_end(&a->hook);
}
