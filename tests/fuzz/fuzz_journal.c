/* A journal in which bytes were changed, or which was cut: opening it gives one that works, and is sound from then on,
 * or says why not. */
#include "base/log.h"
#include "daemon/journal.h"
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 3, FILE_BYTES_MAX = 1 << 20, JOBS = 12, WALL_MS = 1000000 };

static const char *const names[FILES] = {"journal.db", "journal.db-wal", "journal.mark"};
static struct {
    uint8_t data[FILE_BYTES_MAX];
    size_t size;
} whole[FILES], broken[FILES];
static char folder[64];
static struct loop *loop;
static bool is_done;

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void forget_line(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    (void)entry;
}

/* ---- a journal --------------------------------------------------------------------------------------------------- */

static pxm_status open_journal(struct journal **ret, struct journal_report *report, pxm_error *error)
{
    const struct journal_options options = {.folder = folder, .loop = loop, .keep_ms = WALL_MS};

    return journal_open(&options, ret, report, error);
}

static void on_done(struct journal_op *op)
{
    (void)op;
    is_done = true;
    loop_stop(loop);
}

/* One that fails says why. */
static pxm_status perform(struct journal *journal, struct journal_op *op)
{
    is_done = false;
    op->done = on_done;
    journal_submit(journal, op);
    while (!is_done) {
        loop_run(loop);
    }
    check((op->error.status == PXM_OK) == (op->error.code[0] == '\0'));
    pxm_status status = op->error.status;
    journal_op_done(op);
    return status;
}

/* Jobs that are expected, ready, retried and dead, a key and a schedule. */
static void fill(struct journal *journal)
{
    int64_t ids[JOBS];

    for (int i = 0; i < JOBS; i++) {
        static const char event[] = "{\"store\":\"images\",\"key\":\"uploads/20260101T000000Z-0123456789ab.jpg\"}";
        char run[24];
        snprintf(run, sizeof run, "run-%d", i);
        struct journal_op expect = {.kind = JOURNAL_EXPECT,
                                    .run = run,
                                    .pipeline = "thumbnails",
                                    .trigger = "created",
                                    .event = event,
                                    .dedupe = run};
        struct journal_op conclude = {
            .kind = JOURNAL_CONCLUDE, .run = run, .key = run, .answer = "{\"filename\":\"a\"}"};
        struct journal_op claim = {.kind = JOURNAL_CLAIM, .key = run, .fingerprint = "f", .run = run, .run_ms = 1};
        check(perform(journal, &claim) == PXM_OK && perform(journal, &expect) == PXM_OK);
        ids[i] = expect.ret_id;
        check(i % 4 == 0 || perform(journal, &conclude) == PXM_OK);
    }
    struct journal_op take = {.kind = JOURNAL_TAKE, .limit = JOBS};
    struct journal_op retry = {.kind = JOURNAL_RETRY, .id = ids[1], .cause = "{\"code\":\"store.unavailable\"}"};
    struct journal_op bury = {.kind = JOURNAL_BURY, .id = ids[2], .cause = "{\"code\":\"decode.corrupt\"}"};
    struct journal_op schedule = {.kind = JOURNAL_SCHEDULE,
                                  .pipeline = "tidy",
                                  .trigger = "nightly",
                                  .event = "{}",
                                  .now_ms = WALL_MS,
                                  .every_ms = 1000};
    check(perform(journal, &take) == PXM_OK && perform(journal, &retry) == PXM_OK);
    check(perform(journal, &bury) == PXM_OK && perform(journal, &schedule) == PXM_OK);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void path_of(const char *name, char path[400])
{
    check(snprintf(path, 400, "%s/%s", folder, name) < 400);
}

static void empty_folder(void)
{
    DIR *list = opendir(folder);
    char path[400];

    check(list != NULL);
    for (struct dirent *entry = readdir(list); entry; entry = readdir(list)) {
        if (entry->d_name[0] != '.') {
            path_of(entry->d_name, path);
            check(unlink(path) == 0);
        }
    }
    closedir(list);
}

static void remove_folder(void)
{
    empty_folder();
    rmdir(folder);
    loop_free(loop);
}

/* As they are while it is open, so that there is a -wal. */
static void keep_files(void)
{
    char path[400];

    for (int i = 0; i < FILES; i++) {
        path_of(names[i], path);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t size = read(fd, whole[i].data, FILE_BYTES_MAX);
        check(size > 0 && size < FILE_BYTES_MAX);
        whole[i].size = (size_t)size;
        close(fd);
    }
}

static void write_files(void)
{
    char path[400];

    empty_folder();
    for (int i = 0; i < FILES; i++) {
        path_of(names[i], path);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        check(fd >= 0 && write(fd, broken[i].data, broken[i].size) == (ssize_t)broken[i].size);
        close(fd);
    }
}

static void set_up(void)
{
    struct journal *journal = NULL;
    struct journal_report report;

    if (loop) {
        return;
    }
    pxm_log_set_sink(forget_line, NULL, PXM_LOG_ERROR);
    snprintf(folder, sizeof folder, "%s/pixmill-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    check(mkdtemp(folder) && loop_new(&loop, NULL) == PXM_OK && atexit(remove_folder) == 0);
    check(open_journal(&journal, &report, NULL) == PXM_OK);
    fill(journal);
    keep_files();
    journal_close(journal);
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

/* Each change is a byte that says in which file, or that it is cut; three for where; one for how many bytes; and these.
 * */
static void damage(const uint8_t *data, size_t size)
{
    memcpy(broken, whole, sizeof whole);
    while (size >= 5) {
        size_t file = data[0] % FILES, length = data[4];
        size_t at = (data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16) % (broken[file].size + 1);
        bool cuts = data[0] & 0x80;
        data += 5;
        size -= 5;
        if (cuts) {
            broken[file].size = at;
            continue;
        }
        length = length < size ? length : size;
        size_t fits = length < broken[file].size - at ? length : broken[file].size - at;
        memcpy(broken[file].data + at, data, fits);
        data += length;
        size -= length;
    }
}

static void use(struct journal *journal)
{
    struct journal_op add = {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = "{}"};
    struct journal_op dead = {.kind = JOURNAL_DEAD, .limit = JOBS}, count = {.kind = JOURNAL_COUNT};
    struct journal_op take = {.kind = JOURNAL_TAKE, .limit = 2 * JOBS};
    struct journal_op claim = {.kind = JOURNAL_CLAIM, .key = "run-1", .fingerprint = "f", .run = "again", .run_ms = 2};

    check(perform(journal, &add) == PXM_OK && perform(journal, &count) == PXM_OK);
    check(perform(journal, &take) == PXM_OK && perform(journal, &dead) == PXM_OK);
    check(perform(journal, &claim) == PXM_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal *journal = NULL;
    struct journal_report report;
    pxm_error error = {0};

    set_up();
    damage(data, size);
    write_files();
    if (open_journal(&journal, &report, &error) != PXM_OK) {
        check(strncmp(error.code, "journal.", 8) == 0 && error.text[0] != '\0');
        return 0;
    }
    use(journal);
    journal_close(journal);
    check(open_journal(&journal, &report, &error) == PXM_OK && report.found == JOURNAL_FOUND_SOUND);
    journal_close(journal);
    return 0;
}
