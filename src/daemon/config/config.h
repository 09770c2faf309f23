/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration file of noonmarkd, read by libConfuse and checked.
 *
 * Every error names file, line, the value found and the value expected. docs/man/noonmarkd.conf.5
 * describes the options; names follow chrony where chrony has them.
 */
#ifndef NOON_DAEMON_CONFIG_H
#define NOON_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/aead.h"
#include "crypto/ts_signer.h"
#include "engine/conf.h"
#include "http/http_server.h"
#include "link/tunnel_correction.h"
#include "option/option_file.h"
#include "platform/clock/clock.h"
#include "platform/net/udp.h"
#include "proto/one_way/one_way_server.h"
#include "proto/ptp/ptp_receiver.h"
#include "proto/ptp/ptp_transmitter.h"
#include "proto/tsa/tsa.h"
#include "proto/tunnel/tunnel.h"

#define NOON_CONFIG_SOURCES_MAX NOON_SOURCES_MAX
#define NOON_CONFIG_LISTEN_MAX	8
#define NOON_CONFIG_PATH_MAX	512
#define NOON_CONFIG_NAMES_MAX	8
#define NOON_CONFIG_TUNNELS_MAX 8

enum noon_clock_kind {
	NOON_CLOCK_KIND_VIRTUAL,
	NOON_CLOCK_KIND_SYSTEM,
	NOON_CLOCK_KIND_SYSTEM_READ_ONLY,
	NOON_CLOCK_KIND_PHC,
};

struct noon_config_clock {
	enum noon_clock_kind kind;
	char device[NOON_CONFIG_PATH_MAX]; /**< of a PHC */
	struct noon_clock_virtual_conf virt;
	char vmclock[NOON_CONFIG_PATH_MAX];	/**< "": none */
	char clocksource[NOON_CONFIG_PATH_MAX]; /**< file with the kernel's; "": none */
};

/** Common to receivers and transmitters of PTP: sockets, domain and keys. */
/** Where the keys of a tunnel or of PTP come from, if not from a file. */
struct noon_config_exchange {
	char certificate[NOON_CONFIG_PATH_MAX]; /**< "": there is no exchange */
	char key[NOON_CONFIG_PATH_MAX];
	char ca[NOON_CONFIG_PATH_MAX]; /**< what the other end's certificate must come from */
	char name[256];		       /**< that it must be for; "": any */
	uint16_t port;		       /**< TCP */
	noon_dur rekey;		       /**< time between two exchanges */
};

struct noon_config_ptp_port {
	char interface[16];	  /**< "" for none: unicast only */
	int family;		  /**< AF_INET, AF_INET6, or AF_PACKET for Ethernet */
	struct noon_addr address; /**< to bind to; len 0: any */
	bool has_identity;
	uint8_t identity[NOON_PTP_IDENTITY_LEN]; /**< clockIdentity; else the interface's */
	uint16_t sdo_id;
	uint8_t domain;
	bool telecom;			    /**< profile G.8265.1 */
	uint8_t major, minor;		    /**< halves of sdo_id */
	char sa_file[NOON_CONFIG_PATH_MAX]; /**< "" for no authentication, or exchange */
	struct noon_config_exchange exchange;
	uint8_t spp;
	uint32_t key_id; /**< 0: the last one of the file */
	char tunnel[64]; /**< name of the one it sends through; "" for none */
	bool in_tunnel;	 /**< one of ours, which lets nothing else in */
};

struct noon_config_ptp_receiver {
	bool enabled; /**< the source is one */
	struct noon_config_ptp_port port;
	char transmitter[256]; /**< "" for multicast */
	char cycle_with[64];   /**< another section, over another path to the same; "": none */
	noon_dur cycle_limit;
	struct noon_ptp_receiver_conf machine; /**< except rng, source, port, policy and peer */
};

#define NOON_CONFIG_TRANSMITTERS_MAX 4

/** A coordinate that is not configured. */
#define NOON_CONFIG_NOWHERE 1000.0

/** Location of the far end of a path and the path's greatest speed, as configured. */
struct noon_config_path {
	double distance_m;
	double latitude, longitude; /**< degrees, or NOON_CONFIG_NOWHERE */
	double cable_length_m, cable_index, cable_tolerance_m;
	double attacker_index;
	noon_dur forward, reverse; /**< measured minima */
};

/** The guard of a source or of a receiver: its baseline, and the delay it must detect. */
struct noon_config_guard {
	char path_id[128];		     /**< of the path, as in its baseline */
	char baseline[NOON_CONFIG_PATH_MAX]; /**< "" for none */
	noon_dur shift;			     /**< to be detected; 0: the alert limit */
	char name[256];			     /**< of what it watches, for messages */
	double interval_min_s;		     /**< between exchanges as they come, 0: not known */
	double interval_max_s;
};

/** A receiver whose reports the transmitter verifies. */
struct noon_config_watch {
	uint8_t clock[NOON_PTP_IDENTITY_LEN]; /**< its clockIdentity */
	struct noon_config_guard guard;
	struct noon_config_path said;
	struct noon_source_conf path; /**< only the minima are used */
};

struct noon_config_ptp_transmitter {
	char name[64];
	size_t n_watch;
	struct noon_config_watch watch[NOON_PTP_WATCHED_MAX];
	struct noon_config_ptp_port port;
	uint8_t local_class;  /**< clockClass of a clock without sources; 0: it is not served */
	noon_dur local_bound; /**< its |error| */
	bool two_step;
	struct noon_ptp_transmitter_conf machine; /**< except rng, port and policy */
};

struct noon_config_source {
	char host[256];
	uint16_t port;	   /**< NTP */
	uint16_t nts_port; /**< NTS-KE */
	bool nts;
	char tunnel[64]; /**< NTP goes through it; "": none */
	bool allow_unauthenticated;
	bool iburst;
	struct noon_config_path path;
	int family;		       /**< AF_UNSPEC, AF_INET or AF_INET6 */
	char ca[NOON_CONFIG_PATH_MAX]; /**< "": the system's */
	char name[256];		       /**< certificate name; "": host */
	enum noon_aead_id aead[2];     /**< order of preference */
	size_t n_aead;
	bool cert_time_check;
	noon_dur nts_refresh; /**< an older session is not used any more */
	struct noon_config_guard guard;
	struct noon_source_conf engine;
	struct noon_config_ptp_receiver ptp; /**< unless enabled, the source speaks NTP */
};

struct noon_config_server {
	bool enabled;
	size_t n_listen;
	struct noon_addr listen[NOON_CONFIG_LISTEN_MAX];
	unsigned threads;
	uint8_t local_stratum; /**< 0: serve only what the engine knows */
	noon_dur local_bound;  /**< |clock - UTC| claimed when serving the local clock */
	double rate_per_s;     /**< requests per second and address; 0: no limit */
	unsigned rate_burst;
	size_t n_tunnels;
	char tunnel[NOON_CONFIG_TUNNELS_MAX][64]; /**< requests come through these as well */
};

struct noon_config_ke {
	bool enabled;
	size_t n_listen;
	struct noon_addr listen[NOON_CONFIG_LISTEN_MAX];
	char certificate[NOON_CONFIG_PATH_MAX]; /**< "": create one */
	char key[NOON_CONFIG_PATH_MAX];
	size_t n_names;
	char names[NOON_CONFIG_NAMES_MAX][256]; /**< of a generated certificate */
	unsigned connections_max;
	noon_dur timeout;
	noon_dur rotate;
	char ntp_host[256]; /**< negotiated server, "" for none */
	uint16_t ntp_port;  /**< negotiated port, 0 for none */
};

/** Certificates in tokens. */
enum noon_config_certs {
	NOON_CONFIG_CERTS_CHAIN,
	NOON_CONFIG_CERTS_SIGNER,
	NOON_CONFIG_CERTS_NONE,
};

/** The time-stamp authority. */
struct noon_config_tsa {
	bool enabled;
	size_t n_listen;
	struct noon_http_listen listen[NOON_HTTP_LISTEN_MAX];
	char path[128];
	char signer_cert[NOON_CONFIG_PATH_MAX];
	char signer_key[NOON_CONFIG_PATH_MAX]; /**< file, or "pkcs11:..." */
	enum noon_digest rsa_digest;
	enum noon_config_certs in_tokens;
	enum noon_ts_certs certs;
	bool tsa_name; /**< tokens name the authority */
	char ledger[NOON_CONFIG_PATH_MAX];
	char tls_certificate[NOON_CONFIG_PATH_MAX];
	char tls_key[NOON_CONFIG_PATH_MAX];
	struct noon_tsa_conf machine; /**< except name */
	noon_dur local_bound;	      /**< |error| of a clock without sources; 0: no tokens */
	unsigned threads;
	unsigned connections_max; /**< of all threads */
	size_t body_max;	  /**< bytes */
	noon_dur timeout;
	noon_dur idle_timeout;
	double rate_per_s; /**< requests per second and address; 0: no limit */
	unsigned rate_burst;
};

/** The daytime or the time service. */
struct noon_config_one_way {
	bool enabled;
	size_t n_listen;
	struct noon_addr listen[NOON_CONFIG_LISTEN_MAX];
	bool tcp;
	bool udp;
	double rate_per_s; /**< requests per second and address; 0: no limit */
	unsigned rate_burst;
	unsigned connections_max; /**< 1 or more */
	noon_dur timeout;	  /**< of a connection, from its start */
	struct noon_one_way_server_conf machine;
};
/** Who seals and opens the packets of a tunnel. */
enum noon_tunnel_backend {
	NOON_TUNNEL_BY_USER, /**< this program */
	NOON_TUNNEL_BY_KERNEL,
	NOON_TUNNEL_BY_OTHERS, /**< it is only observed */
};

/** A tunnel for timing traffic. Addresses have no port. */
struct noon_config_tunnel {
	char name[64];		      /**< fit for the name of a file */
	struct noon_addr local, peer; /**< outer addresses; local len 0: any (in UDP only) */
	struct noon_addr inner_local; /**< of what is inside; never len 0 */
	struct noon_addr inner_peer;  /**< never len 0 */
	enum noon_tunnel_backend backend;
	bool is_initiator;		     /**< the other end is not */
	char key_file[NOON_CONFIG_PATH_MAX]; /**< "": exchange */
	struct noon_config_exchange exchange;
	size_t key_len;	   /**< of AES: 16 or 32 bytes */
	bool seed;	   /**< profile: AH and padding unless the section says otherwise */
	bool ah;	   /**< AH around ESP; not with udp */
	bool extended;	   /**< sequence numbers of 64 bits */
	bool udp;	   /**< inside UDP */
	uint16_t udp_port; /**< of both ends */
	uint16_t port[NOON_TUNNEL_PORTS]; /**< that it carries */
	size_t ports;			  /**< 1 or more */
	struct noon_padding padding;	  /**< sound */
	enum noon_tunnel_correction correction;
	bool warm_up; /**< a cover packet ahead of each event message */
	noon_dur lifetime;
	uint64_t packets;
	uint64_t bytes; /**< 0: no limit */
	double jitter;
	noon_dur grace;
	noon_dur dead_after;
	noon_dur cover;			       /**< 0: none */
	char spi_socket[NOON_CONFIG_PATH_MAX]; /**< of who is told of SPIs; "": nobody */
};

struct noon_config {
	char state_dir[NOON_CONFIG_PATH_MAX];
	char control[NOON_CONFIG_PATH_MAX]; /**< socket; "" for none */
	char page[NOON_CONFIG_PATH_MAX];    /**< shared page; "" for none */
	char user[64];
	char hwtimestamp[16];		      /**< interface for hardware stamps; "" for none */
	char guard_key[NOON_CONFIG_PATH_MAX]; /**< public key that baselines are signed with */
	double guard_p_d;
	double guard_p_fa;
	char hook[NOON_CONFIG_PATH_MAX]; /**< command run on changes of state; "" for none */
	struct noon_engine_conf engine;
	double latitude, longitude; /**< of this machine, degrees, or NOON_CONFIG_NOWHERE */
	noon_dur serve_limit;	    /**< time is served while the bound is within it, ns */
	struct noon_config_clock clock;
	struct noon_config_server server;
	struct noon_config_ke ke;
	struct noon_config_tsa tsa;
	struct noon_config_one_way daytime;
	struct noon_config_one_way time;
	unsigned no_cert_time_check; /**< key exchanges before certificate times count */
	size_t n_sources;
	struct noon_config_source source[NOON_CONFIG_SOURCES_MAX];
	size_t n_transmitters;
	struct noon_config_ptp_transmitter transmitter[NOON_CONFIG_TRANSMITTERS_MAX];
	size_t n_tunnels;
	struct noon_config_tunnel tunnel[NOON_CONFIG_TUNNELS_MAX];
	int utc_offset; /**< TAI - UTC declared by configuration, s; 0: to be determined */
	char leap_list[NOON_CONFIG_PATH_MAX];
};

/** The file, its sections and their options. */
extern const struct noon_section noon_config_section;

/** Return the tunnel of this name, or NULL. */
const struct noon_config_tunnel *noon_config_tunnel_of(const struct noon_config *c,
						       const char *name);

/** Configuration without a file: a virtual clock and a local NTS server on loopback with a
 *  generated certificate, everything below a directory of the user's. */
void noon_config_default(struct noon_config *c);

/**
 * Read a file. Errors are written to standard error as "file:line: what".
 * @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_FORMAT
 */
NOON_MUST_USE noon_err noon_config_read(const char *path, struct noon_config *ret);

#endif
