/* SPDX-License-Identifier: Apache-2.0 */
#include "check/target.h"

#include <poll.h>
#include <string.h>

#include "platform/clock/clock.h"
#include "wire/ntske.h"

noon_err noon_target_init(struct noon_target *t, const struct noon_target_conf *conf,
			  const char **ret_why)
{
	const uint16_t port = conf->ke_port != 0 ? conf->ke_port : NOON_NTSKE_PORT;
	size_t n = 0;
	noon_err err;

	memset(t, 0, sizeof(*t));
	t->conf = *conf;
	t->asked = NOON_TIME_FIRST;
	err = noon_addr_resolve(conf->host, port, conf->family, &t->ke, 1, &n, ret_why);
	if (err)
		return err;
	if (conf->ntp_port != 0) {
		t->ntp = t->ke;
		noon_addr_set_port(&t->ntp, conf->ntp_port);
	}
	return NOON_OK;
}

void noon_target_pause(struct noon_target *t)
{
	const noon_time now = noon_mono_now();
	const noon_time next = noon_time_add(t->asked, t->conf.pause);

	if (noon_time_before(now, next))
		(void)poll(NULL, 0, (int)(noon_time_diff(next, now) / 1000000) + 1);
	t->asked = noon_mono_now();
}
