/* SPDX-License-Identifier: Apache-2.0
 *
 * For the config*.c files only: the sections, and the functions that convert each one after it was
 * read and checked by its table. Errors of several options together name the last line of the
 * section.
 */
#ifndef NOON_DAEMON_CONFIG_PRIV_H
#define NOON_DAEMON_CONFIG_PRIV_H

#include "daemon/config/config.h"

/** Sections, and the structs that their options fill. */
extern const struct noon_section noon_config_source_section;	      /**< noon_config_source */
extern const struct noon_section noon_config_server_section;	      /**< noon_config_server */
extern const struct noon_section noon_config_ke_section;	      /**< noon_config_ke */
extern const struct noon_section noon_config_tsa_section;	      /**< noon_config_tsa */
extern const struct noon_section noon_config_daytime_section;	      /**< noon_config_one_way */
extern const struct noon_section noon_config_time_section;	      /**< noon_config_one_way */
extern const struct noon_section noon_config_tunnel_section;	      /**< noon_config_tunnel */
extern const struct noon_section noon_config_ptp_receiver_section;    /**< noon_config_source */
extern const struct noon_section noon_config_ptp_transmitter_section; /**< ..._ptp_transmitter */

/** Options of every path to a far end. */
extern const struct noon_option noon_config_path_rows[];  /**< of struct noon_config_path */
extern const struct noon_option noon_config_guard_rows[]; /**< of struct noon_config_guard */
/** Trust in any source, of struct noon_config_source. */
extern const struct noon_option noon_config_trust_rows[];

/** A struct noon_addr without a port; "" is none. */
bool noon_config_read_address(const struct noon_option *o, const char *text, void *at,
			      char why[NOON_OPTION_WHY]);

/** A list of addresses to listen on: two members of several structs, in this order. */
struct noon_config_listen {
	size_t n;
	struct noon_addr at[NOON_CONFIG_LISTEN_MAX];
};

bool noon_config_read_listen(const struct noon_option *o, const char *text, void *at,
			     char why[NOON_OPTION_WHY]);
/** The row of such a list. */
#define NOON_CONFIG_LISTEN_ROW(type, all)                                                        \
	{                                                                                        \
		"listen", NOON_OPTION_OWN, offsetof(type, n_listen),                             \
			sizeof(struct noon_config_listen),                                       \
			.read = noon_config_read_listen, .most = NOON_CONFIG_LISTEN_MAX,         \
			.says = (all), .value = "address:port", .noun = NOON_CONFIG_LISTEN_NOUN, \
			.help = "addresses to serve at"                                          \
	}
#define NOON_CONFIG_LISTEN_NOUN "\"ADDRESS:PORT\" such as \"127.0.0.1:4460\" or \"[::1]:4460\""
/** Without addresses: all of them, on `port`. */
void noon_config_listen_default(size_t *n, struct noon_addr *at, uint16_t port);

/** Print "SECTION: what" or "SECTION "TITLE": what"; returns NOON_ERR_FORMAT. */
noon_err noon_config_refuse(cfg_t *cfg, const char *what);
/** The same with "OPTION: what". */
noon_err noon_config_refuse_option(cfg_t *cfg, const char *option, const char *what);

/** Defaults of a path, and of the options of every source. */
void noon_config_path_init(struct noon_config_path *p);
void noon_config_source_init(void *base);

/** Compute the minima of a path: sets s->m_f, m_r, light and minima. */
NOON_MUST_USE noon_err noon_config_settle_path(cfg_t *cfg, const struct noon_config *c,
					       const struct noon_config_path *p,
					       struct noon_source_conf *s);
/** Complete a guard. @param name  of the guarded source or receiver; the default of path-id */
NOON_MUST_USE noon_err noon_config_settle_guard(cfg_t *cfg, const struct noon_config *c,
						const char *name, struct noon_config_guard *g);
/** Both, of a source. */
NOON_MUST_USE noon_err noon_config_settle_source(cfg_t *cfg, const struct noon_config *c,
						 struct noon_config_source *s);

/** Convert a section; c is complete except for sections that come later. */
NOON_MUST_USE noon_err noon_config_take_source(cfg_t *cfg, const struct noon_config *c,
					       struct noon_config_source *s);
NOON_MUST_USE noon_err noon_config_take_ptp_receiver(cfg_t *cfg, const struct noon_config *c,
						     struct noon_config_source *s);
NOON_MUST_USE noon_err noon_config_take_ptp_transmitter(cfg_t *cfg, const struct noon_config *c,
							struct noon_config_ptp_transmitter *t);
/** Convert all sections tunnel; `top` is the file. */
NOON_MUST_USE noon_err noon_config_take_tunnels(cfg_t *top, struct noon_config *c);
/** Check the option tunnel of a PTP port, and what else it says against it; "" is fine. */
NOON_MUST_USE noon_err noon_config_check_tunnel(cfg_t *cfg, const struct noon_config *c,
						const struct noon_config_ptp_port *p);

/** The options of a key exchange. @param AT  macro of where the members are @param name  what
 *  peer-name is without being said */
#define NOON_CONFIG_EXCHANGE_ROWS(AT, name_says)                                             \
	{"certificate",                                                                      \
	 NOON_OPTION_TEXT,                                                                   \
	 AT(exchange.certificate),                                                           \
	 .value = "path",                                                                    \
	 .says = "none",                                                                     \
	 .help = "of this end, then its issuers, PEM: keys come from an exchange"},          \
		{"certificate-key",                                                          \
		 NOON_OPTION_TEXT,                                                           \
		 AT(exchange.key),                                                           \
		 .value = "path",                                                            \
		 .says = "needed with certificate",                                          \
		 .help = "its private key, PEM"},                                            \
		{"peer-certificates",                                                        \
		 NOON_OPTION_TEXT,                                                           \
		 AT(exchange.ca),                                                            \
		 .value = "path",                                                            \
		 .says = "needed with certificate",                                          \
		 .help = "root of the other end's certificate, or it, if self-signed, PEM"}, \
		{"peer-name",                                                                \
		 NOON_OPTION_TEXT,                                                           \
		 AT(exchange.name),                                                          \
		 .value = "name",                                                            \
		 .says = (name_says),                                                        \
		 .noun = "a name of at most 255 characters",                                 \
		 .help = "that the other end's certificate must be for"},                    \
		{"exchange-port",   NOON_OPTION_UINT,                                        \
		 AT(exchange.port), NOON_OPTION_RANGE(1, 65535),                             \
		 .def = "4461",	    .help = "TCP, of the end that answers"},                 \
	{                                                                                    \
		"rekey", NOON_OPTION_TIME, AT(exchange.rekey),                               \
			NOON_OPTION_RANGE(NOON_S(1), NOON_S(30 * 86400)),                    \
			.def = "8h",                                                         \
			.help = "between two key exchanges, less by up to a share of it"     \
	}

/** Check the options of a key exchange. Errors are reported. @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_config_settle_exchange(cfg_t *cfg, struct noon_config_exchange *x);

/** Check the option tunnel of a source: the host must be its other end, and the port one of those
 *  that it carries. Errors are reported. @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_config_check_tunnel_to(cfg_t *cfg, const struct noon_config *c,
						   const char *name, const char *host,
						   uint16_t port);

/** Check the option tunnel of the server, once the tunnels are known. Errors are reported.
 *  @param top  the file @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_config_check_server_tunnels(cfg_t *top, const struct noon_config *c);
/** Defaults of a section nts-ke, names included. */
void noon_config_ke_default(struct noon_config_ke *k);

/** Convert the sections that may occur once; `top` is the file. */
NOON_MUST_USE noon_err noon_config_take_servers(cfg_t *top, struct noon_config *c);
NOON_MUST_USE noon_err noon_config_take_tsa(cfg_t *top, const struct noon_config *c,
					    struct noon_config_tsa *t);
NOON_MUST_USE noon_err noon_config_take_one_way(cfg_t *top, struct noon_config *c);

/** Check what the option cycle-with names, once all sections are read. */
noon_err noon_config_check_cycles(cfg_t *top, const struct noon_config *c);

#endif
