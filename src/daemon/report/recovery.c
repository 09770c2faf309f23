/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/recovery.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/report/log.h"

/* What the sources show of the local clock. */
static void what(const struct noon_recovery_report *r, char *buf, size_t size)
{
	switch (r->cause) {
	case NOON_RECOVERY_WANDER:
		(void)snprintf(buf, size,
			       "the local oscillator turned by more than wander allows (%.3g ppm "
			       "against %.3g), and is %+.9f s off what was known",
			       r->seen * 1e6, r->wander * 1e6, noon_dur_to_s(r->jump));
		break;
	case NOON_RECOVERY_JUMP:
		(void)snprintf(buf, size, "the local clock jumped or stood still, by %+.9f s",
			       noon_dur_to_s(r->jump));
		break;
	case NOON_RECOVERY_SERVERS:
		(void)snprintf(buf, size,
			       "more sources are wrong than may lie; nothing changes by itself. "
			       "Compare what each says in \"noonmark "
			       "status\"; \"noonmark accept SOURCE\" believes one");
		break;
	case NOON_RECOVERY_UNKNOWN:
		(void)snprintf(
			buf, size,
			"sources contradict what they said before; too few exchanges came in "
			"since to say why");
		break;
	}
}

void noon_recovery_text(const struct noon_recovery_report *r, char *buf, size_t size)
{
	char said[256];

	buf[0] = '\0';
	if (!r->open)
		return;
	what(r, said, sizeof(said));
	if (r->cause == NOON_RECOVERY_SERVERS || r->cause == NOON_RECOVERY_UNKNOWN)
		(void)snprintf(buf, size, "%s", said);
	else if (r->left == NOON_DUR_MAX)
		(void)snprintf(buf, size,
			       "%s, as %" PRIu32 " source%s; \"noonmark accept\" takes their time",
			       said, r->agreeing, r->agreeing == 1 ? " says" : "s agree");
	else
		(void)snprintf(buf, size,
			       "%s, as %" PRIu32 " source%s; their time is taken in %.0f s if that "
			       "stays so, or at once by \"noonmark accept\"",
			       said, r->agreeing, r->agreeing == 1 ? " says" : "s agree",
			       noon_dur_to_s(r->left));
}

static bool log_cause(struct noon_recovery_told *told, const struct noon_recovery_report *r)
{
	const uint32_t bit = UINT32_C(1) << r->cause;
	char text[512];

	if (r->cause == NOON_RECOVERY_UNKNOWN || (told->causes & bit))
		return false;
	told->causes |= bit;
	noon_recovery_text(r, text, sizeof(text));
	noon_log(NOON_LOG_WARNING, "contradiction: %s", text);
	return true;
}

bool noon_recovery_log(struct noon_recovery_told *told, const struct noon_recovery_report *r,
		       noon_freq configured)
{
	if (r->open) {
		told->open = true;
		return log_cause(told, r);
	}
	if (told->open && told->causes != 0 && r->raised)
		noon_log(NOON_LOG_WARNING,
			 "contradiction: over; the wander is taken as %.3g ppm until the daemon "
			 "ends (wander = %.3g ppm is configured, and this oscillator exceeds it)",
			 r->wander * 1e6, configured * 1e6);
	else if (told->open && told->causes != 0)
		noon_log(NOON_LOG_NOTICE, "contradiction: over, %s",
			 r->past_dropped
				 ? "the past is dropped and the time comes from what is said now"
				 : "the sources agree with what was known before again");
	*told = (struct noon_recovery_told){0};
	return false;
}

json_t *noon_recovery_json(const struct noon_recovery_report *r)
{
	char text[512];
	json_t *o = json_pack("{s:b, s:f, s:f, s:b}", "open", r->open, "wander", r->wander,
			      "holdover_wander", r->holdover, "wander_raised", r->raised);

	if (o == NULL || !r->open)
		return o;
	noon_recovery_text(r, text, sizeof(text));
	(void)json_object_set_new(o, "cause", json_string(noon_recovery_cause_word(r->cause)));
	(void)json_object_set_new(o, "since_s", json_real(noon_dur_to_s(r->age)));
	(void)json_object_set_new(o, "agreeing", json_integer(r->agreeing));
	(void)json_object_set_new(o, "jump_s", json_real(noon_dur_to_s(r->jump)));
	(void)json_object_set_new(o, "ends_in_s",
				  r->left == NOON_DUR_MAX ? json_null()
							  : json_real(noon_dur_to_s(r->left)));
	(void)json_object_set_new(o, "text", json_string(text));
	return o;
}
