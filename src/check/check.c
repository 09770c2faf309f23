/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

#include <stdarg.h>
#include <stdio.h>

const char *noon_check_level_word(enum noon_check_level level)
{
	static const char *const word[] = {"MUST", "SHOULD", "MAY"};

	return (unsigned)level < sizeof(word) / sizeof(word[0]) ? word[level] : "?";
}

const char *noon_check_verdict_word(enum noon_check_verdict verdict)
{
	static const char *const word[] = {"pass", "fail", "warning", "skipped", "inconclusive"};

	return (unsigned)verdict < sizeof(word) / sizeof(word[0]) ? word[verdict] : "?";
}

void noon_check_sent(struct noon_check_result *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(r->sent, sizeof(r->sent), format, ap);
	va_end(ap);
}

void noon_check_expected(struct noon_check_result *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(r->expected, sizeof(r->expected), format, ap);
	va_end(ap);
}

void noon_check_end(struct noon_check_result *r, enum noon_check_verdict verdict,
		    const char *format, ...)
{
	va_list ap;

	r->verdict = verdict;
	va_start(ap, format);
	(void)vsnprintf(r->came, sizeof(r->came), format, ap);
	va_end(ap);
}
