/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: a file of security associations is taken or refused with a line and a reason; what is
 * taken opens what it seals, with each key.
 */
#include <assert.h>
#include <string.h>

#include "crypto/aead.h"
#include "input.h"
#include "proto/ptp/ptp_auth.h"
#include "proto/ptp/ptp_port.h"

static void use(struct noon_ptp_keys *keys, uint8_t spp, uint32_t key_id)
{
	static struct noon_ptp_replay replay;
	const struct noon_ptp_policy policy = {.keys = keys, .spp = spp, .key_id = key_id};
	const struct noon_ptp_port port = {.domain = 0};
	struct noon_ptp_message m = noon_ptp_port_message(&port, NOON_PTP_SYNC, 1, false, 0);
	uint8_t raw[128];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	enum noon_verdict v;
	noon_err err = noon_ptp_put(&wr, &m);

	assert(!err);
	err = noon_ptp_auth_seal(&policy, &wr);
	assert(!err);
	err = noon_ptp_get(noon_wr_written(&wr), &m);
	assert(!err);
	noon_ptp_replay_reset(&replay);
	v = noon_ptp_auth_open(&policy, &replay, &m, (noon_time){0});
	assert(v == NOON_VERDICT_ACCEPTED && m.tlvs.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct noon_ptp_keys keys;
	struct noon_ptp_keys_fault fault = {0, NULL};
	noon_err err = noon_aead_global_init();

	assert(!err);
	err = noon_ptp_keys_parse(noon_bytes_of(data, size), &keys, &fault);
	if (err) {
		assert(fault.line >= 1 && fault.line <= size + 1 && fault.expected != NULL);
		return 0;
	}
	assert(keys.n >= 1 && keys.n <= NOON_PTP_SAS_MAX);
	for (size_t i = 0; i < keys.n; i++) {
		assert(keys.sa[i].n >= 1 && keys.sa[i].n <= NOON_PTP_KEYS_MAX);
		assert(noon_ptp_keys_sa(&keys, keys.sa[i].spp) == &keys.sa[i]);
		for (size_t k = 0; k < keys.sa[i].n; k++)
			use(&keys, keys.sa[i].spp, keys.sa[i].key[k].id);
	}
	noon_ptp_keys_fini(&keys);
	return 0;
}
