/* SPDX-License-Identifier: Apache-2.0
 *
 * A run as a picture: the error of the clock within its interval, the clock's estimate, and the
 * times of alarm.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/svg.h"
#include "tools/sim/sim_run.h"

/* Kept points; when full, every other one is dropped. */
#define POINTS 2048

struct noon_sim_picture {
	const struct noon_scenario *s;
	uint32_t node; /* of the client drawn */
	size_t n;
	uint64_t looks, stride;
	double limit_us;
	double x[POINTS], err[POINTS], lower[POINTS], upper[POINTS], estimate[POINTS];
	bool alarm[POINTS];
};

struct noon_sim_picture *noon_sim_picture_new(const struct noon_scenario *s)
{
	struct noon_sim_picture *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->s = s;
	p->stride = 1;
	while (p->node + 1 < s->nodes && !s->node[p->node].client)
		p->node++;
	p->limit_us = (double)s->node[p->node].engine.alert_limit / 1e3;
	return p;
}

void noon_sim_picture_free(struct noon_sim_picture *p)
{
	free(p);
}

/* Keep every other point. */
static void thin(struct noon_sim_picture *p)
{
	for (size_t i = 0; i < POINTS / 2; i++) {
		p->x[i] = p->x[2 * i];
		p->err[i] = p->err[2 * i];
		p->lower[i] = p->lower[2 * i];
		p->upper[i] = p->upper[2 * i];
		p->estimate[i] = p->estimate[2 * i];
		p->alarm[i] = p->alarm[2 * i] || p->alarm[2 * i + 1];
	}
	p->n = POINTS / 2;
	p->stride *= 2;
}

void noon_sim_picture_look(void *arg, const struct noon_sim_look *look)
{
	struct noon_sim_picture *p = arg;
	const bool alarm = look->r->state == NOON_STATE_ALARM;

	if (look->node != p->node || look->r->bound == NOON_DUR_MAX)
		return;
	if (p->looks++ % p->stride != 0) {
		if (p->n > 0)
			p->alarm[p->n - 1] |= alarm;
		return;
	}
	if (p->n == POINTS)
		thin(p);
	p->x[p->n] = noon_dur_to_s(look->since);
	p->err[p->n] = look->err_ns / 1e3;
	p->lower[p->n] = (double)look->r->lower / 1e3;
	p->upper[p->n] = (double)look->r->upper / 1e3;
	p->estimate[p->n] = look->estimate_ns / 1e3;
	p->alarm[p->n++] = alarm;
}

/* Show a few alert limits; the start and the worst may lie outside. */
static double height_of(const struct noon_sim_picture *p)
{
	double most = 0.0;

	for (size_t i = 0; i < p->n; i++)
		most = fmax(most, fmax(fabs(p->lower[i]), fabs(p->upper[i])));
	most = fmax(fmin(most, 2.0 * p->limit_us), 1.0);
	return 1.1 * most;
}

/* Draw a line along the bottom during alarms. */
static void draw_alarms(const struct noon_sim_picture *p, struct noon_svg *svg, double y)
{
	bool first = true;

	for (size_t i = 0; i < p->n; i++) {
		double x[2], ys[2] = {y, y};

		if (!p->alarm[i])
			continue;
		x[0] = p->x[i];
		while (i + 1 < p->n && p->alarm[i + 1])
			i++;
		x[1] = i + 1 < p->n ? p->x[i + 1] : p->x[i];
		noon_svg_line(svg, x, ys, 2,
			      (struct noon_svg_style){.colour = NOON_SVG_RED,
						      .legend = first ? "alarm" : NULL});
		first = false;
	}
}

static void draw(const struct noon_sim_picture *p, struct noon_svg *svg)
{
	const double height = height_of(p);
	const struct noon_axis x = {
		.min = 0, .max = noon_dur_to_s(p->s->duration), .label = "time, s"};
	const struct noon_axis y = {.min = -height, .max = height, .label = "UTC - clock, us"};

	noon_svg_begin(svg, p->s->title, &x, &y);
	noon_svg_area(svg, p->x, p->lower, p->upper, p->n,
		      (struct noon_svg_style){.colour = NOON_SVG_GREY, .legend = "interval"});
	noon_svg_line(svg, p->x, p->estimate, p->n,
		      (struct noon_svg_style){.colour = NOON_SVG_BLUE,
					      .dashed = true,
					      .legend = "middle of the interval"});
	noon_svg_line(svg, p->x, p->err, p->n,
		      (struct noon_svg_style){.colour = NOON_SVG_BLACK, .legend = "truth"});
	for (int side = -1; side <= 1; side += 2)
		noon_svg_at_y(svg, side * p->limit_us, side > 0 ? "alert limit" : NULL,
			      (struct noon_svg_style){.colour = NOON_SVG_ORANGE, .dashed = true});
	for (size_t i = 0; i < p->s->attacks; i++)
		noon_svg_at_x(svg, noon_dur_to_s(p->s->attack[i].from), p->s->attack[i].name,
			      (struct noon_svg_style){.colour = NOON_SVG_PURPLE, .dashed = true});
	draw_alarms(p, svg, -0.97 * height);
}

noon_err noon_sim_picture_write(const struct noon_sim_picture *p, const char *path)
{
	struct noon_svg svg;
	size_t n = 0;
	char *text;
	FILE *out;
	bool ok;

	draw(p, &svg);
	text = noon_svg_end(&svg, &n);
	out = text != NULL ? fopen(path, "we") : NULL;
	if (out == NULL) {
		free(text);
		return NOON_ERR_OS;
	}
	ok = fwrite(text, 1, n, out) == n;
	ok &= fclose(out) == 0;
	free(text);
	if (!ok)
		(void)remove(path);
	return ok ? NOON_OK : NOON_ERR_OS;
}
