/* Colours as YAML writes them. */
#ifndef RESIZE_COLOUR_H
#define RESIZE_COLOUR_H

#include <stdbool.h>

/* "#rgb", "#rrggbb" or "#rrggbbaa" into red, green, blue, alpha of 0..255; false for anything else. [any] */
bool resize_colour_parse(const char *text, double ret[4]);

#endif
