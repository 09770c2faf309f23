/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/status_one_way.h"

static json_t *service(const char *name, const struct noon_config_one_way *conf,
		       const struct noon_one_way_service *s)
{
	const struct noon_one_way_service_counters *c = noon_one_way_service_counters(s);
	json_t *o = json_pack("{s:s, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "service", name,
			      "max_bound_s", noon_dur_to_s(conf->machine.bound_max), "requests",
			      (json_int_t)c->requests, "replies", (json_int_t)c->replies, "silent",
			      (json_int_t)c->silent, "limited", (json_int_t)c->limited, "refused",
			      (json_int_t)c->refused, "connections", (json_int_t)c->connections,
			      "crowded_out", (json_int_t)c->crowded_out, "send_failures",
			      (json_int_t)c->send_failures);

	if (o != NULL && conf->machine.dialect != NULL)
		(void)json_object_set_new(o, "format", json_string(conf->machine.dialect->name));
	return o;
}

json_t *noon_status_one_way(const struct noon_services *s)
{
	json_t *list = json_array();

	if (s->daytime != NULL)
		(void)json_array_append_new(list,
					    service("daytime", &s->conf->daytime, s->daytime));
	if (s->time != NULL)
		(void)json_array_append_new(list, service("time", &s->conf->time, s->time));
	return list;
}
