/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tsa/token_builder.h"

#include <string.h>

noon_err noon_token_builder_init(struct noon_token_builder *m, struct noon_ts_signer *signer)
{
	const struct noon_ts_signer_info *info = noon_ts_signer_info(signer);
	struct noon_cms_signer s = {
		.issuer = info->issuer,
		.serial = info->serial,
		.digest = info->digest,
		.signature_alg = info->signature_alg,
		.certs = info->certs,
	};
	noon_err err;

	memset(m, 0, sizeof(*m));
	memcpy(s.cert_hash, info->cert_hash, sizeof(s.cert_hash));
	if (info->signature_max > NOON_CMS_SIGNATURE_MAX)
		return NOON_ERR_FULL;
	err = noon_cms_template_init(&m->template, &s);
	err = err ? err : noon_signing_context_new(signer, &m->signing);
	m->signature_max = info->signature_max;
	m->response_max = NOON_TSA_TST_MAX + m->template.front_n + m->template.attrs_n +
			  m->template.certs.n + m->signature_max + NOON_CMS_OVERHEAD_MAX;
	return err;
}

void noon_token_builder_fini(struct noon_token_builder *m)
{
	noon_signing_context_free(m->signing);
	memset(m, 0, sizeof(*m));
}

noon_err noon_token_builder_build(struct noon_token_builder *m, const struct noon_tsa_conf *conf,
				  const struct noon_tsa_request *r, const struct noon_tsa_date *d,
				  struct noon_bytes serial, uint8_t *tst, uint8_t *out, size_t n,
				  struct noon_built_token *ret)
{
	uint8_t digest[NOON_DIGEST_MAX];
	uint8_t attrs_buf[NOON_CMS_ATTRS_MAX];
	uint8_t signature[NOON_CMS_SIGNATURE_MAX];
	size_t signature_n = sizeof(signature);
	struct noon_der_wr w = noon_der_wr_over(out, n);
	struct noon_bytes attrs;

	ret->tst_info = noon_tsa_compose(conf, r, d, serial, tst, NOON_TSA_TST_MAX);
	if (ret->tst_info.n == 0)
		return NOON_ERR_FULL;
	if (noon_signing_context_digest(m->signing, ret->tst_info, digest))
		return NOON_ERR_CRYPTO;
	attrs = noon_cms_attrs(&m->template, digest, attrs_buf);
	if (noon_signing_context_sign(m->signing, attrs, signature, &signature_n))
		return NOON_ERR_CRYPTO;
	noon_cms_token_encode(&w, &m->template, ret->tst_info, attrs,
			      noon_bytes_of(signature, signature_n), r->tsp.cert_req);
	ret->token = noon_der_wr_written(&w);
	noon_tsp_grant_wrap(&w, 0);
	ret->response = noon_der_wr_written(&w);
	return noon_der_wr_ok(&w) ? NOON_OK : NOON_ERR_FULL;
}

struct noon_bytes noon_tsa_refusal(const struct noon_tsa_refusal *why, uint8_t *out, size_t n)
{
	struct noon_der_wr w = noon_der_wr_over(out, n);

	noon_tsp_refusal_encode(&w, why->fail, why->text);
	return noon_der_wr_written(&w);
}
