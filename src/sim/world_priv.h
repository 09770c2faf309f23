/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of sim that make up a world.
 */
#ifndef NOON_SIM_WORLD_PRIV_H
#define NOON_SIM_WORLD_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/action.h"
#include "base/rng.h"
#include "crypto/tls.h"
#include "engine/engine.h"
#include "proto/ntp/ntp_client.h"
#include "proto/ntp/ntp_server.h"
#include "proto/nts/ntske_client.h"
#include "proto/nts/ntske_server.h"
#include "proto/ptp/ptp_receiver.h"
#include "proto/ptp/ptp_transmitter.h"
#include "proto/tunnel/tunnel.h"
#include "sim/model/oscillator.h"
#include "sim/queue.h"
#include "sim/scenario.h"
#include "sim/world.h"

#define NOON_SIM_SERVE_LIMIT NOON_S(1)	 /**< serve-limit of a client that serves: its default */
#define NOON_SIM_LATENCY     NOON_US(20) /**< from the arrival of a packet to its handling */

/** A datagram in flight. */
struct noon_flight {
	struct noon_flight *next; /**< in the list of free ones */
	noon_time sent;		  /**< true time */
	noon_time arrived;	  /**< set with the event of its arrival */
	double delay_ns;	  /**< natural delay so far, with the attackers' additions */
	double least_ns;	  /**< of the path at that time */
	double queue_ns;	  /**< natural share above the minimum */
	uint32_t path;
	uint32_t seeker; /**< whose it is: index + 1; 0: of the path's client */
	unsigned dir;	 /**< 0 to the server, 1 from it */
	bool lost;
	bool forged;	 /**< made or changed without the key, or an answer to such a packet */
	bool prompted;	 /**< forged, but by the server itself: an answer to such a request */
	noon_time asked; /**< NTP: when the request left that this is, or answers, as the client's
			  *   sample has it */
	size_t n;
	uint8_t buf[NOON_NTP_PACKET_MAX + 64];
};

enum noon_sim_event_kind {
	NOON_SIM_ARRIVAL,    /**< what: flight */
	NOON_SIM_WAKE,	     /**< who: node */
	NOON_SIM_LOOK,	     /**< compare all clients with the truth */
	NOON_SIM_KE_BYTES,   /**< what: piece of a stream */
	NOON_SIM_KE_LIMIT,   /**< who: path; timeout of a key exchange */
	NOON_SIM_KE_HANDED,  /**< who: path; keys are handed over */
	NOON_SIM_SWITCH_ON,  /**< who: attack */
	NOON_SIM_SWITCH_OFF, /**< who: attack */
	NOON_SIM_SEEK,	     /**< who: seeker; its exchange is due */
	NOON_SIM_TRANSMIT,   /**< who: path; its transmitter's deadline */
	NOON_SIM_SENT,	     /**< who: path; the stamp of its transmitter's last event message */
	NOON_SIM_MACHINE_EVENT_BEGIN, /**< who: event of a machine; it begins */
	NOON_SIM_MACHINE_EVENT_END,   /**< who: event of a machine; it ends */
};

/** A key exchange in progress. */
struct noon_sim_ke {
	bool busy;
	bool blocked;
	uint64_t number;		  /**< of the exchange: events of an earlier one are void */
	struct noon_ntske_client *client; /**< NULL: none */
	struct noon_ntske_server *server;
	struct noon_ntske_server_conf conf;
	noon_time last[2];		 /**< a stream stays in order */
	struct noon_actions actions;	 /**< of the current call */
	struct noon_nts_session session; /**< of the exchange that has just ended */
};

#define NOON_SIM_CAMPAIGN_MAX 100000

/** Round-trip times of one path, collected. */
struct noon_sim_campaign {
	size_t n;
	int64_t rtt[NOON_SIM_CAMPAIGN_MAX]; /**< ns, >= 0 */
};

/** A guard with its plan. */
struct noon_sim_guarding {
	struct noon_guard guard;
	struct noon_guard_plan plan;
	uint64_t hash; /**< of the plan when it was made */
};

/** Both sides of a path of PTP. */
struct noon_sim_ptp {
	struct noon_ptp_keys rx_keys, tx_keys;
	struct noon_ptp_receiver rx;
	struct noon_ptp_transmitter tx;
	struct noon_actions out; /**< of the transmitter */
	noon_time wake_at;	 /**< of its event in force */
	noon_time sent;		 /**< departure to be told to it, UTC of the served clock */
	uint32_t sent_token;
};

/** Both ends of a timing tunnel. */
struct noon_sim_tunnel {
	struct noon_tunnel end[2]; /**< the client's, the server's */
};

/** A client's side of a path. */
struct noon_sim_assoc {
	const struct noon_sim_path *conf;
	struct noon_ntp_client ntp;	/**< unless the path is of PTP */
	struct noon_sim_ptp *ptp;	/**< NULL: it is of NTP */
	struct noon_sim_tunnel *tunnel; /**< NULL: none */
	uint64_t tunnels;		/**< that there were */
	struct noon_sim_ke ke;
	uint32_t source;		    /**< in the engine */
	noon_dur m_f, m_r;		    /**< minima as configured */
	noon_time sampled;		    /**< when the request of the last sample left */
	struct noon_sim_guarding *guarding; /**< NULL: no guard */
	bool up;
};

/** Result of the last comparison. */
struct noon_sim_last {
	struct noon_reading r; /**< valid when has */
	bool has;
	uint64_t samples;
	noon_time at;
};

/** What events do to a machine (sim/machine_event.c). */
struct noon_machine_event_state {
	bool paused;
	noon_time resumes;    /**< when paused: true time */
	noon_time stopped_at; /**< h when the event began */
	noon_dur alarm_from;  /**< alarms may be caused by the machine, ns after the start */
	bool blind;	      /**< h has been disturbed, and too few sources have answered since for
			       *   a client to know it */
	noon_time from_h;     /**< h at the end of the event */
	uint64_t heard;	      /**< bit per path: an exchange has been made since */
	bool ok;	      /**< state at the last comparison */
	noon_dur away_since;  /**< first comparison that was not OK, ns after the start; or
			       *   NOON_DUR_MAX */
	double err, bound;    /**< greatest since the first event, ns */
};

struct noon_sim_machine {
	const struct noon_sim_node *conf;
	struct noon_osc osc;
	struct noon_rng rng;	    /**< stamps and nonces */
	noon_dur stamp_err;	    /**< stated error of its stamps, ns */
	noon_dur noise_ns;	    /**< greatest error of a stamp, ns */
	struct noon_engine *engine; /**< NULL: no client */
	noon_time wake_at;	    /**< of the event in force */
	struct noon_reading kept;   /**< of up to ten minutes ago, to be extrapolated */
	struct noon_sim_last last;
	struct noon_sim_tally tally;
	struct noon_ntp_server server;
	struct noon_nts_keys keys;
	struct noon_machine_event_state machine_event;
	bool server_up, keys_up;
	bool alarmed; /**< state at the last comparison */
};

/** A seeker of the paper (sim/seeker.h). */
struct noon_sim_seeker {
	const struct noon_sim_seeker_conf *conf;
	struct noon_rng rng;
	bool asked;	  /**< awaiting an answer */
	uint64_t counter; /**< the signal of one that is predictable */
	uint64_t signal;  /**< of the question */
	noon_time t1;	  /**< when it left, client's free-running clock */
	bool has;	  /**< an offset */
	noon_dur offset;  /**< server - free-running clock, ns */
	bool declared;	  /**< an attack, by the last test */
	double err;	  /**< UTC - its clock, at the current comparison, ns */
	bool disagrees;	  /**< ... there, with another seeker */
};

/** What an attacker that predicts requests has seen. */
struct noon_sim_guess {
	bool seen;	  /**< a request */
	noon_time at;	  /**< when it was sent */
	uint64_t signal;  /**< of it */
	bool sent;	  /**< a guess of the next one */
	uint64_t guessed; /**< its signal */
};

/** State of one attack. */
struct noon_sim_attacker {
	const struct noon_sim_attack *conf;
	struct noon_rng rng;
	bool on;
	/** replay: the last packet of each path and direction; n 0: none yet. A packet is repeated
	 * on its own path only: elsewhere it would have the delay of another path. */
	struct noon_flight *kept[NOON_SIM_PATHS][2];
	double seen_ns[64]; /**< drop-fast: queueing of recent packets */
	size_t seen;
	noon_time passed[NOON_SIM_PATHS];		/**< clamp: when the request was sent */
	struct noon_sim_guess guess[NOON_SIM_PATHS][2]; /**< of the client, of a seeker */
};

struct noon_world {
	const struct noon_scenario *s;
	uint64_t seed;
	struct noon_sim_queue queue;
	noon_time start, now; /**< true time */
	noon_dur first_attack;
	struct noon_rng rng; /**< of the paths */
	struct noon_sim_machine *node;
	struct noon_sim_assoc *assoc; /**< one for each path */
	struct noon_sim_attacker *attacker;
	struct noon_sim_seeker seeker[NOON_SIM_SEEKERS];
	struct noon_flight *spare;
	struct noon_actions tunnel_actions; /**< of the call of a tunnel under way */
	struct noon_actions actions, doing, findings;
	struct noon_tls_ctx *tls_client, *tls_server;
	struct noon_sim_campaign *campaign; /**< one for each path, or NULL: nothing is collected */
	noon_sim_on_look *watch;
	void *watch_arg;
	uint64_t digest;
	uint64_t exchanges; /**< KE exchanges so far: their numbers */
};

/* world.c */
struct noon_flight *noon_sim_flight_new(struct noon_world *w, uint32_t path, unsigned dir);
void noon_sim_flight_free(struct noon_world *w, struct noon_flight *f);
/** Send what f holds from f->sent on: draws its delay, runs the attackers on it. Takes f over. */
void noon_sim_send(struct noon_world *w, struct noon_flight *f);
/** Send a packet as it is, without attackers. Takes f over. */
void noon_sim_launch(struct noon_world *w, struct noon_flight *f);
void noon_sim_at(struct noon_world *w, noon_time at, enum noon_sim_event_kind kind, uint32_t who,
		 void *what);
/** Return a stamp of a machine's clock for the instant h, with noise and granularity. */
noon_time noon_sim_stamp(struct noon_sim_machine *m, noon_time h);

/* client.c */
noon_err noon_sim_client_init(struct noon_world *w, uint32_t node);
noon_err noon_sim_assoc_init(struct noon_world *w, uint32_t path);
void noon_sim_assoc_fini(struct noon_world *w, uint32_t path);
void noon_sim_client_arrival(struct noon_world *w, const struct noon_flight *f);
void noon_sim_client_wake(struct noon_world *w, uint32_t node);
/** Tell a client that its clock was disturbed, as daemon/core/daemon.c does. */
void noon_sim_client_disrupted(struct noon_world *w, uint32_t node);
/** Drop everything that a client knows, and start over. */
void noon_sim_client_restart(struct noon_world *w, uint32_t node);
/** A key exchange has ended; session NULL: it failed. */
void noon_sim_client_ke_done(struct noon_world *w, uint32_t path,
			     const struct noon_nts_session *session);

/* server.c */
noon_err noon_sim_server_init(struct noon_world *w, uint32_t node);
void noon_sim_server_fini(struct noon_sim_machine *m);
void noon_sim_server_arrival(struct noon_world *w, const struct noon_flight *f);
/** Return what a server's clock shows at a true time near now. */
noon_time noon_sim_server_time(struct noon_world *w, uint32_t node, noon_time t);
/** Return the error of a server's clock, server - UTC, at a true time, ns. */
noon_dur noon_sim_server_error(struct noon_world *w, uint32_t node, noon_time t);
/** Tell whether something that is active `since` ns after the start concerns a server. */
bool noon_sim_is_about(const struct noon_sim_attack *a, uint32_t node, noon_dur since);
/** Answer a request as the server would at a true time, its clock off by `off` more. Returns false
 *  if it would not. Sets f's bytes. */
bool noon_sim_server_answer(struct noon_world *w, uint32_t node, struct noon_bytes request,
			    noon_time arrived, noon_dur layover, noon_dur off,
			    struct noon_flight *f);

/* leap.c */
/** Return when a world begins: true time, ns since 1970. */
noon_time noon_sim_start(const struct noon_scenario *s);
/** Return how far the count of UTC has been shifted by a leap second when a count without it shows
 *  `count`, ns; 0 before it. */
noon_dur noon_sim_leap_shift(const struct noon_world *w, noon_time count);
/** Return what a server announces at a true time. */
enum noon_leap noon_sim_leap_said(const struct noon_world *w, uint32_t node, noon_time t);

/* exchange.c */
void noon_sim_ke_start(struct noon_world *w, uint32_t path);
void noon_sim_ke_bytes(struct noon_world *w, void *arg);
void noon_sim_ke_limit(struct noon_world *w, uint32_t path, void *number);
void noon_sim_ke_handed(struct noon_world *w, uint32_t path);
void noon_sim_ke_fini(struct noon_sim_ke *ke);
void noon_sim_ke_drop(void *piece);
/** Return the side that a piece of a stream goes to: 0 the server's, 1 the client's. */
unsigned noon_sim_ke_side(const void *piece);

/* ptp.c */
noon_err noon_sim_ptp_init(struct noon_world *w, uint32_t path, uint32_t source);
void noon_sim_ptp_fini(struct noon_sim_ptp *p);
void noon_sim_ptp_transmit(struct noon_world *w, uint32_t path);
void noon_sim_ptp_sent(struct noon_world *w, uint32_t path);
void noon_sim_ptp_arrival(struct noon_world *w, const struct noon_flight *f);
/** Return whom the receiver of a path listens to. */
struct noon_peer noon_sim_ptp_peer(void);

/* tunnel.c */
noon_err noon_sim_tunnel_init(struct noon_world *w, uint32_t path);
void noon_sim_tunnel_fini(struct noon_sim_tunnel *t);
/** Seal a packet that is about to be sent, if its path has a tunnel. */
void noon_sim_tunnel_seal(struct noon_world *w, struct noon_flight *f);
/** Open one that has arrived. @return false: it is not authentic */
bool noon_sim_tunnel_open(struct noon_world *w, struct noon_flight *f);

/* guarding.c */
void noon_sim_campaign_note(struct noon_sim_campaign *c, const struct noon_sample *x);
/** Give every path a guard, calibrated in an honest world. */
noon_err noon_sim_guard_all(struct noon_world *w);
/** Tell whether minima and plan are those of the beginning (I5). */
bool noon_sim_baseline_is_kept(const struct noon_world *w, uint32_t path);

/* attacker.c */
bool noon_sim_attack_is_on(const struct noon_sim_attacker *a, const struct noon_world *w,
			   uint32_t path);
/** Run every attacker on the path on a packet. */
void noon_sim_attack_pass(struct noon_world *w, struct noon_flight *f);
void noon_sim_attack_switch(struct noon_world *w, uint32_t attack, bool on);

/* machine_event.c */
/** Register the effects of events on a client with its tally; once, at the start. */
void noon_machine_event_init(struct noon_world *w, uint32_t node);
void noon_machine_event_begin(struct noon_world *w, uint32_t machine_event);
void noon_machine_event_end(struct noon_world *w, uint32_t machine_event);
/** Reschedule an event whose machine is paused; returns whether it did. */
bool noon_machine_event_defers(struct noon_world *w, const struct noon_sim_event *e);
/** Record an exchange of a path, before it is handed to the engine. */
void noon_machine_event_heard(struct noon_world *w, uint32_t path, const struct noon_sample *x);
/** Record a comparison with the truth. */
void noon_machine_event_look(struct noon_world *w, struct noon_sim_machine *m,
			     const struct noon_reading *r, double err, bool even);

/* seeker.c */
void noon_sim_seeker_init(struct noon_world *w, uint32_t i);
void noon_sim_seeker_wake(struct noon_world *w, uint32_t i);
void noon_sim_seeker_arrival(struct noon_world *w, const struct noon_flight *f);
/** Run an exchange of the receiver of a PTP path for its seekers. */
void noon_sim_seekers_sample(struct noon_world *w, uint32_t path, const struct noon_sample *x);
/** Compare all seekers with the truth, at equal distances. */
void noon_sim_seekers_look(struct noon_world *w);

/* guess.c */
/** NOON_ATTACK_GUESS on a packet. */
void noon_sim_guess(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f);

/* truth.c */
/** Return truth - (h + corr), ns, of a machine now. */
double noon_sim_error_of(struct noon_world *w, struct noon_sim_machine *m, noon_dur corr);
/** Compare a client with the truth; `even` at equal distances. */
void noon_sim_look(struct noon_world *w, uint32_t node, bool even);

#endif
