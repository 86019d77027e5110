/* The daemon is killed again and again while clients upload: storm DAEMON PROJECT STATE PICTURE CYCLES [SEED] [TERM].
 *
 * In each cycle it is killed (SIGKILL; with TERM: told to stop, sometimes twice) at a random moment under load, mostly
 * with a worker, or what starts workers, killed before; then it is started anew. In the end the checker says whether
 * anything that was acknowledged is lost, there twice, or was ever seen in part. Exit code 0: nothing of that. */
#include "audit.h"
#include "load.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { CLIENTS = 8, MOMENT_MS_MAX = 500, CYCLES_MAX = 100000 };

struct storm {
    struct host host;
    struct load load;
    unsigned random;
    bool terminate;
    long cycles;
    int64_t *ready_ms;
    long workers, zygotes; /* that were killed */
};

static unsigned next_random(struct storm *storm)
{
    storm->random = storm->random * 1664525U + 1013904223U;
    return storm->random >> 8;
}

/* The moment is what is random here; nothing depends on how long it takes. */
static void wait_for_a_moment(struct storm *storm)
{
    const struct timespec moment = {.tv_nsec = (long)(next_random(storm) % MOMENT_MS_MAX) * 1000000};

    nanosleep(&moment, NULL);
}

static void kill_parts(struct storm *storm)
{
    unsigned what = next_random(storm) % 4;

    if (what < 2) {
        storm->workers += host_kill_part(&storm->host, false, next_random(storm));
    } else if (what == 2) {
        storm->zygotes += host_kill_part(&storm->host, true, next_random(storm));
    } else {
        return;
    }
    wait_for_a_moment(storm);
}

/* Told once it ends with 0; told twice, too. */
static bool tell_to_stop(struct storm *storm)
{
    if (next_random(storm) % 4 == 0) {
        kill(storm->host.pid, SIGTERM);
        wait_for_a_moment(storm);
    }
    int status = host_stop(&storm->host, SIGTERM);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "# it stopped with wait status %d\n", status);
        return false;
    }
    return true;
}

static bool cycle(struct storm *storm, long number)
{
    wait_for_a_moment(storm);
    if (storm->terminate) {
        if (!tell_to_stop(storm)) {
            return false;
        }
    } else {
        kill_parts(storm);
        host_stop(&storm->host, SIGKILL);
    }
    if (!host_start(&storm->host)) {
        fprintf(stderr, "# it did not start again, see %s\n", storm->host.log);
        return false;
    }
    storm->ready_ms[number] = storm->host.ready_ms;
    return true;
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

static int compare_times(const void *a, const void *b)
{
    const int64_t *first = a, *second = b;

    return (*first > *second) - (*first < *second);
}

static void report(const struct storm *storm, const struct audit *audit, int64_t *ready_ms)
{
    const struct load *load = &storm->load;

    qsort(ready_ms, (size_t)storm->cycles, sizeof *ready_ms, compare_times);
    printf("%ld cycles, %ld workers and %ld zygotes killed, %zu tries without an answer\n", storm->cycles,
           storm->workers, storm->zygotes, atomic_load(&load->broken));
    printf("%zu acknowledged, %zu refused, %zu repeated, %zu objects read meanwhile, %zu wrong answers\n",
           audit->acknowledged, atomic_load(&load->refused), atomic_load(&load->repeated), atomic_load(&load->read),
           atomic_load(&load->wrong));
    printf("%zu records, %zu ready, %zu dead letters, %zu objects\n", audit->records, audit->ready, audit->dead,
           audit->objects);
    printf("%zu lost, %zu duplicates, %zu partial, %zu strays\n", audit->lost, audit->duplicates, audit->partial,
           audit->strays);
    printf("ready again after %" PRId64 " ms (median), %" PRId64 " ms (longest)\n", ready_ms[storm->cycles / 2],
           ready_ms[storm->cycles - 1]);
}

static bool judge(struct storm *storm)
{
    struct audit audit = {
        .port = (uint16_t)atomic_load(&storm->host.port), .state = storm->host.state, .ledger = &storm->load.ledger};
    bool rested = audit_await_rest(&audit);
    bool fine = audit_run(&audit);

    report(storm, &audit, storm->ready_ms);
    return rested && fine && atomic_load(&storm->load.wrong) == 0 && audit.acknowledged > 0;
}

static bool run_storm(struct storm *storm)
{
    bool lives = host_start(&storm->host) && load_start(&storm->load);

    if (!lives) {
        fprintf(stderr, "# it did not start, see %s\n", storm->host.log);
        return false;
    }
    for (long i = 0; i < storm->cycles && lives; i++) {
        lives = cycle(storm, i);
    }
    if (!lives) {
        return false; /* the clients wait for a daemon that does not come: they end with this process */
    }
    load_stop(&storm->load);
    bool fine = judge(storm);
    load_done(&storm->load);
    return fine;
}

int main(int argc, char **argv)
{
    static struct storm storm; /* clients that were given up still look at it */
    char log[4096];

    if (argc < 6) {
        fprintf(stderr, "storm DAEMON PROJECT STATE PICTURE CYCLES [SEED] [TERM]\n");
        return 64;
    }
    storm.cycles = strtol(argv[5], NULL, 10);
    if (storm.cycles < 1 || storm.cycles > CYCLES_MAX) {
        return 64;
    }
    snprintf(log, sizeof log, "%s.log", argv[3]);
    storm.host = (struct host){.program = argv[1], .project = argv[2], .state = argv[3], .log = log};
    storm.load = (struct load){.host = &storm.host, .picture = argv[4], .clients = CLIENTS};
    storm.random = argc > 6 ? (unsigned)strtoul(argv[6], NULL, 10) : (unsigned)time(NULL);
    storm.load.seed = storm.random;
    storm.terminate = argc > 7 && strcmp(argv[7], "TERM") == 0;
    storm.ready_ms = calloc((size_t)storm.cycles, sizeof *storm.ready_ms);
    if (!storm.ready_ms) {
        return EXIT_FAILURE;
    }
    printf("seed %u\n", storm.random);
    fflush(stdout);
    bool fine = run_storm(&storm);
    host_stop(&storm.host, SIGKILL);
    free(storm.ready_ms);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
