/* SPDX-License-Identifier: Apache-2.0
 *
 * The PTP ports of the daemon: sockets shared by the sections that name the same interface or
 * tunnel, the files of keys, and the self-test of the time stamps.
 */
#ifndef NOON_DAEMON_PTP_PORTS_H
#define NOON_DAEMON_PTP_PORTS_H

#include "daemon/config/config.h"
#include "daemon/tunnel/tunnels.h"
#include "link/ptp_link.h"
#include "proto/ptp/ptp_keys.h"

#define NOON_PTP_PORTS_MAX (NOON_CONFIG_SOURCES_MAX + NOON_CONFIG_TRANSMITTERS_MAX)

/** Result of a port's self-test. */
enum noon_ptp_stamps {
	NOON_PTP_STAMPS_UNTESTED,
	NOON_PTP_STAMPS_GOOD,	   /**< departures are stamped */
	NOON_PTP_STAMPS_MISSING,   /**< none came */
	NOON_PTP_STAMPS_BEFORE_IT, /**< stamped, but in a device that a program reads (TUN):
				    *   before its processing */
};

struct noon_daemon_ptp_port {
	struct noon_config_ptp_port conf;
	struct noon_ptp_link link;
	uint8_t identity[NOON_PTP_IDENTITY_LEN]; /**< clockIdentity */
	uint16_t next_number;			 /**< portNumber of the next machine */
	enum noon_ptp_stamps stamps;
	enum noon_stamp kind; /**< of departures, when they are stamped */
	struct noon_ptp_user prober;
	struct noon_timer test;
};

struct noon_ptp_key_file {
	char path[NOON_CONFIG_PATH_MAX];
	struct noon_ptp_keys keys;
};

/** A section that seals with a file's keys; borrowed from the configuration. */
struct noon_ptp_key_use {
	const struct noon_config_ptp_port *conf;
	const char *name;
};

struct noon_ptp_ports {
	struct noon_loop *loop;
	struct noon_rng *rng;
	const struct noon_hwstamp *hw;	      /**< NULL: none */
	struct noon_tunnels *tunnels;	      /**< NULL: none */
	struct noon_key_exchanges *exchanges; /**< borrowed */
	size_t n;
	struct noon_daemon_ptp_port *port[NOON_PTP_PORTS_MAX];
	size_t n_files;
	struct noon_ptp_key_file *file[NOON_PTP_PORTS_MAX];
	size_t n_uses;
	struct noon_ptp_key_use use[NOON_PTP_PORTS_MAX];
};

/** Open the sockets of a section, or find those opened before. Errors are logged.
 *  @param[out] ret  borrowed until fini */
NOON_MUST_USE noon_err noon_ptp_ports_open(struct noon_ptp_ports *p,
					   const struct noon_config_ptp_port *conf,
					   const char *name, struct noon_daemon_ptp_port **ret);

/** Load the keys of a section, or find those loaded before. Errors are logged. conf and name are
 *  borrowed until fini.
 *  @param[out] ret  borrowed until fini; NULL when the section has none */
NOON_MUST_USE noon_err noon_ptp_ports_keys(struct noon_ptp_ports *p,
					   const struct noon_config_ptp_port *conf,
					   const char *name, struct noon_ptp_keys **ret);

/** Start receiving, and test the stamps. */
NOON_MUST_USE noon_err noon_ptp_ports_start(struct noon_ptp_ports *p);

/** Reload all key files; one that cannot be read keeps its old keys. Logged.
 *  @retval NOON_OK, NOON_ERR_FORMAT (some file could not be read) */
NOON_MUST_USE noon_err noon_ptp_ports_reload(struct noon_ptp_ports *p);

/** Return the identity of the next machine on a port. */
struct noon_ptp_port noon_ptp_ports_identity(struct noon_daemon_ptp_port *port);

/** Return a word for the stamps ("kernel", "hardware", "missing", "before-device", "untested"). */
const char *noon_ptp_stamps_word(const struct noon_daemon_ptp_port *port);

void noon_ptp_ports_fini(struct noon_ptp_ports *p);

#endif
