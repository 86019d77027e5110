/* A put whose every system call fails once, and one that is killed at every system call: afterwards the object is as
 * before or wholly new, never in between, and no other file stays. The calls are disturbed by strace(1). */
#include "conformance/storage.h"
#include "place.h"
#include "put_once.h"
#include "without.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OLD_BYTES = 1000, OLD_SEED = 1, NEW_BYTES = 600000, NEW_SEED = 2, TIMES_MAX = 500, NO_STRACE = 99 };

#define KEY "some/folder/k"
#define LOG "faults.trace"

/* What a put calls, also where the kernel can do less. Not mmap: sanitizers hang when that fails. */
static const char *const calls[] = {"openat",   "openat2",   "mkdirat",   "write",  "fsync",      "linkat",
                                    "renameat", "fsetxattr", "fgetxattr", "fstat",  "newfstatat", "unlinkat",
                                    "flock",    "getrandom", "close",     "access", "mkdir"};

struct trial {
    const char *mode;   /* of put_once */
    bool has_old;       /* there is an object already */
    const char *effect; /* "error=ENOSPC" */
    bool kills;
    enum without without;
};

static void run_strace(const struct conformance_driver *driver, const char *call, const struct trial *trial, int when)
{
    char trace[64], inject[128], bytes[16], seed[16];
    snprintf(trace, sizeof trace, "trace=%s,access", call);
    snprintf(inject, sizeof inject, "inject=%s:%s:when=%d", call, trial->effect, when);
    snprintf(bytes, sizeof bytes, "%d", NEW_BYTES);
    snprintf(seed, sizeof seed, "%d", NEW_SEED);
    if (without(trial->without) != 0) {
        _exit(NO_STRACE);
    }
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDERR_FILENO);
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* which cannot look while it is traced itself */
    execlp("strace", "strace", "-f", "-qq", "-o", LOG, "-e", trace, "-e", inject, LOCALFS_PUT_ONCE, place_root(driver),
           KEY, bytes, seed, trial->mode, (char *)NULL);
    _exit(NO_STRACE);
}

/* The exit status of put_once, or minus the signal that killed it. */
static int put_disturbed(const struct conformance_driver *driver, const char *call, const struct trial *trial, int when)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        run_strace(driver, call, trial, when);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static const char *read_log(void)
{
    static char log[1 << 20];
    int fd = open(LOG, O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, log, sizeof log - 1);
    if (fd >= 0) {
        close(fd);
    }
    log[length < 0 ? 0 : length] = '\0';
    return log;
}

/* How often the log has a call before the put starts. */
static int count_before_put(const char *call)
{
    const char *log = read_log(), *start = strstr(log, PUT_STARTS);
    char text[64];
    int count = 0;
    snprintf(text, sizeof text, " %s(", call);
    assert_non_null(start);
    for (const char *at = log; (at = strstr(at, text)) && at < start; at++) {
        count++;
    }
    return count;
}

static bool has_whole(struct fixture *fixture, int64_t bytes, uint32_t seed)
{
    pxm_status status = store_head(fixture, KEY);
    if (status == PXM_E_NOT_FOUND || field_int(fixture, "bytes") != bytes) {
        return false;
    }
    must_have(fixture, KEY, bytes, seed);
    return true;
}

static void assert_outcome(struct fixture *fixture, const struct trial *trial, const char *call, int when, int result)
{
    struct conformance_driver *driver = fixture->driver;
    bool is_new = has_whole(fixture, NEW_BYTES, NEW_SEED), is_old = has_whole(fixture, OLD_BYTES, OLD_SEED);
    bool is_absent = store_head(fixture, KEY) == PXM_E_NOT_FOUND;
    bool as_before = trial->has_old ? is_old : is_absent;
    bool keeps_old = trial->has_old && strcmp(trial->mode, "if_absent") == 0;
    if (keeps_old ? !is_old : result == PUT_DURABLE ? !is_new : !(as_before || is_new)) {
        fail_msg("%s %d of %s, %s: old %d, new %d, absent %d, exit %d", call, when, trial->mode, trial->effect, is_old,
                 is_new, is_absent, result);
    }
    /* What a dead process cannot remove, or one whose unlinkat fails, the next start does. */
    bool died = result != PUT_DURABLE && result != PUT_FAILED;
    if (died || strcmp(call, "unlinkat") == 0) {
        driver->close(driver->arg, driver->open_again(driver->arg));
    }
    if (place_count_files(driver) != (is_absent ? 0 : 1)) {
        fail_msg("%s %d of %s, %s: left a file behind", call, when, trial->mode, trial->effect);
    }
}

static void prepare(struct fixture *fixture, const struct trial *trial)
{
    unlink(LOG);
    if (trial->has_old) {
        must_put(fixture, KEY, OLD_BYTES, OLD_SEED);
    } else {
        assert_status(fixture, store_remove(fixture, KEY), PXM_OK);
    }
}

/* How many system calls were disturbed. */
static int disturb_each(struct fixture *fixture, const struct trial *trial)
{
    int disturbed = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const struct trial harmless = {.mode = trial->mode, .effect = "delay_enter=1", .without = trial->without};
        prepare(fixture, trial);
        assert_int_equal(put_disturbed(fixture->driver, calls[i], &harmless, 1), PUT_DURABLE);
        for (int when = 1 + count_before_put(calls[i]); when < TIMES_MAX; when++) {
            prepare(fixture, trial);
            int result = put_disturbed(fixture->driver, calls[i], trial, when);
            assert_outcome(fixture, trial, calls[i], when, result);
            if (!(trial->kills ? result < 0 : strstr(read_log(), "(INJECTED)") != NULL)) {
                break;
            }
            disturbed++;
        }
    }
    return disturbed;
}

static void disturb(void **state, const struct trial *trials, size_t count)
{
    struct fixture *fixture = *state;
    const struct trial harmless = {.mode = "replace", .effect = "delay_enter=1"};
    if (put_disturbed(fixture->driver, "fsync", &harmless, 1) != PUT_DURABLE || !strstr(read_log(), "fsync")) {
        print_message("skipped: strace is missing or may not trace\n");
        skip();
    }
    for (size_t i = 0; i < count; i++) {
        int disturbed = disturb_each(fixture, &trials[i]);
        print_message("%s, %s object, %s%s: %d calls\n", trials[i].mode, trials[i].has_old ? "old" : "no",
                      trials[i].effect, trials[i].without == WITHOUT_NOTHING ? "" : ", named drafts", disturbed);
        assert_true(disturbed > 10);
    }
    unlink(LOG);
}

static void after_any_call_failed_the_object_is_whole_or_absent(void **state)
{
    static const struct trial trials[] = {
        {"if_absent", false, "error=ENOSPC", false, WITHOUT_NOTHING},
        {"replace", true, "error=EIO", false, WITHOUT_NOTHING},
        {"if_absent", false, "error=ENOSPC", false, WITHOUT_TMPFILE},
        {"replace", true, "error=ENOSPC", false, WITHOUT_TMPFILE},
    };
    disturb(state, trials, sizeof trials / sizeof *trials);
}

/* A process that was killed leaves nothing that the address sanitizer could tell. */
#ifndef __SANITIZE_ADDRESS__
static void after_a_kill_at_any_call_the_object_is_whole_or_absent(void **state)
{
    static const struct trial trials[] = {
        {"if_absent", false, "signal=KILL", true, WITHOUT_NOTHING},
        {"replace", true, "signal=KILL", true, WITHOUT_NOTHING},
        {"if_absent", true, "signal=KILL", true, WITHOUT_NOTHING},
        {"if_absent", false, "signal=KILL", true, WITHOUT_TMPFILE},
        {"replace", true, "signal=KILL", true, WITHOUT_TMPFILE},
    };
    disturb(state, trials, sizeof trials / sizeof *trials);
}
#endif

int main(void)
{
    struct conformance_driver *driver = place_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(after_any_call_failed_the_object_is_whole_or_absent, driver),
#ifndef __SANITIZE_ADDRESS__
        FIXTURE_TEST(after_a_kill_at_any_call_the_object_is_whole_or_absent, driver),
#endif
    };
    return cmocka_run_group_tests_name("localfs: faults", tests, NULL, NULL);
}
