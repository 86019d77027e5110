/* Gathers mismatches. */
#include "problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void problems_add(struct problems *problems, struct pxm_span span, const char *format, ...)
{
    struct problem problem = {.span = span};
    va_list args;

    if (!problems) {
        return;
    }
    va_start(args, format);
    int length = vasprintf(&problem.text, format, args);
    va_end(args);
    struct problem *more = reallocarray(problems->items, problems->count + 1, sizeof *more);
    problems->items = more ? more : problems->items;
    if (length < 0 || !more) {
        problems->no_memory = true;
        if (length >= 0) {
            free(problem.text);
        }
        return;
    }
    problems->items[problems->count++] = problem;
}

void problems_note(struct problems *problems, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    if (!problems) {
        return;
    }
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    char **more = reallocarray(problems->notes, problems->note_count + 1, sizeof *more);
    problems->notes = more ? more : problems->notes;
    if (length < 0 || !more) {
        problems->no_memory = true;
        if (length >= 0) {
            free(text);
        }
        return;
    }
    problems->notes[problems->note_count++] = text;
}

void problems_done(struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->items[i].text);
    }
    for (size_t i = 0; i < problems->note_count; i++) {
        free(problems->notes[i]);
    }
    free(problems->items);
    free(problems->notes);
    *problems = (struct problems){0};
}
