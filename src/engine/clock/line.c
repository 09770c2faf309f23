/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/clock/line.h"

noon_dur noon_line_at(const struct noon_line *line, noon_time h)
{
	const noon_dur all = noon_time_diff(h, line->h0);
	const noon_dur slewed = noon_time_diff(noon_time_min(h, line->slew_end), line->h0);
	noon_dur corr = noon_sat_add(line->corr0, noon_dur_scale(all, line->rate));

	if (noon_time_before(line->h0, line->slew_end))
		corr = noon_sat_add(corr, noon_dur_scale(slewed, line->slew));
	return corr;
}

noon_dur noon_line_to_slew(const struct noon_line *line, noon_time h)
{
	if (!noon_time_before(h, line->slew_end))
		return 0;
	return noon_dur_scale(noon_time_diff(line->slew_end, h), line->slew);
}
