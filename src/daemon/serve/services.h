/* SPDX-License-Identifier: Apache-2.0
 *
 * The services of the daemon, opened, started and stopped together: NTP, NTS-KE, time stamps,
 * daytime and time, and PTP.
 */
#ifndef NOON_DAEMON_SERVICES_H
#define NOON_DAEMON_SERVICES_H

#include "base/err.h"
#include "daemon/config/config.h"
#include "daemon/report/alert.h"
#include "daemon/serve/ke_service.h"
#include "daemon/serve/ntp_service.h"
#include "daemon/serve/one_way_service.h"
#include "daemon/serve/ptp_service.h"
#include "daemon/serve/served.h"
#include "daemon/serve/tsa_service.h"
#include "daemon/tunnel/tunnels.h"
#include "platform/entropy.h"
#include "platform/loop.h"

struct noon_services {
	struct noon_config *conf; /**< borrowed */
	struct noon_served served;
	struct noon_ntp_service *ntp;
	struct noon_ke_service *ke;
	struct noon_tsa_service *tsa;	      /**< NULL: none */
	struct noon_one_way_service *daytime; /**< NULL: not served */
	struct noon_one_way_service *time;
	struct noon_key_exchanges exchanges; /**< of tunnels and of PTP */
	struct noon_tunnels tunnels;
	struct noon_ptp_ports ports;				    /**< of sources as well */
	struct noon_ptp_service *ptp[NOON_CONFIG_TRANSMITTERS_MAX]; /**< NULL: none */
};

/** Before anything else. @param conf  borrowed; a generated certificate is stored there */
void noon_services_init(struct noon_services *s, struct noon_config *conf);

/** Open sockets below 1024 and files that only root may read, while privileged. Errors are logged;
 * what was opened is closed by noon_services_fini(). @param hw  NULL: none
 * @retval NOON_OK, others of the services' */
NOON_MUST_USE noon_err noon_services_open(struct noon_services *s, struct noon_loop *loop,
					  struct noon_entropy *entropy,
					  const struct noon_hwstamp *hw);

/** Open the transmitters of PTP, after its sources: the first to open a port sets its properties.
 *  Errors as noon_services_open(). */
NOON_MUST_USE noon_err noon_services_open_ptp(struct noon_services *s);

/** Start serving, after privileges were dropped. Errors as noon_services_open(). */
NOON_MUST_USE noon_err noon_services_start(struct noon_services *s);

/** Callbacks of PTP transmitters; `arg` is passed on. */
struct noon_services_ptp_host {
	void (*on_finding)(void *arg, const char *who, const struct noon_finding *f);
	void (*on_alarm)(void *arg);
	void *arg;
};

/** Start transmitting, after the sources of PTP. Errors as noon_services_open(). */
NOON_MUST_USE noon_err noon_services_start_ptp(struct noon_services *s, struct noon_clock *clock,
					       struct noon_rng *rng,
					       const struct noon_services_ptp_host *host);

/** Update what the PTP transmitters announce, once a second and after each event. */
void noon_services_tell_ptp(struct noon_services *s, const struct noon_ptp_served *what);

/** Collect the transmitters' state of the receivers that they watch. */
void noon_services_receivers(const struct noon_services *s, struct noon_alert_receivers *ret);

/** Drop the findings of a watched receiver; NULL: of all. @return whether there is one */
bool noon_services_accept(struct noon_services *s, const char *identity);

/** Reload certificates, keys and baselines. Errors are logged; the old ones stay in force. */
void noon_services_reload(struct noon_services *s);

/** Reload the keys of PTP. @retval NOON_OK, NOON_ERR_FORMAT (some file could not be read; its old
 * keys stay in force), NOON_ERR_EMPTY (there are none) */
NOON_MUST_USE noon_err noon_services_reload_keys(struct noon_services *s);

/** Stop transmitters and close the ports of PTP: the sources must have been released. */
void noon_services_end_ptp(struct noon_services *s);
/** Stop the others. */
void noon_services_fini(struct noon_services *s);

#endif
