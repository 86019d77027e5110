/* localfs alone: links that lead out, foreign files, adopted bodies, and what the folder looks like. */
#include "conformance/storage.h"
#include "place.h"
#include "without.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NOBODY = 65534, SKIPPED = 77, SHARERS = 6, SHARING_ROUNDS = 30 };

static const char *path_of(const struct fixture *fixture, const char *name)
{
    static char path[5000];
    snprintf(path, sizeof path, "%s/%s", place_root(fixture->driver), name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* ---- confinement ---- */

static void links_lead_nowhere(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    char outside[] = "outside-XXXXXX", secret[64], absolute[4096], folder[2048];
    static const char *const through[] = {"folder/secret", "file", "up/secret", "inside/k", "proc/self/status"};
    assert_non_null(mkdtemp(outside));
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(secret, sizeof secret, "%s/secret", outside);
    write_file(secret, "secret");
    snprintf(absolute, sizeof absolute, "%s/%s", folder, outside);
    must_put(fixture, "real/k", 10, 1);
    assert_int_equal(symlink(absolute, path_of(fixture, "folder")), 0);
    assert_int_equal(symlink("../outside", path_of(fixture, "up")), 0);
    assert_int_equal(symlink("real", path_of(fixture, "inside")), 0);
    assert_int_equal(symlink("/proc", path_of(fixture, "proc")), 0);
    strncat(absolute, "/secret", 8);
    assert_int_equal(symlink(absolute, path_of(fixture, "file")), 0);
    for (size_t i = 0; i < sizeof through / sizeof *through; i++) {
        pxm_stream *stream = NULL;
        assert_failed(fixture, store_get(fixture, through[i], 0, -1, NULL, &stream), PXM_E_NOT_FOUND,
                      "store.not_found");
        must_not_have(fixture, through[i]);
        assert_status(fixture, store_remove(fixture, through[i]), PXM_OK);
        assert_false(field_bool(fixture, "removed"));
    }
    assert_failed(fixture, store_put(fixture, "folder/new", &plan, 0), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_put(fixture, "inside/new", &plan, 0), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_put(fixture, "file", &plan, PXM_PUT_IF_ABSENT), PXM_E_INVALID, "store.bad_key");
    must_put(fixture, "file", 20, 2); /* replaces the link, not what it points at */
    must_have(fixture, "file", 20, 2);
    struct stat stat_of;
    assert_int_equal(stat(secret, &stat_of), 0);
    assert_int_equal(stat_of.st_size, 6);
    assert_int_equal(unlink(secret), 0);
    assert_int_equal(rmdir(outside), 0); /* nothing was put there */
}

static size_t list_count(struct fixture *fixture, const char *prefix)
{
    assert_status(fixture, store_list(fixture, prefix, NULL, 1000), PXM_OK);
    return fixture->host->value_count(fixture->host->value_get(fixture->fields, "items"));
}

static void what_is_no_object_is_not_listed(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "a", 1, 1);
    must_put(fixture, "a", 2, 1); /* through the private folder */
    assert_int_equal(symlink("a", path_of(fixture, "link")), 0);
    assert_int_equal(mkfifo(path_of(fixture, "pipe"), 0600), 0);
    assert_int_equal(mkdir(path_of(fixture, "empty"), 0700), 0);
    write_file(path_of(fixture, "bad\nname"), "x");
    write_file(path_of(fixture, "bad\xffname"), "x");
    write_file(path_of(fixture, ".pixmill/file"), "x");
    assert_int_equal(list_count(fixture, ""), 1);
    assert_int_equal(list_count(fixture, ".pixmill"), 0);
    assert_int_equal(list_count(fixture, ".pixmill/"), 0);
    must_not_have(fixture, "pipe");
    assert_failed(fixture, store_head(fixture, ".pixmill/file"), PXM_E_INVALID, "store.bad_key");
    assert_int_equal(unlink(path_of(fixture, ".pixmill/file")), 0);
}

static void folders_and_objects_do_not_replace_each_other(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    must_put(fixture, "a/b", 10, 1);
    must_put(fixture, "c", 10, 1);
    assert_failed(fixture, store_put(fixture, "a", &plan, 0), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_put(fixture, "a", &plan, PXM_PUT_IF_ABSENT), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_put(fixture, "c/d", &plan, 0), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_put(fixture, "c/d/e", &plan, 0), PXM_E_INVALID, "store.bad_key");
    assert_int_equal(place_count_files(fixture->driver), 2);
    assert_status(fixture, store_remove(fixture, "a/b"), PXM_OK);
    must_put(fixture, "a", 20, 2); /* the folder went with its last object */
    must_have(fixture, "a", 20, 2);
}

/* ---- files as objects ---- */

static void files_put_there_by_others_are_objects(void **state)
{
    static const unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    struct fixture *fixture = *state;
    int fd = open(path_of(fixture, "copied.bin"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, png, sizeof png), sizeof png);
    close(fd);
    assert_status(fixture, store_head(fixture, "copied.bin"), PXM_OK);
    assert_string_equal(field_text(fixture, "content_type"), "image/png");
    assert_field_null(fixture, "cache_control");
    assert_field_null(fixture, "meta");
    assert_int_equal(field_int(fixture, "bytes"), sizeof png);
    struct body_plan plan = body_plan(10, 1);
    assert_status(fixture, store_put(fixture, "copied.bin", &plan, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_false(field_bool(fixture, "created"));
    assert_field_null(fixture, "sha256");
}

static void a_file_changed_behind_the_store_gets_another_etag(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", 10, 1);
    char *etag = strdup(field_text(fixture, "etag"));
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000000000}};
    write_file(path_of(fixture, "k"), "0123456789");
    assert_int_equal(utimensat(AT_FDCWD, path_of(fixture, "k"), times, 0), 0);
    assert_status(fixture, store_head(fixture, "k"), PXM_OK);
    assert_string_not_equal(field_text(fixture, "etag"), etag);
    free(etag);
}

static void damaged_attributes_are_told(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", 10, 1);
    if (setxattr(path_of(fixture, "k"), "user.pixmill", "not json", 8, 0) != 0) {
        skip();
    }
    assert_failed(fixture, store_head(fixture, "k"), PXM_E_INTERNAL, "store.damaged");
    must_put(fixture, "k", 20, 2);
    must_have(fixture, "k", 20, 2);
}

/* ---- bodies that are files ---- */

static pxm_blob *unnamed_blob(struct fixture *fixture, int64_t bytes, int64_t length, uint32_t seed)
{
    pxm_blob *blob = NULL;
    uint8_t *content = malloc((size_t)bytes);
    int fd = open(place_root(fixture->driver), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_non_null(content);
    body_fill(content, seed, 0, (size_t)bytes);
    assert_int_equal(write(fd, content, (size_t)bytes), bytes);
    free(content);
    assert_status(fixture, fixture->host->blob_from_fd(fd, 0, length, &blob, fixture->error), PXM_OK);
    return blob;
}

static void put_blob(struct fixture *fixture, const char *key, pxm_blob *blob, uint32_t flags)
{
    pxm_stream *body = fixture->host->stream_of_blob(blob);
    struct pxm_put put = {.struct_size = sizeof put, .flags = flags, .key = key, .content_type = key, .body = body};
    assert_status(fixture, store_put_with(fixture, &put), PXM_OK);
    fixture->host->stream_close(body);
}

static struct stat stat_of_key(const struct fixture *fixture, const char *key)
{
    struct stat result;
    assert_int_equal(stat(path_of(fixture, key), &result), 0);
    return result;
}

static void a_file_without_a_name_becomes_the_object_itself(void **state)
{
    struct fixture *fixture = *state;
    struct stat source;
    char sha256[65];
    pxm_blob *blob = unnamed_blob(fixture, 100000, 100000, 3);
    assert_int_equal(fstat(fixture->host->blob_fd(blob, &(int64_t){0}), &source), 0);
    put_blob(fixture, "first", blob, PXM_PUT_IF_ABSENT);
    body_sha256(3, 100000, sha256);
    assert_string_equal(field_text(fixture, "sha256"), sha256);
    assert_int_equal(stat_of_key(fixture, "first").st_ino, source.st_ino);
    assert_int_equal(stat_of_key(fixture, "first").st_nlink, 1);
    put_blob(fixture, "second", blob, 0); /* has attributes of its own, so it is another file */
    assert_int_not_equal(stat_of_key(fixture, "second").st_ino, source.st_ino);
    assert_int_equal(stat_of_key(fixture, "second").st_nlink, 1);
    fixture->host->blob_unref(blob);
    must_have(fixture, "first", 100000, 3);
    assert_string_equal(field_text(fixture, "content_type"), "first");
    must_have(fixture, "second", 100000, 3);
    assert_string_equal(field_text(fixture, "content_type"), "second");
    assert_int_equal(place_count_files(fixture->driver), 2);
}

static void an_adopted_file_can_replace_an_object(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", 10, 1);
    pxm_blob *blob = unnamed_blob(fixture, 5000, 5000, 3);
    put_blob(fixture, "k", blob, 0);
    fixture->host->blob_unref(blob);
    must_have(fixture, "k", 5000, 3);
    assert_int_equal(place_count_files(fixture->driver), 1);
}

static void a_part_of_a_file_is_copied(void **state)
{
    struct fixture *fixture = *state;
    pxm_blob *blob = unnamed_blob(fixture, 5000, 4000, 3);
    put_blob(fixture, "k", blob, 0);
    fixture->host->blob_unref(blob);
    must_have(fixture, "k", 4000, 3);
}

static void a_file_that_lost_the_race_can_be_put_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    pxm_blob *blob = unnamed_blob(fixture, 5000, 5000, 3);
    must_put(fixture, "taken/k", 10, 1);
    pxm_stream *body = fixture->host->stream_of_blob(blob);
    struct pxm_put put = {.struct_size = sizeof put, .key = "taken", .body = body};
    assert_failed(fixture, store_put_with(fixture, &put), PXM_E_INVALID, "store.bad_key");
    fixture->host->stream_close(body);
    assert_int_equal(place_count_private(fixture->driver), 0);
    put_blob(fixture, "free", blob, 0);
    fixture->host->blob_unref(blob);
    must_have(fixture, "free", 5000, 3);
    assert_string_equal(field_text(fixture, "content_type"), "free");
}

struct sharing {
    struct fixture *fixtures[SHARERS];
    pxm_blob *blob;
};

static void put_shared(void *arg, int index)
{
    struct sharing *sharing = arg;
    char key[] = "k0";
    key[1] = (char)('0' + index);
    put_blob(sharing->fixtures[index], key, sharing->blob, 0);
}

static void of_many_puts_of_one_file_each_has_its_own_attributes(void **state)
{
    struct fixture *fixture = *state;
    for (int round = 0; round < SHARING_ROUNDS; round++) {
        struct sharing sharing = {.blob = unnamed_blob(fixture, 5000, 5000, 3)};
        assert_non_null(fixture->host->blob_sha256(sharing.blob)); /* so that no put has to wait for another */
        for (int i = 0; i < SHARERS; i++) {
            sharing.fixtures[i] = fixture_new(fixture->driver, fixture->self);
        }
        run_threads(SHARERS, put_shared, &sharing);
        fixture->host->blob_unref(sharing.blob);
        for (int i = 0; i < SHARERS; i++) {
            char key[] = "k0";
            key[1] = (char)('0' + i);
            fixture_free(sharing.fixtures[i]);
            must_have(fixture, key, 5000, 3);
            assert_string_equal(field_text(fixture, "content_type"), key);
            assert_int_equal(stat_of_key(fixture, key).st_nlink, 1);
        }
    }
}

/* ---- the folder ---- */

static void drafts_of_dead_writers_are_swept_and_others_stay(void **state)
{
    struct fixture *fixture = *state;
    struct conformance_driver *driver = fixture->driver;
    must_put(fixture, "k", 10, 1);
    must_put(fixture, "k", 20, 2);
    write_file(path_of(fixture, ".pixmill/draft-dead"), "left behind");
    write_file(path_of(fixture, ".pixmill/draft-alive"), "being written");
    int alive = open(path_of(fixture, ".pixmill/draft-alive"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(alive, LOCK_EX | LOCK_NB), 0);
    driver->close(driver->arg, driver->open_again(driver->arg));
    assert_int_equal(place_count_private(driver), 1);
    close(alive);
    driver->close(driver->arg, driver->open_again(driver->arg));
    assert_int_equal(place_count_private(driver), 0);
    must_have(fixture, "k", 20, 2);
}

static void check_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_status(fixture, fixture->driver->unit->check(fixture->self, &fixture->job, fixture->error), PXM_OK);
    assert_int_equal(place_count_files(fixture->driver), 0);
    assert_int_not_equal(access(path_of(fixture, ".pixmill"), F_OK), 0);
}

static pxm_status try_create(const struct fixture *fixture, const char *root, const char *base_url, void **ret_self)
{
    const struct pxm_unit *unit = fixture->driver->unit;
    void *config = conformance_config(unit);
    conformance_set_string(unit, config, "root", root);
    conformance_set_string(unit, config, "base_url", base_url);
    pxm_status status = unit->create(fixture->host, config, ret_self, fixture->error);
    if (status == PXM_OK) {
        unit->destroy(*ret_self);
    }
    free(config);
    return status;
}

static void create_makes_the_folder_but_not_those_above(void **state)
{
    struct fixture *fixture = *state;
    void *self = NULL;
    char path[5000];
    struct stat made;
    snprintf(path, sizeof path, "%s", path_of(fixture, "new"));
    assert_status(fixture, try_create(fixture, path, "/", &self), PXM_OK);
    assert_int_equal(stat(path, &made), 0);
    assert_int_equal(made.st_mode & 07777, 0700);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof path, "%s", path_of(fixture, "missing/new"));
    assert_failed(fixture, try_create(fixture, path, "/", &self), PXM_E_NOT_FOUND, "store.denied");
    must_put(fixture, "file", 1, 1);
    snprintf(path, sizeof path, "%s", path_of(fixture, "file"));
    fixture_next(fixture);
    assert_failed(fixture, try_create(fixture, path, "/", &self), PXM_E_DENIED, "store.denied");
    assert_failed(fixture, try_create(fixture, path, "https://cdn.example", &self), PXM_E_INVALID, "option.invalid");
    assert_failed(fixture, try_create(fixture, "", "/", &self), PXM_E_INVALID, "option.invalid");
}

static void files_are_for_their_owner_alone(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "a/b", 10, 1);
    assert_int_equal(stat_of_key(fixture, "a/b").st_mode & 07777, 0600);
    assert_int_equal(stat_of_key(fixture, "a").st_mode & 07777, 0700);
}

/* Runs fn in a child that may write nowhere: 0, or SKIPPED where this user cannot become another. */
static int as_nobody(struct fixture *fixture, void (*fn)(struct fixture *fixture))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0) {
            _exit(SKIPPED);
        }
        fn(fixture);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void read_alone(struct fixture *fixture)
{
    struct body_plan plan = body_plan(10, 1);
    must_have(fixture, "a/k", 10, 1);
    assert_failed(fixture, store_put(fixture, "a/k", &plan, 0), PXM_E_DENIED, "store.denied");
    assert_failed(fixture, store_put(fixture, "new", &plan, 0), PXM_E_DENIED, "store.denied");
    assert_failed(fixture, store_remove(fixture, "a/k"), PXM_E_DENIED, "store.denied");
    fixture_next(fixture);
    pxm_status status = fixture->driver->unit->check(fixture->self, &fixture->job, fixture->error);
    assert_failed(fixture, status, PXM_E_DENIED, "store.denied");
    must_have(fixture, "a/k", 10, 1);
}

static void a_folder_that_is_not_ours_can_be_read_and_not_written(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "a/k", 10, 1);
    assert_int_equal(chmod(path_of(fixture, "a"), 0755), 0);
    assert_int_equal(chmod(path_of(fixture, "a/k"), 0644), 0);
    assert_int_equal(chmod(path_of(fixture, ""), 0755), 0);
    int result = as_nobody(fixture, read_alone);
    if (result == SKIPPED) {
        print_message("skipped: only root can become another user\n");
        skip();
    }
    assert_int_equal(result, 0);
}

int main(void)
{
    struct conformance_driver *driver = place_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(links_lead_nowhere, driver),
        FIXTURE_TEST(what_is_no_object_is_not_listed, driver),
        FIXTURE_TEST(folders_and_objects_do_not_replace_each_other, driver),
        FIXTURE_TEST(files_put_there_by_others_are_objects, driver),
        FIXTURE_TEST(a_file_changed_behind_the_store_gets_another_etag, driver),
        FIXTURE_TEST(damaged_attributes_are_told, driver),
        FIXTURE_TEST(a_file_without_a_name_becomes_the_object_itself, driver),
        FIXTURE_TEST(an_adopted_file_can_replace_an_object, driver),
        FIXTURE_TEST(a_part_of_a_file_is_copied, driver),
        FIXTURE_TEST(a_file_that_lost_the_race_can_be_put_elsewhere, driver),
        FIXTURE_TEST(of_many_puts_of_one_file_each_has_its_own_attributes, driver),
        FIXTURE_TEST(drafts_of_dead_writers_are_swept_and_others_stay, driver),
        FIXTURE_TEST(check_leaves_nothing, driver),
        FIXTURE_TEST(create_makes_the_folder_but_not_those_above, driver),
        FIXTURE_TEST(files_are_for_their_owner_alone, driver),
        FIXTURE_TEST(a_folder_that_is_not_ours_can_be_read_and_not_written, driver),
    };
    int failed = cmocka_run_group_tests_name("localfs", tests, NULL, NULL);
    if (without(WITHOUT_OPENAT2) != 0) {
        print_message("skipped without openat2: this process may not filter its system calls\n");
        return failed;
    }
    return failed + cmocka_run_group_tests_name("localfs without openat2", tests, NULL, NULL);
}
