/* Files of bodies: in memory while they are small, then unlinked files that cannot be changed any more; and what
 * happens where there is no room for them. Built with SPOOL_WITHOUT the process first loses O_TMPFILE. */
#include "app/spool.h"

#include "../plugins/localfs/without.h"
#include "app/intake.h"
#include "base/blob.h"
#include "base/digest.h"
#include "base/error.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LARGE = 3 * APP_MEMORY_BYTES + 17 };

static char folder_path[] = "spool-XXXXXX";
static int folder = -1;
static char content[LARGE];

static int make_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof content; i++) {
        content[i] = (char)(i * 7 + i / 251);
    }
    memcpy(content, "GIF89a", 6);
    if (mkdtemp(folder_path) == NULL) {
        return -1;
    }
    folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder >= 0 ? without(SPOOL_WITHOUT) : -1;
}

/* No name may be left in it. */
static int remove_folder(void **state)
{
    (void)state;
    close(folder);
    return rmdir(folder_path);
}

static void fill(struct app_spool *spool, int where, int64_t expected, size_t length, size_t step)
{
    struct pxm_error error = {0};
    assert_int_equal(app_spool_init(spool, where, expected, &error), PXM_OK);
    for (size_t at = 0; at < length; at += step) {
        assert_int_equal(app_spool_add(spool, content + at, step < length - at ? step : length - at, &error), PXM_OK);
    }
}

static pxm_blob *spool_content(int where, int64_t expected, size_t length, size_t step)
{
    struct app_spool spool;
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    uint8_t digest[PXM_SHA256_BYTES];
    fill(&spool, where, expected, length, step);
    assert_int_equal(app_spool_finish(&spool, &blob, &error), PXM_OK);
    app_spool_done(&spool);
    assert_int_equal(pxm_blob_length(blob), length);
    assert_memory_equal(pxm_blob_data(blob, NULL), content, length);
    assert_int_equal(pxm_sha256(content, length, digest), PXM_OK);
    assert_memory_equal(pxm_blob_sha256(blob), digest, sizeof digest);
    return blob;
}

static void small_files_stay_in_memory(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 5, 6, 1000, APP_MEMORY_BYTES};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        pxm_blob *blob = spool_content(folder, i % 2 == 0 ? -1 : (int64_t)lengths[i], lengths[i], 999);
        assert_int_equal(pxm_blob_fd(blob, NULL), -1);
        assert_true(lengths[i] < 6 ? pxm_blob_media(blob) == NULL : strcmp(pxm_blob_media(blob), "image/gif") == 0);
        pxm_blob_unref(blob);
    }
}

static void large_files_are_unlinked_files(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 2, 1023, 1024, 1025, 4096, APP_MEMORY_BYTES, APP_MEMORY_BYTES + 1, LARGE};
    for (size_t i = 0; i < 2 * sizeof steps / sizeof steps[0]; i++) {
        pxm_blob *blob = spool_content(folder, i % 2 == 0 ? -1 : LARGE, LARGE, steps[i / 2]);
        int64_t offset = -1;
        struct stat info;
        int fd = pxm_blob_fd(blob, &offset);
        assert_true(fd >= 0);
        assert_int_equal(offset, 0);
        assert_int_equal(fstat(fd, &info), 0);
        assert_int_equal(info.st_nlink, 0);
        assert_int_equal(info.st_size, LARGE);
        assert_int_equal(info.st_mode & 0777, 0600);
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_string_equal(pxm_blob_media(blob), "image/gif");
        pxm_blob_unref(blob);
    }
}

static void one_byte_too_many_for_memory_makes_a_file(void **state)
{
    (void)state;
    pxm_blob *blob = spool_content(folder, -1, APP_MEMORY_BYTES + 1, APP_MEMORY_BYTES);
    assert_true(pxm_blob_fd(blob, NULL) >= 0);
    pxm_blob_unref(blob);
}

static void who_has_the_file_cannot_change_it(void **state)
{
    (void)state;
    pxm_blob *blob = spool_content(folder, -1, LARGE, 4096);
    assert_int_equal(pwrite(pxm_blob_fd(blob, NULL), "x", 1, 0), -1);
    assert_int_equal(errno, EBADF);
    pxm_blob_unref(blob);
}

static void without_a_folder_all_stays_in_memory(void **state)
{
    (void)state;
    pxm_blob *blob = spool_content(-1, LARGE, LARGE, 1000);
    assert_int_equal(pxm_blob_fd(blob, NULL), -1);
    assert_string_equal(pxm_blob_media(blob), "image/gif");
    pxm_blob_unref(blob);
}

static void what_is_given_up_leaves_nothing(void **state)
{
    (void)state;
    struct app_spool spool = {0};
    app_spool_done(&spool);
    fill(&spool, folder, -1, LARGE, 4096);
    app_spool_done(&spool);
    app_spool_done(&spool);
    DIR *entries = opendir(folder_path);
    assert_non_null(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        assert_true(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    }
    closedir(entries);
}

/* The kernel's own limit on the size of files stands for a full disk: it ends a write in the same way, part of it
 * done. */
static void no_room_is_store_full(void **state)
{
    (void)state;
    struct rlimit before, limit;
    struct app_spool spool;
    struct pxm_error error = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 2 * APP_MEMORY_BYTES + 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fill(&spool, folder, -1, 2 * APP_MEMORY_BYTES, APP_MEMORY_BYTES);
    pxm_status status = app_spool_add(&spool, content, APP_MEMORY_BYTES, &error);
    app_spool_done(&spool);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, PXM_E_NO_SPACE);
    assert_int_equal(error.status, PXM_E_NO_SPACE);
    assert_string_equal(error.code, "store.full");
}

static void a_folder_that_is_none_is_an_error(void **state)
{
    (void)state;
    struct app_spool spool;
    struct pxm_error error = {0};
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    fill(&spool, file, -1, APP_MEMORY_BYTES, APP_MEMORY_BYTES);
    assert_int_equal(app_spool_add(&spool, "x", 1, &error), PXM_E_NOT_FOUND);
    assert_string_equal(error.code, "io.not_found");
    app_spool_done(&spool);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_files_stay_in_memory),
        cmocka_unit_test(large_files_are_unlinked_files),
        cmocka_unit_test(one_byte_too_many_for_memory_makes_a_file),
        cmocka_unit_test(who_has_the_file_cannot_change_it),
        cmocka_unit_test(without_a_folder_all_stays_in_memory),
        cmocka_unit_test(what_is_given_up_leaves_nothing),
        cmocka_unit_test(no_room_is_store_full),
        cmocka_unit_test(a_folder_that_is_none_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
