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

struct watch {
    struct loop *loop;
    struct loop_source source;
    struct loop_timer rest;
    void (*changed)(void *arg);
    void *arg;
};

static bool is_yaml(const char *name)
{
    size_t length = strlen(name);

    return name[0] != '.' && ((length > 5 && strcmp(name + length - 5, ".yaml") == 0) ||
                              (length > 4 && strcmp(name + length - 4, ".yml") == 0));
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
            if (event->mask & IN_Q_OVERFLOW || (event->len > 0 && is_yaml(event->name))) {
                loop_timer_set(watch->loop, &watch->rest, REST_MS);
            }
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
    const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
    char inner[PATH_MAX];
    struct watch *watch = calloc(1, sizeof *watch);

    if (!watch) {
        return pxm_error_no_memory(error);
    }
    *watch =
        (struct watch){.loop = loop,
                       .source = {.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .events = EPOLLIN, .ready = on_ready},
                       .rest = {.fire = on_rest},
                       .changed = changed,
                       .arg = arg};
    int length = snprintf(inner, sizeof inner, "%s/pipelines", folder);
    bool fine = watch->source.fd >= 0 && inotify_add_watch(watch->source.fd, folder, mask) >= 0;
    if (!fine || loop_watch(loop, &watch->source, error) != PXM_OK) {
        pxm_status status = pxm_error_errno(error, errno, "daemon.watch", folder);
        watch_free(watch);
        return status;
    }
    if (length < (int)sizeof inner) {
        inotify_add_watch(watch->source.fd, inner, mask); /* there may be none */
    }
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
