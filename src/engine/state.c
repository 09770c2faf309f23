/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/state.h"

static uint32_t bit(unsigned kind)
{
	return UINT32_C(1) << kind;
}

void noon_findings_raise(struct noon_findings *fs, const struct noon_finding *f)
{
	if (fs->active & bit(f->kind))
		return;
	fs->active |= bit(f->kind);
	fs->due |= bit(f->kind);
	fs->last[f->kind] = *f;
}

void noon_findings_clear(struct noon_findings *fs, enum noon_finding_kind kind)
{
	fs->active &= ~bit(kind);
}

bool noon_findings_report(struct noon_findings *fs, struct noon_actions *out)
{
	/* Asked of every source after every event, and nearly always in vain. */
	if (!fs->due)
		return true;
	for (unsigned kind = 0; kind < NOON_FINDING_KINDS; kind++) {
		if (!(fs->due & bit(kind)))
			continue;
		if (out->n >= NOON_ACTIONS_MAX)
			return false;
		noon_actions_finding(out, &fs->last[kind]);
		fs->due &= ~bit(kind);
	}
	return true;
}

enum noon_state noon_latch_state(const struct noon_latch *l, bool within_limit, bool fresh)
{
	if (!l->synced)
		return NOON_STATE_UNSYNCHRONISED;
	if (l->alarm || !within_limit)
		return NOON_STATE_ALARM;
	return fresh ? NOON_STATE_OK : NOON_STATE_HOLDOVER;
}

void noon_latch_good(struct noon_latch *l, unsigned clear_after)
{
	l->synced = true;
	if (l->alarm && l->good_run >= clear_after)
		l->alarm = false;
	if (!l->alarm)
		l->doubt = false;
}

void noon_latch_doubt(struct noon_latch *l)
{
	l->doubt = true;
	l->agreed = 0;
}

void noon_latch_agree(struct noon_latch *l, unsigned clear_after)
{
	if (l->agreed < clear_after)
		l->agreed++;
	if (l->agreed >= clear_after)
		l->doubt = false;
}

void noon_latch_bad(struct noon_latch *l)
{
	if (l->alarm || !l->synced)
		return;
	l->alarm = true;
	l->good_run = 0;
}
