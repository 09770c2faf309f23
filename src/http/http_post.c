/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_post.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define HEAD_MAX 65536 /* bytes of an answer's header fields, all together */

/* The first that fails ends it. */
#define SET(e, curl, option, value) \
	((e) = (e) != CURLE_OK ? (e) : curl_easy_setopt((curl), (option), (value)))

struct noon_http_post {
	CURL *curl;
	struct curl_slist *fields;
	char *reply_type;
	noon_time (*now)(void *arg);
	void *arg;
	/* Of the request under way. */
	noon_time t1, t4;
	bool has_t1, has_t4;
	size_t head_n; /* bytes */
	bool too_long;
	uint8_t *buf; /* the answer so far */
	size_t n, cap;
	char error[CURL_ERROR_SIZE];
	char peer[NOON_HTTP_PEER_MAX];
};

/* The last moment before the request leaves. Not moved by a second attempt: the answer to the first
 * may have been made before it. */
static int on_ready(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct noon_http_post *p = arg;

	(void)local;
	(void)peer_port;
	(void)local_port;
	if (!p->has_t1)
		p->t1 = p->now(p->arg);
	p->has_t1 = true;
	(void)snprintf(p->peer, sizeof(p->peer), "%s", peer != NULL ? peer : "");
	return CURL_PREREQFUNC_OK;
}

static size_t on_head(char *line, size_t size, size_t n, void *arg)
{
	struct noon_http_post *p = arg;

	(void)line;
	if (!p->has_t4)
		p->t4 = p->now(p->arg);
	p->has_t4 = true;
	p->head_n += size * n;
	p->too_long = p->too_long || p->head_n > HEAD_MAX;
	return p->too_long ? 0 : size * n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct noon_http_post *p = arg;
	const size_t more = size * n;

	if (more > NOON_HTTP_POST_REPLY_MAX - p->n) {
		p->too_long = true;
		return 0;
	}
	if (p->n + more > p->cap) {
		const size_t cap = (p->n + more) * 2;
		uint8_t *grown = realloc(p->buf, cap);

		if (grown == NULL)
			return 0;
		p->buf = grown;
		p->cap = cap;
	}
	memcpy(p->buf + p->n, data, more);
	p->n += more;
	return more;
}

static bool add_field(struct noon_http_post *p, const char *name, const char *value)
{
	char line[160];
	struct curl_slist *longer;

	(void)snprintf(line, sizeof(line), "%s%s", name, value);
	longer = curl_slist_append(p->fields, line);
	if (longer == NULL)
		return false;
	p->fields = longer;
	return true;
}

static long resolve_of(int family)
{
	if (family == AF_INET)
		return CURL_IPRESOLVE_V4;
	return family == AF_INET6 ? CURL_IPRESOLVE_V6 : CURL_IPRESOLVE_WHATEVER;
}

/* What all requests have in common. libcurl fails on options only for lack of memory, or if it was
 * built without what the option is of. */
static bool set_up(struct noon_http_post *p, const struct noon_http_post_conf *c)
{
	const long timeout_ms = c->timeout > NOON_MS(1) ? (long)(c->timeout / NOON_MS(1)) : 1L;
	CURLcode e = CURLE_OK;

	SET(e, p->curl, CURLOPT_URL, c->url);
	SET(e, p->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(e, p->curl, CURLOPT_FOLLOWLOCATION, 0L);
	SET(e, p->curl, CURLOPT_NOSIGNAL, 1L);
	SET(e, p->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(e, p->curl, CURLOPT_IPRESOLVE, resolve_of(c->family));
	SET(e, p->curl, CURLOPT_TIMEOUT_MS, timeout_ms);
	SET(e, p->curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	SET(e, p->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(e, p->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(e, p->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (c->tls_ca != NULL) {
		SET(e, p->curl, CURLOPT_CAINFO, c->tls_ca);
		/* These alone: not the system's as well. */
		SET(e, p->curl, CURLOPT_CAPATH, NULL);
	}
	SET(e, p->curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(e, p->curl, CURLOPT_PREREQFUNCTION, on_ready);
	SET(e, p->curl, CURLOPT_PREREQDATA, p);
	SET(e, p->curl, CURLOPT_HEADERFUNCTION, on_head);
	SET(e, p->curl, CURLOPT_HEADERDATA, p);
	SET(e, p->curl, CURLOPT_WRITEFUNCTION, on_body);
	SET(e, p->curl, CURLOPT_WRITEDATA, p);
	SET(e, p->curl, CURLOPT_ERRORBUFFER, p->error);
	SET(e, p->curl, CURLOPT_HTTPHEADER, p->fields);
	return e == CURLE_OK;
}

noon_err noon_http_post_new(const struct noon_http_post_conf *conf, struct noon_http_post **ret)
{
	struct noon_http_post *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NOON_ERR_OS;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(p);
		return NOON_ERR_OS;
	}
	p->now = conf->now;
	p->arg = conf->arg;
	p->curl = curl_easy_init();
	p->reply_type = strdup(conf->reply_type);
	/* "Expect" would be a round trip more for a body that is not worth asking about. */
	if (p->curl == NULL || p->reply_type == NULL ||
	    !add_field(p, "Content-Type: ", conf->type) ||
	    !add_field(p, "Accept: ", conf->reply_type) || !add_field(p, "Expect:", "") ||
	    !set_up(p, conf)) {
		noon_http_post_free(p);
		return NOON_ERR_OS;
	}
	*ret = p;
	return NOON_OK;
}

void noon_http_post_free(struct noon_http_post *p)
{
	if (p == NULL)
		return;
	curl_easy_cleanup(p->curl);
	curl_slist_free_all(p->fields);
	free(p->reply_type);
	free(p->buf);
	free(p);
	curl_global_cleanup();
}

static noon_err err_of(CURLcode e)
{
	/* Those of libcurl that say more than that it did not work; the list is not all there are.
	 */
	if (e == CURLE_OPERATION_TIMEDOUT)
		return NOON_ERR_TIMEOUT;
	if (e == CURLE_SSL_CONNECT_ERROR || e == CURLE_PEER_FAILED_VERIFICATION ||
	    e == CURLE_SSL_CACERT_BADFILE || e == CURLE_SSL_CERTPROBLEM || e == CURLE_SSL_CIPHER)
		return NOON_ERR_TLS;
	if (e == CURLE_WEIRD_SERVER_REPLY || e == CURLE_UNSUPPORTED_PROTOCOL ||
	    e == CURLE_URL_MALFORMAT || e == CURLE_GOT_NOTHING || e == CURLE_PARTIAL_FILE)
		return NOON_ERR_FORMAT;
	return NOON_ERR_OS;
}

static noon_err failed(const struct noon_http_post *p, CURLcode e, char *why)
{
	if (p->too_long) {
		(void)snprintf(why, NOON_HTTP_POST_WHY_MAX, "its answer is too long");
		return NOON_ERR_LONG;
	}
	(void)snprintf(why, NOON_HTTP_POST_WHY_MAX, "%s",
		       p->error[0] != '\0' ? p->error : curl_easy_strerror(e));
	return err_of(e);
}

/* Parameters may follow the media type (RFC 9110, 8.3.1). */
static bool is_type(const char *is, const char *expected)
{
	const size_t n = strlen(expected);

	return is != NULL && strncasecmp(is, expected, n) == 0 &&
	       (is[n] == '\0' || is[n] == ';' || is[n] == ' ');
}

static noon_err judge(const struct noon_http_post *p, char *why)
{
	const char *type = NULL;
	long status = 0;

	if (curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
	    curl_easy_getinfo(p->curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK)
		return NOON_ERR_OS;
	if (status != 200) {
		(void)snprintf(why, NOON_HTTP_POST_WHY_MAX, "HTTP status %ld", status);
		return NOON_ERR_FORMAT;
	}
	if (!is_type(type, p->reply_type)) {
		(void)snprintf(why, NOON_HTTP_POST_WHY_MAX, "its answer is not of type %s",
			       p->reply_type);
		return NOON_ERR_FORMAT;
	}
	if (!p->has_t1 || !p->has_t4) {
		(void)snprintf(why, NOON_HTTP_POST_WHY_MAX, "its answer cannot be timed");
		return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}

noon_err noon_http_post_send(struct noon_http_post *p, struct noon_bytes body,
			     struct noon_http_answer *ret, char ret_why[NOON_HTTP_POST_WHY_MAX])
{
	CURLcode e = CURLE_OK;
	long connects = 0;
	noon_err err;

	p->has_t1 = p->has_t4 = p->too_long = false;
	p->head_n = p->n = 0;
	p->error[0] = '\0';
	ret_why[0] = '\0';
	SET(e, p->curl, CURLOPT_POST, 1L);
	SET(e, p->curl, CURLOPT_POSTFIELDS, body.p);
	SET(e, p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
	if (e == CURLE_OK)
		e = curl_easy_perform(p->curl);
	err = e != CURLE_OK ? failed(p, e, ret_why) : judge(p, ret_why);
	if (err)
		return err;
	(void)curl_easy_getinfo(p->curl, CURLINFO_NUM_CONNECTS, &connects);
	ret->body = noon_bytes_of(p->buf, p->n);
	ret->t1 = p->t1;
	ret->t4 = p->t4;
	ret->reused = connects == 0;
	return NOON_OK;
}

const char *noon_http_post_peer(const struct noon_http_post *p)
{
	return p->peer;
}
