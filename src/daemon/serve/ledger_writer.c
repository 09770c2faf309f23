/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/ledger_writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/report/log.h"

#define BLOCK 16384 /* serial numbers reserved at a time */
/* Refusals per second that are written one by one; more are only counted: a flood of cheap requests
 * must not fill the disk. */
#define REFUSALS_WRITTEN 20

#define IDLE_S 1 /* how often the thread checks for sums of refusals */

noon_err noon_ledger_writer_open(struct noon_ledger_writer *b, const char *path, bool ordered,
				 noon_time *ret_last)
{
	struct noon_ledger_why why = {.text = ""};
	pthread_condattr_t attr;
	noon_err err;

	memset(b, 0, sizeof(*b));
	b->last = &b->first;
	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&b->work, &attr);
	(void)pthread_condattr_destroy(&attr);
	err = noon_tsa_ledger_open(path, &b->ledger, &why);
	if (err) {
		noon_log(NOON_LOG_ERROR, "tsa: %s", why.text);
		return err;
	}
	b->head = noon_tsa_ledger_end(b->ledger);
	if (ordered)
		err = noon_tsa_ledger_last_ordered(b->ledger, ret_last);
	if (err)
		noon_log(NOON_LOG_ERROR, "tsa: %s: its tokens cannot be read", path);
	return err;
}

/* Errors come and go with the disk: one log line at each change. */
static void judge(struct noon_ledger_writer *b, bool good)
{
	const char *error = good ? "" : noon_tsa_ledger_error(b->ledger);
	bool changed;

	(void)pthread_mutex_lock(&b->lock);
	b->head = noon_tsa_ledger_end(b->ledger);
	changed = b->failing == good;
	b->failing = !good;
	b->failures += !good;
	(void)snprintf(b->error, sizeof(b->error), "%s", error);
	(void)pthread_mutex_unlock(&b->lock);
	if (!changed)
		return;
	if (good)
		noon_log(NOON_LOG_NOTICE, "tsa: the ledger can be written again");
	else
		noon_log(NOON_LOG_ERROR, "tsa: the ledger cannot be written: %s: no tokens", error);
}

static void reserve(struct noon_ledger_writer *b)
{
	uint64_t first = 0;
	noon_err err;

	if (!noon_serial_allocator_wants(b->serials))
		return;
	err = noon_tsa_ledger_reserve(b->ledger, BLOCK, noon_serial_allocator_now(b->serials),
				      &first);
	if (!err)
		noon_serial_allocator_give(b->serials, first, BLOCK);
	judge(b, !err);
}

/* Under the lock: up to NOON_TSA_BATCH_MAX pending entries off the queue. */
static struct noon_ledger_pending *take_entries(struct noon_ledger_writer *b, size_t *ret_n)
{
	struct noon_ledger_pending *first = b->first;
	struct noon_ledger_pending **at = &b->first;
	size_t n = 0;

	while (*at != NULL && n < NOON_TSA_BATCH_MAX) {
		at = &(*at)->next;
		n++;
	}
	b->first = *at;
	*at = NULL;
	if (b->first == NULL)
		b->last = &b->first;
	*ret_n = n;
	return n == 0 ? NULL : first;
}

static void give_back(struct noon_ledger_writer *b, struct noon_ledger_pending *p, bool written)
{
	struct noon_ledger_completions *wake = NULL;

	(void)pthread_mutex_lock(&b->lock);
	for (struct noon_ledger_pending *next; p != NULL; p = next) {
		next = p->next;
		p->written = written;
		p->next = p->completions->done;
		p->completions->done = p;
		if (!p->completions->waking) {
			p->completions->waking = true;
			p->completions->next_waking = wake;
			wake = p->completions;
		}
	}
	(void)pthread_mutex_unlock(&b->lock);
	for (; wake != NULL; wake = wake->next_waking) {
		wake->waking = false;
		wake->wake(wake->arg);
	}
}

static void write_entries(struct noon_ledger_writer *b, struct noon_ledger_pending *first, size_t n)
{
	size_t i = 0;
	noon_err err;

	for (const struct noon_ledger_pending *p = first; p != NULL && i < n; p = p->next)
		b->entry[i++] = p->entry;
	err = noon_tsa_ledger_append(b->ledger, b->entry, i);
	judge(b, !err);
	give_back(b, first, !err);
}

static void put_entry(struct noon_ledger_writer *b, size_t at, const struct noon_tsa_note *n)
{
	b->entry[at] = (struct noon_ledger_entry){
		.kind = n->kind,
		.at = n->at,
		.body = noon_bytes_of(n->text, strlen(n->text)),
	};
}

/* Entries that could not be written wait for the disk. New ones have come meanwhile: the oldest go
 * first, and those without room are counted. */
static void put_back(struct noon_ledger_writer *b, size_t n, size_t lost, uint64_t refusals)
{
	size_t keep;

	(void)pthread_mutex_lock(&b->lock);
	keep = n < NOON_TSA_NOTES_MAX - b->n_notes ? n : NOON_TSA_NOTES_MAX - b->n_notes;
	memmove(b->note + keep, b->note, b->n_notes * sizeof(b->note[0]));
	memcpy(b->note, b->taken, keep * sizeof(b->note[0]));
	b->n_notes += keep;
	b->notes_lost += lost + n - keep;
	b->unwritten_refusals += refusals;
	(void)pthread_mutex_unlock(&b->lock);
}

static void write_notes(struct noon_ledger_writer *b)
{
	struct noon_tsa_note lost = {.kind = NOON_LEDGER_CLOCK};
	struct noon_tsa_note sum = {.kind = NOON_LEDGER_REFUSAL};
	uint64_t refusals;
	size_t notes_lost;
	size_t taken;
	size_t n;
	bool good;

	(void)pthread_mutex_lock(&b->lock);
	n = taken = b->n_notes;
	memcpy(b->taken, b->note, n * sizeof(b->note[0]));
	notes_lost = b->notes_lost;
	refusals = b->unwritten_refusals;
	b->n_notes = 0;
	b->notes_lost = 0;
	b->unwritten_refusals = 0;
	(void)pthread_mutex_unlock(&b->lock);
	for (size_t i = 0; i < n; i++)
		put_entry(b, i, &b->taken[i]);
	lost.at = sum.at = noon_serial_allocator_now(b->serials);
	if (notes_lost > 0) {
		(void)snprintf(lost.text, sizeof(lost.text),
			       "%zu events could not be kept until they were written", notes_lost);
		put_entry(b, n++, &lost);
	}
	if (refusals > 0) {
		(void)snprintf(sum.text, sizeof(sum.text), "%llu more",
			       (unsigned long long)refusals);
		put_entry(b, n++, &sum);
	}
	if (n == 0)
		return;
	good = noon_tsa_ledger_append(b->ledger, b->entry, n) == NOON_OK;
	judge(b, good);
	if (!good)
		put_back(b, taken, notes_lost, refusals);
}

static void *thread_main(void *arg)
{
	struct noon_ledger_writer *b = arg;
	bool stop = false;

	while (!stop) {
		struct noon_ledger_pending *entries;
		struct timespec until;
		size_t n = 0;

		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += IDLE_S;
		(void)pthread_mutex_lock(&b->lock);
		/* Notes that could not be written are retried now and then. */
		if (b->first == NULL && (b->n_notes == 0 || b->failing) && !b->stop)
			(void)pthread_cond_timedwait(&b->work, &b->lock, &until);
		entries = take_entries(b, &n);
		stop = b->stop && b->first == NULL;
		(void)pthread_mutex_unlock(&b->lock);
		if (n > 0)
			write_entries(b, entries, n);
		write_notes(b);
		reserve(b);
	}
	return NULL;
}

noon_err noon_ledger_writer_start(struct noon_ledger_writer *b,
				  struct noon_serial_allocator *serials)
{
	const char text[] = "started";
	const struct noon_ledger_entry e = {.kind = NOON_LEDGER_START,
					    .at = noon_serial_allocator_now(serials),
					    .body = noon_bytes_of(text, sizeof(text) - 1)};

	b->serials = serials;
	if (noon_tsa_ledger_append(b->ledger, &e, 1)) {
		noon_log(NOON_LOG_ERROR, "tsa: the ledger cannot be written: %s",
			 noon_tsa_ledger_error(b->ledger));
		return NOON_ERR_OS;
	}
	reserve(b);
	const int failed = pthread_create(&b->thread, NULL, thread_main, b);

	b->running = failed == 0;
	if (!b->running)
		noon_log(NOON_LOG_ERROR, "tsa: cannot start a thread: %s", strerror(failed));
	return b->running ? NOON_OK : NOON_ERR_OS;
}

static void write_stop(struct noon_ledger_writer *b)
{
	const char text[] = "stopped";
	const struct noon_ledger_entry e = {.kind = NOON_LEDGER_STOP,
					    .at = noon_serial_allocator_now(b->serials),
					    .body = noon_bytes_of(text, sizeof(text) - 1)};

	if (noon_tsa_ledger_append(b->ledger, &e, 1))
		noon_log(NOON_LOG_ERROR, "tsa: the ledger cannot be written: %s",
			 noon_tsa_ledger_error(b->ledger));
}

void noon_ledger_writer_close(struct noon_ledger_writer *b)
{
	if (b->last == NULL)
		return;
	if (b->running) {
		(void)pthread_mutex_lock(&b->lock);
		b->stop = true;
		(void)pthread_cond_signal(&b->work);
		(void)pthread_mutex_unlock(&b->lock);
		(void)pthread_join(b->thread, NULL);
		write_stop(b);
	}
	noon_tsa_ledger_close(b->ledger);
	(void)pthread_cond_destroy(&b->work);
	(void)pthread_mutex_destroy(&b->lock);
	memset(b, 0, sizeof(*b));
}

void noon_ledger_writer_write(struct noon_ledger_writer *b, struct noon_ledger_pending *first)
{
	struct noon_ledger_pending *last = first;

	while (last->next != NULL)
		last = last->next;
	(void)pthread_mutex_lock(&b->lock);
	*b->last = first;
	b->last = &last->next;
	(void)pthread_cond_signal(&b->work);
	(void)pthread_mutex_unlock(&b->lock);
}

struct noon_ledger_pending *noon_ledger_writer_done(struct noon_ledger_writer *b,
						    struct noon_ledger_completions *c)
{
	struct noon_ledger_pending *p;

	(void)pthread_mutex_lock(&b->lock);
	p = c->done;
	c->done = NULL;
	(void)pthread_mutex_unlock(&b->lock);
	return p;
}

void noon_ledger_writer_note(struct noon_ledger_writer *b, enum noon_ledger_kind kind, noon_time at,
			     const char *text)
{
	(void)pthread_mutex_lock(&b->lock);
	if (b->n_notes < NOON_TSA_NOTES_MAX) {
		struct noon_tsa_note *n = &b->note[b->n_notes++];

		n->kind = kind;
		n->at = at;
		(void)snprintf(n->text, sizeof(n->text), "%s", text);
	} else {
		b->notes_lost++;
	}
	(void)pthread_cond_signal(&b->work);
	(void)pthread_mutex_unlock(&b->lock);
}

bool noon_ledger_writer_take_refusal(struct noon_ledger_writer *b)
{
	const noon_time now = noon_mono_now();
	bool written;

	(void)pthread_mutex_lock(&b->lock);
	if (noon_time_diff(now, b->second) >= NOON_S(1)) {
		b->second = now;
		b->refusals = 0;
	}
	written = ++b->refusals <= REFUSALS_WRITTEN;
	b->unwritten_refusals += !written;
	(void)pthread_mutex_unlock(&b->lock);
	return written;
}

void noon_ledger_writer_report(struct noon_ledger_writer *b, struct noon_ledger_head *ret_head,
			       uint64_t *ret_failures, char *ret_error, size_t n)
{
	(void)pthread_mutex_lock(&b->lock);
	*ret_head = b->head;
	*ret_failures = b->failures;
	(void)snprintf(ret_error, n, "%s", b->error);
	(void)pthread_mutex_unlock(&b->lock);
}
