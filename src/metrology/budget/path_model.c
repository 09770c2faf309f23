/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget/path_model.h"

#include <math.h>

#define LIGHT_M_PER_S 299792458.0

double noon_serialisation_s(double bytes, double rate)
{
	return 8 * bytes / rate;
}

/* Serialisation that is not between the two stamps of a frame, s: on the first link of a sender
 * that stamps the last bit, on the last link of a receiver that stamps the first. */
static double not_between(const struct noon_path_model *p, unsigned from, unsigned to, double bytes,
			  double first_rate, double last_rate)
{
	double s = 0;

	if ((p->sent_last & from) != 0)
		s += noon_serialisation_s(bytes, first_rate);
	if ((p->received_first & to) != 0)
		s += noon_serialisation_s(bytes, last_rate);
	return s;
}

void noon_path_minima(const struct noon_path_model *p, struct noon_path_minima *ret)
{
	double up = 0;
	double down = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct noon_path_link *l = &p->link[i];
		const double both = l->length_m / (LIGHT_M_PER_S * l->velocity_factor) + l->node_s;

		up += both + noon_serialisation_s(p->request_bytes, l->rate_up);
		down += both + noon_serialisation_s(p->reply_bytes, l->rate_down);
	}
	if (p->n > 0) {
		up -= not_between(p, NOON_PATH_HERE, NOON_PATH_SERVICE, p->request_bytes,
				  p->link[0].rate_up, p->link[p->n - 1].rate_up);
		down -= not_between(p, NOON_PATH_SERVICE, NOON_PATH_HERE, p->reply_bytes,
				    p->link[p->n - 1].rate_down, p->link[0].rate_down);
	}
	ret->up = (noon_dur)floor(up * 1e9);
	ret->down = (noon_dur)floor(down * 1e9);
	ret->asymmetry = (noon_dur)llround((up - down) / 2 * 1e9);
}
