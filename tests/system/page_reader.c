/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a shared page through libnoonmark until SIGTERM and checks every interval against
 * CLOCK_REALTIME, which is the truth of a virtual clock. One JSON object at the end.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "noonmark/clock.h"

#define SLACK_NS 2000

static volatile sig_atomic_t stopped;

static void on_term(int signo)
{
	stopped = signo;
}

static int64_t real_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct sigaction sa = {.sa_handler = on_term};
	const struct timespec pause = {0, 2000000};
	struct noon_clock_page *page;
	long n[5] = {0, 0, 0, 0, 0};
	long readings = 0;
	long none = 0;
	long violations = 0;
	int64_t worst = 0;

	if (argc != 2 || noon_open(argv[1], &page) != 0) {
		(void)fprintf(stderr, "cannot open the page\n");
		return 1;
	}
	(void)sigaction(SIGTERM, &sa, NULL);
	while (!stopped) {
		enum noon_clock_status status;
		int64_t from;
		int64_t to;
		const int64_t before = real_now();
		const int err = noon_now(page, &from, &to, &status);
		const int64_t after = real_now();

		if (err) {
			none++;
		} else {
			const int64_t below = before - SLACK_NS - to;
			const int64_t above = from - after - SLACK_NS;
			const int64_t by = below > above ? below : above;

			readings++;
			n[status]++;
			violations += by > 0;
			worst = by > worst ? by : worst;
		}
		(void)nanosleep(&pause, NULL);
	}
	noon_close(page);
	(void)printf("{\"readings\": %ld, \"none\": %ld, \"violations\": %ld, \"worst_ns\": %lld, "
		     "\"unsynchronised\": %ld, \"ok\": %ld, \"holdover\": %ld, \"alarm\": %ld, "
		     "\"stale\": %ld}\n",
		     readings, none, violations, (long long)worst, n[0], n[1], n[2], n[3], n[4]);
	return 0;
}
