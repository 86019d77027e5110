/* The log of a host: where lines go. */
#include "app/log_private.h"

#include "base/clock.h"
#include "base/log.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 64 << 10 }; /* before it is cut */

/* One for the process, as its sink is. */
static struct {
    struct log_options options;
    bool colored;
    pthread_mutex_t lock; /* guards what follows, and that lines do not mix */
    int64_t dropped;
    struct log_repeat repeats[LOG_REPEATS];
} log_state = {.options = {.fd = -1}, .lock = PTHREAD_MUTEX_INITIALIZER};

static void add_text(struct log_line *line, const char *name, const char *text)
{
    if (text != NULL && line->count < LOG_FIELDS_MAX) {
        line->fields[line->count++] = (struct log_field){.name = name, .text = text};
    }
}

static void add_number(struct log_line *line, const char *name, int64_t number)
{
    if (line->count < LOG_FIELDS_MAX) {
        line->fields[line->count++] = (struct log_field){.name = name, .number = number};
    }
}

/* Under the lock. A pipe that is ready takes a line whole (POSIX: PIPE_BUF), so this never waits. */
static bool write_text(const char *text, size_t length)
{
    struct pollfd polled = {.fd = log_state.options.fd, .events = POLLOUT};
    if (poll(&polled, 1, 0) != 1 || (polled.revents & POLLOUT) == 0) {
        return false;
    }
    ssize_t written;
    do {
        written = write(polled.fd, text, length);
    } while (written < 0 && errno == EINTR);
    return written > 0;
}

/* Under the lock. */
static bool write_now(const struct log_line *line)
{
    struct pxm_buf buf;
    pxm_buf_init(&buf, LINE_BYTES_MAX);
    log_write_line(&buf, line, log_state.options.format, log_state.colored);
    bool done = buf.status == PXM_OK && write_text(buf.data, buf.length);
    pxm_buf_done(&buf);
    return done;
}

/* "COUNT WHAT", and TEXT where it is not NULL. */
static void tell(int32_t level, int64_t count, const char *what, const char *text)
{
    char message[LOG_LINE_MAX];
    (void)snprintf(message, sizeof message, "%lld %s%s", (long long)count, what, text != NULL ? text : "");
    const struct log_line line = {.level = level, .source = "log", .message = message};
    log_state.dropped += !write_now(&line);
}

static void tell_dropped(void)
{
    const int64_t dropped = log_state.dropped;
    if (dropped > 0) {
        log_state.dropped = 0;
        tell(PXM_LOG_WARN, dropped, "lines were lost, as nobody read them", NULL);
        log_state.dropped = log_state.dropped > 0 ? dropped : 0;
    }
}

static void put(const struct log_line *line, bool may_repeat)
{
    int missed = 0;
    pthread_mutex_lock(&log_state.lock);
    bool is_due = may_repeat || log_repeat_allows(log_state.repeats, line,
                                                  pxm_clock_system.monotonic_ms(pxm_clock_system.arg), &missed);
    if (missed > 0) {
        tell(line->level, missed, "times more: ", line->message);
    }
    if (is_due) {
        tell_dropped();
        log_state.dropped += !write_now(line);
    }
    pthread_mutex_unlock(&log_state.lock);
}

static void sink(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    char request[LOG_REQUEST_MAX];
    struct log_line line = {.level = entry->level, .source = entry->source, .message = entry->text};
    if (entry->run != NULL && log_state.options.request_of != NULL &&
        log_state.options.request_of(entry->run, request)) {
        add_text(&line, "request", request);
    }
    add_text(&line, "run", entry->run);
    put(&line, false);
}

void log_about(const struct log_subject *subject, int32_t level, const char *source, const char *format, ...)
{
    char message[LOG_LINE_MAX];
    va_list args;
    if (level < log_state.options.min_level || log_state.options.fd < 0) {
        return;
    }
    va_start(args, format);
    const int length = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (length < 0) {
        return;
    }
    struct log_line line = {.level = level, .source = source, .message = message};
    add_text(&line, "request", subject->request);
    add_text(&line, "run", subject->run);
    add_text(&line, "origin", subject->origin);
    add_text(&line, "job", subject->job);
    add_text(&line, "pipeline", subject->pipeline);
    add_text(&line, "step", subject->step);
    if (subject->ms != NULL) {
        add_number(&line, "ms", *subject->ms);
    }
    for (size_t i = 0; subject->error && i < subject->error->note_count; i++) {
        add_text(&line, subject->error->notes[i].key, subject->error->notes[i].value);
    }
    put(&line, subject->is_each);
}

void log_access(const struct log_exchange *exchange)
{
    if (!log_state.options.access || log_state.options.min_level > PXM_LOG_INFO || log_state.options.fd < 0) {
        return;
    }
    struct pxm_buf message;
    pxm_buf_init(&message, LOG_LINE_MAX);
    pxm_buf_printf(&message, "%s %.1000s", exchange->method, exchange->path);
    if (exchange->query != NULL && exchange->query[0] != '\0') {
        pxm_buf_putc(&message, '?');
        log_redact_query(&message, exchange->query);
    }
    struct log_line line = {.level = PXM_LOG_INFO, .source = "access", .message = message.data};
    add_number(&line, "status", exchange->status);
    add_number(&line, "received", exchange->bytes_received);
    add_number(&line, "sent", exchange->bytes_sent);
    add_number(&line, "ms", exchange->ms);
    add_text(&line, "cut", exchange->sent ? NULL : "yes");
    add_text(&line, "remote", exchange->remote);
    add_text(&line, "pipeline", exchange->route);
    add_text(&line, "agent", exchange->agent);
    add_text(&line, "request", exchange->request);
    add_text(&line, "run", exchange->run);
    put(&line, true);
    pxm_buf_done(&message);
}

void log_document(const char *text, size_t length)
{
    if (log_state.options.fd < 0) {
        return;
    }
    pthread_mutex_lock(&log_state.lock);
    log_state.dropped += length > LOG_LINE_MAX || !write_text(text, length);
    pthread_mutex_unlock(&log_state.lock);
}

void log_start(const struct log_options *options)
{
    log_state.options = *options;
    log_state.colored = options->format == LOG_TEXT && options->colored;
    log_state.dropped = 0;
    memset(log_state.repeats, 0, sizeof log_state.repeats);
    pxm_log_set_sink(sink, NULL, options->min_level);
}

void log_stop(void)
{
    pthread_mutex_lock(&log_state.lock);
    tell_dropped();
    for (size_t i = 0; i < LOG_REPEATS; i++) {
        if (log_state.repeats[i].count > LOG_REPEATED_MAX) {
            tell(PXM_LOG_INFO, log_state.repeats[i].count - LOG_REPEATED_MAX,
                 "lines like an earlier one were not written", NULL);
        }
    }
    pthread_mutex_unlock(&log_state.lock);
    pxm_log_set_sink(NULL, NULL, 0);
    log_state.options.fd = -1;
}
