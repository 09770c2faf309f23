/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: a page of any bytes and any length is read within its length, or refused; what is read
 * is what stands there, and does not depend on what lies behind its end.
 */
#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "platform/clock/vmclock.h"

static uint64_t at_64(const uint8_t *p, size_t at)
{
	uint64_t v;

	memcpy(&v, p + at, sizeof(v));
	return le64toh(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* From the heap, aligned, and as long as it is: a sanitizer sees what is read behind it. */
	uint8_t *page = aligned_alloc(8, size == 0 ? 8 : (size + 7) / 8 * 8);
	struct noon_vmclock_state s = {.marker = 42};
	noon_err err;

	assert(page != NULL);
	if (size > 0)
		memcpy(page, data, size);
	err = noon_vmclock_read(page, size, &s);
	if (err) {
		assert(s.marker == 42 && !s.has_generation);
		assert(size >= NOON_VMCLOCK_LEAST || err == NOON_ERR_SHORT);
	} else {
		assert(size >= NOON_VMCLOCK_LEAST && memcmp(data, "VCLK", 4) == 0);
		assert(s.marker == at_64(data, 16));
		assert((data[12] & 1) == 0);
		assert(!s.has_generation ||
		       (size >= NOON_VMCLOCK_FULL && s.generation == at_64(data, 104)));
	}
	free(page);
	return 0;
}
