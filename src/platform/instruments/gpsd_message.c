/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/instruments/gpsd_message.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Clocks of hosts are not stamped better than that, whatever precision is claimed. */
#define U_MIN 100e-9
/* Years 1970 to 2261: what fits into ns. */
#define SECONDS_MAX INT64_C(9200000000)

static noon_err read_time(json_t *o, const char *s_name, const char *ns_name, noon_time *ret)
{
	const json_t *s = json_object_get(o, s_name);
	const json_t *ns = json_object_get(o, ns_name);

	if (!json_is_integer(s) || !json_is_integer(ns))
		return NOON_ERR_FORMAT;
	if (json_integer_value(s) < 0 || json_integer_value(s) > SECONDS_MAX ||
	    json_integer_value(ns) < 0 || json_integer_value(ns) >= NOON_NS_PER_SEC)
		return NOON_ERR_RANGE;
	*ret = (noon_time){json_integer_value(s) * NOON_NS_PER_SEC + json_integer_value(ns)};
	return NOON_OK;
}

static noon_err read_pps(json_t *o, struct noon_gpsd_message *m)
{
	const json_t *precision = json_object_get(o, "precision");
	const json_t *q = json_object_get(o, "qErr");
	noon_err err = read_time(o, "real_sec", "real_nsec", &m->real);

	err = err ? err : read_time(o, "clock_sec", "clock_nsec", &m->clock);
	if (err)
		return err;
	/* Old versions do not send it. */
	m->u_s = U_MIN;
	if (precision != NULL) {
		if (!json_is_integer(precision))
			return NOON_ERR_FORMAT;
		if (json_integer_value(precision) > 0 || json_integer_value(precision) < -60)
			return NOON_ERR_RANGE;
		m->u_s = fmax(U_MIN, ldexp(1, (int)json_integer_value(precision)));
	}
	/* The sign with which it corrects the pulse differs among receivers, so it only widens. */
	if (json_is_number(q))
		m->u_s = hypot(m->u_s, json_number_value(q) * 1e-12);
	return m->u_s < 10 ? NOON_OK : NOON_ERR_RANGE;
}

static noon_err read_tpv(json_t *o, struct noon_gpsd_message *m)
{
	const json_t *mode = json_object_get(o, "mode");

	if (!json_is_integer(mode))
		return NOON_ERR_FORMAT;
	if (json_integer_value(mode) < 0 || json_integer_value(mode) > 3)
		return NOON_ERR_RANGE;
	m->mode = (int)json_integer_value(mode);
	return NOON_OK;
}

static void copy(json_t *o, const char *name, char *ret, size_t cap)
{
	const char *text = json_string_value(json_object_get(o, name));

	(void)snprintf(ret, cap, "%s", text == NULL ? "" : text);
}

static noon_err read_object(json_t *o, struct noon_gpsd_message *m)
{
	const char *class = json_string_value(json_object_get(o, "class"));

	if (class == NULL)
		return NOON_ERR_FORMAT;
	copy(o, "device", m->device, sizeof(m->device));
	if (strcmp(class, "PPS") == 0) {
		m->class = NOON_GPSD_PPS;
		return read_pps(o, m);
	}
	if (strcmp(class, "TPV") == 0) {
		m->class = NOON_GPSD_TPV;
		return read_tpv(o, m);
	}
	m->class = NOON_GPSD_OTHER;
	if (strcmp(class, "ERROR") == 0) {
		m->class = NOON_GPSD_ERROR;
		copy(o, "message", m->text, sizeof(m->text));
	}
	return NOON_OK;
}

noon_err noon_gpsd_read(struct noon_bytes line, struct noon_gpsd_message *ret)
{
	json_t *o = json_loadb((const char *)line.p, line.n, 0, NULL);
	struct noon_gpsd_message m = {.class = NOON_GPSD_OTHER};
	const noon_err err = o == NULL ? NOON_ERR_FORMAT : read_object(o, &m);

	json_decref(o);
	if (!err)
		*ret = m;
	return err;
}
