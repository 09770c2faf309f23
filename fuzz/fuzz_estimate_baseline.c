/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: what is accepted as a baseline is within its limits and its seals lie inside the text.
 */
#include <assert.h>
#include <string.h>

#include "estimate/guard/baseline.h"
#include "input.h"

#define CAP 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int64_t rtt[CAP];
	struct noon_baseline b;
	struct noon_baseline_fault fault = {0};
	const noon_err err = noon_baseline_parse(noon_bytes_of(data, size), rtt, CAP, &b, &fault);

	if (err == NOON_ERR_FORMAT)
		assert(fault.line > 0 && fault.expected != NULL);
	if (err)
		return 0;
	assert(b.count >= 1 && b.count <= CAP);
	for (size_t i = 0; i < b.count; i++)
		assert(rtt[i] >= 0 && rtt[i] <= NOON_BASELINE_RTT_MAX);
	assert(b.n_digested < b.n_signed && b.n_signed < size);
	assert(strlen(b.path_id) > 0 && strlen(b.path_id) < sizeof(b.path_id));
	assert(b.ended_s >= b.started_s && b.granularity_ns >= 1);
	return 0;
}
