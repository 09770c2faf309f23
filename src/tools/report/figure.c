/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/report/figure.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#define CLOSE 0.1 /* of the largest offset: less is shown as a difference from the result */

struct noon_unit noon_unit_of(double span)
{
	if (span >= 1)
		return (struct noon_unit){1, "s"};
	if (span >= 1e-3)
		return (struct noon_unit){1e3, "ms"};
	if (span >= 1e-6)
		return (struct noon_unit){1e6, "us"};
	return (struct noon_unit){1e9, "ns"};
}

struct noon_unit noon_unit_of_duration(double s)
{
	if (s < 180)
		return (struct noon_unit){1, "s"};
	if (s < 3 * 3600.0)
		return (struct noon_unit){1 / 60.0, "min"};
	if (s < 3 * 86400.0)
		return (struct noon_unit){1 / 3600.0, "h"};
	return (struct noon_unit){1 / 86400.0, "d"};
}

struct noon_offset_axis noon_offset_axis(double low, double high, double x)
{
	const double far = fmax(fabs(low), fabs(high));
	const bool close = !isnan(x) && high - low < CLOSE * far;
	struct noon_offset_axis a = {
		.zero = close ? x : 0,
		.unit = noon_unit_of(close ? high - low : far),
	};

	(void)snprintf(a.name, sizeof(a.name), "T(S) - reference%s, %s", close ? " - x" : "",
		       a.unit.name);
	return a;
}

double noon_on_axis(const struct noon_offset_axis *a, double v)
{
	return (v - a->zero) * a->unit.factor;
}

void noon_html_text(FILE *f, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			(void)fputs("&lt;", f);
			break;
		case '>':
			(void)fputs("&gt;", f);
			break;
		case '&':
			(void)fputs("&amp;", f);
			break;
		case '"':
			(void)fputs("&quot;", f);
			break;
		default:
			(void)fputc(*text, f);
			break;
		}
	}
}

noon_err noon_figure(FILE *f, struct noon_svg *plot, const char *caption, ...)
{
	char text[512];
	va_list list;
	size_t n;
	char *svg = noon_svg_end(plot, &n);

	if (svg == NULL)
		return NOON_ERR_OS;
	va_start(list, caption);
	(void)vsnprintf(text, sizeof(text), caption, list);
	va_end(list);
	(void)fputs("<figure>\n", f);
	(void)fwrite(svg, 1, n, f);
	(void)fputs("<figcaption>", f);
	noon_html_text(f, text);
	(void)fputs("</figcaption>\n</figure>\n", f);
	free(svg);
	return NOON_OK;
}
