/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/sim/scenario_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option/common/engine_options.h"
#include "platform/text.h"
#include "tools/sim/scenario_expect.h"
#include "wire/ntp.h"

#define TOP(member)  NOON_OPTION_AT(struct noon_scenario, member)
#define NODE(member) NOON_OPTION_AT(struct noon_sim_node, member)
#define LINK(member) NOON_OPTION_AT(struct noon_net_link_conf, member)
#define PATH(member) NOON_OPTION_AT(struct noon_scenario_path, member)
#define AIM(member)  NOON_OPTION_AT(struct noon_sim_attack, member)
#define HAP(member)  NOON_OPTION_AT(struct noon_machine_event, member)
#define SEEK(member) NOON_OPTION_AT(struct noon_sim_seeker_conf, member)

#define ABOVE_0	    NOON_OPTION_LEAST(1)
#define LEAST_0	    NOON_OPTION_LEAST(0)
#define PROBABILITY NOON_OPTION_RANGE(0, 1), .noun = "a probability"

/* ---- words and formats of scenario files ---- */

static const struct noon_word leap_words[] = {
	{"insert", NOON_LEAP_INSERT}, {"delete", NOON_LEAP_DELETE}, {NULL, 0}};
static const struct noon_word queue_words[] = {{"none", NOON_QUEUE_NONE},
					       {"priority", NOON_QUEUE_PRIORITY},
					       {"pareto", NOON_QUEUE_PARETO},
					       {"recorded", NOON_QUEUE_RECORDED},
					       {NULL, 0}};
static const struct noon_word direction_words[] = {{"forward", NOON_SIM_FORWARD},
						   {"reverse", NOON_SIM_REVERSE},
						   {"both", NOON_SIM_BOTH},
						   {NULL, 0}};
static const struct noon_word handshake_words[] = {{"real", 1}, {"handed-over", 0}, {NULL, 0}};
static const struct noon_word protocol_words[] = {{"ntp", 0}, {"ptp", 1}, {NULL, 0}};
static const struct noon_word minima_words[] = {{"none", NOON_MINIMA_FROM_NOTHING},
						{"light", NOON_MINIMA_FROM_LIGHT},
						{"floor", NOON_MINIMA_FROM_LINKS},
						{NULL, 0}};
static const struct noon_word attack_words[] = {
#define ATTACK_WORD(name, word) {word, NOON_ATTACK_##name},
	NOON_ATTACK_LIST(ATTACK_WORD)
#undef ATTACK_WORD
		{NULL, 0},
};
static const struct noon_word event_words[] = {
#define EVENT_WORD(name, word) {word, NOON_MACHINE_EVENT_##name},
	NOON_MACHINE_EVENT_LIST(EVENT_WORD)
#undef EVENT_WORD
		{NULL, 0},
};

/* "1Gb/s", "100 Mb/s", "9600": bits per second. */
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

/* "100us/s": a time per second. */
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

/* "1e-9", "1e-7/sqrt(h)": a random walk of the frequency, per root of a time. */
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

typedef noon_err scan_double(const char *text, double *ret);

static bool read_double(scan_double *scan, const char *text, void *at)
{
	double v = 0.0;

	if (scan(text, &v))
		return false;
	memcpy(at, &v, sizeof(v));
	return true;
}

#define READ(name)                                                                       \
	static bool read_##name(const struct noon_option *o, const char *text, void *at, \
				char why[NOON_OPTION_WHY])                               \
	{                                                                                \
		(void)o;                                                                 \
		(void)why;                                                               \
		return read_double(scan_##name, text, at);                               \
	}
READ(rate)
READ(slope)
READ(walk)

static bool read_kiss(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	uint32_t code;

	(void)o;
	(void)why;
	if (strlen(text) != 4)
		return false;
	code = NOON_KISS((unsigned char)text[0], (unsigned char)text[1], (unsigned char)text[2],
			 (unsigned char)text[3]);
	memcpy(at, &code, sizeof(code));
	return true;
}

static bool read_preset(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	(void)o;
	(void)why;
	return noon_osc_preset(text, at) == NOON_OK;
}

/* Queueing of a mean or of a width, of a whole link. */
static bool read_queueing(const struct noon_option *o, const char *text, void *at,
			  char why[NOON_OPTION_WHY])
{
	struct noon_net_link_conf *l = at;
	noon_dur d;

	(void)why;
	if (noon_text_dur(text, &d) || d < 0)
		return false;
	l->queue = o->name[0] == 'j' ? NOON_QUEUE_EXPONENTIAL : NOON_QUEUE_UNIFORM;
	l->scale_ns = (double)d;
	return true;
}

static bool read_expect(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	struct noon_expect e;

	(void)o;
	(void)at;
	return noon_expect_parse(text, &e, why, NOON_OPTION_WHY) == NOON_OK;
}

#define OF_A_TIME "a time of zero or more, such as \"250ms\""

/* ---- tables ---- */

static const struct noon_option top_rows[] = {
	{"title", NOON_OPTION_TEXT, TOP(title), .says = "the file", .help = "what it is"},
	{"duration", NOON_OPTION_TIME, TOP(duration), ABOVE_0, .help = "how long it lasts"},
	{"check", NOON_OPTION_TIME, TOP(check_every), ABOVE_0,
	 .help = "between two comparisons with the truth; 16 s beyond two days"},
	{"seed", NOON_OPTION_UINT, TOP(seed), .help = "the first seed"},
	{"leap-second", NOON_OPTION_WORD, TOP(leap), .words = leap_words, .says = "none",
	 .help = "a leap second comes"},
	{"leap-second-at", NOON_OPTION_TIME, TOP(leap_at), ABOVE_0, .says = "none",
	 .help = "when it comes"},
	{"truth", NOON_OPTION_TEXT, 0, 0, .value = "server", .says = "UTC",
	 .help = "the server whose clock is the truth"},
	{"demonstration", NOON_OPTION_BOOL, TOP(demonstration),
	 .help = "an assumption is broken on purpose"},
	{"excursion", NOON_OPTION_BOOL, TOP(excursion),
	 .help = "oscillators go beyond what clients assume of them"},
	{"guard", NOON_OPTION_BOOL, TOP(guard), .help = "watch the round-trip times"},
	{"guard-shift", NOON_OPTION_TIME, TOP(guard_shift), ABOVE_0, .says = "the alert limit",
	 .help = "rise that the guard must find"},
	{"alert-limit", NOON_OPTION_TIME, 0, 0, ABOVE_0, .says = "as in noonmarkd.conf(5)",
	 .help = "of every client that says nothing else"},
	{"expect", NOON_OPTION_OWN, 0, 0, .read = read_expect, .most = NOON_SIM_EXPECTS,
	 .says = "none", .help = "a limit of a figure"},
	NOON_OPTION_END,
};

/* The clock comes before the options that change it. */
static const struct noon_option node_rows[] = {
	{"clock", NOON_OPTION_OWN, NODE(clock), .read = read_preset,
	 .value = "perfect|tcxo|ocxo|rb|vm", .noun = "perfect, tcxo, ocxo, rb or vm",
	 .says = "perfect", .help = "its oscillator"},
	{"frequency-error", NOON_OPTION_FREQ, NODE(clock.frequency),
	 .help = "rate error at the start"},
	{"white-pm", NOON_OPTION_TIME_NS, NODE(clock.white_pm_ns), LEAST_0,
	 .help = "white phase noise"},
	{"flicker-pm", NOON_OPTION_TIME_NS, NODE(clock.flicker_pm_ns), LEAST_0,
	 .help = "flicker phase noise of a decade"},
	{"white-fm", NOON_OPTION_REAL, NODE(clock.white_fm), LEAST_0,
	 .help = "Allan deviation at 1 s"},
	{"flicker-fm", NOON_OPTION_REAL, NODE(clock.flicker_fm), LEAST_0,
	 .help = "floor of the Allan deviation"},
	{"random-walk", NOON_OPTION_OWN, NODE(clock.random_walk), .read = read_walk, .value = "x",
	 .noun = "a random walk such as \"1e-9\" or \"1e-7/sqrt(h)\"",
	 .help = "random walk of the frequency, for the root of a time"},
	{"ageing", NOON_OPTION_FREQ, NODE(clock.ageing),
	 .help = "change of the frequency each second"},
	{"day-amplitude", NOON_OPTION_FREQ, NODE(clock.day), .help = "of a sine of the frequency"},
	{"day-period", NOON_OPTION_TIME, NODE(clock.day_period), ABOVE_0, .says = "1d",
	 .help = "of that sine"},
	{"day-phase", NOON_OPTION_TIME, NODE(clock.day_phase),
	 .help = "how long before the start it passed zero upwards"},
	{"load-amplitude", NOON_OPTION_FREQ, NODE(clock.load),
	 .help = "more frequency while the processor is busy"},
	{"load-interval", NOON_OPTION_TIME, NODE(clock.load_mean), ABOVE_0, .says = "never",
	 .help = "how long busy and idle times last on average"},
	{"load-regular", NOON_OPTION_BOOL, NODE(clock.load_regular),
	 .help = "all of them last so long"},
	{"stamp-noise", NOON_OPTION_TIME_NS, NODE(stamp_ns), LEAST_0,
	 .help = "standard deviation of timestamps"},
	{"granularity", NOON_OPTION_TIME, NODE(granularity), ABOVE_0,
	 .help = "steps of timestamps"},
	{"stamp-error", NOON_OPTION_TIME, NODE(stamp_error), LEAST_0, .says = "what they are",
	 .help = "what timestamps are said to be good for"},
	{"offset", NOON_OPTION_TIME, NODE(offset),
	 .help = "of a server: its clock less UTC; of a client: UTC less its clock"},
	{"layover", NOON_OPTION_TIME, NODE(layover), LEAST_0,
	 .help = "of a server, from request to reply"},
	{"local-bound", NOON_OPTION_TIME, NODE(local_bound), LEAST_0,
	 .help = "error that a server states"},
	{"local-stratum", NOON_OPTION_UINT, NODE(stratum), .says = "1; of a client 2",
	 .help = "stratum of a server"},
	{"ntsrotate", NOON_OPTION_TIME, NODE(rotate), ABOVE_0,
	 .help = "rotation of a server's cookie keys"},
	NOON_OPTION_END,
};

/* And the words of noonmarkd.conf(5). */
static const struct noon_option client_rows[] = {
	{"serve", NOON_OPTION_BOOL, NODE(server),
	 .help = "give out its own clock with its own bound"},
	NOON_OPTION_END,
};

const struct noon_option noon_scenario_link_rows[] = {
	{"length-m", NOON_OPTION_REAL, LINK(length_m), LEAST_0, .value = "m",
	 .help = "length of the path, metres"},
	{"velocity", NOON_OPTION_REAL, LINK(velocity), LEAST_0, .value = "fraction of c",
	 .help = "of propagation"},
	{"delay", NOON_OPTION_TIME_NS, LINK(delay_ns), LEAST_0, .help = "constant delay"},
	{"nodes", NOON_OPTION_UINT, LINK(nodes), NOON_OPTION_RANGE(0, 1000),
	 .help = "routers on the way"},
	{"forwarding", NOON_OPTION_TIME_NS, LINK(forwarding_ns), LEAST_0,
	 .help = "delay of each node"},
	{"rate", NOON_OPTION_OWN, LINK(rate_bps), .read = read_rate, .value = "rate",
	 .noun = "a rate such as \"1Gb/s\"", .says = "no serialisation",
	 .help = "of the links between"},
	{"jitter", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_net_link_conf),
	 .read = read_queueing, .value = "time", .noun = OF_A_TIME,
	 .help = "exponential queueing of this mean"},
	{"uniform", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_net_link_conf),
	 .read = read_queueing, .value = "time", .noun = OF_A_TIME,
	 .help = "uniform queueing of this width"},
	{"queue", NOON_OPTION_WORD, LINK(queue), .words = queue_words,
	 .help = "law of the queueing"},
	{"p-idle", NOON_OPTION_REAL, LINK(p_idle), PROBABILITY, .value = "probability",
	 .help = "priority: that a node is idle"},
	{"packet-bytes", NOON_OPTION_REAL, LINK(packet_bytes), LEAST_0, .value = "bytes",
	 .help = "size of other packets"},
	{"queue-scale", NOON_OPTION_TIME_NS, LINK(scale_ns), LEAST_0, .help = "of pareto"},
	{"pareto-shape", NOON_OPTION_REAL, LINK(shape), LEAST_0, .help = "of pareto"},
	{"recorded", NOON_OPTION_TEXT, 0, 0, .value = "file", .says = "none",
	 .help = "queueing from a file"},
	{"loss", NOON_OPTION_REAL, LINK(loss), PROBABILITY, .value = "probability",
	 .help = "of a packet"},
	{"reorder", NOON_OPTION_REAL, LINK(reorder), PROBABILITY, .value = "probability",
	 .help = "that a packet is held back"},
	{"reorder-delay", NOON_OPTION_TIME_NS, LINK(reorder_ns), LEAST_0, .help = "how long"},
	{"duplicate", NOON_OPTION_REAL, LINK(duplicate), PROBABILITY, .value = "probability",
	 .help = "that a packet comes twice"},
	{"route-change-at", NOON_OPTION_TIME, LINK(route_at), ABOVE_0, .says = "never",
	 .help = "from then on the route is another"},
	{"route-change", NOON_OPTION_TIME_NS, LINK(route_ns), .help = "so much is it longer"},
	NOON_OPTION_END,
};

static const struct noon_option path_rows[] = {
	{"client", NOON_OPTION_TEXT, 0, 0, .value = "name", .says = "the only one",
	 .help = "its end that asks"},
	{"server", NOON_OPTION_TEXT, 0, 0, .value = "name", .says = "the only one",
	 .help = "its end that answers"},
	{"protocol", NOON_OPTION_WORD, PATH(path.ptp), .words = protocol_words,
	 .help = "what is spoken"},
	{"sa", NOON_OPTION_BOOL, PATH(path.sa), .help = "of ptp: with authentication"},
	{"tunnel", NOON_OPTION_BOOL, PATH(path.tunnel),
	 .help = "of ptp: inside a timing tunnel, without sa"},
	{"cell", NOON_OPTION_UINT, PATH(path.cell), NOON_OPTION_RANGE(0, 1024),
	 .help = "of a tunnel: bytes that packets are padded to; 0: none"},
	{"nts", NOON_OPTION_BOOL, PATH(path.nts), .help = "of ntp: with NTS"},
	{"handshake", NOON_OPTION_WORD, PATH(path.tls), .words = handshake_words,
	 .help = "of NTS: real TLS, or keys handed over"},
	{"burst", NOON_OPTION_UINT, PATH(path.source.burst), .help = "exchanges of a burst"},
	{"minima", NOON_OPTION_WORD, PATH(minima), .words = minima_words,
	 .help = "what the client takes for the least delays"},
	{"measured-minimum-forward", NOON_OPTION_TIME, PATH(path.source.m_f), LEAST_0,
	 .help = "least delay to the server"},
	{"measured-minimum-reverse", NOON_OPTION_TIME, PATH(path.source.m_r), LEAST_0,
	 .help = "least delay from the server"},
	NOON_OPTION_END,
};

static const struct noon_option seeker_rows[] = {
	{"path", NOON_OPTION_TEXT, 0, 0, .value = "name", .says = "the only one",
	 .help = "whose client it is beside"},
	{"listens", NOON_OPTION_BOOL, SEEK(listens), .help = "one way, without a test"},
	{"predictable", NOON_OPTION_BOOL, SEEK(predictable), .help = "its signals are a counter"},
	{"every", NOON_OPTION_TIME, SEEK(every), ABOVE_0, .help = "from one exchange to the next"},
	{"model-forward", NOON_OPTION_TIME, SEEK(model[0]), LEAST_0,
	 .help = "delay to the server that it assumes"},
	{"model-reverse", NOON_OPTION_TIME, SEEK(model[1]), LEAST_0,
	 .help = "delay from the server that it assumes"},
	{"threshold", NOON_OPTION_TIME, SEEK(threshold), ABOVE_0, .says = "none",
	 .help = "of its round-trip test"},
	{"agreement", NOON_OPTION_TIME, SEEK(agreement), ABOVE_0, .says = "none",
	 .help = "greatest difference of seekers' clocks"},
	NOON_OPTION_END,
};

static const struct noon_option attack_rows[] = {
	{"kind", NOON_OPTION_WORD, AIM(kind), .words = attack_words, .value = "word",
	 .says = "none", .help = "what is done"},
	{"client", NOON_OPTION_TEXT, 0, 0, .value = "name", .says = "any",
	 .help = "on paths of this client only"},
	{"server", NOON_OPTION_TEXT, 0, 0, .value = "name", .says = "any",
	 .help = "on paths to this server only"},
	{"direction", NOON_OPTION_WORD, AIM(direction), .words = direction_words,
	 .help = "which way"},
	{"from", NOON_OPTION_TIME, AIM(from), LEAST_0, .help = "its beginning"},
	{"until", NOON_OPTION_TIME, AIM(until), ABOVE_0, .says = "the end", .help = "its end"},
	{"delay", NOON_OPTION_TIME, AIM(delay), LEAST_0, .help = "constant delay"},
	{"jitter", NOON_OPTION_TIME, AIM(jitter), LEAST_0, .help = "mean of an exponential delay"},
	{"uniform", NOON_OPTION_TIME, AIM(uniform), LEAST_0, .help = "width of a uniform delay"},
	{"ramp", NOON_OPTION_OWN, AIM(ramp), .read = read_slope, .value = "slope",
	 .noun = "a slope such as \"1us/s\"", .help = "more delay each second"},
	{"offset", NOON_OPTION_TIME, AIM(offset), .help = "of a lie, a step or tampering"},
	{"probability", NOON_OPTION_REAL, AIM(probability), PROBABILITY, .value = "probability",
	 .help = "for each packet"},
	{"fraction", NOON_OPTION_REAL, AIM(fraction), PROBABILITY, .value = "probability",
	 .help = "drop-fast: of the fastest packets"},
	{"bytes", NOON_OPTION_UINT, AIM(bytes), NOON_OPTION_RANGE(0, 65535),
	 .help = "size-delay: of the longest packet that is held"},
	{"position", NOON_OPTION_REAL, AIM(position), PROBABILITY, .value = "x",
	 .help = "of the attacker: 0 client, 1 server"},
	{"code", NOON_OPTION_OWN, AIM(code), .read = read_kiss, .value = "DENY|RSTR|RATE|NTSN",
	 .noun = "a kiss code of four letters such as \"RATE\"", .help = "of a kiss"},
	{"guess", NOON_OPTION_BOOL, AIM(guess), .help = "kiss: the origin is guessed"},
	{"frequency", NOON_OPTION_FREQ, AIM(frequency),
	 .help = "temperature: more on the oscillator"},
	{"time-constant", NOON_OPTION_TIME, AIM(time_constant), LEAST_0,
	 .help = "temperature: of the change; burst: the period"},
	{"misannounce", NOON_OPTION_BOOL, AIM(misannounce),
	 .help = "lie: wrong about leap seconds too"},
	NOON_OPTION_END,
};

static const struct noon_option event_rows[] = {
	{"kind", NOON_OPTION_WORD, HAP(kind), .words = event_words, .says = "none",
	 .help = "what happens"},
	{"client", NOON_OPTION_TEXT, 0, 0, .value = "name", .says = "the only one",
	 .help = "to whom"},
	{"at", NOON_OPTION_TIME, HAP(at), ABOVE_0, .says = "none", .help = "when it begins"},
	{"duration", NOON_OPTION_TIME, HAP(duration), LEAST_0,
	 .help = "how long the machine stands still"},
	{"jump", NOON_OPTION_TIME, HAP(jump),
	 .help = "so much more its clock shows from the end on"},
	{"clock-runs", NOON_OPTION_BOOL, HAP(runs), .help = "its clock runs on meanwhile"},
	{"noticed", NOON_OPTION_BOOL, HAP(noticed), .help = "the client is told at the end"},
	{"clock", NOON_OPTION_OWN, HAP(clock), .read = read_preset,
	 .value = "perfect|tcxo|ocxo|rb|vm", .noun = "perfect, tcxo, ocxo, rb or vm",
	 .says = "perfect", .help = "migrate: the oscillator from the end on"},
	{"frequency-error", NOON_OPTION_FREQ, HAP(clock.frequency),
	 .help = "migrate: its rate error"},
	NOON_OPTION_END,
};

/* ---- sections ---- */

static void init_top(void *base)
{
	noon_scenario_init(base);
}

static void init_node(void *base)
{
	*(struct noon_sim_node *)base = noon_sim_node_default();
}

static void init_path(void *base)
{
	struct noon_scenario_path *p = base;

	p->path = noon_sim_path_default();
	p->both = noon_net_link_conf_default();
}

static void init_link(void *base)
{
	*(struct noon_net_link_conf *)base = noon_net_link_conf_default();
}

static void init_seeker(void *base)
{
	*(struct noon_sim_seeker_conf *)base = noon_sim_seeker_default();
}

static void init_attack(void *base)
{
	*(struct noon_sim_attack *)base = noon_sim_attack_default();
}

static void init_event(void *base)
{
	*(struct noon_machine_event *)base = noon_machine_event_default();
}

#define ENGINE offsetof(struct noon_sim_node, engine)
#define SOURCE offsetof(struct noon_scenario_path, path.source)

const struct noon_section noon_scenario_server = {
	.group = {"server", sizeof(struct noon_sim_node), init_node, {{node_rows, 0, NULL}}},
	.kind = NOON_SECTION_TITLED,
};

const struct noon_section noon_scenario_client = {
	.group = {"client",
		  sizeof(struct noon_sim_node),
		  init_node,
		  {{node_rows, 0, NULL}, {client_rows, 0, NULL}, {noon_engine_rows, ENGINE, NULL}}},
	.kind = NOON_SECTION_TITLED,
};

static const struct noon_section forward = {
	.group = {"forward",
		  sizeof(struct noon_net_link_conf),
		  init_link,
		  {{noon_scenario_link_rows, 0, NULL}}},
};

static const struct noon_section reverse = {
	.group = {"reverse",
		  sizeof(struct noon_net_link_conf),
		  init_link,
		  {{noon_scenario_link_rows, 0, NULL}}},
};

static const struct noon_section *const in_path[] = {&forward, &reverse, NULL};

const struct noon_section noon_scenario_path = {
	.group = {"path",
		  sizeof(struct noon_scenario_path),
		  init_path,
		  {{path_rows, 0, NULL},
		   {noon_source_poll_rows, SOURCE, NULL},
		   {noon_source_vote_rows, SOURCE, NULL},
		   {noon_scenario_link_rows, offsetof(struct noon_scenario_path, both), NULL}}},
	.kind = NOON_SECTION_TITLED,
	.sections = in_path,
};

const struct noon_section noon_scenario_seeker = {
	.group = {"seeker",
		  sizeof(struct noon_sim_seeker_conf),
		  init_seeker,
		  {{seeker_rows, 0, NULL}}},
	.kind = NOON_SECTION_TITLED,
};

const struct noon_section noon_scenario_attack = {
	.group = {"attack", sizeof(struct noon_sim_attack), init_attack, {{attack_rows, 0, NULL}}},
	.kind = NOON_SECTION_TITLED,
};

const struct noon_section noon_scenario_event = {
	.group = {"event", sizeof(struct noon_machine_event), init_event, {{event_rows, 0, NULL}}},
	.kind = NOON_SECTION_TITLED,
};

static const struct noon_section *const in_top[] = {
	&noon_scenario_server,
	&noon_scenario_client,
	&noon_scenario_path,
	&noon_scenario_attack,
	&noon_scenario_seeker,
	&noon_scenario_event,
	NULL,
};

const struct noon_section noon_scenario_section = {
	.group = {"", sizeof(struct noon_scenario), init_top, {{top_rows, 0, NULL}}},
	.sections = in_top,
};
