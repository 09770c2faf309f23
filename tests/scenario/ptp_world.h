/* SPDX-License-Identifier: Apache-2.0
 *
 * A small virtual network for PTP: transmitters, receivers with an engine each, and an attacker who
 * sees every packet.
 *
 * Time is true UTC. A node's free-running clock is h = offset + (1 + rate) t; a transmitter serves
 * UTC with an error. After each event every engine's reading is compared with the truth.
 */
#ifndef NOON_TESTS_PTP_WORLD_H
#define NOON_TESTS_PTP_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "engine/engine.h"
#include "proto/ptp/ptp_receiver.h"
#include "proto/ptp/ptp_transmitter.h"

#define NODES	4
#define PACKETS 512
#define TAI	37

struct net;

struct packet {
	bool used;
	noon_time at; /* arrival, true UTC */
	unsigned from, to;
	size_t n;
	uint8_t data[256];
};

/* What the attacker may do with a packet that is about to be put on the way: change it, change
 * packet->at, add others with net_inject(); false: it is dropped. */
typedef bool meddle_fn(struct net *n, struct packet *p);

struct node {
	bool used, is_transmitter;
	noon_dur offset; /* of h */
	double rate;	 /* of h */
	noon_dur error;	 /* served - UTC, of a transmitter */
	bool no_stamps;	 /* departures are never reported */
	noon_dur
		astray; /* what is told to the machine of UTC is off by this: another source lied */
	struct noon_ptp_keys keys;
	struct noon_rng rng;
	struct noon_ptp_transmitter tx;
	struct noon_ptp_receiver rx;
	struct noon_engine engine;
	uint32_t source;
	noon_time sent_at; /* departure to report, local or served; NEVER: none */
	uint32_t sent_token;
	noon_time report_at; /* true UTC */
	uint64_t samples, misses;
	noon_dur rtt_min, rtt_max; /* of samples */
	uint64_t violations, harmed, checks;
	uint64_t findings; /* of a transmitter, about receivers */
	bool alarmed;
};

struct net {
	noon_time t; /* true UTC */
	noon_dur delay, jitter;
	struct noon_rng rng;
	meddle_fn *meddle;
	double knob;
	struct node node[NODES];
	struct packet packet[PACKETS];
	uint64_t seen[NOON_PTP_TYPES];
	struct noon_actions out;       /* of the event under way */
	struct noon_actions of_engine; /* what the engine says of it; not looked at */
};

struct net *net_new(uint64_t seed);
void net_free(struct net *n);

/* Keys of a file's text; NULL: none. */
void net_keys(struct node *d, const char *text);

/* Add a node; conf.rng, port.self and policy.keys are filled in here. */
unsigned net_transmitter(struct net *n, struct noon_ptp_transmitter_conf conf, noon_dur error,
			 const char *keys);
unsigned net_receiver(struct net *n, struct noon_ptp_receiver_conf conf, double rate_ppm,
		      const char *keys);

struct noon_peer net_peer(unsigned node);
void net_serve(struct net *n, unsigned node, noon_dur bound); /* set the quality */
void net_run(struct net *n, double seconds);
/* Put a packet on the way, arriving after `delay`. */
void net_inject(struct net *n, unsigned from, unsigned to, const uint8_t *data, size_t len,
		noon_dur delay);
struct noon_reading net_reading(struct net *n, unsigned node);
uint64_t net_verdict(const struct net *n, unsigned node, enum noon_verdict v);

#endif
