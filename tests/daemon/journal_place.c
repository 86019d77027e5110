#include "journal_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t wall_ms(void *arg)
{
    const struct place *place = arg;
    return atomic_load(&place->wall_ms);
}

static int64_t monotonic_ms(void *arg)
{
    const struct place *place = arg;
    return atomic_load(&place->monotonic_ms);
}

const char *place_base(void)
{
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

int place_set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    snprintf(place->folder, sizeof place->folder, "%s/pixmill-journal-XXXXXX", place_base());
    assert_non_null(mkdtemp(place->folder));
    place->clock = (struct pxm_clock){.wall_ms = wall_ms, .monotonic_ms = monotonic_ms, .arg = place};
    atomic_store(&place->wall_ms, PLACE_NOW);
    assert_int_equal(loop_new(&place->loop, NULL), PXM_OK);
    *state = place;
    return 0;
}

void place_path(const char *folder, const char *name, char path[256])
{
    assert_true(snprintf(path, 256, "%s/%s", folder, name) < 256);
}

void place_empty(const char *folder)
{
    char path[256];
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *found = readdir(list); found; found = readdir(list)) {
        if (found->d_name[0] != '.') {
            place_path(folder, found->d_name, path);
            unlink(path);
        }
    }
    closedir(list);
}

int place_tear_down(void **state)
{
    struct place *place = *state;
    place_close(place);
    loop_free(place->loop);
    place_empty(place->folder);
    rmdir(place->folder);
    free(place);
    return 0;
}

pxm_status place_open(struct place *place, pxm_error *error)
{
    struct journal_options options = {
        .folder = place->folder, .loop = place->loop, .keep_ms = PLACE_KEEP_MS, .clock = &place->clock};
    return journal_open(&options, &place->journal, &place->report, error);
}

void place_must_open(struct place *place, enum journal_found found)
{
    pxm_error error = {0};
    if (place_open(place, &error) != PXM_OK) {
        fail_msg("%s: %s", error.code, error.text);
    }
    assert_int_equal(place->report.found, found);
}

void place_close(struct place *place)
{
    journal_close(place->journal);
    place->journal = NULL;
}

void place_copy(const char *from_folder, const char *to_folder, const char *name)
{
    char from[256], to[256], buffer[65536];
    place_path(from_folder, name, from);
    place_path(to_folder, name, to);
    int in = open(from, O_RDONLY);
    if (in < 0) {
        return;
    }
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(out >= 0);
    for (ssize_t length; (length = read(in, buffer, sizeof buffer)) > 0;) {
        assert_int_equal(write(out, buffer, (size_t)length), length);
    }
    close(in);
    close(out);
}

/* ---- operations ---- */

static struct place *current;

static void count_down(struct journal_op *op)
{
    (void)op;
    if (--current->left == 0) {
        loop_stop(current->loop);
    }
}

void place_do_all(struct place *place, struct journal_op *ops, size_t count)
{
    current = place;
    place->left = (int)count;
    for (size_t i = 0; i < count; i++) {
        ops[i].done = count_down;
        journal_submit(place->journal, &ops[i]);
    }
    loop_run(place->loop);
}

pxm_status place_do(struct place *place, struct journal_op *op)
{
    if (op->now_ms == 0) {
        op->now_ms = PLACE_NOW;
    }
    place_do_all(place, op, 1);
    return op->error.status;
}

void place_assert_done(struct place *place, struct journal_op *op)
{
    if (place_do(place, op) != PXM_OK) {
        fail_msg("operation %d: %s: %s", op->kind, op->error.code, op->error.text);
    }
}

void place_assert_fails(struct place *place, struct journal_op *op, pxm_status status, const char *code)
{
    assert_int_equal(place_do(place, op), status);
    assert_string_equal(op->error.code, code);
}

int64_t place_add(struct place *place, const char *dedupe, int64_t at)
{
    struct journal_op op = {.kind = JOURNAL_ADD,
                            .pipeline = "thumbnail",
                            .trigger = "created",
                            .event = "{\"key\":\"k\"}",
                            .dedupe = dedupe,
                            .at_ms = PLACE_NOW + at};
    place_assert_done(place, &op);
    return op.ret_id;
}

int64_t place_expect(struct place *place, const char *run, const char *dedupe)
{
    struct journal_op op = {.kind = JOURNAL_EXPECT,
                            .run = run,
                            .pipeline = "thumbnail",
                            .trigger = "created",
                            .event = "{\"key\":\"k\"}",
                            .dedupe = dedupe};
    place_assert_done(place, &op);
    return op.ret_id;
}

void place_conclude(struct place *place, const char *run)
{
    struct journal_op op = {.kind = JOURNAL_CONCLUDE, .run = run};
    place_assert_done(place, &op);
}

size_t place_take(struct place *place, int64_t limit, int64_t at, struct journal_op *op)
{
    *op = (struct journal_op){.kind = JOURNAL_TAKE, .limit = limit, .now_ms = PLACE_NOW + at};
    place_assert_done(place, op);
    return op->job_count;
}

int64_t place_take_one(struct place *place, int64_t at)
{
    struct journal_op op;
    int64_t id = place_take(place, 1, at, &op) > 0 ? op.jobs[0].id : 0;
    journal_op_done(&op);
    return id;
}

struct journal_counts place_count(struct place *place)
{
    struct journal_op op = {.kind = JOURNAL_COUNT};
    place_assert_done(place, &op);
    return op.counts;
}
