/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/ptp_ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/report/log.h"
#include "platform/net/witness.h"
#include "store/ptp_key_file.h"

/* The self-test reports within two seconds. */
#define TEST_AFTER NOON_MS(1500)

#define TTL 1 /* of multicast: PTP stays on the link, as the standard requires */

static bool is_same(const struct noon_config_ptp_port *a, const struct noon_config_ptp_port *b)
{
	if (a->tunnel[0] != '\0' || b->tunnel[0] != '\0')
		return strcmp(a->tunnel, b->tunnel) == 0;
	return strcmp(a->interface, b->interface) == 0 && a->family == b->family &&
	       a->address.len == b->address.len &&
	       (a->address.len == 0 || noon_addr_equal(&a->address, &b->address));
}

/* Locally administered, if there is no interface to derive it from. */
static void random_identity(struct noon_rng *rng, uint8_t ret[NOON_PTP_IDENTITY_LEN])
{
	noon_rng_fill(rng, ret, NOON_PTP_IDENTITY_LEN);
	ret[0] = (uint8_t)((ret[0] & 0xfc) | 0x02);
	ret[3] = 0xff;
	ret[4] = 0xfe;
}

static void find_identity(struct noon_ptp_ports *p, struct noon_daemon_ptp_port *port)
{
	if (port->conf.has_identity)
		memcpy(port->identity, port->conf.identity, sizeof(port->identity));
	else if (port->conf.interface[0] == '\0' ||
		 noon_ptp_interface_identity(port->conf.interface, port->identity))
		random_identity(p->rng, port->identity);
}

static noon_err open_link(struct noon_ptp_ports *p, struct noon_daemon_ptp_port *port,
			  const char *name);

static noon_err open_in_tunnel(struct noon_ptp_ports *p, struct noon_daemon_ptp_port *port,
			       const char *name)
{
	struct noon_daemon_tunnel *t;
	noon_err err =
		noon_tunnels_take(p->tunnels, port->conf.tunnel, NOON_TUNNEL_FOR_PTP, name, &t);

	if (err)
		return err;
	if (t->conf->backend == NOON_TUNNEL_BY_USER)
		return noon_ptp_link_open_tunnel(&port->link, p->loop, &t->link);
	/* What leaves and comes to these addresses goes through the tunnel, or not at all. */
	port->conf.address = t->conf->inner_local;
	/* Nothing but what came out of it reaches a socket that is bound to the device. */
	if (t->conf->backend == NOON_TUNNEL_BY_OTHERS && t->observed.is_tun)
		memcpy(port->conf.interface, t->observed.inside.device,
		       sizeof(port->conf.interface));
	err = open_link(p, port, name);
	if (err)
		return err;
	/* The kernel sees to it that these come out of the tunnel; of others it does not. */
	port->link.only = noon_ptp_peer_of(&t->conf->inner_peer);
	/* Stamps of a TUN device are of before encryption: that is measured elsewhere. */
	if (t->conf->backend == NOON_TUNNEL_BY_KERNEL || !t->observed.is_tun) {
		port->link.on_edge = noon_tunnels_on_edge;
		port->link.edge_arg = t;
	}
	t->port = &port->link;
	return NOON_OK;
}

static noon_err open_link(struct noon_ptp_ports *p, struct noon_daemon_ptp_port *port,
			  const char *name)
{
	struct noon_ptp_socket_conf conf = {
		.family = port->conf.family,
		.address = port->conf.address,
		.multicast = port->conf.interface[0] != '\0' && port->conf.address.len == 0,
		.ttl = TTL,
		.event_port = NOON_PTP_EVENT_PORT,
		.general_port = NOON_PTP_GENERAL_PORT,
	};
	const char *why = "";
	int sys = 0;
	noon_err err;

	memcpy(conf.interface, port->conf.interface, sizeof(conf.interface));
	err = noon_ptp_link_open(&port->link, p->loop, &conf,
				 port->conf.tunnel[0] == '\0' ? p->hw : NULL, &why, &sys);
	if (err)
		noon_log(NOON_LOG_ERROR, "%s: interface \"%s\": %s%s%s", name, port->conf.interface,
			 why, sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
	return err;
}

/* Sections that share a port share its identity: one that names another would not get it. */
static noon_err check_identity(const struct noon_daemon_ptp_port *port,
			       const struct noon_config_ptp_port *conf, const char *name)
{
	if (!conf->has_identity ||
	    memcmp(conf->identity, port->identity, sizeof(port->identity)) == 0)
		return NOON_OK;
	noon_log(NOON_LOG_ERROR,
		 "%s: clockIdentity: another section has the same interface and another identity",
		 name);
	return NOON_ERR_STATE;
}

noon_err noon_ptp_ports_open(struct noon_ptp_ports *p, const struct noon_config_ptp_port *conf,
			     const char *name, struct noon_daemon_ptp_port **ret)
{
	struct noon_daemon_ptp_port *port;
	noon_err err;

	for (size_t i = 0; i < p->n; i++) {
		if (!is_same(&p->port[i]->conf, conf))
			continue;
		*ret = p->port[i];
		return check_identity(p->port[i], conf, name);
	}
	port = calloc(1, sizeof(*port));
	if (port == NULL)
		return NOON_ERR_OS;
	port->conf = *conf;
	port->next_number = 1;
	err = port->conf.tunnel[0] != '\0' ? open_in_tunnel(p, port, name)
					   : open_link(p, port, name);
	if (err) {
		free(port);
		return err;
	}
	find_identity(p, port);
	p->port[p->n++] = port;
	*ret = port;
	return NOON_OK;
}

struct noon_ptp_port noon_ptp_ports_identity(struct noon_daemon_ptp_port *port)
{
	struct noon_ptp_port id = {.sdo_id = port->conf.sdo_id, .domain = port->conf.domain};

	memcpy(id.self.clock, port->identity, sizeof(id.self.clock));
	id.self.port = port->next_number++;
	return id;
}

/* ---- keys ---- */

static noon_err load(const char *path, struct noon_ptp_keys *ret)
{
	char why[NOON_PTP_KEY_WHY_MAX];
	const noon_err err = noon_ptp_key_file_read(path, ret, why);

	if (err)
		noon_log(NOON_LOG_ERROR, "sa_file %s", why);
	return err;
}

/* The file must have the key that a section seals with. */
static noon_err check_policy(struct noon_ptp_keys *keys, const struct noon_config_ptp_port *conf,
			     const char *name)
{
	char why[NOON_PTP_KEY_WHY_MAX];
	const noon_err err =
		noon_ptp_key_file_check(conf->sa_file, keys, conf->spp, conf->key_id, why);

	if (err)
		noon_log(NOON_LOG_ERROR, "%s: sa_file %s", name, why);
	return err;
}

noon_err noon_ptp_ports_keys(struct noon_ptp_ports *p, const struct noon_config_ptp_port *conf,
			     const char *name, struct noon_ptp_keys **ret)
{
	struct noon_ptp_key_file *f;
	noon_err err;

	*ret = NULL;
	if (conf->sa_file[0] == '\0')
		return NOON_OK;
	if (p->n_uses < NOON_PTP_PORTS_MAX)
		p->use[p->n_uses++] = (struct noon_ptp_key_use){conf, name};
	for (size_t i = 0; i < p->n_files; i++)
		if (strcmp(p->file[i]->path, conf->sa_file) == 0) {
			*ret = &p->file[i]->keys;
			return check_policy(*ret, conf, name);
		}
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NOON_ERR_OS;
	memcpy(f->path, conf->sa_file, sizeof(f->path));
	err = load(f->path, &f->keys);
	if (err) {
		free(f);
		return err;
	}
	p->file[p->n_files++] = f;
	*ret = &f->keys;
	return check_policy(*ret, conf, name);
}

static bool suits_all(const struct noon_ptp_ports *p, const char *path, struct noon_ptp_keys *keys)
{
	for (size_t i = 0; i < p->n_uses; i++)
		if (strcmp(p->use[i].conf->sa_file, path) == 0 &&
		    check_policy(keys, p->use[i].conf, p->use[i].name))
			return false;
	return true;
}

noon_err noon_ptp_ports_reload(struct noon_ptp_ports *p)
{
	noon_err result = NOON_OK;

	for (size_t i = 0; i < p->n_files; i++) {
		struct noon_ptp_key_file *f = p->file[i];
		struct noon_ptp_keys keys;
		bool failed = load(f->path, &keys) != NOON_OK;
		/* A section without its sealing key would stop sending. */
		if (!failed && !suits_all(p, f->path, &keys)) {
			noon_ptp_keys_fini(&keys);
			failed = true;
		}
		if (failed) {
			noon_log(NOON_LOG_WARNING, "sa_file %s: the keys in force stay", f->path);
			result = NOON_ERR_FORMAT;
			continue;
		}
		/* Machines hold a pointer to the set: it is replaced as a whole between two
		 * packets. */
		noon_ptp_keys_fini(&f->keys);
		f->keys = keys;
		noon_log(NOON_LOG_NOTICE, "sa_file %s: keys loaded", f->path);
	}
	return result;
}

/* ---- the self-test ---- */

/* IPsec in the program that reads a TUN device happens after the stamp. */
static enum noon_ptp_stamps stamped(const struct noon_daemon_ptp_port *port)
{
	return noon_device_is_tun(port->conf.interface) ? NOON_PTP_STAMPS_BEFORE_IT
							: NOON_PTP_STAMPS_GOOD;
}

static void on_probe_sent(void *arg, const struct noon_ptp_departure *d)
{
	struct noon_daemon_ptp_port *port = arg;

	port->kind = d->stamp.kind;
	port->stamps = stamped(port);
}

static void on_probe_packet(void *arg, const struct noon_ptp_arrival *a)
{
	(void)arg;
	(void)a;
}

const char *noon_ptp_stamps_word(const struct noon_daemon_ptp_port *port)
{
	switch (port->stamps) {
	case NOON_PTP_STAMPS_GOOD:
		return port->kind == NOON_STAMP_HARDWARE ? "hardware" : "kernel";
	case NOON_PTP_STAMPS_MISSING:
		return "missing";
	case NOON_PTP_STAMPS_BEFORE_IT:
		return "before-device";
	case NOON_PTP_STAMPS_UNTESTED:
		break;
	}
	return "untested";
}

static void on_test(void *arg)
{
	struct noon_daemon_ptp_port *port = arg;
	const char *name = port->conf.tunnel[0] != '\0'	? port->conf.tunnel
			   : port->conf.interface[0] != '\0' ? port->conf.interface
							     : "any interface";

	/* In unicast nothing is sent before there is a peer. */
	if (port->link.n_sent == 0) {
		noon_loop_arm(port->link.loop, &port->test, TEST_AFTER);
		return;
	}
	if (port->stamps == NOON_PTP_STAMPS_UNTESTED && port->link.n_stamped > 0) {
		port->stamps = stamped(port);
		port->kind = NOON_STAMP_KERNEL;
	}
	if (port->stamps == NOON_PTP_STAMPS_UNTESTED)
		port->stamps = NOON_PTP_STAMPS_MISSING;
	switch (port->stamps) {
	case NOON_PTP_STAMPS_GOOD:
		noon_log(NOON_LOG_NOTICE, "PTP on %s: departures are stamped by the %s", name,
			 port->kind == NOON_STAMP_HARDWARE ? "card" : "kernel");
		return;
	case NOON_PTP_STAMPS_BEFORE_IT:
		noon_log(NOON_LOG_ERROR,
			 "PTP on %s: it is a TUN device: departures are stamped before the program "
			 "behind it sees the packet (IPsec in user space), the delay of which then "
			 "counts as the network's",
			 name);
		return;
	case NOON_PTP_STAMPS_MISSING:
	case NOON_PTP_STAMPS_UNTESTED:
		noon_log(NOON_LOG_ERROR,
			 "PTP on %s: departures are not stamped: the driver has no "
			 "SOF_TIMESTAMPING_TX_SOFTWARE (see ethtool -T %s), or another program "
			 "reads the error queue",
			 name,
			 port->conf.interface[0] != '\0' ? port->conf.interface : "INTERFACE");
		return;
	}
}

/* An empty Signaling message addressed to ourselves: all others ignore it. It uses the event
 * socket, as the messages it tests for do. */
static void probe(struct noon_daemon_ptp_port *port)
{
	struct noon_ptp_port self = {.sdo_id = port->conf.sdo_id, .domain = port->conf.domain};
	struct noon_ptp_message m;
	struct noon_action a = {.kind = NOON_ACTION_SEND};
	uint8_t buf[NOON_PTP_HEADER_LEN + 10];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

	memcpy(self.self.clock, port->identity, sizeof(self.self.clock));
	self.self.port = UINT16_MAX - 1;
	m = noon_ptp_port_message(&self, NOON_PTP_SIGNALING, 0, false, NOON_PTP_INTERVAL_NONE);
	m.target = self.self;
	if (noon_ptp_put(&wr, &m))
		return;
	noon_ptp_finish(&wr);
	a.send = noon_wr_written(&wr);
	noon_ptp_link_probe(&port->link, &port->prober, &a);
}

noon_err noon_ptp_ports_start(struct noon_ptp_ports *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct noon_daemon_ptp_port *port = p->port[i];
		const noon_err err = noon_ptp_link_start(&port->link);

		if (err)
			return err;
		port->prober = (struct noon_ptp_user){
			.on_packet = on_probe_packet, .on_sent = on_probe_sent, .arg = port};
		port->test = (struct noon_timer){.fire = on_test, .arg = port};
		/* What is sent in a tunnel comes from its other end. */
		if (port->conf.tunnel[0] == '\0')
			probe(port);
		noon_loop_arm(p->loop, &port->test, TEST_AFTER);
	}
	return NOON_OK;
}

void noon_ptp_ports_fini(struct noon_ptp_ports *p)
{
	for (size_t i = 0; i < p->n; i++) {
		noon_loop_disarm(&p->port[i]->test);
		noon_ptp_link_close(&p->port[i]->link);
		free(p->port[i]);
	}
	for (size_t i = 0; i < p->n_files; i++) {
		noon_ptp_keys_fini(&p->file[i]->keys);
		free(p->file[i]);
	}
	p->n = 0;
	p->n_files = 0;
}
