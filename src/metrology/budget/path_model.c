/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget/path_model.h"

#include <math.h>

#define LIGHT_M_PER_S 299792458.0

double noon_serialisation_s(double bytes, double rate)
{
	return 8 * bytes / rate;
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
	ret->up = (noon_dur)floor(up * 1e9);
	ret->down = (noon_dur)floor(down * 1e9);
	ret->asymmetry = (noon_dur)llround((up - down) / 2 * 1e9);
}
