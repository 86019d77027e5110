/* Files of a project that change, on a real file system. */
#include "daemon/watch.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;
static char folder[64];
static int changes;

static void on_change(void *arg)
{
    (void)arg;
    changes++;
    loop_stop(loop);
}

static void on_end(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static int setup(void **state)
{
    char inner[80];
    (void)state;

    changes = 0;
    snprintf(folder, sizeof folder, "/tmp/pixmill-watch-XXXXXX");
    if (!mkdtemp(folder) || loop_new(&loop, NULL) != PXM_OK) {
        return -1;
    }
    snprintf(inner, sizeof inner, "%s/pipelines", folder);
    return mkdir(inner, 0700);
}

static int teardown(void **state)
{
    char command[96];
    (void)state;

    loop_free(loop);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    FILE *remover = popen(command, "r");
    return remover ? pclose(remover) : -1;
}

static void write_text(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("version: 1\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Runs until something was told, or for so long that it would have been. */
static void turn(void)
{
    struct loop_timer end = {.fire = on_end};

    loop_timer_set(loop, &end, 2000);
    loop_run(loop);
    loop_timer_cancel(loop, &end);
}

static void files_of_a_project_are_told_once_however_many_changed(void **state)
{
    struct watch *watch = NULL;
    (void)state;

    assert_int_equal(watch_new(loop, folder, on_change, NULL, &watch, NULL), PXM_OK);
    write_text("pixmill.yaml");
    write_text("pipelines/a.yaml");
    write_text("pipelines/b.yml");
    turn();
    assert_int_equal(changes, 1);
    turn();
    assert_int_equal(changes, 1);
    watch_free(watch);
}

static void a_file_that_is_renamed_into_place_or_removed_is_told(void **state)
{
    struct watch *watch = NULL;
    char from[128], to[128];
    (void)state;

    write_text("draft");
    assert_int_equal(watch_new(loop, folder, on_change, NULL, &watch, NULL), PXM_OK);
    snprintf(from, sizeof from, "%s/draft", folder);
    snprintf(to, sizeof to, "%s/pipelines/a.yaml", folder);
    assert_int_equal(rename(from, to), 0);
    turn();
    assert_int_equal(changes, 1);
    assert_int_equal(unlink(to), 0);
    turn();
    assert_int_equal(changes, 2);
    watch_free(watch);
}

static void other_files_are_not_told(void **state)
{
    struct watch *watch = NULL;
    (void)state;

    assert_int_equal(watch_new(loop, folder, on_change, NULL, &watch, NULL), PXM_OK);
    write_text("notes.txt");
    write_text("pipelines/.a.yaml.swp");
    write_text("pipelines/.a.yaml");
    turn();
    assert_int_equal(changes, 0);
    watch_free(watch);
}

static void pipelines_in_a_folder_that_is_made_later_are_told(void **state)
{
    struct watch *watch = NULL;
    char inner[80], away[80];
    (void)state;

    snprintf(inner, sizeof inner, "%s/pipelines", folder);
    snprintf(away, sizeof away, "%s/away", folder);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(watch_new(loop, folder, on_change, NULL, &watch, NULL), PXM_OK);
    assert_int_equal(mkdir(inner, 0700), 0);
    turn();
    assert_int_equal(changes, 1);
    write_text("pipelines/a.yaml");
    turn();
    assert_int_equal(changes, 2);
    assert_int_equal(rename(inner, away), 0);
    turn();
    assert_int_equal(changes, 3);
    assert_int_equal(mkdir(inner, 0700), 0);
    write_text("pipelines/b.yaml"); /* it is told with the folder, however late that is looked at */
    turn();
    assert_int_equal(changes, 4);
    write_text("pipelines/c.yaml");
    turn();
    assert_int_equal(changes, 5);
    watch_free(watch);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct watch *watch = NULL;
    pxm_error error = {0};
    (void)state;

    assert_int_not_equal(watch_new(loop, "/nowhere/at/all", on_change, NULL, &watch, &error), PXM_OK);
    assert_string_equal(error.code, "daemon.watch");
    assert_null(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_of_a_project_are_told_once_however_many_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_renamed_into_place_or_removed_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(other_files_are_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(pipelines_in_a_folder_that_is_made_later_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
