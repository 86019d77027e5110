/* Over inotify. Editors write a file in several steps, so what is told is the pause after the last one. */
#include "daemon/watch.h"

#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { REST_MS = 300 };
enum { FILES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE };

struct watch {
    struct loop *loop;
    struct loop_source source;
    struct loop_timer rest;
    void (*changed)(void *arg);
    void *arg;
    int outer, inner;         /* what the kernel calls the folder and `pipelines/` in it; -1: there is none */
    char pipelines[PATH_MAX]; /* its path; "": it is too long */
};

static bool is_yaml(const char *name)
{
    size_t length = strlen(name);

    return name[0] != '.' && ((length > 5 && strcmp(name + length - 5, ".yaml") == 0) ||
                              (length > 4 && strcmp(name + length - 4, ".yml") == 0));
}

/* There may be none, or another one than before: a watch is of what had the name then. */
static void watch_pipelines(struct watch *watch)
{
    int before = watch->inner;

    watch->inner = watch->pipelines[0] ? inotify_add_watch(watch->source.fd, watch->pipelines, FILES | IN_ONLYDIR) : -1;
    if (before >= 0 && before != watch->inner) {
        inotify_rm_watch(watch->source.fd, before);
    }
}

static void take_event(struct watch *watch, const struct inotify_event *event)
{
    bool is_pipelines = event->wd == watch->outer && event->len > 0 && strcmp(event->name, "pipelines") == 0;

    if (is_pipelines) {
        watch_pipelines(watch);
    }
    if (is_pipelines || event->mask & IN_Q_OVERFLOW || (event->len > 0 && is_yaml(event->name))) {
        loop_timer_set(watch->loop, &watch->rest, REST_MS);
    }
}

static void on_ready(struct loop_source *source, uint32_t events)
{
    struct watch *watch = (struct watch *)((char *)source - offsetof(struct watch, source));
    _Alignas(struct inotify_event) char buffer[sizeof(struct inotify_event) + NAME_MAX + 1];
    ssize_t length;
    (void)events;

    while ((length = read(source->fd, buffer, sizeof buffer)) > 0) {
        const char *at = buffer;
        while (at < buffer + length) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            take_event(watch, event);
            at += sizeof *event + event->len;
        }
    }
}

static void on_rest(struct loop_timer *timer)
{
    struct watch *watch = (struct watch *)((char *)timer - offsetof(struct watch, rest));

    watch->changed(watch->arg);
}

pxm_status watch_new(struct loop *loop, const char *folder, void (*changed)(void *arg), void *arg, struct watch **ret,
                     pxm_error *error)
{
    struct watch *watch = calloc(1, sizeof *watch);

    if (!watch) {
        return pxm_error_no_memory(error);
    }
    *watch =
        (struct watch){.loop = loop,
                       .source = {.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .events = EPOLLIN, .ready = on_ready},
                       .rest = {.fire = on_rest},
                       .changed = changed,
                       .arg = arg,
                       .outer = -1,
                       .inner = -1};
    if (snprintf(watch->pipelines, sizeof watch->pipelines, "%s/pipelines", folder) >= (int)sizeof watch->pipelines) {
        watch->pipelines[0] = '\0';
    }
    if (watch->source.fd >= 0) {
        watch->outer = inotify_add_watch(watch->source.fd, folder, FILES | IN_CREATE);
    }
    if (watch->outer < 0 || loop_watch(loop, &watch->source, error) != PXM_OK) {
        pxm_status status = pxm_error_errno(error, errno, "daemon.watch", folder);
        watch_free(watch);
        return status;
    }
    watch_pipelines(watch);
    *ret = watch;
    return PXM_OK;
}

void watch_free(struct watch *watch)
{
    if (!watch) {
        return;
    }
    loop_timer_cancel(watch->loop, &watch->rest);
    if (watch->source.fd >= 0) {
        loop_unwatch(watch->loop, &watch->source);
        close(watch->source.fd);
    }
    free(watch);
}
