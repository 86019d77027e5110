/* The state folder: who may have it, and the secrets in it. */
#include "journal_place.h"

#include "daemon/state.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
    char above[64], folder[128];
    struct state *state;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    snprintf(world->above, sizeof world->above, "/tmp/pixmill-state-XXXXXX");
    assert_non_null(mkdtemp(world->above));
    snprintf(world->folder, sizeof world->folder, "%s/state", world->above);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    char path[256];
    state_close(world->state);
    place_path(world->folder, "spool", path);
    if (access(path, F_OK) == 0) {
        place_empty(path);
        rmdir(path);
    }
    if (access(world->folder, F_OK) == 0) {
        place_empty(world->folder);
        rmdir(world->folder);
    }
    place_empty(world->above);
    rmdir(world->above);
    free(world);
    return 0;
}

static void must_open(struct world *world)
{
    pxm_error error = {0};
    if (state_open(world->folder, &world->state, &error) != PXM_OK) {
        fail_msg("%s: %s", error.code, error.text);
    }
}

static void assert_open_fails(const char *folder, pxm_status status, const char *code, const char *text)
{
    struct state *opened = NULL;
    pxm_error error = {0};
    assert_int_equal(state_open(folder, &opened, &error), status);
    assert_string_equal(error.code, code);
    assert_non_null(strstr(error.text, text));
    assert_null(opened);
}

static void put_file(struct world *world, const char *name, const char *text, mode_t mode)
{
    char path[256];
    place_path(world->folder, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static mode_t mode_of(const struct world *world, const char *name)
{
    char path[256];
    struct stat about;
    place_path(world->folder, name, path);
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 0777;
}

/* ---- the folder ---- */

static void a_missing_folder_is_made_private(void **state)
{
    struct world *world = *state;
    mode_t before = umask(0);
    must_open(world);
    umask(before);
    assert_int_equal(mode_of(world, "."), 0700);
    assert_int_equal(mode_of(world, "spool"), 0700);
    assert_int_equal(mode_of(world, "lock"), 0600);
}

static void a_folder_that_others_may_write_to_is_refused(void **state)
{
    struct world *world = *state;
    static const mode_t modes[] = {0770, 0707, 0777};
    assert_int_equal(mkdir(world->folder, 0700), 0);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(world->folder, modes[i]), 0);
        assert_open_fails(world->folder, PXM_E_DENIED, "state.denied", "nobody else may write");
    }
    assert_int_equal(chmod(world->folder, 0755), 0);
    must_open(world);
}

static void folders_above_are_made_too(void **state)
{
    struct world *world = *state;
    char above[256], path[256];
    snprintf(above, sizeof above, "%s/var", world->above);
    snprintf(world->folder, sizeof world->folder, "%s/var/state", world->above);
    must_open(world);
    state_close(world->state);
    world->state = NULL;
    snprintf(path, sizeof path, "%s/spool", world->folder);
    assert_int_equal(rmdir(path), 0);
    place_empty(world->folder);
    assert_int_equal(rmdir(world->folder), 0);
    assert_int_equal(rmdir(above), 0);
}

static void a_path_that_is_no_folder_is_an_error(void **state)
{
    struct world *world = *state;
    char path[256];
    FILE *file = fopen(world->folder, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_open_fails(world->folder, PXM_E_NOT_FOUND, "state.unavailable", "cannot be opened");
    place_path(world->folder, "deeper", path);
    assert_open_fails(path, PXM_E_NOT_FOUND, "state.unavailable", path);
    unlink(world->folder);
}

static void the_spool_is_emptied(void **state)
{
    struct world *world = *state;
    char path[256];
    must_open(world);
    state_close(world->state);
    put_file(world, "spool/left", "over", 0600);
    put_file(world, "spool/.hidden", "too", 0400);
    place_path(world->folder, "spool/folder", path);
    assert_int_equal(mkdir(path, 0700), 0);
    must_open(world);
    assert_int_equal(access(path, F_OK), -1);
    place_path(world->folder, "spool/.hidden", path);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rmdir(state_spool(world->state)), 0);
}

static void a_spool_that_leads_elsewhere_is_refused(void **state)
{
    struct world *world = *state;
    char path[256], other[256];
    place_path(world->above, "other", other);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(mkdir(world->folder, 0700), 0);
    place_path(world->folder, "spool", path);
    assert_int_equal(symlink(other, path), 0);
    assert_open_fails(world->folder, PXM_E_NOT_FOUND, "state.unavailable", "spool");
    unlink(path);
    rmdir(other);
}

static void free_space_is_told(void **state)
{
    struct world *world = *state;
    int64_t bytes = -1;
    must_open(world);
    assert_int_equal(state_free_bytes(world->state, &bytes, NULL), PXM_OK);
    assert_true(bytes >= 0);
}

/* ---- the lock ---- */

/* A process that holds the lock until it is killed. */
static pid_t start_holder(const struct world *world)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct state *held = NULL;
        if (state_open(world->folder, &held, NULL) == PXM_OK && write(ready[1], "", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void end_holder(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_second_daemon_is_told_who_the_first_is(void **state)
{
    struct world *world = *state;
    char text[64];
    pid_t child = start_holder(world);
    snprintf(text, sizeof text, "(process %ld)", (long)child);
    assert_open_fails(world->folder, PXM_E_EXISTS, "state.locked", text);
    assert_int_equal(state_holder(world->folder), child);
    assert_open_fails(world->folder, PXM_E_EXISTS, "state.locked", text); /* asking took nothing away */
    end_holder(child);
    assert_int_equal(state_holder(world->folder), 0);
    must_open(world);
    assert_int_equal(state_holder(world->folder), getpid());
}

/* The second was killed while it was refused, and the first is none the worse. */
static void a_lock_survives_the_death_of_others(void **state)
{
    struct world *world = *state;
    must_open(world);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct state *held = NULL;
            state_open(world->folder, &held, NULL);
            raise(SIGKILL);
        }
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    assert_open_fails(world->folder, PXM_E_EXISTS, "state.locked", "another pixmill");
    assert_int_equal(state_holder(world->folder), getpid());
}

static void a_lock_file_of_nonsense_names_nobody(void **state)
{
    struct world *world = *state;
    static const char *const texts[] = {"", "x\n", "-5\n", "99999999999999999999\n", "12", "1 2\n"};
    must_open(world);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put_file(world, "lock", texts[i], 0600);
        assert_int_equal(state_holder(world->folder), 0);
        assert_open_fails(world->folder, PXM_E_EXISTS, "state.locked", "another pixmill is using it");
    }
    assert_int_equal(state_holder("/nowhere"), 0);
}

/* ---- tokens ---- */

static void a_missing_token_is_made_once(void **state)
{
    struct world *world = *state;
    char first[STATE_TOKEN_MAX + 1], second[STATE_TOKEN_MAX + 1], other[STATE_TOKEN_MAX + 1];
    must_open(world);
    assert_int_equal(state_token(world->state, STATE_OPERATOR_TOKEN, first, NULL), PXM_OK);
    assert_int_equal(state_token(world->state, STATE_OPERATOR_TOKEN, second, NULL), PXM_OK);
    assert_int_equal(state_token(world->state, STATE_UPLOAD_TOKEN, other, NULL), PXM_OK);
    assert_int_equal(strlen(first), 43); /* 32 bytes */
    assert_int_equal(strspn(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
    assert_int_equal(mode_of(world, STATE_OPERATOR_TOKEN), 0600);
}

#define TOKEN "0123456789abcdef0123456789abcdef"

static void a_token_is_what_its_file_says_without_the_line_break(void **state)
{
    struct world *world = *state;
    char token[STATE_TOKEN_MAX + 1], path[256];
    must_open(world);
    put_file(world, STATE_UPLOAD_TOKEN, TOKEN "\r\n", 0600);
    assert_int_equal(state_token(world->state, STATE_UPLOAD_TOKEN, token, NULL), PXM_OK);
    assert_string_equal(token, TOKEN);
    place_path(world->folder, STATE_UPLOAD_TOKEN, path);
    assert_int_equal(chmod(path, 0440), 0);
    assert_int_equal(state_token_read(path, token, NULL), PXM_OK);
    assert_string_equal(token, TOKEN);
}

static void a_weak_or_open_token_is_refused_and_not_told(void **state)
{
    struct world *world = *state;
    static char long_token[STATE_TOKEN_MAX + 2], long_file[5000];
    static const struct {
        const char *text;
        mode_t mode;
    } bad[] = {{"", 0600},
               {"short-s3cret\n", 0600},
               {"0123456789abcdef0123456789abcde\n", 0600},
               {"0123456789abcdef 0123456789abcdef\n", 0600},
               {"0123456789abcdef0123456789abcdef\nsecond\n", 0600},
               {"0123456789abcdef0123456789abcde\xff\n", 0600},
               {TOKEN, 0604},
               {TOKEN, 0602},
               {TOKEN, 0620},
               {long_token, 0600},
               {long_file, 0600}};
    memset(long_token, 'x', sizeof long_token - 1);
    memset(long_file, 'x', sizeof long_file - 1);
    must_open(world);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char token[STATE_TOKEN_MAX + 1] = "untouched";
        pxm_error error = {0};
        put_file(world, STATE_UPLOAD_TOKEN, bad[i].text, bad[i].mode);
        assert_true(state_token(world->state, STATE_UPLOAD_TOKEN, token, &error) != PXM_OK);
        assert_string_equal(error.code, "state.token");
        assert_null(strstr(error.text, "s3cret"));
        assert_null(strstr(error.text, "0123456789"));
        assert_string_equal(token, "untouched");
    }
}

static void a_token_file_that_is_no_file_does_not_hold_up_the_start(void **state)
{
    struct world *world = *state;
    char token[STATE_TOKEN_MAX + 1], path[256];
    pxm_error error = {0};
    must_open(world);
    place_path(world->folder, STATE_UPLOAD_TOKEN, path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(state_token(world->state, STATE_UPLOAD_TOKEN, token, &error), PXM_E_DENIED);
    assert_string_equal(error.code, "state.token");
    assert_int_equal(state_token_read("/nowhere/token", token, &error), PXM_E_NOT_FOUND);
    assert_non_null(strstr(error.text, "/nowhere/token"));
}

/* ---- keys ---- */

#define KEY_32 "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

static void missing_keys_are_made_once(void **state)
{
    struct world *world = *state;
    struct state_keys first, second;
    must_open(world);
    assert_int_equal(state_url_keys(world->state, &first, NULL), PXM_OK);
    assert_int_equal(state_url_keys(world->state, &second, NULL), PXM_OK);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.keys[0].length, 32);
    assert_memory_equal(first.keys[0].bytes, second.keys[0].bytes, 32);
    assert_int_equal(mode_of(world, "url.keys"), 0600);
}

static void two_keys_keep_their_order(void **state)
{
    struct world *world = *state;
    struct state_keys keys;
    must_open(world);
    put_file(world, "url.keys", "\n" KEY_32 KEY_32 "\r\n\n" KEY_32, 0600);
    assert_int_equal(state_url_keys(world->state, &keys, NULL), PXM_OK);
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.keys[0].length, 64);
    assert_int_equal(keys.keys[1].length, 32);
    assert_int_equal(keys.keys[1].bytes[31], 0x1f);
}

static void bad_keys_are_refused(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *text;
        mode_t mode;
    } bad[] = {{"", 0600},
               {"\n\n", 0600},
               {"00", 0600},
               {KEY_32 "0", 0600},
               {KEY_32 KEY_32 "00", 0600},
               {KEY_32 " ", 0600},
               {KEY_32 "\n" KEY_32 "\n" KEY_32, 0600},
               {KEY_32 "\nzz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600},
               {KEY_32, 0644}};
    must_open(world);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct state_keys keys = {.count = 99};
        pxm_error error = {0};
        put_file(world, "url.keys", bad[i].text, bad[i].mode);
        assert_true(state_url_keys(world->state, &keys, &error) != PXM_OK);
        assert_string_equal(error.code, "state.keys");
        assert_int_equal(keys.count, 99);
    }
}

#define STATE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_missing_folder_is_made_private),
        STATE_TEST(a_folder_that_others_may_write_to_is_refused),
        STATE_TEST(folders_above_are_made_too),
        STATE_TEST(a_path_that_is_no_folder_is_an_error),
        STATE_TEST(the_spool_is_emptied),
        STATE_TEST(a_spool_that_leads_elsewhere_is_refused),
        STATE_TEST(free_space_is_told),
        STATE_TEST(a_second_daemon_is_told_who_the_first_is),
        STATE_TEST(a_lock_survives_the_death_of_others),
        STATE_TEST(a_lock_file_of_nonsense_names_nobody),
        STATE_TEST(a_missing_token_is_made_once),
        STATE_TEST(a_token_is_what_its_file_says_without_the_line_break),
        STATE_TEST(a_weak_or_open_token_is_refused_and_not_told),
        STATE_TEST(a_token_file_that_is_no_file_does_not_hold_up_the_start),
        STATE_TEST(missing_keys_are_made_once),
        STATE_TEST(two_keys_keep_their_order),
        STATE_TEST(bad_keys_are_refused),
    };
    return cmocka_run_group_tests_name("state folder", tests, NULL, NULL);
}
