/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ptp/ptp_port.h"

#include <string.h>

noon_dur noon_ptp_interval(int8_t log2)
{
	if (log2 > NOON_PTP_LOG_MAX)
		log2 = NOON_PTP_LOG_MAX;
	if (log2 < NOON_PTP_LOG_MIN)
		log2 = NOON_PTP_LOG_MIN;
	return log2 >= 0 ? NOON_NS_PER_SEC << log2 : NOON_NS_PER_SEC >> -log2;
}

static enum noon_verdict verdict_of(noon_err err)
{
	if (err == NOON_ERR_SHORT)
		return NOON_VERDICT_SHORT;
	if (err == NOON_ERR_LONG)
		return NOON_VERDICT_LONG;
	return err == NOON_ERR_FORMAT ? NOON_VERDICT_TIMES : NOON_VERDICT_VERSION;
}

enum noon_verdict noon_ptp_port_read(const struct noon_ptp_port *p, struct noon_bytes data,
				     struct noon_ptp_message *ret)
{
	struct noon_ptp_message m;
	const noon_err err = noon_ptp_get(data, &m);

	if (err)
		return verdict_of(err);
	if (m.h.domain != p->domain || m.h.sdo_id != p->sdo_id)
		return NOON_VERDICT_DOMAIN;
	/* Our own multicast comes back, and nobody else has our identity. */
	if (noon_ptp_identity_equal(&m.h.source, &p->self))
		return NOON_VERDICT_IDENTITY;
	*ret = m;
	return NOON_VERDICT_ACCEPTED;
}

struct noon_ptp_message noon_ptp_port_message(const struct noon_ptp_port *p, uint8_t type,
					      uint16_t sequence, bool unicast, int8_t interval)
{
	struct noon_ptp_message m;

	memset(&m, 0, sizeof(m));
	m.h.sdo_id = p->sdo_id;
	m.h.type = type;
	m.h.minor = NOON_PTP_MINOR;
	m.h.version = NOON_PTP_VERSION;
	m.h.domain = p->domain;
	m.h.flags = unicast ? NOON_PTP_FLAG_UNICAST : 0;
	m.h.source = p->self;
	m.h.sequence = sequence;
	m.h.interval = interval;
	return m;
}

bool noon_ptp_port_is_target(const struct noon_ptp_port *p, const struct noon_ptp_message *m)
{
	return noon_ptp_identity_is_all(&m->target) ||
	       noon_ptp_identity_equal(&m->target, &p->self);
}
