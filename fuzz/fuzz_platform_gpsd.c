/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of gpsd. Properties: what is taken is within its ranges, outputs move on success only.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "platform/instruments/gpsd_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct noon_gpsd_message m = {.mode = 77};

	if (size > NOON_GPSD_LINE_MAX)
		return 0;
	if (noon_gpsd_read(noon_bytes_of(data, size), &m)) {
		assert(m.mode == 77);
		return 0;
	}
	assert(memchr(m.device, '\0', sizeof(m.device)) != NULL);
	assert(memchr(m.text, '\0', sizeof(m.text)) != NULL);
	if (m.class == NOON_GPSD_PPS)
		assert(m.u_s >= 100e-9 && m.u_s < 10 && m.real.ns >= 0 && m.clock.ns >= 0);
	if (m.class == NOON_GPSD_TPV)
		assert(m.mode >= 0 && m.mode <= 3);
	return 0;
}
