/* SPDX-License-Identifier: Apache-2.0
 *
 * Small plots as SVG text: two axes, linear or logarithmic, and the curves.
 *
 *     struct noon_svg s;
 *
 *     noon_svg_begin(&s, "title", &x_axis, &y_axis);
 *     noon_svg_line(&s, ...);            later ones lie on top
 *     text = noon_svg_end(&s, &n);       the caller frees
 *
 * Data outside the axes are clipped; a value that is not finite (or not positive on a logarithmic
 * axis) breaks a line. Texts are escaped. If memory runs out, later drawing is lost and
 * noon_svg_end returns NULL.
 */
#ifndef NOON_TOOLS_SVG_H
#define NOON_TOOLS_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct noon_axis {
	double min; /**< > 0 if logarithmic; < max */
	double max;
	bool log;
	const char *label; /**< with its unit */
};

/** Colours that are distinguishable for the colour-blind and in grey. */
enum noon_svg_colour {
	NOON_SVG_BLUE,
	NOON_SVG_ORANGE,
	NOON_SVG_GREEN,
	NOON_SVG_RED,
	NOON_SVG_PURPLE,
	NOON_SVG_GREY,
	NOON_SVG_BLACK,
};

/** Style and legend text of a curve. */
struct noon_svg_style {
	enum noon_svg_colour colour;
	bool dashed;
	const char *legend; /**< NULL: not in the legend */
	bool fine;	    /**< thin lines, small points: of many samples */
};

struct noon_svg {
	FILE *f; /**< NULL: no memory */
	char *text;
	size_t n;
	struct noon_axis x, y;
	double legend_x, legend_y; /**< position of the next entry */
};

/** Begin a plot: frame, title, axes with ticks and labels. The texts are not kept. */
void noon_svg_begin(struct noon_svg *s, const char *title, const struct noon_axis *x,
		    const struct noon_axis *y);

/** Draw a line through n points. */
void noon_svg_line(struct noon_svg *s, const double *x, const double *y, size_t n,
		   struct noon_svg_style style);

/** Fill the area between two curves over the same n abscissae; hi NULL: from the lower edge of
 *  the plot up to lo. All values finite. */
void noon_svg_area(struct noon_svg *s, const double *x, const double *lo, const double *hi,
		   size_t n, struct noon_svg_style style);

/** Draw n bars of a width, centred on x. */
void noon_svg_bars(struct noon_svg *s, const double *x, const double *y, size_t n, double width,
		   struct noon_svg_style style);

/** Draw n points with error bars from lo to hi; lo and hi may both be NULL. */
void noon_svg_points(struct noon_svg *s, const double *x, const double *y, const double *lo,
		     const double *hi, size_t n, struct noon_svg_style style);

/** Draw a line across the plot at x, or at y, with a label beside it (may be NULL). */
void noon_svg_at_x(struct noon_svg *s, double x, const char *label, struct noon_svg_style style);
void noon_svg_at_y(struct noon_svg *s, double y, const char *label, struct noon_svg_style style);

/** End the plot. @return the text, to be freed by the caller; NULL if memory ran out */
char *noon_svg_end(struct noon_svg *s, size_t *ret_n);

#endif
