/* Jobs for a daemon that is yet to start: backlog STATE COUNT KEY. As if the object had been created COUNT times and
 * nobody had come to look at it. */
#include "app/event.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/value.h"
#include "daemon/journal.h"

#include <stdio.h>
#include <stdlib.h>

enum { JOBS_MAX = 1000000, EVENT_BYTES_MAX = 64 << 10, BATCH = 1000 };

static struct loop *loop;
static size_t left;
static bool failed;

static void on_added(struct journal_op *op)
{
    if (op->error.status != PXM_OK) {
        fprintf(stderr, "backlog: %s\n", op->error.text);
        failed = true;
    }
    if (--left == 0) {
        loop_stop(loop);
    }
}

static char *write_event(const char *key)
{
    const struct app_object object = {.store = "images", .key = key, .bytes = PXM_UNSET_INT, .time_ms = 1};
    pxm_value *event = NULL;
    struct pxm_buf buf;

    pxm_buf_init(&buf, EVENT_BYTES_MAX);
    if (app_event_object_created(&object, &event, NULL) == PXM_OK) {
        pxm_json_write(&buf, event, 0, 0, NULL);
    }
    pxm_value_unref(event);
    char *text = pxm_buf_take(&buf);
    pxm_buf_done(&buf);
    return text;
}

static void add_all(struct journal *journal, const char *event, size_t count)
{
    static struct journal_op ops[BATCH];

    while (count > 0 && !failed) {
        size_t batch = count < BATCH ? count : BATCH;
        left = batch;
        for (size_t i = 0; i < batch; i++) {
            ops[i] = (struct journal_op){
                .kind = JOURNAL_ADD, .done = on_added, .pipeline = "thumbnails", .trigger = "created", .event = event};
            journal_submit(journal, &ops[i]);
        }
        loop_run(loop);
        count -= batch;
    }
}

int main(int argc, char **argv)
{
    struct journal *journal = NULL;
    struct journal_report report;
    pxm_error error = {0};
    size_t count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;

    if (count == 0 || count > JOBS_MAX) {
        fprintf(stderr, "backlog STATE COUNT KEY\n");
        return 64;
    }
    char *event = write_event(argv[3]);
    if (!event || loop_new(&loop, &error) != PXM_OK) {
        return EXIT_FAILURE;
    }
    const struct journal_options options = {.folder = argv[1], .loop = loop, .keep_ms = 1000000};
    if (journal_open(&options, &journal, &report, &error) != PXM_OK) {
        fprintf(stderr, "backlog: %s\n", error.text);
        return EXIT_FAILURE;
    }
    add_all(journal, event, count);
    journal_close(journal);
    loop_free(loop);
    free(event);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
