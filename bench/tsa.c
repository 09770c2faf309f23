/* SPDX-License-Identifier: Apache-2.0
 *
 * Time-stamp tokens per CPU-second, beside the bare signature and OpenSSL's own TS_RESP functions.
 *
 * Usage: bench_tsa CERT KEY [ROUNDS]
 *        bench_tsa --http PORT PID REQUEST [SECONDS [CONNECTIONS]]
 *
 * The first form works in one process and one thread, the kinds in turn in every round, and prints
 * one JSON object of medians. The second asks a server on 127.0.0.1 over connections that are kept,
 * one request at a time on each, and counts the CPU time of the process PID.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crypto/sign.h"
#include "proto/tsa/token_builder.h"
#include "store/tsa_ledger.h"
#include "wire/tsp.h"

#define SLICE_S	   0.4 /* CPU time of one kind in one round */
#define ROUNDS_MAX 101
#define BATCH	   64 /* entries of one append, as under load */

struct bench {
	const char *cert;
	const char *key;
	struct noon_ts_signer *signer;
	struct noon_tsa_conf conf;
	struct noon_token_builder builder;
	uint8_t request[256];
	size_t request_n;
	uint8_t *out;
	EVP_PKEY_CTX *bare;
	EVP_PKEY *pkey;
	TS_RESP_CTX *ts;
	struct noon_tsa_ledger *ledger;
	struct noon_ledger_entry entry[BATCH];
	uint8_t tst[BATCH][NOON_TSA_TST_MAX];
	size_t pending;
	uint64_t counter;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "bench_tsa: %s\n", what);
	exit(1);
}

static double cpu_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static noon_time now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (noon_time){ts.tv_sec * NOON_NS_PER_SEC + ts.tv_nsec};
}

/* --- the kinds --- */

static void do_bare(struct bench *b)
{
	const uint8_t digest[NOON_DIGEST_MAX] = {1};
	uint8_t sig[NOON_CMS_SIGNATURE_MAX];
	size_t n = sizeof(sig);

	if (EVP_PKEY_sign(b->bare, sig, &n, digest,
			  noon_digest_len(noon_ts_signer_info(b->signer)->digest)) != 1)
		die("bare signature");
}

static struct noon_built_token build(struct bench *b, uint8_t *tst)
{
	struct noon_built_token token = {0};
	struct noon_tsa_request r;
	struct noon_tsa_date d;
	uint8_t serial[12] = {1};
	const noon_time t = now();
	const struct noon_tsa_clock clock = {.earliest = noon_time_add(t, -NOON_US(200)),
					     .latest = noon_time_add(t, NOON_US(200)),
					     .has_time = true,
					     .is_ok = true,
					     .leap_from = NOON_TIME_NEVER,
					     .leap_until = NOON_TIME_NEVER};

	memcpy(serial + 4, &b->counter, sizeof(b->counter));
	b->counter++;
	if (noon_tsa_examine(&b->conf, noon_bytes_of(b->request, b->request_n), &r).fail !=
		    NOON_TSP_FAIL_NONE ||
	    noon_tsa_date(&b->conf, r.policy, &clock, NOON_TIME_FIRST, &d).fail !=
		    NOON_TSP_FAIL_NONE ||
	    noon_token_builder_build(&b->builder, &b->conf, &r, &d,
				     noon_bytes_of(serial, sizeof(serial)), tst, b->out,
				     b->builder.response_max, &token))
		die("our token");
	return token;
}

static void do_ours(struct bench *b)
{
	(void)build(b, b->tst[0]);
}

static void do_booked(struct bench *b)
{
	const size_t i = b->pending;
	const struct noon_built_token token = build(b, b->tst[i]);
	struct noon_ledger_entry *e = &b->entry[i];

	*e = (struct noon_ledger_entry){
		.kind = NOON_LEDGER_TOKEN, .at = now(), .body = token.tst_info};
	e->counter = b->counter;
	if (noon_sha256(token.token, e->digest))
		die("digest");
	if (++b->pending < BATCH)
		return;
	b->pending = 0;
	if (noon_tsa_ledger_append(b->ledger, b->entry, BATCH))
		die("ledger");
}

static void do_openssl(struct bench *b)
{
	BIO *bio = BIO_new_mem_buf(b->request, (int)b->request_n);
	TS_RESP *resp = TS_RESP_create_response(b->ts, bio);
	uint8_t *der = NULL;

	if (resp == NULL || i2d_TS_RESP(resp, &der) <= 0 ||
	    ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(resp))) != 0)
		die("OpenSSL's token");
	OPENSSL_free(der);
	TS_RESP_free(resp);
	BIO_free(bio);
}

static const struct {
	const char *name;
	void (*once)(struct bench *b);
} kinds[] = {{"bare", do_bare},
	     {"ours", do_ours},
	     {"ours_in_ledger", do_booked},
	     {"openssl_ts", do_openssl}};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- setting up --- */

static ASN1_INTEGER *next_serial(TS_RESP_CTX *ctx, void *arg)
{
	struct bench *b = arg;
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	(void)ctx;
	(void)ASN1_INTEGER_set_uint64(n, ++b->counter);
	return n;
}

static int time_of_day(TS_RESP_CTX *ctx, void *arg, long *sec, long *usec)
{
	const noon_time t = now();

	(void)ctx;
	(void)arg;
	*sec = t.ns / NOON_NS_PER_SEC;
	*usec = t.ns % NOON_NS_PER_SEC / 1000;
	return 1;
}

static void set_up_openssl(struct bench *b)
{
	BIO *bio = BIO_new_file(b->cert, "r");
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);

	BIO_free(bio);
	b->ts = TS_RESP_CTX_new();
	if (b->ts == NULL || TS_RESP_CTX_set_signer_cert(b->ts, cert) != 1 ||
	    TS_RESP_CTX_set_signer_key(b->ts, b->pkey) != 1 ||
	    TS_RESP_CTX_set_def_policy(b->ts, policy) != 1 ||
	    TS_RESP_CTX_add_md(b->ts, EVP_sha256()) != 1 ||
	    TS_RESP_CTX_set_signer_digest(b->ts, EVP_sha256()) != 1 ||
	    TS_RESP_CTX_set_ess_cert_id_digest(b->ts, EVP_sha256()) != 1 ||
	    TS_RESP_CTX_set_accuracy(b->ts, 0, 0, 201) != 1 ||
	    TS_RESP_CTX_set_clock_precision_digits(b->ts, 6) != 1)
		die("TS_RESP_CTX");
	TS_RESP_CTX_set_serial_cb(b->ts, next_serial, b);
	TS_RESP_CTX_set_time_cb(b->ts, time_of_day, NULL);
	ASN1_OBJECT_free(policy);
	X509_free(cert);
}

static void set_up_request(struct bench *b)
{
	static const uint8_t zeros[32];
	struct noon_der_wr w = noon_der_wr_over(b->request, sizeof(b->request));
	const struct noon_tsp_request q = {
		.imprint = {.digest = NOON_DIGEST_SHA256, .value = noon_bytes_of(zeros, 32)},
		.nonce = noon_bytes_of("\x01\x02\x03\x04\x05\x06\x07\x08", 8),
		.cert_req = true,
	};

	noon_tsp_request_encode(&w, &q);
	b->request_n = noon_der_wr_len(&w);
	memmove(b->request, w.p, b->request_n);
}

static void set_up(struct bench *b, const char *dir)
{
	const struct noon_ts_signer_conf conf = {
		.certificate = b->cert, .key = b->key, .certs = NOON_TS_CERTS_SIGNER};
	struct noon_ts_why why = {.text = ""};
	struct noon_ledger_why lwhy = {.text = ""};
	char path[300];
	BIO *bio;

	if (noon_ts_signer_load(&conf, &b->signer, &why))
		die(why.text);
	if (noon_token_builder_init(&b->builder, b->signer))
		die("builder");
	b->conf.n_policies = 1;
	b->conf.digits_max = 6;
	b->conf.policy[0].accuracy = NOON_S(1);
	b->conf.policy[0].digests = 7;
	if (noon_oid_parse("1.2.3.4.1", b->conf.policy[0].oid, &b->conf.policy[0].oid_n))
		die("policy");
	b->out = malloc(b->builder.response_max);
	bio = BIO_new_file(b->key, "r");
	b->pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	b->bare = EVP_PKEY_CTX_new(b->pkey, NULL);
	if (b->out == NULL || b->bare == NULL || EVP_PKEY_sign_init(b->bare) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(b->bare,
					  EVP_get_digestbyname(noon_digest_name(
						  noon_ts_signer_info(b->signer)->digest))) != 1)
		die("key");
	(void)snprintf(path, sizeof(path), "%s/tsa.db", dir);
	if (noon_tsa_ledger_open(path, &b->ledger, &lwhy))
		die(lwhy.text);
	set_up_request(b);
	set_up_openssl(b);
}

static double rate(struct bench *b, void (*once)(struct bench *b))
{
	const double start = cpu_s();
	double took = 0;
	long n = 0;

	for (; took < SLICE_S; n++) {
		once(b);
		if (n % 8 == 7)
			took = cpu_s() - start;
	}
	return (double)n / took;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void run(struct bench *b, int rounds)
{
	static double r[KINDS][ROUNDS_MAX];
	static double ratio[KINDS][ROUNDS_MAX];

	for (int i = 0; i < rounds; i++)
		for (size_t k = 0; k < KINDS; k++) {
			r[k][i] = rate(b, kinds[k].once);
			ratio[k][i] = r[k][i] / r[0][i];
		}
	(void)printf("{");
	for (size_t k = 0; k < KINDS; k++) {
		qsort(r[k], (size_t)rounds, sizeof(double), ascending);
		qsort(ratio[k], (size_t)rounds, sizeof(double), ascending);
		(void)printf("%s\"%s\": %.0f, \"%s_of_bare\": %.3f", k > 0 ? ", " : "",
			     kinds[k].name, r[k][rounds / 2], kinds[k].name, ratio[k][rounds / 2]);
	}
	(void)printf("}\n");
}

/* --- over HTTP --- */

#define CONNECTIONS_MAX 256

static double process_cpu_s(long pid)
{
	char path[64];
	char line[1024];
	unsigned long user = 0;
	unsigned long system = 0;
	FILE *f;
	const char *p;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "re");
	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		die("no such process");
	(void)fclose(f);
	p = strrchr(line, ')');
	/* NOLINTNEXTLINE(cert-err34-c): written by the kernel */
	if (p == NULL || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
				&system) != 2)
		die("/proc/PID/stat");
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int connect_to(int port)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		die("cannot connect");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

struct message {
	uint8_t bytes[1024];
	size_t n;
};

static void read_request(const char *path, struct message *m)
{
	uint8_t body[512];
	FILE *f = fopen(path, "rbe");
	size_t n;

	if (f == NULL)
		die("cannot read the request");
	n = fread(body, 1, sizeof(body), f);
	(void)fclose(f);
	m->n = (size_t)snprintf((char *)m->bytes, sizeof(m->bytes),
				"POST / HTTP/1.1\r\nHost: localhost\r\n"
				"Content-Type: application/timestamp-query\r\n"
				"Content-Length: %zu\r\n\r\n",
				n);
	memcpy(m->bytes + m->n, body, n);
	m->n += n;
}

static void ask(int fd, const struct message *m)
{
	if (send(fd, m->bytes, m->n, MSG_NOSIGNAL) != (ssize_t)m->n)
		die("cannot send");
}

/* One reply comes in one piece: it is smaller than a segment of loopback. The server may end a
 * connection after many requests. @return whether it was a reply */
static bool take_reply(int fd)
{
	static char buf[16384];
	const ssize_t n = recv(fd, buf, sizeof(buf), 0);

	const char *body = n > 0 ? memmem(buf, (size_t)n, "\r\n\r\n", 4) : NULL;

	if (n <= 0)
		return false;
	/* SEQUENCE with a length of two bytes, SEQUENCE { INTEGER 0 }: granted, with a token. */
	if (memcmp(buf, "HTTP/1.1 200", 12) != 0 || body == NULL || buf + n - body < 13 ||
	    memcmp(body + 8, "\x30\x03\x02\x01\x00", 5) != 0)
		die("a reply without a token");
	return true;
}

static void run_http(int port, long pid, const char *request, double seconds, int n)
{
	static struct pollfd fds[CONNECTIONS_MAX];
	struct message m;
	struct timespec ts;
	const double cpu = process_cpu_s(pid);
	double start;
	double t;
	long done = 0;

	read_request(request, &m);
	for (int i = 0; i < n; i++) {
		fds[i] = (struct pollfd){.fd = connect_to(port), .events = POLLIN};
		ask(fds[i].fd, &m);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	start = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
	do {
		if (poll(fds, (nfds_t)n, 1000) <= 0)
			die("the server says nothing");
		for (int i = 0; i < n; i++) {
			if (fds[i].revents == 0)
				continue;
			if (take_reply(fds[i].fd)) {
				done++;
			} else {
				(void)close(fds[i].fd);
				fds[i].fd = connect_to(port);
			}
			ask(fds[i].fd, &m);
		}
		(void)clock_gettime(CLOCK_MONOTONIC, &ts);
		t = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9 - start;
	} while (t < seconds);
	(void)printf("{\"connections\": %d, \"tokens\": %ld, \"per_second\": %.0f, "
		     "\"per_cpu_second\": %.0f}\n",
		     n, done, (double)done / t, (double)done / (process_cpu_s(pid) - cpu));
	for (int i = 0; i < n; i++)
		(void)close(fds[i].fd);
}

static void remove_ledger(const char *dir)
{
	static const char *const names[] = {"tsa.db", "tsa.db-wal", "tsa.db-shm", "tsa.db.lock"};
	char path[300];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

int main(int argc, char **argv)
{
	static struct bench b;
	char dir[256];

	if (argc >= 5 && strcmp(argv[1], "--http") == 0) {
		const int n = argc > 6 ? atoi(argv[6]) : 32;

		run_http(atoi(argv[2]), atol(argv[3]), argv[4], argc > 5 ? atof(argv[5]) : 5,
			 n < 1 || n > CONNECTIONS_MAX ? 32 : n);
		return 0;
	}
	if (argc < 3)
		die("usage: bench_tsa CERT KEY [ROUNDS]");
	(void)snprintf(dir, sizeof(dir), "%s/bench_tsa.XXXXXX",
		       getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
	if (mkdtemp(dir) == NULL)
		die("no directory for the ledger");
	b.cert = argv[1];
	b.key = argv[2];
	set_up(&b, dir);
	run(&b, argc > 3 && atoi(argv[3]) > 0 && atoi(argv[3]) <= ROUNDS_MAX ? atoi(argv[3]) : 5);
	noon_tsa_ledger_close(b.ledger);
	remove_ledger(dir);
	return 0;
}
