/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a response (RFC 8915, section 4.1).
 */
#include <string.h>

#include "proto/nts/ntske_priv.h"
#include "wire/ntske.h"

static noon_err write_error(struct noon_wr *wr, enum noon_ntske_code code)
{
	const uint16_t item = (uint16_t)code;

	return noon_ntske_wr_items(wr, true, NOON_NTSKE_ERROR, &item, 1);
}

static noon_err write_cookie(const struct noon_ntske_server_conf *conf, enum noon_aead_id aead,
			     const struct noon_secret_nts_keys *keys, struct noon_wr *wr)
{
	uint8_t buf[NOON_NTS_COOKIE_MAX];
	struct noon_wr cookie = noon_wr_over(buf, sizeof(buf));
	const noon_err err = conf->make_cookie(conf->arg, aead, keys, &cookie);

	if (err)
		return err;
	if (noon_wr_len(&cookie) < NOON_NTS_COOKIE_MIN || noon_wr_len(&cookie) % 4 != 0)
		return NOON_ERR_RANGE;
	return noon_ntske_wr(wr, false, NOON_NTSKE_COOKIE, noon_wr_written(&cookie));
}

static noon_err write_server(const struct noon_ntske_server_conf *conf, struct noon_wr *wr)
{
	noon_err err = NOON_OK;

	if (conf->host && conf->host[0])
		err = noon_ntske_wr(wr, true, NOON_NTSKE_SERVER,
				    noon_bytes_of(conf->host, strlen(conf->host)));
	if (!err && conf->port)
		err = noon_ntske_wr_items(wr, true, NOON_NTSKE_SERVER_PORT, &conf->port, 1);
	return err;
}

static noon_err write_agreement(const struct noon_ntske_server_conf *conf,
				const struct noon_ntske_request *req,
				const struct noon_secret_nts_keys *keys, struct noon_wr *wr)
{
	const uint16_t ntpv4 = NOON_NTSKE_NTPV4, id = (uint16_t)req->aead;
	noon_err err = noon_ntske_wr_items(wr, true, NOON_NTSKE_NEXT_PROTOCOL, &ntpv4, 1);
	int i;

	if (!err)
		err = noon_ntske_wr_items(wr, true, NOON_NTSKE_AEAD, &id,
					  req->aead == NOON_AEAD_NONE ? 0 : 1);
	if (err || req->aead == NOON_AEAD_NONE)
		return err;
	if (req->aead == NOON_AEAD_GCM_SIV_128 && req->compliant)
		err = noon_ntske_wr(wr, false, NOON_NTSKE_COMPLIANT_EXPORTER,
				    noon_bytes_of(NULL, 0));
	if (!err)
		err = write_server(conf, wr);
	for (i = 0; !err && i < NOON_NTS_COOKIES; i++)
		err = write_cookie(conf, req->aead, keys, wr);
	return err;
}

noon_err noon_ntske_reply_write(const struct noon_ntske_server_conf *conf,
				const struct noon_ntske_request *req,
				enum noon_ntske_outcome judged,
				const struct noon_secret_nts_keys *keys, struct noon_wr *wr)
{
	noon_err err;

	if (judged == NOON_KE_UNKNOWN_CRITICAL)
		err = write_error(wr, NOON_NTSKE_CODE_UNKNOWN_CRITICAL);
	else if (judged == NOON_KE_BAD_REQUEST)
		err = write_error(wr, NOON_NTSKE_CODE_BAD_REQUEST);
	else if (judged == NOON_KE_NO_PROTOCOL)
		err = noon_ntske_wr_items(wr, true, NOON_NTSKE_NEXT_PROTOCOL, NULL, 0);
	else if (judged == NOON_KE_DONE || judged == NOON_KE_NO_AEAD)
		err = write_agreement(conf, req, keys, wr);
	else
		err = write_error(wr, NOON_NTSKE_CODE_INTERNAL);
	return err ? err : noon_ntske_wr_end(wr);
}
