/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/core/store.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "crypto/x509.h"
#include "daemon/report/log.h"
#include "platform/file.h"

#define PATH_LEN      (NOON_CONFIG_PATH_MAX + 300)
#define SESSION_MAGIC UINT64_C(0x4e4f4f4e4e545332) /* "NOONNTS2" */
#define SESSION_MAX   8192
#define CERT_DAYS     3650

static void path_of(char out[PATH_LEN], const char *dir, const char *name)
{
	(void)snprintf(out, PATH_LEN, "%s/%s", dir, name);
}

noon_err noon_store_master(const char *dir, struct noon_rng *rng,
			   struct noon_secret_nts_master *ret)
{
	char path[PATH_LEN];
	size_t n = 0;
	noon_err err;

	path_of(path, dir, "nts-cookie.key");
	err = noon_file_read(path, ret->p, sizeof(ret->p), &n);
	if (!err && n == sizeof(ret->p))
		return NOON_OK;
	if (err != NOON_ERR_NOT_FOUND) {
		noon_log(NOON_LOG_ERROR, "%s: %s", path,
			 err ? strerror(errno) : "expected exactly 32 bytes");
		return err ? err : NOON_ERR_FORMAT;
	}
	noon_rng_fill(rng, ret->p, sizeof(ret->p));
	err = noon_file_replace(path, noon_bytes_of(ret->p, sizeof(ret->p)), 0600);
	if (err)
		noon_log(NOON_LOG_ERROR, "%s: cannot write: %s", path, strerror(errno));
	return err;
}

static noon_err make_certificate(const char *cert, const char *key, int64_t now_s,
				 const struct noon_config_ke *conf)
{
	const char *names[NOON_CONFIG_NAMES_MAX];
	struct noon_secret_x509 *x = calloc(1, sizeof(*x));
	noon_err err = NOON_ERR_OS;

	for (size_t i = 0; i < conf->n_names; i++)
		names[i] = conf->names[i];
	/* A day of tolerance for clients whose clocks are slow. */
	const struct noon_x509_conf x509 = {
		.common_name = names[0],
		.names = names,
		.n_names = conf->n_names,
		.not_before_s = now_s - 86400,
		.not_after_s = now_s + INT64_C(86400) * CERT_DAYS,
	};

	if (x == NULL)
		return err;
	err = noon_x509_self_signed(&x509, x);
	err = err ? err : noon_file_replace(key, noon_bytes_of(x->key, x->key_n), 0600);
	/* The certificate is readable by all: it is the clients' trust anchor. */
	err = err ? err : noon_file_replace(cert, noon_bytes_of(x->cert, x->cert_n), 0644);
	noon_x509_wipe(x);
	free(x);
	return err;
}

noon_err noon_store_certificate(const char *dir, int64_t now_s, struct noon_config_ke *conf)
{
	char cert[PATH_LEN];
	char key[PATH_LEN];
	noon_err err;

	path_of(cert, dir, "ntske.crt");
	path_of(key, dir, "ntske.key");
	if (strlen(cert) >= sizeof(conf->certificate)) {
		noon_log(NOON_LOG_ERROR, "%s: path too long", cert);
		return NOON_ERR_RANGE;
	}
	if (access(cert, R_OK) != 0 || access(key, R_OK) != 0) {
		err = make_certificate(cert, key, now_s, conf);
		if (err) {
			noon_log(NOON_LOG_ERROR, "cannot make a certificate in %s: %s", dir,
				 noon_err_text(err));
			return err;
		}
		noon_log(NOON_LOG_NOTICE, "made a self-signed certificate: %s", cert);
	}
	memcpy(conf->certificate, cert, strlen(cert) + 1); /* the key's path is as long */
	memcpy(conf->key, key, strlen(key) + 1);
	return NOON_OK;
}

/* Host names contain no '/'; other special characters are replaced. */
static void session_path(char out[PATH_LEN], const char *dir, const char *host, uint16_t port)
{
	char safe[256];
	size_t i = 0;

	for (; host[i] != '\0' && i < sizeof(safe) - 1; i++) {
		const char c = host[i];
		const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				   (c >= '0' && c <= '9') || c == '-' || (c == '.' && i > 0);

		safe[i] = '_';
		if (plain)
			safe[i] = c;
	}
	safe[i] = '\0';
	(void)snprintf(out, PATH_LEN, "%s/%s-%u.nts", dir, safe, (unsigned)port);
}

static noon_err put_string(struct noon_wr *wr, const char *text)
{
	const size_t n = strlen(text);
	const noon_err err = noon_wr_u16(wr, (uint16_t)n);

	return err ? err : noon_wr_put(wr, noon_bytes_of(text, n));
}

static noon_err get_string(struct noon_rd *rd, char *out, size_t room)
{
	struct noon_bytes b;
	uint16_t n;

	if (noon_rd_u16(rd, &n) || n >= room || noon_rd_take(rd, n, &b))
		return NOON_ERR_FORMAT;
	memcpy(out, b.p, n);
	out[n] = '\0';
	return NOON_OK;
}

static noon_err write_session(struct noon_wr *wr, const struct noon_stored_session *stored)
{
	const struct noon_nts_session *s = &stored->nts;
	char text[64] = "";
	noon_err err = noon_wr_u64(wr, SESSION_MAGIC);

	if (stored->peer.len > 0)
		noon_addr_format(&stored->peer, text, sizeof(text));
	err = err ? err : noon_wr_put(wr, noon_bytes_of(stored->trust, sizeof(stored->trust)));
	err = err ? err : noon_wr_u64(wr, (uint64_t)stored->made_s);
	err = err ? err : noon_wr_put(wr, noon_bytes_of(s->server_key, sizeof(s->server_key)));
	err = err ? err : put_string(wr, text);
	err = err ? err : put_string(wr, s->host);
	err = err ? err : noon_wr_u16(wr, s->port);
	err = err ? err : noon_wr_u16(wr, (uint16_t)s->aead);
	err = err ? err : noon_wr_put(wr, noon_bytes_of(&s->keys, sizeof(s->keys)));
	err = err ? err : noon_wr_u16(wr, s->n_cookies);
	for (unsigned i = 0; i < s->n_cookies && !err; i++) {
		const struct noon_nts_cookie *c = &s->jar[(s->first + i) % NOON_NTS_COOKIES];

		err = noon_wr_u16(wr, c->n);
		err = err ? err : noon_wr_put(wr, noon_bytes_of(c->p, c->n));
	}
	return err;
}

/* What the session depends on. */
static noon_err read_origin(struct noon_rd *rd, struct noon_stored_session *stored)
{
	struct noon_bytes trust;
	struct noon_bytes key;
	uint64_t magic;
	uint64_t made;

	if (noon_rd_u64(rd, &magic) || magic != SESSION_MAGIC ||
	    noon_rd_take(rd, sizeof(stored->trust), &trust) || noon_rd_u64(rd, &made) ||
	    made > INT64_MAX || noon_rd_take(rd, sizeof(stored->nts.server_key), &key))
		return NOON_ERR_FORMAT;
	memcpy(stored->trust, trust.p, sizeof(stored->trust));
	stored->made_s = (int64_t)made;
	memcpy(stored->nts.server_key, key.p, sizeof(stored->nts.server_key));
	return NOON_OK;
}

static noon_err read_session(struct noon_rd *rd, struct noon_stored_session *stored)
{
	struct noon_nts_session *s = &stored->nts;
	struct noon_bytes b;
	char text[64];
	uint16_t aead;
	uint16_t n;

	memset(stored, 0, sizeof(*stored));
	if (read_origin(rd, stored) || get_string(rd, text, sizeof(text)) ||
	    get_string(rd, s->host, sizeof(s->host)) || noon_rd_u16(rd, &s->port) ||
	    noon_rd_u16(rd, &aead) || noon_rd_take(rd, sizeof(s->keys), &b) || noon_rd_u16(rd, &n))
		return NOON_ERR_FORMAT;
	if (noon_addr_parse(text, 123, &stored->peer) || n > NOON_NTS_COOKIES)
		return NOON_ERR_FORMAT;
	s->aead = (enum noon_aead_id)aead;
	memcpy(&s->keys, b.p, sizeof(s->keys));
	for (unsigned i = 0; i < n; i++) {
		uint16_t len;

		if (noon_rd_u16(rd, &len) || noon_rd_take(rd, len, &b) ||
		    noon_nts_session_put(s, b))
			return NOON_ERR_FORMAT;
	}
	return noon_rd_left(rd) == 0 && noon_aead_key_len(s->aead) > 0 ? NOON_OK : NOON_ERR_FORMAT;
}

static noon_err add_text(struct noon_hash *h, const char *text)
{
	return noon_hash_add(h, noon_bytes_of(text, strlen(text) + 1));
}

noon_err noon_store_trust(const struct noon_config_source *conf, unsigned no_cert_time_check,
			  uint8_t ret[NOON_TLS_DIGEST])
{
	const struct noon_tls_pem ca = {.path = conf->ca};
	uint8_t digest[NOON_DIGEST_MAX];
	uint8_t anchors[NOON_TLS_DIGEST];
	char rest[128];
	struct noon_hash *h = NULL;
	noon_err err = noon_tls_trust_digest(conf->ca[0] == '\0' ? NULL : &ca, anchors);

	err = err ? err : noon_hash_new(NOON_DIGEST_SHA256, &h);
	if (err)
		return err;
	(void)snprintf(rest, sizeof(rest), "check %d after %u, AEADs %zu: %d %d",
		       conf->cert_time_check, no_cert_time_check, conf->n_aead, (int)conf->aead[0],
		       conf->n_aead > 1 ? (int)conf->aead[1] : 0);
	err = noon_hash_add(h, noon_bytes_of(anchors, sizeof(anchors)));
	err = err ? err : add_text(h, conf->name[0] != '\0' ? conf->name : conf->host);
	err = err ? err : add_text(h, rest);
	err = err ? err : noon_hash_end(h, digest);
	noon_hash_free(h);
	if (!err)
		memcpy(ret, digest, NOON_TLS_DIGEST);
	return err;
}

noon_err noon_store_take_session(const char *dir, const char *host, uint16_t port,
				 struct noon_stored_session *ret)
{
	char path[PATH_LEN];
	uint8_t *buf = malloc(SESSION_MAX);
	size_t n = 0;
	noon_err err;

	if (buf == NULL)
		return NOON_ERR_OS;
	session_path(path, dir, host, port);
	err = noon_file_read(path, buf, SESSION_MAX, &n);
	/* If it cannot be removed it must not be used either. */
	if (!err && unlink(path) < 0)
		err = NOON_ERR_OS;
	if (!err) {
		struct noon_rd rd = noon_rd_over(buf, n);

		err = read_session(&rd, ret);
	}
	if (err)
		noon_nts_session_wipe(&ret->nts);
	noon_wipe(buf, SESSION_MAX);
	free(buf);
	return err;
}

noon_err noon_store_save_session(const char *dir, const char *host, uint16_t port,
				 const struct noon_stored_session *s)
{
	char path[PATH_LEN];
	uint8_t *buf = malloc(SESSION_MAX);
	struct noon_wr wr = noon_wr_over(buf, SESSION_MAX);
	noon_err err;

	if (buf == NULL)
		return NOON_ERR_OS;
	session_path(path, dir, host, port);
	err = write_session(&wr, s);
	err = err ? err : noon_file_replace(path, noon_wr_written(&wr), 0600);
	noon_wipe(buf, SESSION_MAX);
	free(buf);
	return err;
}

noon_err noon_store_read_drift(const char *dir, noon_freq *ret)
{
	char path[PATH_LEN];
	uint8_t text[64];
	size_t n = 0;
	noon_err err;

	path_of(path, dir, "drift");
	err = noon_file_read(path, text, sizeof(text) - 1, &n);
	if (err)
		return err;
	text[n] = '\0';
	const double ppm = strtod((const char *)text, NULL);

	if (!isfinite(ppm) || fabs(ppm) > 1000)
		return NOON_ERR_FORMAT;
	*ret = ppm * 1e-6;
	return NOON_OK;
}

noon_err noon_store_save_drift(const char *dir, noon_freq freq_error)
{
	char path[PATH_LEN];
	char text[64];
	int n;

	path_of(path, dir, "drift");
	n = snprintf(text, sizeof(text), "%.6f\n", freq_error * 1e6);
	return noon_file_replace(path, noon_bytes_of(text, (size_t)n), 0644);
}
