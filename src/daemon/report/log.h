/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines of the daemon: to standard error, with the level in front.
 *
 * Under a service manager the lines carry the syslog priority as "<N>" (sd-daemon(3)) and no time;
 * elsewhere a time. Nothing is logged per packet: such events are counted and shown by `noonmark
 * status`.
 */
#ifndef NOON_DAEMON_LOG_H
#define NOON_DAEMON_LOG_H

enum noon_log_level {
	NOON_LOG_ERROR = 3,
	NOON_LOG_WARNING = 4,
	NOON_LOG_NOTICE = 5,
	NOON_LOG_INFO = 6
};

/** Write one line; a new line is appended. Thread: any. */
__attribute__((format(printf, 2, 3))) void noon_log(enum noon_log_level level, const char *format,
						    ...);

#endif
