/* Reads all records and dead letters, page by page. */
#include "audit_private.h"
#include "base/json.h"
#include "base/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES_MAX = 100000, TOKEN_MAX = 300 };

static bool read_token(const struct audit *audit, char token[TOKEN_MAX])
{
    char path[4096];

    snprintf(path, sizeof path, "%s/operator.token", audit->state);
    FILE *file = fopen(path, "re");
    bool found = file && fgets(token, TOKEN_MAX, file);
    if (file) {
        fclose(file);
    }
    token[found ? strcspn(token, "\n") : 0] = '\0';
    return found;
}

pxm_value *audit_operate(const struct audit *audit, const char *path)
{
    char token[TOKEN_MAX], header[TOKEN_MAX + 64];
    struct wire_answer answer;
    pxm_value *value = NULL;

    if (!read_token(audit, token)) {
        return NULL;
    }
    snprintf(header, sizeof header, "Authorization: Bearer %s\r\n", token);
    const struct wire_request request = {.method = "GET", .path = path, .headers = header};
    if (wire_ask(audit->port, &request, &answer) && answer.status == 200) {
        pxm_json_parse(answer.body, answer.length, &value, NULL);
    }
    wire_answer_done(&answer);
    return value;
}

static void *grown(void *items, size_t count, size_t size)
{
    void *more = realloc(items, (count + 1) * size);

    if (!more) {
        abort();
    }
    return more;
}

/* A page belongs to the world from here on; its items, or NULL. */
static const pxm_value *keep_page(struct audit_world *world, pxm_value *page)
{
    if (!page) {
        return NULL;
    }
    world->pages = grown(world->pages, world->page_count, sizeof *world->pages);
    world->pages[world->page_count++] = page;
    return pxm_value_get(page, "items");
}

static const char *text_of(const pxm_value *record, const char *key)
{
    const char *text = pxm_value_as_string(pxm_value_get(record, key), NULL);

    return text ? text : "";
}

static void add_record(struct audit_world *world, const pxm_value *item)
{
    world->records = grown(world->records, world->record_count, sizeof *world->records);
    world->records[world->record_count++] =
        (struct audit_record){.filename = text_of(item, "filename"),
                              .digest = text_of(item, "sha256"),
                              .owner = text_of(item, "owner"),
                              .thumbnails = pxm_value_get(item, "thumbnails"),
                              .ready = strcmp(text_of(item, "status"), "ready") == 0};
}

static bool read_records(const struct audit *audit, struct audit_world *world)
{
    char path[4200] = "/images?limit=100";

    for (size_t i = 0; i < PAGES_MAX; i++) {
        const pxm_value *items = keep_page(world, audit_operate(audit, path));
        if (!items) {
            return false;
        }
        for (size_t j = 0; j < pxm_value_count(items); j++) {
            add_record(world, pxm_value_at(items, j));
        }
        const char *cursor = text_of(world->pages[world->page_count - 1], "cursor");
        if (cursor[0] == '\0') {
            return true;
        }
        snprintf(path, sizeof path, "/images?limit=100&cursor=%s", cursor);
    }
    return false;
}

static bool read_dead(const struct audit *audit, struct audit_world *world)
{
    char path[64] = "/admin/dead?limit=500";

    for (size_t i = 0; i < PAGES_MAX; i++) {
        const pxm_value *items = keep_page(world, audit_operate(audit, path));
        if (!items) {
            return false;
        }
        for (size_t j = 0; j < pxm_value_count(items); j++) {
            world->dead = grown(world->dead, world->dead_count, sizeof *world->dead);
            world->dead[world->dead_count++] = text_of(pxm_value_get(pxm_value_at(items, j), "event"), "key");
        }
        const pxm_value *cursor = pxm_value_get(world->pages[world->page_count - 1], "cursor");
        if (!cursor || pxm_value_type(cursor) == PXM_TYPE_NULL) {
            return true;
        }
        snprintf(path, sizeof path, "/admin/dead?limit=500&cursor=%" PRId64, pxm_value_as_int(cursor));
    }
    return false;
}

static int compare_records(const void *a, const void *b)
{
    return strcmp(((const struct audit_record *)a)->filename, ((const struct audit_record *)b)->filename);
}

bool audit_world_read(const struct audit *audit, struct audit_world *ret)
{
    *ret = (struct audit_world){0};
    if (!read_records(audit, ret) || !read_dead(audit, ret)) {
        fprintf(stderr, "# records or dead letters cannot be listed\n");
        audit_world_done(ret);
        return false;
    }
    if (ret->record_count > 0) {
        qsort(ret->records, ret->record_count, sizeof *ret->records, compare_records);
    }
    return true;
}

void audit_world_done(struct audit_world *world)
{
    for (size_t i = 0; i < world->page_count; i++) {
        pxm_value_unref(world->pages[i]);
    }
    free(world->pages);
    free(world->records);
    free(world->dead);
}

const struct audit_record *audit_find_record(const struct audit_world *world, const char *filename)
{
    const struct audit_record wanted = {.filename = filename};

    return world->record_count == 0
               ? NULL
               : bsearch(&wanted, world->records, world->record_count, sizeof wanted, compare_records);
}
