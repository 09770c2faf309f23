/* SPDX-License-Identifier: Apache-2.0 */
#include "base/action.h"

#include <assert.h>

void noon_actions_reset(struct noon_actions *as)
{
	as->n = 0;
	as->used = 0;
}

void noon_actions_move(struct noon_actions *to, struct noon_actions *from)
{
	*to = *from;
	/* What is to be sent lies in the list itself. */
	for (size_t i = 0; i < to->n; i++)
		if (to->a[i].kind == NOON_ACTION_SEND)
			to->a[i].send.p = to->buf + (from->a[i].send.p - from->buf);
	noon_actions_reset(from);
}

struct noon_wr noon_actions_room(struct noon_actions *as)
{
	return noon_wr_over(as->buf + as->used, sizeof(as->buf) - as->used);
}

static struct noon_action *append(struct noon_actions *as, enum noon_action_kind kind)
{
	struct noon_action *a;

	assert(as->n < NOON_ACTIONS_MAX);
	a = &as->a[as->n++];
	a->kind = kind;
	a->token = 0;
	a->peer.n = 0;
	return a;
}

void noon_actions_send(struct noon_actions *as, const struct noon_wr *wr, uint32_t token)
{
	struct noon_action *a = append(as, NOON_ACTION_SEND);

	assert(wr->start == as->buf + as->used);
	a->token = token;
	a->send = noon_wr_written(wr);
	as->used += a->send.n;
}

void noon_actions_send_to(struct noon_actions *as, const struct noon_wr *wr, uint32_t token,
			  const struct noon_peer *peer)
{
	noon_actions_send(as, wr, token);
	as->a[as->n - 1].peer = *peer;
}

void noon_actions_sample(struct noon_actions *as, const struct noon_sample *s)
{
	append(as, NOON_ACTION_SAMPLE)->sample = *s;
}

void noon_actions_finding(struct noon_actions *as, const struct noon_finding *f)
{
	append(as, NOON_ACTION_FINDING)->finding = *f;
}

void noon_actions_declare(struct noon_actions *as, const struct noon_declared *d)
{
	append(as, NOON_ACTION_DECLARE)->declared = *d;
}

void noon_actions_connect(struct noon_actions *as)
{
	(void)append(as, NOON_ACTION_CONNECT);
}

void noon_actions_miss(struct noon_actions *as)
{
	(void)append(as, NOON_ACTION_MISS);
}

void noon_actions_arm(struct noon_actions *as)
{
	(void)append(as, NOON_ACTION_ARM);
}

void noon_actions_close(struct noon_actions *as, noon_err why)
{
	append(as, NOON_ACTION_CLOSE)->close = why;
}

const char *noon_finding_word(enum noon_finding_kind kind)
{
	static const char *const word[] = {
#define NOON_FINDING_WORD(name, w, text) w,
		NOON_FINDING_LIST(NOON_FINDING_WORD)
#undef NOON_FINDING_WORD
	};

	return (unsigned)kind < NOON_FINDING_KINDS ? word[kind] : "unknown";
}

const char *noon_finding_text(enum noon_finding_kind kind)
{
	static const char *const text[] = {
#define NOON_FINDING_TEXT(name, w, words) words,
		NOON_FINDING_LIST(NOON_FINDING_TEXT)
#undef NOON_FINDING_TEXT
	};

	return (unsigned)kind < NOON_FINDING_KINDS ? text[kind] : "unknown finding";
}
