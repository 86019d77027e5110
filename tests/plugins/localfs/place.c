/* Folders for tests of localfs, below the working directory, which is on a real file system. */
#include "place.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONG_AGO_S = 1000000000 }; /* so that a dropped file has come to rest */

static void *open_instance(struct place *place)
{
    void *self = NULL;
    pxm_error *error = pxm_error_new();
    if (place->unit->create(conformance_host(), place->config, &self, error) != PXM_OK) {
        fail_msg("create: %s", error->text);
    }
    pxm_error_free(error);
    return self;
}

static void *open_new(void *arg)
{
    struct place *place = arg;
    char folder[] = "localfs-XXXXXX", base[2048];
    assert_non_null(mkdtemp(folder));
    assert_non_null(getcwd(base, sizeof base));
    snprintf(place->root, sizeof place->root, "%s/%s", base, folder);
    conformance_set_string(place->unit, place->config, "root", place->root);
    return open_instance(place);
}

static void *open_again(void *arg)
{
    return open_instance(arg);
}

static void close_instance(void *arg, void *self)
{
    struct place *place = arg;
    place->unit->destroy(self);
}

static void finish(void *arg)
{
    struct place *place = arg;
    char private[4200];
    snprintf(private, sizeof private, "%s/.pixmill", place->root);
    if (rmdir(private) != 0 && access(private, F_OK) == 0) {
        fail_msg("%s is not empty", private);
    }
    place_clear(place->root);
}

struct conformance_driver *place_driver(void)
{
    static struct place place;
    static struct conformance_driver driver = {.open = open_new,
                                               .open_again = open_again,
                                               .close = close_instance,
                                               .finish = finish,
                                               .drop = place_drop,
                                               .arg = &place};
    if (!place.unit) {
        place.unit = driver.unit = conformance_load("localfs", PXM_IFACE_STORAGE);
        place.config = conformance_config(place.unit);
    }
    return &driver;
}

const char *place_root(const struct conformance_driver *driver)
{
    const struct place *place = driver->arg;
    return place->root;
}

void place_enter(const struct conformance_driver *driver)
{
    struct place *place = driver->arg;
    assert_int_equal(chdir(place->root), 0);
    snprintf(place->root, sizeof place->root, ".");
}

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

void place_drop(void *arg, const char *key, int64_t bytes, uint32_t seed)
{
    const struct place *place = arg;
    char path[5200], draft[] = "drop-XXXXXX";
    uint8_t *content = malloc((size_t)bytes + 1);
    assert_non_null(content);
    body_fill(content, seed, 0, (size_t)bytes);
    int fd = mkstemp(draft);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, (size_t)bytes), bytes);
    assert_int_equal(futimens(fd, (struct timespec[2]){{.tv_sec = LONG_AGO_S}, {.tv_sec = LONG_AGO_S}}), 0);
    close(fd);
    free(content);
    snprintf(path, sizeof path, "%s/%s", place->root, key);
    make_folders(path);
    assert_int_equal(rename(draft, path), 0);
}

static int counted;

static int count_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)path;
    (void)stat;
    (void)where;
    counted += type == FTW_F;
    return 0;
}

static int count_below(const char *path)
{
    counted = 0;
    nftw(path, count_one, 16, FTW_PHYS);
    return counted;
}

int place_count_files(const struct conformance_driver *driver)
{
    return count_below(place_root(driver));
}

int place_count_private(const struct conformance_driver *driver)
{
    char private[4200];
    snprintf(private, sizeof private, "%s/.pixmill", place_root(driver));
    return count_below(private);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat;
    (void)type;
    (void)where;
    return remove(path);
}

void place_clear(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
