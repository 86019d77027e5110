/* How far a batch is. Nothing is drawn more often than ten times a second. */
#include "progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, REDRAW_MS = 100, LINE_MS = 10000, LINE_PERCENT = 5 };

int64_t progress_peak_mib(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss / 1024 : 0;
}

static void draw(struct progress *progress, int64_t now)
{
    char bar[BAR_WIDTH + 1];
    char eta[32] = "-";
    size_t fresh = progress->done - progress->skipped;
    double seconds = (double)(now - progress->started_ms) / 1000.0;
    double rate = seconds > 0 ? (double)fresh / seconds : 0;
    size_t filled = progress->total ? BAR_WIDTH * progress->done / progress->total : BAR_WIDTH;
    int percent = progress->total ? (int)(100 * progress->done / progress->total) : 100;

    for (size_t i = 0; i < BAR_WIDTH; i++) {
        bar[i] = i < filled ? '#' : '-';
    }
    bar[BAR_WIDTH] = '\0';
    if (rate > 0) {
        long left = (long)((double)(progress->total - progress->done) / rate + 0.5);
        snprintf(eta, sizeof eta, "%ld:%02ld", left / 60, left % 60);
    }
    fprintf(stderr, "%s[%s] %3d%% %zu/%zu  %.1f/s  eta %s  ok %zu  failed %zu  rss %lld MiB%s",
            progress->terminal ? "\r\033[K" : "", bar, percent, progress->done, progress->total, rate, eta,
            progress->done - progress->failed, progress->failed, (long long)progress_peak_mib(),
            progress->terminal ? "" : "\n");
    (void)fflush(stderr); /* a bar that cannot be shown is no failure */
    progress->shown_ms = now;
    progress->shown_percent = percent;
}

void progress_start(struct progress *progress, size_t total, size_t skipped)
{
    *progress = (struct progress){.terminal = isatty(STDERR_FILENO) == 1,
                                  .total = total,
                                  .done = skipped,
                                  .skipped = skipped,
                                  .started_ms = pxm_clock_system.monotonic_ms(NULL)};
    progress->shown_ms = progress->started_ms;
}

void progress_step(struct progress *progress, bool failed)
{
    int64_t now = pxm_clock_system.monotonic_ms(NULL);

    progress->done++;
    progress->failed += failed;
    int percent = progress->total ? (int)(100 * progress->done / progress->total) : 100;
    if (progress->terminal) {
        if (now - progress->shown_ms >= REDRAW_MS) {
            draw(progress, now);
        }
    } else if (percent >= progress->shown_percent + LINE_PERCENT || now - progress->shown_ms >= LINE_MS) {
        draw(progress, now);
    }
}

void progress_end(struct progress *progress)
{
    if (progress->terminal) {
        fprintf(stderr, "\r\033[K");
    }
}
