/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/ptp_options.h"

#include <net/if.h>
#include <string.h>

#include "platform/number.h"
#include "platform/text.h"

struct noon_asker_ptp noon_ptp_options_default(void)
{
	return (struct noon_asker_ptp){
		.interface = "", .accuracy = NOON_DUR_MAX, .accuracy_per_step = NOON_DUR_MAX};
}

bool noon_ptp_options_take(struct noon_asker_ptp *p, int option, const char *text)
{
	uint64_t v = 0;
	bool ok = true;

	switch (option) {
	case NOON_PTP_OPTION_INTERFACE:
		p->interface = text;
		return strlen(text) < IFNAMSIZ;
	case NOON_PTP_OPTION_SA_FILE:
		p->sa_file = text;
		return true;
	case NOON_PTP_OPTION_SPP:
		ok = noon_number_u64(text, 0, UINT8_MAX, &v);
		p->spp = (uint8_t)v;
		return ok;
	case NOON_PTP_OPTION_KEY_ID:
		ok = noon_number_u64(text, 0, UINT32_MAX, &v);
		p->key_id = (uint32_t)v;
		return ok;
	case NOON_PTP_OPTION_DOMAIN:
		ok = noon_number_u64(text, 0, UINT8_MAX, &v);
		p->domain = (uint8_t)v;
		return ok;
	case NOON_PTP_OPTION_ARBITRARY:
		p->arbitrary_is_utc = true;
		return true;
	case NOON_PTP_OPTION_ACCURACY:
		return noon_text_dur(text, &p->accuracy) == NOON_OK && p->accuracy >= 0;
	case NOON_PTP_OPTION_STEP_ACCURACY:
		return noon_text_dur(text, &p->accuracy_per_step) == NOON_OK &&
		       p->accuracy_per_step >= 0;
	case NOON_PTP_OPTION_UTC_OFFSET:
		ok = noon_number_u64(text, 1, 1000, &v);
		p->utc_offset = (int16_t)v;
		return ok;
	default:
		return false;
	}
}
