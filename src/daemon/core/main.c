/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmarkd: command line, privileges, signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "crypto/tls.h"
#include "daemon/config/command_line.h"
#include "daemon/core/daemon.h"
#include "daemon/report/limits.h"
#include "daemon/report/log.h"
#include "daemon/serve/ptp_ports.h"
#include "daemon/source/guarding.h"
#include "platform/notify.h"
#include "platform/sandbox.h"
#include "store/tunnel_file.h"

/* The only mutable variable of file scope: set by the signal handler of the poll backend. */
static volatile sig_atomic_t caught;

static void on_caught(int signo)
{
	caught = signo;
}

static void on_signal(void *arg, int signo)
{
	struct noon_daemon *d = arg;

	if (signo == SIGHUP) {
		noon_daemon_reload(d);
		return;
	}
	noon_notify("STOPPING=1");
	noon_loop_stop(noon_daemon_loop(d));
}

static noon_err catch_signals(struct noon_daemon *d)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, 0};
	const struct sigaction sa = {.sa_handler = on_caught};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* exceeding a limit on files is then a write error */
	struct noon_loop *loop = noon_daemon_loop(d);

	if (noon_loop_backend_of(loop) == NOON_LOOP_POLL)
		for (size_t i = 0; signals[i] != 0; i++)
			(void)sigaction(signals[i], &sa, NULL);
	return noon_loop_signals(loop, signals, &caught, on_signal, d);
}

/* Keys must not end up in a core file. */
static void forbid_core_files(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
}

/* A file that root made or read in the state folder, if it is there. */
static noon_err give_file(const struct noon_config *c, const char *name, const char *suffix)
{
	char path[NOON_CONFIG_PATH_MAX + 80];

	(void)snprintf(path, sizeof(path), "%s/%s%s", c->state_dir, name, suffix);
	return access(path, F_OK) == 0 ? noon_sandbox_give(path, c->user) : NOON_OK;
}

/* Files of the state folder that root made or read are read again, or replaced, by the user. */
static noon_err give_state(const struct noon_config *c)
{
	static const char *const names[] = {"ntske.crt", "ntske.key", "nts-cookie.key", "drift",
					    "lock"};
	noon_err err = noon_sandbox_give(c->state_dir, c->user);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !err; i++)
		err = give_file(c, names[i], "");
	for (size_t i = 0; i < c->n_tunnels && !err; i++)
		err = give_file(c, c->tunnel[i].name, ".tunnel");
	return err;
}

/* A socket that got the number of a closed standard descriptor would receive our log. */
static bool open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static bool has_kernel_tunnel(const struct noon_config *c)
{
	for (size_t i = 0; i < c->n_tunnels; i++)
		if (c->tunnel[i].backend == NOON_TUNNEL_BY_KERNEL)
			return true;
	return false;
}

/* Root is given up, unless no user is configured. */
static noon_err drop(const struct noon_config *c)
{
	const bool steers =
		c->clock.kind == NOON_CLOCK_KIND_SYSTEM || c->clock.kind == NOON_CLOCK_KIND_PHC;
	noon_err err;

	if (geteuid() != 0 || c->user[0] == '\0' || strcmp(c->user, "root") == 0)
		return NOON_OK;
	err = give_state(c);
	/* The page stays root's: readers trust it by its owner, and we have it mapped. So does the
	 * socket, which the user's group may access. */
	if (!err && c->control[0] != '\0')
		err = noon_sandbox_give_group(c->control, c->user);
	err = err ? err : noon_sandbox_drop(c->user, steers, false, has_kernel_tunnel(c));
	if (err)
		noon_log(NOON_LOG_ERROR,
			 "cannot become user \"%s\": %s (useradd --system %s makes it, user = "
			 "\"root\" "
			 "stays root)",
			 c->user, noon_err_text(err), c->user);
	return err;
}

static int run(const struct noon_command_line *a, const struct noon_config *conf)
{
	struct noon_daemon *d = NULL;
	char why[NOON_LIMITS_TEXT];
	noon_err err;

	err = noon_daemon_new(conf, a->backend, &d);
	err = err ? err : catch_signals(d);
	err = err ? err : drop(conf);
	err = err ? err : noon_daemon_start(d);
	if (!err) {
		if (noon_limits_never(conf, why))
			noon_log(NOON_LOG_WARNING, "%s", why);
		noon_log(NOON_LOG_NOTICE, "noonmarkd %s started, clock %s, %zu sources",
			 NOON_VERSION, noon_daemon_clock_name(d), conf->n_sources);
		err = noon_loop_run(noon_daemon_loop(d));
		if (err)
			noon_log(NOON_LOG_ERROR, "event loop: %s", strerror(errno));
		else
			noon_log(NOON_LOG_NOTICE, "noonmarkd stopped");
	}
	noon_daemon_free(d);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool check_guard(const struct noon_config *c, const struct noon_config_guard *conf)
{
	struct noon_daemon_guard *g = NULL;
	const noon_err err = noon_daemon_guard_new(c, conf, &g);

	free(g);
	return !err;
}

static bool check_keys(const struct noon_config_ptp_port *port, const char *name)
{
	struct noon_ptp_ports ports = {.n = 0};
	struct noon_ptp_keys *keys;
	const noon_err err = noon_ptp_ports_keys(&ports, port, name, &keys);

	noon_ptp_ports_fini(&ports);
	return !err;
}

static bool check_exchange(const struct noon_config_exchange *x, bool is_server, const char *kind,
			   const char *name)
{
	const struct noon_tls_mutual m = {.is_server = is_server,
					  .chain = {.path = x->certificate},
					  .key = {.path = x->key},
					  .ca = {.path = x->ca}};
	struct noon_tls_ctx *tls = NULL;
	struct noon_tls_why why = {.text = ""};

	if (x->certificate[0] == '\0')
		return true;
	if (noon_tls_mutual_ctx_new(&m, &tls, &why)) {
		noon_log(NOON_LOG_ERROR, "%s %s: %s", kind, name, why.text);
		return false;
	}
	noon_tls_ctx_free(tls);
	return true;
}

static bool check_tunnel(const struct noon_config_tunnel *t)
{
	struct noon_secret_tunnel secret;
	char why[NOON_TUNNEL_WHY_MAX];

	if (t->key_file[0] == '\0')
		return check_exchange(&t->exchange, !t->is_initiator, "tunnel", t->name);
	if (noon_tunnel_key_read(t->key_file, &secret, why)) {
		noon_log(NOON_LOG_ERROR, "tunnel %s: %s", t->name, why);
		return false;
	}
	noon_wipe(&secret, sizeof(secret));
	return true;
}

/* Files named in the configuration, apart from those that only a start can try. */
static int check_files(const struct noon_config *c)
{
	bool good = noon_aead_global_init() == NOON_OK;

	for (size_t i = 0; i < c->n_tunnels; i++)
		good &= check_tunnel(&c->tunnel[i]);
	for (size_t i = 0; i < c->n_sources; i++) {
		const struct noon_config_source *s = &c->source[i];

		good &= check_guard(c, &s->guard);
		if (!s->ptp.enabled)
			continue;
		good &= check_keys(&s->ptp.port, s->host);
		good &= check_exchange(&s->ptp.port.exchange, false, "ptp-receiver", s->host);
	}
	for (size_t i = 0; i < c->n_transmitters; i++) {
		const struct noon_config_ptp_transmitter *t = &c->transmitter[i];

		good &= check_keys(&t->port, t->name);
		good &= check_exchange(&t->port.exchange, true, "ptp-transmitter", t->name);
		for (size_t k = 0; k < t->n_watch; k++)
			good &= check_guard(c, &t->watch[k].guard);
	}
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A limit that cannot be met is reported, but no error: the bound may still be useful. */
static void check_limit(const char *path, const struct noon_config *c)
{
	char why[NOON_LIMITS_TEXT];

	if (noon_limits_never(c, why))
		(void)fprintf(stderr, "%s: warning: %s\n", path, why);
}

int main(int argc, char **argv)
{
	struct noon_command_line a;
	struct noon_config *conf;
	int status;

	if (!open_standard_descriptors())
		return EXIT_FAILURE;
	status = noon_command_line_read(argc, argv, &a);
	if (status >= 0)
		return status;
	/* Numbers with a decimal point, in any environment. */
	(void)setlocale(LC_ALL, "C");
	forbid_core_files();
	conf = calloc(1, sizeof(*conf));
	if (conf == NULL)
		return EXIT_FAILURE;
	status = EXIT_FAILURE;
	if (a.config == NULL)
		noon_config_default(conf);
	else if (noon_config_read(a.config, conf))
		goto out;
	if (a.check != NULL) {
		status = check_files(conf);
		check_limit(a.config, conf);
		if (status == EXIT_SUCCESS)
			(void)printf("%s: no errors\n", a.config);
	} else {
		status = run(&a, conf);
	}
out:
	free(conf);
	return status;
}
