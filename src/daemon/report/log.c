/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *word(enum noon_log_level level)
{
	switch (level) {
	case NOON_LOG_ERROR:
		return "error: ";
	case NOON_LOG_WARNING:
		return "warning: ";
	case NOON_LOG_NOTICE:
	case NOON_LOG_INFO:
		break;
	}
	return "";
}

static size_t put_head(char *line, size_t n, enum noon_log_level level)
{
	struct timespec ts;
	struct tm tm;
	char stamp[32] = "";
	int len;

	if (getenv("JOURNAL_STREAM") != NULL) {
		len = snprintf(line, n, "<%d>%s", (int)level, word(level));
	} else {
		(void)clock_gettime(CLOCK_REALTIME, &ts);
		if (gmtime_r(&ts.tv_sec, &tm) != NULL)
			(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
		len = snprintf(line, n, "%s noonmarkd: %s", stamp, word(level));
	}
	return len < 0 ? 0 : (size_t)len;
}

void noon_log(enum noon_log_level level, const char *format, ...)
{
	char line[1024];
	const size_t room = sizeof(line) - 1; /* for the new line */
	size_t n = put_head(line, room, level);
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(line + n, room - n, format, ap);
	va_end(ap);
	if (len > 0)
		n += (size_t)len < room - n ? (size_t)len : room - n - 1;
	line[n++] = '\n';
	/* One write per line, so that lines of threads are not interleaved; failure cannot be
	 * reported. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}
