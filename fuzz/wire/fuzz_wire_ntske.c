/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: scanner and reader agree on where a message ends, in one piece or in many.
 */
#include <assert.h>

#include "input.h"
#include "wire/ntske.h"

#define LIMIT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct noon_bytes all = noon_bytes_of(data, size);
	struct noon_rd rd = noon_rd_bytes(all);
	struct noon_ntske_record r = {.type = UINT16_MAX};
	enum noon_ntske_extent whole, piece = NOON_NTSKE_PARTIAL;
	size_t at = 0, step = 0;

	while (r.type != NOON_NTSKE_END && noon_ntske_rd(&rd, &r) == NOON_OK) {
		assert(r.body.n == 0 || (r.body.p > data && r.body.p + r.body.n <= data + size));
		(void)noon_ntske_is_ascii(r.body);
		if (noon_ntske_is_host(r.body))
			assert(noon_ntske_is_ascii(r.body));
		for (size_t i = 0; i < r.body.n / 2; i++)
			(void)noon_ntske_item(r.body, i);
	}
	whole = noon_ntske_scan(all, LIMIT, &at);
	for (size_t n = 0; n <= size && piece == NOON_NTSKE_PARTIAL; n++)
		piece = noon_ntske_scan(noon_bytes_of(data, n), LIMIT, &step);
	if (whole == NOON_NTSKE_COMPLETE) {
		assert(r.type == NOON_NTSKE_END && noon_rd_left(&rd) == 0);
		assert(piece == NOON_NTSKE_COMPLETE);
	}
	if (whole == NOON_NTSKE_TRAILING)
		assert(r.type == NOON_NTSKE_END && piece == NOON_NTSKE_COMPLETE);
	if (whole == NOON_NTSKE_PARTIAL)
		assert(r.type != NOON_NTSKE_END && size < LIMIT && piece == whole);
	return 0;
}
