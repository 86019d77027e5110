/* The log. The sink is set once before threads start and then only read; a sink is called by any thread. */
#include "base/log.h"

#include "base/utf8.h"
#include <stdio.h>

enum { LOG_TEXT_MAX = 4096 };

static void write_to_stderr(void *arg, const struct pxm_log_entry *entry);

static struct {
    pxm_log_sink write;
    void *arg;
    int32_t min_level;
} sink = {.write = write_to_stderr, .min_level = PXM_LOG_WARN};

static const char *level_name(int32_t level)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    return level >= PXM_LOG_DEBUG && level <= PXM_LOG_ERROR ? names[level] : "log";
}

/* One line for people. Texts may quote what strangers sent: control characters would forge lines or drive a
 * terminal. */
static void write_to_stderr(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    char line[LOG_TEXT_MAX + 256];
    const char *run = entry->run != NULL ? entry->run : "-";
    int length = snprintf(line, sizeof line - 1, "pixmill: %s: %s: %s: %s", level_name(entry->level), entry->source,
                          run, entry->text);
    if (length < 0) {
        return;
    }
    size_t used = (size_t)length < sizeof line - 1 ? (size_t)length : pxm_utf8_cut(line, sizeof line - 2);
    for (size_t i = 0; i < used; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F) {
            line[i] = ' ';
        }
    }
    line[used] = '\n';
    (void)fwrite(line, 1, used + 1, stderr); /* Nobody is left to be told when this fails. */
}

void pxm_log_set_sink(pxm_log_sink write, void *arg, int32_t min_level)
{
    sink.write = write != NULL ? write : write_to_stderr;
    sink.arg = arg;
    sink.min_level = write != NULL ? min_level : PXM_LOG_WARN;
}

void pxm_logv(int32_t level, const char *source, const char *run, const char *format, va_list args)
{
    if (level < sink.min_level) {
        return;
    }
    char text[LOG_TEXT_MAX];
    int length = vsnprintf(text, sizeof text, format, args);
    if (length < 0) {
        text[0] = '\0';
    } else if ((size_t)length >= sizeof text) {
        text[pxm_utf8_cut(text, sizeof text - 1)] = '\0';
    }
    const struct pxm_log_entry entry = {
        .level = level, .source = source != NULL ? source : "pixmill", .run = run, .text = text};
    sink.write(sink.arg, &entry);
}

void pxm_log(int32_t level, const char *source, const char *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pxm_logv(level, source, run, format, args);
    va_end(args);
}
