/* localfs as people drop files into it: whole or bit by bit, in new folders, under names that are no keys, faster than
 * the kernel can tell, and where nothing can be marked. */
#include "conformance/storage.h"
#include "place.h"
#include "without.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { NOBODY = 65534, SKIPPED = 77, PATIENCE_MS = 600000, BYTES = 5000, FUTURE_S = 86400 };

static const char *path_of(const struct fixture *fixture, const char *name)
{
    static char paths[2][5000];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", place_root(fixture->driver), name);
    return paths[turn];
}

static void drop(const struct fixture *fixture, const char *key)
{
    place_drop(fixture->driver->arg, key, BYTES, 1);
}

static void restart(struct fixture *fixture)
{
    fixture->driver->close(fixture->driver->arg, fixture->self);
    fixture->self = fixture->driver->open_again(fixture->driver->arg);
}

/* A file that is open for writing, with some bytes in it. */
static int start_writing(const struct fixture *fixture, const char *key)
{
    int fd = open(path_of(fixture, key), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "some", 4), 4);
    return fd;
}

/* Of a time of change that says nothing about when it was written. */
static void set_future(int fd)
{
    struct timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec += FUTURE_S;
    times[1] = times[0];
    assert_int_equal(futimens(fd, times), 0);
}

static void make_folder(const struct fixture *fixture, const char *name)
{
    assert_int_equal(mkdir(path_of(fixture, name), 0700), 0);
}

static void move(const struct fixture *fixture, const char *from, const char *to)
{
    assert_int_equal(rename(path_of(fixture, from), path_of(fixture, to)), 0);
}

/* ---- whole or not ---- */

static void a_file_is_told_when_its_writer_closes_it(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    int fd = start_writing(fixture, "inbox/a");
    must_not_be_told(fixture, "inbox/");
    assert_int_equal(write(fd, "thing", 5), 5);
    must_not_be_told(fixture, "inbox/");
    close(fd);
    must_take(fixture, "inbox/", "inbox/a");
    assert_status(fixture, store_head(fixture, "inbox/a"), PXM_OK);
    assert_int_equal(field_int(fixture, "bytes"), 9);
}

static void a_file_that_was_begun_before_anybody_watched_waits_for_its_writer(void **state)
{
    struct fixture *fixture = *state;
    make_folder(fixture, "inbox");
    int fd = start_writing(fixture, "inbox/a");
    set_future(fd);
    must_not_be_told(fixture, "inbox/");
    close(fd);
    must_take(fixture, "inbox/", "inbox/a");
}

static void a_file_whose_end_nobody_saw_is_told_after_a_while(void **state)
{
    struct fixture *fixture = *state;
    make_folder(fixture, "inbox");
    int fd = start_writing(fixture, "inbox/a");
    set_future(fd);
    close(fd);
    must_not_be_told(fixture, "inbox/");
    must_take(fixture, "inbox/", "inbox/a");
}

static void a_file_that_is_written_again_is_told_again(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    close(start_writing(fixture, "inbox/a"));
    must_take(fixture, "inbox/", "inbox/a");
    int fd = start_writing(fixture, "inbox/a");
    must_not_be_told(fixture, "inbox/");
    set_future(fd);
    close(fd);
    must_take(fixture, "inbox/", "inbox/a");
    /* Also by a restart that did not see the writer. */
    fd = start_writing(fixture, "inbox/a");
    close(fd);
    restart(fixture);
    must_take(fixture, "inbox/", "inbox/a");
}

static void a_further_name_of_a_file_is_an_object(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "elsewhere");
    assert_int_equal(link(path_of(fixture, "elsewhere"), path_of(fixture, "inbox/a")), 0);
    must_take(fixture, "inbox/", "inbox/a");
}

static void an_empty_file_is_an_object(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    place_drop(fixture->driver->arg, "inbox/a", 0, 1);
    must_take(fixture, "inbox/", "inbox/a");
}

/* ---- folders ---- */

static void folders_that_are_made_later_are_watched(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "inbox/2026/11/a");
    must_take(fixture, "inbox/", "inbox/2026/11/a");
    drop(fixture, "inbox/2026/11/b");
    drop(fixture, "inbox/2026/c");
    must_take(fixture, "inbox/", "inbox/2026/11/b inbox/2026/c");
}

static void a_folder_that_is_moved_in_brings_its_files(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "camera/a");
    drop(fixture, "camera/raw/b");
    move(fixture, "camera", "inbox/camera");
    must_take(fixture, "inbox/", "inbox/camera/a inbox/camera/raw/b");
    /* Moved on, it keeps its marks, and later files have their new names. */
    move(fixture, "inbox/camera", "inbox/phone");
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "inbox/phone/raw/c");
    drop(fixture, "inbox/phone/d");
    must_take(fixture, "inbox/", "inbox/phone/raw/c inbox/phone/d");
    move(fixture, "inbox/phone", "camera");
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "camera/e");
    must_not_be_told(fixture, "inbox/");
}

static void a_watched_folder_that_was_moved_away_is_made_and_watched_again(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    move(fixture, "inbox", "old");
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "old/a");
    drop(fixture, "inbox/b");
    must_take(fixture, "inbox/", "inbox/b");
}

static void a_watched_folder_stays_when_its_last_object_is_removed(void **state)
{
    struct fixture *fixture = *state;
    struct stat stat_before, stat_after;
    must_not_be_told(fixture, "inbox/");
    assert_int_equal(stat(path_of(fixture, "inbox"), &stat_before), 0);
    drop(fixture, "inbox/sub/a");
    must_take(fixture, "inbox/", "inbox/sub/a");
    assert_status(fixture, store_remove(fixture, "inbox/sub/a"), PXM_OK);
    assert_int_equal(access(path_of(fixture, "inbox/sub"), F_OK), -1);
    assert_int_equal(stat(path_of(fixture, "inbox"), &stat_after), 0);
    assert_int_equal(stat_before.st_ino, stat_after.st_ino);
    drop(fixture, "inbox/b");
    must_take(fixture, "inbox/", "inbox/b");
}

static void a_watched_folder_that_is_no_folder_is_told(void **state)
{
    struct fixture *fixture = *state;
    drop(fixture, "inbox");
    assert_failed(fixture, store_watch(fixture, "inbox/", 1, 0, NULL), PXM_E_INVALID, "store.bad_key");
    assert_int_equal(unlink(path_of(fixture, "inbox")), 0);
    assert_int_equal(symlink("/", path_of(fixture, "inbox")), 0);
    assert_failed(fixture, store_watch(fixture, "inbox/", 1, 0, NULL), PXM_E_INVALID, "store.bad_key");
    assert_int_equal(unlink(path_of(fixture, "inbox")), 0);
    drop(fixture, "inbox/a");
    must_take(fixture, "inbox/", "inbox/a");
}

/* ---- what is no object ---- */

static void put_what_is_no_object(const struct fixture *fixture)
{
    assert_int_equal(symlink("/etc/passwd", path_of(fixture, "inbox/link")), 0);
    assert_int_equal(symlink("/etc", path_of(fixture, "inbox/folder-link")), 0);
    assert_int_equal(mkfifo(path_of(fixture, "inbox/pipe"), 0600), 0);
    drop(fixture, "inbox/.hidden");
    drop(fixture, "inbox/.hidden-folder/a");
    drop(fixture, "inbox/back\\slash");
    drop(fixture, "inbox/new\nline");
    drop(fixture, "inbox/no-\xff-utf8");
    drop(fixture, "inbox/bad\x01/a");
}

static void what_is_no_object_is_passed_over(void **state)
{
    struct fixture *fixture = *state;
    make_folder(fixture, "inbox");
    put_what_is_no_object(fixture);
    drop(fixture, "inbox/a");
    must_take(fixture, "inbox/", "inbox/a");
    place_clear(path_of(fixture, "inbox"));
    must_not_be_told(fixture, "inbox/");
    put_what_is_no_object(fixture);
    drop(fixture, "inbox/b");
    must_take(fixture, "inbox/", "inbox/b");
    drop(fixture, ".pixmill/c");
    must_not_be_told(fixture, "");
    assert_int_equal(unlink(path_of(fixture, ".pixmill/c")), 0);
}

/* ---- marks ---- */

static void foreign_and_damaged_marks_count_for_nothing(void **state)
{
    static const char *const marks[] = {
        "", "no json", "7", "{}", "{\"sha256\": 1, \"mtime_ns\": 2}", "{\"sha256\": \"00\", \"untaken\": false}"};
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        drop(fixture, "elsewhere");
        assert_int_equal(setxattr(path_of(fixture, "elsewhere"), "user.pixmill", marks[i], strlen(marks[i]), 0), 0);
        move(fixture, "elsewhere", "inbox/a");
        must_take(fixture, "inbox/", "inbox/a");
        must_have(fixture, "inbox/a", BYTES, 1);
    }
    restart(fixture);
    must_not_be_told(fixture, "inbox/");
}

static void a_mark_keeps_what_else_was_known(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BYTES, 1);
    pxm_stream *body = body_stream(&plan);
    struct pxm_put put = {.struct_size = sizeof put, .key = "inbox/a", .body = body, .content_type = "text/x-notes"};
    assert_status(fixture, store_put_with(fixture, &put), PXM_OK);
    fixture->host->stream_close(body);
    must_not_be_told(fixture, "inbox/");
    close(start_writing(fixture, "inbox/a"));
    must_take(fixture, "inbox/", "inbox/a");
    assert_status(fixture, store_head(fixture, "inbox/a"), PXM_OK);
    assert_string_equal(field_text(fixture, "content_type"), "text/x-notes");
}

static void a_dropped_file_is_known_by_its_content(void **state)
{
    struct fixture *fixture = *state;
    char sha256[65], etag[72];
    drop(fixture, "inbox/a");
    must_take(fixture, "inbox/", "inbox/a");
    body_sha256(1, BYTES, sha256);
    snprintf(etag, sizeof etag, "\"%s\"", sha256);
    assert_status(fixture, store_head(fixture, "inbox/a"), PXM_OK);
    assert_string_equal(field_text(fixture, "etag"), etag);
}

/* ---- more than the kernel keeps ---- */

static long events_max(void)
{
    char text[32] = "";
    int fd = open("/proc/sys/fs/inotify/max_queued_events", O_RDONLY);
    if (fd >= 0) {
        (void)!read(fd, text, sizeof text - 1);
        close(fd);
    }
    return strtol(text, NULL, 10);
}

static void nothing_is_lost_when_the_kernel_drops_events(void **state)
{
    struct fixture *fixture = *state;
    long most = events_max();
    if (most < 1 || most > 100000) {
        print_message("skipped: the kernel keeps too many events\n");
        skip();
    }
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "inbox/odd");
    drop(fixture, "inbox/even");
    for (long i = 0; i <= most; i++) { /* equal events in a row would be one */
        close(open(path_of(fixture, i % 2 ? "inbox/odd" : "inbox/even"), O_WRONLY | O_CLOEXEC));
    }
    drop(fixture, "inbox/late");
    drop(fixture, "inbox/deep/later");
    must_take(fixture, "inbox/", "inbox/odd inbox/even inbox/late inbox/deep/later");
    drop(fixture, "inbox/deep/last");
    must_take(fixture, "inbox/", "inbox/deep/last");
}

/* ---- where nothing can be marked ---- */

static void without_marks_files_are_told_as_they_come_and_not_at_the_start(void **state)
{
    struct fixture *fixture = *state;
    drop(fixture, "inbox/old");
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "inbox/a");
    for (int i = 0; i < 2; i++) {
        fixture->host->value_unref(must_be_told(fixture, "inbox/", "inbox/a"));
    }
    must_take(fixture, "inbox/", "inbox/a");
    must_not_be_told(fixture, "inbox/");
    close(open(path_of(fixture, "inbox/a"), O_WRONLY)); /* no byte was written, so it is the same */
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "inbox/a");
    must_take(fixture, "inbox/", "inbox/a");
    restart(fixture);
    must_not_be_told(fixture, "inbox/");
}

/* Files that belong to somebody else may be read, and not marked. */
static int watch_as_nobody(struct fixture *fixture)
{
    place_enter(fixture->driver);
    if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0) {
        return SKIPPED;
    }
    for (int i = 0; i < 2; i++) {
        must_take(fixture, "inbox/", "inbox/theirs");
        must_not_be_told(fixture, "inbox/");
        restart(fixture);
    }
    return 0;
}

static void files_of_others_are_told_once_by_each_start(void **state)
{
    struct fixture *fixture = *state;
    int status = 0;
    drop(fixture, "inbox/theirs");
    drop(fixture, "inbox/secret");
    assert_int_equal(chmod(path_of(fixture, "inbox/theirs"), 0644), 0);
    assert_int_equal(chmod(path_of(fixture, "inbox"), 0755), 0);
    assert_int_equal(chmod(path_of(fixture, ""), 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        _exit(watch_as_nobody(fixture));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED) {
        print_message("skipped: only root can become another user\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    struct conformance_driver *driver = place_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_file_is_told_when_its_writer_closes_it, driver),
        FIXTURE_TEST(a_file_that_was_begun_before_anybody_watched_waits_for_its_writer, driver),
        FIXTURE_TEST(a_file_whose_end_nobody_saw_is_told_after_a_while, driver),
        FIXTURE_TEST(a_file_that_is_written_again_is_told_again, driver),
        FIXTURE_TEST(a_further_name_of_a_file_is_an_object, driver),
        FIXTURE_TEST(an_empty_file_is_an_object, driver),
        FIXTURE_TEST(folders_that_are_made_later_are_watched, driver),
        FIXTURE_TEST(a_folder_that_is_moved_in_brings_its_files, driver),
        FIXTURE_TEST(a_watched_folder_that_was_moved_away_is_made_and_watched_again, driver),
        FIXTURE_TEST(a_watched_folder_stays_when_its_last_object_is_removed, driver),
        FIXTURE_TEST(a_watched_folder_that_is_no_folder_is_told, driver),
        FIXTURE_TEST(what_is_no_object_is_passed_over, driver),
        FIXTURE_TEST(foreign_and_damaged_marks_count_for_nothing, driver),
        FIXTURE_TEST(a_mark_keeps_what_else_was_known, driver),
        FIXTURE_TEST(a_dropped_file_is_known_by_its_content, driver),
        FIXTURE_TEST(nothing_is_lost_when_the_kernel_drops_events, driver),
        FIXTURE_TEST(files_of_others_are_told_once_by_each_start, driver),
    };
    const struct CMUnitTest unmarked[] = {
        FIXTURE_TEST(without_marks_files_are_told_as_they_come_and_not_at_the_start, driver),
    };
    int failed = storage_watch_tests(driver) + cmocka_run_group_tests_name("localfs: watch", tests, NULL, NULL);
    if (without(WITHOUT_OPENAT2) != 0 || without(WITHOUT_XATTR) != 0) {
        print_message("skipped without marks: this process may not filter its system calls\n");
        return failed;
    }
    return failed + cmocka_run_group_tests_name("localfs: watch without marks", unmarked, NULL, NULL);
}
