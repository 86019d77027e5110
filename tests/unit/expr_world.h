/* What the tests of expressions, templates and options share: YAML text becomes a node that sees the names of
 * expr_scope.h, and the first diagnostic one line. */
#ifndef PXM_TESTS_EXPR_WORLD_H
#define PXM_TESTS_EXPR_WORLD_H

#include "expr_scope.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct pxm_arena *arena;
    struct pxm_diags diags;
    struct pxm_resolver resolver;
    char line[1024];
};

static inline void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    world->arena = pxm_arena_new(16 << 20);
    assert_non_null(world->arena);
    pxm_diags_init(&world->diags, world->arena);
    world->resolver = (struct pxm_resolver){.resolve = world_resolve, .arena = world->arena};
}

static inline void world_done(struct world *world)
{
    pxm_arena_free(world->arena);
}

/* A node of YAML text. */
static inline const struct pxm_node *world_yaml(struct world *world, const char *text)
{
    const struct pxm_source *source = pxm_source_of_text(world->arena, "test.yaml", text, strlen(text), &world->diags);
    const struct pxm_node *node = source ? pxm_yaml_parse(world->arena, source, &world->diags) : NULL;
    if (!node) {
        fail_msg("%s: %s", text, world->diags.count ? world->diags.items[0]->message : "no memory");
    }
    return node;
}

/* The value of `x: TEXT`. */
static inline const struct pxm_node *world_node(struct world *world, const char *text)
{
    char yaml[8192];
    snprintf(yaml, sizeof yaml, "x: %s\n", text);
    return pxm_node_get(world_yaml(world, yaml), "x");
}

/* An expression as a scalar of its own, whatever YAML would make of it. */
static inline const struct pxm_node *world_scalar(struct world *world, const char *text)
{
    char yaml[8192];
    snprintf(yaml, sizeof yaml, "x: |-\n  %s\n", text);
    return pxm_node_get(world_yaml(world, yaml), "x");
}

/* "E206 [text under the caret] message | label" of the first diagnostic; "" when there is none. */
static inline const char *world_first(struct world *world)
{
    world->line[0] = '\0';
    if (world->diags.count > 0) {
        const struct pxm_diag *diag = world->diags.items[0];
        const struct pxm_span *span = &diag->span;
        snprintf(world->line, sizeof world->line, "%s [%.*s] %s%s%s", diag->code, span->source ? (int)span->length : 0,
                 span->source ? span->source->text + span->offset : "", diag->message, diag->label ? " | " : "",
                 diag->label ? diag->label : "");
    }
    return world->line;
}

#endif
