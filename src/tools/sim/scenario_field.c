/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/sim/scenario_field.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/number.h"
#include "platform/text.h"
#include "wire/ntp.h"

#define TOP(member)  offsetof(struct noon_scenario, member)
#define NODE(member) offsetof(struct noon_sim_node, member)
#define LINK(member) offsetof(struct noon_link_conf, member)
#define PATH(member) offsetof(struct noon_sim_path, member)
#define AIM(member)  offsetof(struct noon_sim_attack, member)
#define HAP(member)  offsetof(struct noon_machine_event, member)
#define SEEK(member) offsetof(struct noon_sim_seeker_conf, member)

const struct noon_field noon_scenario_top[] = {
	{"title", NOON_FIELD_TEXT, 0},
	{"duration", NOON_FIELD_DUR_ABOVE_0, TOP(duration)},
	{"check", NOON_FIELD_DUR_ABOVE_0, TOP(check_every)},
	{"seed", NOON_FIELD_UINT64, TOP(seed)},
	{"leap-second", NOON_FIELD_LEAP, TOP(leap)},
	{"leap-second-at", NOON_FIELD_DUR_ABOVE_0, TOP(leap_at)},
	{"truth", NOON_FIELD_TEXT, 0},
	{"demonstration", NOON_FIELD_BOOL, TOP(demonstration)},
	{"excursion", NOON_FIELD_BOOL, TOP(excursion)},
	{"guard", NOON_FIELD_BOOL, TOP(guard)},
	{"guard-shift", NOON_FIELD_DUR_ABOVE_0, TOP(guard_shift)},
	{"alert-limit", NOON_FIELD_DUR_ABOVE_0, 0}, /* of every client that says nothing else */
	{NULL, NOON_FIELD_TEXT, 0},
};

const struct noon_field noon_scenario_node[] = {
	{"clock", NOON_FIELD_PRESET, NODE(clock)}, /* before what changes it */
	{"frequency-error", NOON_FIELD_FREQ, NODE(clock.frequency)},
	{"white-pm", NOON_FIELD_NS_LEAST_0, NODE(clock.white_pm_ns)},
	{"flicker-pm", NOON_FIELD_NS_LEAST_0, NODE(clock.flicker_pm_ns)},
	{"white-fm", NOON_FIELD_NUMBER, NODE(clock.white_fm)},
	{"flicker-fm", NOON_FIELD_NUMBER, NODE(clock.flicker_fm)},
	{"random-walk", NOON_FIELD_WALK, NODE(clock.random_walk)},
	{"ageing", NOON_FIELD_FREQ, NODE(clock.ageing)},
	{"day-amplitude", NOON_FIELD_FREQ, NODE(clock.day)},
	{"day-period", NOON_FIELD_DUR_ABOVE_0, NODE(clock.day_period)},
	{"day-phase", NOON_FIELD_DUR, NODE(clock.day_phase)},
	{"load-amplitude", NOON_FIELD_FREQ, NODE(clock.load)},
	{"load-interval", NOON_FIELD_DUR_ABOVE_0, NODE(clock.load_mean)},
	{"load-regular", NOON_FIELD_BOOL, NODE(clock.load_regular)},
	{"stamp-noise", NOON_FIELD_NS_LEAST_0, NODE(stamp_ns)},
	{"granularity", NOON_FIELD_DUR_ABOVE_0, NODE(granularity)},
	{"stamp-error", NOON_FIELD_DUR_LEAST_0, NODE(stamp_error)},
	{"offset", NOON_FIELD_DUR, NODE(offset)},
	{"layover", NOON_FIELD_DUR_LEAST_0, NODE(layover)},
	{"local-bound", NOON_FIELD_DUR_LEAST_0, NODE(local_bound)},
	{"local-stratum", NOON_FIELD_UINT8, NODE(stratum)},
	{"ntsrotate", NOON_FIELD_DUR_ABOVE_0, NODE(rotate)},
	{NULL, NOON_FIELD_TEXT, 0},
};

/* The words of noonmarkd.conf(5). */
const struct noon_field noon_scenario_client[] = {
	{"serve", NOON_FIELD_BOOL, NODE(server)},
	{"alert-limit", NOON_FIELD_DUR_ABOVE_0, NODE(engine.alert_limit)},
	{"maxclockerror", NOON_FIELD_FREQ, NODE(engine.max_rate_error)},
	{"wander", NOON_FIELD_FREQ, NODE(engine.wander)},
	{"holdover-wander", NOON_FIELD_FREQ, NODE(engine.holdover)},
	{"max-age", NOON_FIELD_DUR_ABOVE_0, NODE(engine.max_age)},
	{"step-threshold", NOON_FIELD_DUR_LEAST_0, NODE(engine.step_threshold)},
	{"step-at-start", NOON_FIELD_BOOL, NODE(engine.step_at_start)},
	{"maxslewrate", NOON_FIELD_FREQ, NODE(engine.slew_rate)},
	{"max-liars", NOON_FIELD_INT, NODE(engine.max_liars)},
	{"clear-after", NOON_FIELD_UINT, NODE(engine.clear_after)},
	{"holdover-polls", NOON_FIELD_UINT, NODE(engine.holdover_polls)},
	{"readmit-after", NOON_FIELD_DUR_LEAST_0, NODE(engine.readmit_after)},
	{"readmit-lone-after", NOON_FIELD_DUR_LEAST_0, NODE(engine.readmit_lone_after)},
	{NULL, NOON_FIELD_TEXT, 0},
};

const struct noon_field noon_scenario_link[] = {
	{"length-m", NOON_FIELD_NUMBER, LINK(length_m)},
	{"velocity", NOON_FIELD_NUMBER, LINK(velocity)},
	{"delay", NOON_FIELD_NS_LEAST_0, LINK(delay_ns)},
	{"nodes", NOON_FIELD_UINT, LINK(nodes)},
	{"forwarding", NOON_FIELD_NS_LEAST_0, LINK(forwarding_ns)},
	{"rate", NOON_FIELD_RATE, LINK(rate_bps)},
	{"jitter", NOON_FIELD_JITTER, 0},
	{"uniform", NOON_FIELD_UNIFORM, 0},
	{"queue", NOON_FIELD_QUEUE, LINK(queue)},
	{"p-idle", NOON_FIELD_PROBABILITY, LINK(p_idle)},
	{"packet-bytes", NOON_FIELD_NUMBER, LINK(packet_bytes)},
	{"queue-scale", NOON_FIELD_NS_LEAST_0, LINK(scale_ns)},
	{"pareto-shape", NOON_FIELD_NUMBER, LINK(shape)},
	{"recorded", NOON_FIELD_TEXT, 0},
	{"loss", NOON_FIELD_PROBABILITY, LINK(loss)},
	{"reorder", NOON_FIELD_PROBABILITY, LINK(reorder)},
	{"reorder-delay", NOON_FIELD_NS_LEAST_0, LINK(reorder_ns)},
	{"duplicate", NOON_FIELD_PROBABILITY, LINK(duplicate)},
	{"route-change-at", NOON_FIELD_DUR_ABOVE_0, LINK(route_at)},
	{"route-change", NOON_FIELD_NS, LINK(route_ns)},
	{NULL, NOON_FIELD_TEXT, 0},
};

const struct noon_field noon_scenario_path[] = {
	{"client", NOON_FIELD_TEXT, 0},
	{"server", NOON_FIELD_TEXT, 0},
	{"protocol", NOON_FIELD_PROTOCOL, PATH(ptp)},
	{"sa", NOON_FIELD_BOOL, PATH(sa)},
	{"nts", NOON_FIELD_BOOL, PATH(nts)},
	{"handshake", NOON_FIELD_HANDSHAKE, PATH(tls)},
	{"minpoll", NOON_FIELD_INT8, PATH(source.poll_min)},
	{"maxpoll", NOON_FIELD_INT8, PATH(source.poll_max)},
	{"burst", NOON_FIELD_UINT8, PATH(source.burst)},
	{"burst-interval", NOON_FIELD_DUR_ABOVE_0, PATH(source.burst_interval)},
	{"noselect", NOON_FIELD_BOOL, PATH(source.noselect)},
	{"extra-error", NOON_FIELD_DUR_LEAST_0, PATH(source.extra_err)},
	{"minima", NOON_FIELD_MINIMA, 0},
	{"measured-minimum-forward", NOON_FIELD_DUR_LEAST_0, PATH(source.m_f)},
	{"measured-minimum-reverse", NOON_FIELD_DUR_LEAST_0, PATH(source.m_r)},
	{NULL, NOON_FIELD_TEXT, 0},
};

const struct noon_field noon_scenario_seeker[] = {
	{"path", NOON_FIELD_TEXT, 0},
	{"listens", NOON_FIELD_BOOL, SEEK(listens)},
	{"predictable", NOON_FIELD_BOOL, SEEK(predictable)},
	{"every", NOON_FIELD_DUR_ABOVE_0, SEEK(every)},
	{"model-forward", NOON_FIELD_DUR_LEAST_0, SEEK(model[0])},
	{"model-reverse", NOON_FIELD_DUR_LEAST_0, SEEK(model[1])},
	{"threshold", NOON_FIELD_DUR_ABOVE_0, SEEK(threshold)},
	{"agreement", NOON_FIELD_DUR_ABOVE_0, SEEK(agreement)},
	{NULL, NOON_FIELD_TEXT, 0},
};

const struct noon_field noon_scenario_attack[] = {
	{"kind", NOON_FIELD_ATTACK, AIM(kind)},
	{"client", NOON_FIELD_TEXT, 0},
	{"server", NOON_FIELD_TEXT, 0},
	{"direction", NOON_FIELD_DIRECTION, AIM(direction)},
	{"from", NOON_FIELD_DUR_LEAST_0, AIM(from)},
	{"until", NOON_FIELD_DUR_ABOVE_0, AIM(until)},
	{"delay", NOON_FIELD_DUR_LEAST_0, AIM(delay)},
	{"jitter", NOON_FIELD_DUR_LEAST_0, AIM(jitter)},
	{"uniform", NOON_FIELD_DUR_LEAST_0, AIM(uniform)},
	{"ramp", NOON_FIELD_SLOPE, AIM(ramp)},
	{"offset", NOON_FIELD_DUR, AIM(offset)},
	{"probability", NOON_FIELD_PROBABILITY, AIM(probability)},
	{"fraction", NOON_FIELD_PROBABILITY, AIM(fraction)},
	{"position", NOON_FIELD_PROBABILITY, AIM(position)},
	{"code", NOON_FIELD_KISS, AIM(code)},
	{"guess", NOON_FIELD_BOOL, AIM(guess)},
	{"frequency", NOON_FIELD_FREQ, AIM(frequency)},
	{"time-constant", NOON_FIELD_DUR_LEAST_0, AIM(time_constant)},
	{"misannounce", NOON_FIELD_BOOL, AIM(misannounce)},
	{NULL, NOON_FIELD_TEXT, 0},
};

const struct noon_field noon_scenario_event[] = {
	{"kind", NOON_FIELD_MACHINE_EVENT, HAP(kind)},
	{"client", NOON_FIELD_TEXT, 0},
	{"at", NOON_FIELD_DUR_ABOVE_0, HAP(at)},
	{"duration", NOON_FIELD_DUR_LEAST_0, HAP(duration)},
	{"jump", NOON_FIELD_DUR, HAP(jump)},
	{"clock-runs", NOON_FIELD_BOOL, HAP(runs)},
	{"noticed", NOON_FIELD_BOOL, HAP(noticed)},
	{"clock", NOON_FIELD_PRESET, HAP(clock)}, /* before what changes it */
	{"frequency-error", NOON_FIELD_FREQ, HAP(clock.frequency)},
	{NULL, NOON_FIELD_TEXT, 0},
};

struct word {
	const char *name;
	unsigned value;
};

static const struct word queue_words[] = {
	{"none", NOON_QUEUE_NONE},
	{"priority", NOON_QUEUE_PRIORITY},
	{"pareto", NOON_QUEUE_PARETO},
	{"recorded", NOON_QUEUE_RECORDED},
	{NULL, 0},
};
static const struct word direction_words[] = {
	{"forward", NOON_SIM_FORWARD},
	{"reverse", NOON_SIM_REVERSE},
	{"both", NOON_SIM_BOTH},
	{NULL, 0},
};
static const struct word leap_words[] = {
	{"insert", NOON_LEAP_INSERT},
	{"delete", NOON_LEAP_DELETE},
	{NULL, 0},
};
static const struct word bool_words[] = {
	{"true", 1}, {"yes", 1}, {"false", 0}, {"no", 0}, {NULL, 0},
};
static const struct word handshake_words[] = {{"real", 1}, {"handed-over", 0}, {NULL, 0}};
static const struct word protocol_words[] = {{"ptp", 1}, {"ntp", 0}, {NULL, 0}};
static const struct word minima_words[] = {
	{"none", NOON_MINIMA_FROM_NOTHING},
	{"light", NOON_MINIMA_FROM_LIGHT},
	{"floor", NOON_MINIMA_FROM_LINKS},
	{NULL, 0},
};

static bool find_word(const struct word *list, const char *text, unsigned *ret)
{
	for (; list->name != NULL; list++) {
		if (strcmp(list->name, text) != 0)
			continue;
		*ret = list->value;
		return true;
	}
	return false;
}

static const char *set_dur(enum noon_field_type type, const char *text, void *at)
{
	noon_dur d;

	if (noon_text_dur(text, &d))
		return "a time such as \"250ms\", \"1.5us\", \"2h\"";
	if ((type == NOON_FIELD_DUR_LEAST_0 || type == NOON_FIELD_NS_LEAST_0) && d < 0)
		return "a time of zero or more";
	if (type == NOON_FIELD_DUR_ABOVE_0 && d <= 0)
		return "a time above zero";
	if (type == NOON_FIELD_NS || type == NOON_FIELD_NS_LEAST_0) {
		const double ns = (double)d;

		memcpy(at, &ns, sizeof(ns));
	} else {
		memcpy(at, &d, sizeof(d));
	}
	return NULL;
}

/* "1Gb/s", "100 Mb/s", "9600": bits for each second. */
static noon_err scan_rate(const char *text, double *ret)
{
	static const char units[] = " kMG";
	static const double factors[] = {1, 1e3, 1e6, 1e9};
	double factor = 1.0;
	char *end;
	double v = strtod(text, &end);

	while (*end == ' ')
		end++;
	if (*end != '\0' && *end != 'b') {
		const char *unit = strchr(units, *end);

		if (unit == NULL)
			return NOON_ERR_FORMAT;
		factor = factors[unit - units];
		end++;
	}
	if (end == text || !(v >= 0.0) || !isfinite(v) ||
	    (*end != '\0' && strcmp(end, "b/s") != 0 && strcmp(end, "bit/s") != 0))
		return NOON_ERR_FORMAT;
	*ret = v * factor;
	return NOON_OK;
}

/* "100us/s": a time for each second. */
static noon_err scan_slope(const char *text, double *ret)
{
	static const struct {
		const char *name;
		double factor;
	} units[] = {{"s/s", 1}, {"ms/s", 1e-3}, {"us/s", 1e-6}, {"ns/s", 1e-9}, {"ps/s", 1e-12}};
	char *end;
	const double v = strtod(text, &end);

	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (end == text || !isfinite(v) || strcmp(end, units[i].name) != 0)
			continue;
		*ret = v * units[i].factor;
		return NOON_OK;
	}
	return NOON_ERR_FORMAT;
}

/* "1e-9", "1e-7/sqrt(h)": a random walk of the frequency, for the root of a time. */
static noon_err scan_walk(const char *text, double *ret)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"", 1},
		     {"/sqrt(s)", 1},
		     {"/sqrt(min)", 60},
		     {"/sqrt(h)", 3600},
		     {"/sqrt(d)", 86400}};
	char *end;
	const double v = strtod(text, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (end == text || !isfinite(v) || v < 0.0 || strcmp(end, units[i].name) != 0)
			continue;
		*ret = v / sqrt(units[i].seconds);
		return NOON_OK;
	}
	return NOON_ERR_FORMAT;
}

static const char *set_double(enum noon_field_type type, const char *text, void *at)
{
	double v = 0.0;

	if (type == NOON_FIELD_FREQ && noon_text_freq(text, &v))
		return "a frequency such as \"40ppm\" or \"3ppb\"";
	if (type == NOON_FIELD_RATE && scan_rate(text, &v))
		return "a rate such as \"1Gb/s\"";
	if (type == NOON_FIELD_SLOPE && scan_slope(text, &v))
		return "a slope such as \"1us/s\"";
	if (type == NOON_FIELD_WALK && scan_walk(text, &v))
		return "a random walk such as \"1e-9\" or \"1e-7/sqrt(h)\"";
	if (type == NOON_FIELD_NUMBER || type == NOON_FIELD_PROBABILITY) {
		if (!noon_number(text, 0, DBL_MAX, &v))
			return "a number of zero or more";
		if (type == NOON_FIELD_PROBABILITY && v > 1.0)
			return "a probability, 0 to 1";
	}
	memcpy(at, &v, sizeof(v));
	return NULL;
}

static const char *set_integer(enum noon_field_type type, const char *text, void *at)
{
	const bool big = type == NOON_FIELD_UINT64;
	const bool negative = text[0] == '-' && !big;
	const uint64_t most = big ? INT64_MAX : negative ? 1000 : 100000;
	uint64_t size = 0;
	int64_t v;

	if (!noon_number_u64(text + negative, 0, most, &size))
		return "a whole number in its range";
	v = negative ? -(int64_t)size : (int64_t)size;
	if (type == NOON_FIELD_INT8 && v >= INT8_MIN && v <= INT8_MAX)
		*(int8_t *)at = (int8_t)v;
	else if (type == NOON_FIELD_UINT8 && v >= 0 && v <= UINT8_MAX)
		*(uint8_t *)at = (uint8_t)v;
	else if (type == NOON_FIELD_INT)
		*(int *)at = (int)v;
	else if (type == NOON_FIELD_UINT && v >= 0)
		*(unsigned *)at = (unsigned)v;
	else if (type == NOON_FIELD_UINT64)
		*(uint64_t *)at = (uint64_t)v;
	else
		return "a whole number in its range";
	return NULL;
}

static const char *set_kiss(const char *text, uint32_t *at)
{
	if (strlen(text) != 4)
		return "a kiss code of four letters such as \"RATE\"";
	*at = NOON_KISS((unsigned char)text[0], (unsigned char)text[1], (unsigned char)text[2],
			(unsigned char)text[3]);
	return NULL;
}

static const char *set_bool(const struct word *list, const char *text, bool *at,
			    const char *expected)
{
	unsigned v;

	if (!find_word(list, text, &v))
		return expected;
	*at = v != 0;
	return NULL;
}

static const char *set_word(enum noon_field_type type, const char *text, void *at)
{
	unsigned v = 0;

	if (type == NOON_FIELD_BOOL)
		return set_bool(bool_words, text, at, "true or false");
	if (type == NOON_FIELD_HANDSHAKE)
		return set_bool(handshake_words, text, at, "real or handed-over");
	if (type == NOON_FIELD_PROTOCOL)
		return set_bool(protocol_words, text, at, "ntp or ptp");
	if (type == NOON_FIELD_QUEUE) {
		if (!find_word(queue_words, text, &v))
			return "none, priority, pareto or recorded";
		*(enum noon_queue_kind *)at = (enum noon_queue_kind)v;
		return NULL;
	}
	if (type == NOON_FIELD_LEAP) {
		if (!find_word(leap_words, text, &v))
			return "insert or delete";
		*(enum noon_leap *)at = (enum noon_leap)v;
		return NULL;
	}
	if (!find_word(direction_words, text, (unsigned *)at))
		return "forward, reverse or both";
	return NULL;
}

static const char *set_minima(const char *text)
{
	enum noon_minima_from from;

	return noon_minima_from_find(text, &from) ? "none, light or floor" : NULL;
}

noon_err noon_minima_from_find(const char *text, enum noon_minima_from *ret)
{
	unsigned v = 0;

	if (!find_word(minima_words, text, &v))
		return NOON_ERR_NOT_FOUND;
	*ret = (enum noon_minima_from)v;
	return NOON_OK;
}

/* Queueing of a mean or of a width. */
static const char *set_queue(enum noon_field_type type, const char *text, void *base)
{
	struct noon_link_conf *l = base;

	l->queue = type == NOON_FIELD_JITTER ? NOON_QUEUE_EXPONENTIAL : NOON_QUEUE_UNIFORM;
	return set_dur(NOON_FIELD_NS_LEAST_0, text, &l->scale_ns);
}

/* Read a value into base; returns what was expected, NULL when all is well. */
const char *noon_field_set(const struct noon_field *f, const char *text, void *base)
{
	void *at = (char *)base + f->offset;

	switch (f->type) {
	case NOON_FIELD_DUR:
	case NOON_FIELD_DUR_LEAST_0:
	case NOON_FIELD_DUR_ABOVE_0:
	case NOON_FIELD_NS:
	case NOON_FIELD_NS_LEAST_0:
		return set_dur(f->type, text, at);
	case NOON_FIELD_FREQ:
	case NOON_FIELD_NUMBER:
	case NOON_FIELD_PROBABILITY:
	case NOON_FIELD_RATE:
	case NOON_FIELD_SLOPE:
	case NOON_FIELD_WALK:
		return set_double(f->type, text, at);
	case NOON_FIELD_INT8:
	case NOON_FIELD_UINT8:
	case NOON_FIELD_INT:
	case NOON_FIELD_UINT:
	case NOON_FIELD_UINT64:
		return set_integer(f->type, text, at);
	case NOON_FIELD_BOOL:
	case NOON_FIELD_QUEUE:
	case NOON_FIELD_DIRECTION:
	case NOON_FIELD_LEAP:
	case NOON_FIELD_HANDSHAKE:
	case NOON_FIELD_PROTOCOL:
		return set_word(f->type, text, at);
	case NOON_FIELD_ATTACK:
		return noon_attack_find(text, at) ? "an attack of noonmark-scenario(5)" : NULL;
	case NOON_FIELD_MACHINE_EVENT:
		return noon_machine_event_find(text, at) ? "pause, jump or migrate" : NULL;
	case NOON_FIELD_JITTER:
	case NOON_FIELD_UNIFORM:
		return set_queue(f->type, text, base);
	case NOON_FIELD_KISS:
		return set_kiss(text, at);
	case NOON_FIELD_PRESET:
		return noon_osc_preset(text, at) ? "perfect, tcxo, ocxo, rb or vm" : NULL;
	case NOON_FIELD_MINIMA:
		return set_minima(text);
	case NOON_FIELD_TEXT:
		break;
	}
	return NULL;
}
