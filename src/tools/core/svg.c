/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH	760.0
#define HEIGHT	470.0
#define LEFT	78.0
#define RIGHT	736.0
#define TOP	78.0
#define BOTTOM	412.0
#define TICKS	7.0
#define DECADES 9.0 /* with more decades some labels are omitted */
#define MINOR	4.0 /* with fewer decades there are intermediate ticks */

static const char *const colours[] = {"#0b5fa5", "#d9730d", "#2e8b57", "#b3202c",
				      "#7a4fa3", "#8a8f98", "#1a1c20"};

static double place(const struct noon_axis *a, double v)
{
	if (a->log)
		return log(v / a->min) / log(a->max / a->min);
	return (v - a->min) / (a->max - a->min);
}

/* Limited to near the plot: clipping does the rest, and numbers stay short. */
static double clamp(double v)
{
	return fmin(fmax(v, -1.0), 2.0);
}

static double px(const struct noon_svg *s, double x)
{
	return LEFT + (RIGHT - LEFT) * clamp(place(&s->x, x));
}

static double py(const struct noon_svg *s, double y)
{
	return BOTTOM - (BOTTOM - TOP) * clamp(place(&s->y, y));
}

static bool shown(const struct noon_axis *a, double v)
{
	return isfinite(v) && (!a->log || v > 0.0);
}

static void put_text(struct noon_svg *s, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			(void)fputs("&lt;", s->f);
			break;
		case '>':
			(void)fputs("&gt;", s->f);
			break;
		case '&':
			(void)fputs("&amp;", s->f);
			break;
		default:
			(void)fputc(*text, s->f);
			break;
		}
	}
}

static void put_number(struct noon_svg *s, const struct noon_axis *a, double v)
{
	const double e = round(log10(fmax(fabs(v), 1e-300)));

	if (a->log && (e < -3.0 || e > 4.0))
		(void)fprintf(s->f, "10<tspan dy=\"-5\" font-size=\"10\">%.0f</tspan>", e);
	else
		(void)fprintf(s->f, "%.10g", fabs(v) < 1e-12 * (a->max - a->min) ? 0.0 : v);
}

static void x_tick(struct noon_svg *s, double v, bool labelled)
{
	const double at = px(s, v);

	(void)fprintf(s->f,
		      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#%s\"/>\n",
		      at, TOP, at, BOTTOM, labelled ? "e1e4e8" : "f1f2f4");
	if (!labelled)
		return;
	(void)fprintf(s->f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", at,
		      BOTTOM + 19.0);
	put_number(s, &s->x, v);
	(void)fputs("</text>\n", s->f);
}

static void y_tick(struct noon_svg *s, double v, bool labelled)
{
	const double at = py(s, v);

	(void)fprintf(s->f,
		      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#%s\"/>\n",
		      LEFT, at, RIGHT, at, labelled ? "e1e4e8" : "f1f2f4");
	if (!labelled)
		return;
	(void)fprintf(s->f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 7.0,
		      at + 4.5);
	put_number(s, &s->y, v);
	(void)fputs("</text>\n", s->f);
}

static void linear_ticks(struct noon_svg *s, const struct noon_axis *a,
			 void (*tick)(struct noon_svg *, double, bool))
{
	const double rough = (a->max - a->min) / TICKS, ten = pow(10.0, floor(log10(rough)));
	const double part = rough / ten;
	const double step = ten * (part < 1.5 ? 1.0 : part < 3.5 ? 2.0 : part < 7.5 ? 5.0 : 10.0);
	const double first = ceil(a->min / step - 1e-9), last = floor(a->max / step + 1e-9);

	for (int i = 0; i <= (int)(last - first); i++)
		tick(s, (first + i) * step, true);
}

static void log_ticks(struct noon_svg *s, const struct noon_axis *a,
		      void (*tick)(struct noon_svg *, double, bool))
{
	const int first = (int)floor(log10(a->min) + 1e-9), last = (int)ceil(log10(a->max) - 1e-9);
	const int each = (int)ceil((last - first) / DECADES);

	for (int e = first; e <= last; e++) {
		for (int k = 1; k <= (last - first <= MINOR ? 9 : 1); k++) {
			const double v = k * pow(10.0, e), at = place(a, v);

			if (at > -1e-9 && at < 1.0 + 1e-9)
				tick(s, v, k == 1 && (last - e) % (each < 1 ? 1 : each) == 0);
		}
	}
}

static void draw_axes(struct noon_svg *s)
{
	(s->x.log ? log_ticks : linear_ticks)(s, &s->x, x_tick);
	(s->y.log ? log_ticks : linear_ticks)(s, &s->y, y_tick);
	(void)fprintf(s->f,
		      "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
		      "stroke=\"#8a8f98\"/>\n",
		      LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
	(void)fprintf(s->f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
		      (LEFT + RIGHT) / 2.0, HEIGHT - 18.0);
	put_text(s, s->x.label);
	(void)fprintf(s->f,
		      "</text>\n<text transform=\"translate(20 %.1f) rotate(-90)\" "
		      "text-anchor=\"middle\">",
		      (TOP + BOTTOM) / 2.0);
	put_text(s, s->y.label);
	(void)fputs("</text>\n", s->f);
}

void noon_svg_begin(struct noon_svg *s, const char *title, const struct noon_axis *x,
		    const struct noon_axis *y)
{
	*s = (struct noon_svg){.x = *x, .y = *y, .legend_x = LEFT, .legend_y = 54.0};
	s->f = open_memstream(&s->text, &s->n);
	if (s->f == NULL)
		return;
	(void)fprintf(s->f,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
		      "width=\"%.0f\" height=\"%.0f\" font-family=\"DejaVu Sans, Verdana, "
		      "sans-serif\" font-size=\"13\" fill=\"#1a1c20\">\n"
		      "<rect width=\"%.0f\" height=\"%.0f\" fill=\"#ffffff\"/>\n"
		      "<text x=\"%.1f\" y=\"30\" font-size=\"16\" font-weight=\"bold\">",
		      WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
	put_text(s, title);
	(void)fputs("</text>\n", s->f);
	draw_axes(s);
}

/* The symbol of an entry in the legend. */
enum mark { MARK_LINE, MARK_AREA, MARK_POINT };

static void legend(struct noon_svg *s, struct noon_svg_style style, enum mark mark)
{
	const char *colour = colours[style.colour];
	double width;

	if (style.legend == NULL)
		return;
	width = 44.0 + 7.6 * (double)strlen(style.legend);
	if (s->legend_x > LEFT && s->legend_x + width > WIDTH) {
		s->legend_x = LEFT;
		s->legend_y += 17.0;
	}
	if (mark == MARK_LINE)
		(void)fprintf(s->f,
			      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
			      "stroke=\"%s\" stroke-width=\"2\"%s/>\n",
			      s->legend_x, s->legend_y - 4.0, s->legend_x + 22.0, s->legend_y - 4.0,
			      colour, style.dashed ? " stroke-dasharray=\"6 4\"" : "");
	else if (mark == MARK_AREA)
		(void)fprintf(s->f,
			      "<rect x=\"%.1f\" y=\"%.1f\" width=\"20\" height=\"11\" fill=\"%s\" "
			      "fill-opacity=\"0.45\"/>\n",
			      s->legend_x, s->legend_y - 10.0, colour);
	else
		(void)fprintf(s->f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n",
			      s->legend_x + 11.0, s->legend_y - 4.5, colour);
	(void)fprintf(s->f, "<text x=\"%.1f\" y=\"%.1f\">", s->legend_x + 27.0, s->legend_y);
	put_text(s, style.legend);
	(void)fputs("</text>\n", s->f);
	s->legend_x += width;
}

/* An inner drawing clips to its own box: a clip path would need an identifier, and a page may hold
 * several plots. */
static void begin_group(struct noon_svg *s)
{
	(void)fprintf(s->f,
		      "<svg x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" viewBox=\"%.0f "
		      "%.0f %.0f %.0f\">\n",
		      LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP, LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
}

static void end_group(struct noon_svg *s)
{
	(void)fputs("</svg>\n", s->f);
}

void noon_svg_line(struct noon_svg *s, const double *x, const double *y, size_t n,
		   struct noon_svg_style style)
{
	bool pen = false;

	if (s->f == NULL)
		return;
	begin_group(s);
	(void)fprintf(s->f, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s d=\"",
		      colours[style.colour], style.fine ? "1" : "2",
		      style.dashed ? " stroke-dasharray=\"6 4\"" : "");
	for (size_t i = 0; i < n; i++) {
		if (!shown(&s->x, x[i]) || !shown(&s->y, y[i])) {
			pen = false;
			continue;
		}
		(void)fprintf(s->f, "%c%.1f %.1f", pen ? 'L' : 'M', px(s, x[i]), py(s, y[i]));
		pen = true;
	}
	(void)fputs("\"/>\n", s->f);
	end_group(s);
	legend(s, style, MARK_LINE);
}

void noon_svg_area(struct noon_svg *s, const double *x, const double *lo, const double *hi,
		   size_t n, struct noon_svg_style style)
{
	if (s->f == NULL || n == 0)
		return;
	begin_group(s);
	(void)fprintf(s->f, "<path fill=\"%s\" fill-opacity=\"0.45\" stroke=\"none\" d=\"",
		      colours[style.colour]);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(s->f, "%c%.1f %.1f", i == 0 ? 'M' : 'L', px(s, x[i]), py(s, lo[i]));
	for (size_t i = n; i-- > 0;)
		(void)fprintf(s->f, "L%.1f %.1f", px(s, x[i]), hi == NULL ? BOTTOM : py(s, hi[i]));
	(void)fputs("Z\"/>\n", s->f);
	end_group(s);
	legend(s, style, MARK_AREA);
}

void noon_svg_bars(struct noon_svg *s, const double *x, const double *y, size_t n, double width,
		   struct noon_svg_style style)
{
	if (s->f == NULL)
		return;
	begin_group(s);
	for (size_t i = 0; i < n; i++) {
		const double left = px(s, x[i] - width / 2.0), right = px(s, x[i] + width / 2.0);
		const double top = shown(&s->y, y[i]) ? py(s, y[i]) : BOTTOM;

		if (top < BOTTOM)
			(void)fprintf(s->f,
				      "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
				      "fill=\"%s\" fill-opacity=\"0.45\"/>\n",
				      left, top, fmax(right - left, 0.3), BOTTOM - top,
				      colours[style.colour]);
	}
	end_group(s);
	legend(s, style, MARK_AREA);
}

void noon_svg_points(struct noon_svg *s, const double *x, const double *y, const double *lo,
		     const double *hi, size_t n, struct noon_svg_style style)
{
	const char *colour = colours[style.colour];

	if (s->f == NULL)
		return;
	begin_group(s);
	for (size_t i = 0; i < n; i++) {
		const double at = px(s, x[i]);

		if (lo != NULL && hi != NULL && shown(&s->y, hi[i]))
			(void)fprintf(s->f,
				      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
				      "stroke=\"%s\" stroke-width=\"1.5\"/>\n",
				      at, shown(&s->y, lo[i]) ? py(s, lo[i]) : BOTTOM, at,
				      py(s, hi[i]), colour);
		if (shown(&s->x, x[i]) && shown(&s->y, y[i]))
			(void)fprintf(s->f,
				      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\"/>\n",
				      at, py(s, y[i]), style.fine ? "1.5" : "3", colour);
	}
	end_group(s);
	legend(s, style, MARK_POINT);
}

static void across(struct noon_svg *s, const double at[4], struct noon_svg_style style)
{
	begin_group(s);
	(void)fprintf(s->f,
		      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
		      "stroke-width=\"1.5\"%s/>\n",
		      at[0], at[1], at[2], at[3], colours[style.colour],
		      style.dashed ? " stroke-dasharray=\"6 4\"" : "");
	end_group(s);
	legend(s, style, MARK_LINE);
}

static void label_at(struct noon_svg *s, double x, double y, const char *label, bool left_of,
		     struct noon_svg_style style)
{
	if (label == NULL)
		return;
	/* A white rim keeps it readable on top of curves. */
	(void)fprintf(
		s->f,
		"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\" stroke=\"#ffffff\" "
		"stroke-width=\"3\" paint-order=\"stroke\">",
		x, y, left_of ? "end" : "start", colours[style.colour]);
	put_text(s, label);
	(void)fputs("</text>\n", s->f);
}

void noon_svg_at_x(struct noon_svg *s, double x, const char *label, struct noon_svg_style style)
{
	double at;
	bool left_of;

	if (s->f == NULL || !shown(&s->x, x))
		return;
	at = px(s, x);
	across(s, (const double[4]){at, TOP, at, BOTTOM}, style);
	left_of = at > (LEFT + RIGHT) / 2.0;
	label_at(s, left_of ? at - 5.0 : at + 5.0, TOP + 16.0, label, left_of, style);
}

void noon_svg_at_y(struct noon_svg *s, double y, const char *label, struct noon_svg_style style)
{
	double at;

	if (s->f == NULL || !shown(&s->y, y))
		return;
	at = py(s, y);
	across(s, (const double[4]){LEFT, at, RIGHT, at}, style);
	label_at(s, RIGHT - 5.0, at - 5.0, label, true, style);
}

char *noon_svg_end(struct noon_svg *s, size_t *ret_n)
{
	if (s->f == NULL)
		return NULL;
	(void)fputs("</svg>\n", s->f);
	if (fclose(s->f) != 0) {
		free(s->text);
		s->text = NULL;
	}
	s->f = NULL;
	*ret_n = s->n;
	return s->text;
}
