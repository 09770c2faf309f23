/* SPDX-License-Identifier: Apache-2.0
 *
 * The status of a daemon as text: one screen, or one line.
 */
#ifndef NOON_TOOLS_SCREEN_H
#define NOON_TOOLS_SCREEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/** Print one screen. @param colour  use ANSI colours */
void noon_screen_print(FILE *to, const json_t *status, bool colour);

/** Print one line, with a head before the first one. */
void noon_screen_line(FILE *to, const json_t *status, bool head);

#endif
