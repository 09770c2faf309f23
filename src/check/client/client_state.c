/* SPDX-License-Identifier: Apache-2.0
 *
 * Time in the server for a client under test: its clock, and when the client is done.
 */
#include <time.h>

#include "check/client/client_server_priv.h"

/* The shortest wait between key exchanges that fail is 10 s (RFC 8915, 4.2), and a client may add
 * random jitter: one more exchange in this time, or none, shows its back-off. */
#define BACK_OFF NOON_S(12)
/* A client that does not wait this long still gets time to fall back to plain NTP. */
#define FALL_BACK NOON_S(3)
/* A client has stopped when it sends nothing for this long and for four of its own intervals. */
#define GONE NOON_S(25)

noon_time noon_check_client_clock(clockid_t which)
{
	struct timespec ts;

	(void)clock_gettime(which, &ts);
	return (noon_time){ts.tv_sec * NOON_NS_PER_SEC + ts.tv_nsec};
}

static noon_dur longest_interval(const struct noon_check_client_server *s)
{
	noon_dur d = 0;

	for (size_t i = 1; i < s->n_request; i++)
		if (noon_time_diff(s->request[i].at, s->request[i - 1].at) > d)
			d = noon_time_diff(s->request[i].at, s->request[i - 1].at);
	return d;
}

static bool has_gone(const struct noon_check_client_server *s)
{
	const noon_dur quiet = noon_time_diff(s->ended, s->heard);

	return s->n_request > 1 && quiet > GONE && quiet > 4 * longest_interval(s);
}

bool noon_check_client_server_is_done(const struct noon_check_client_server *s)
{
	size_t refused = 0;
	noon_dur since = 0;

	for (size_t i = 0; i < s->n_ke; i++)
		if (s->ke[i].refused && !s->ke[i].put_off && refused++ == 0)
			since = noon_time_diff(s->ended, s->ke[i].at);
	return since > BACK_OFF || (refused >= 2 && since > FALL_BACK) || has_gone(s);
}
