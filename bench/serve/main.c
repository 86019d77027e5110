/* Measures servers that take uploads and answer when thumbnails and a record are durable: in each round each of them in
 * turn, on a fresh folder, with the same files. bench/serve/run.sh calls it.
 *
 *   bench-serve uploads     ROUNDS COUNT FILE... -- CONTENDER [-- CONTENDER]...   CPU, throughput, latency, memory
 *   bench-serve connections ...   peak memory from 4 and from 64 connections
 *   bench-serve memory      ...   memory after a quarter, a half, three quarters and all of COUNT uploads
 *   bench-serve overload    ...   four times as many uploads as it can take
 *
 * A CONTENDER is `serve LABEL COMMAND...` or `loop LABEL COMMAND...`; see server.h for what their words may hold. */
#include "contender.h"
#include "server.h"
#include "tree.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* WARM: uploads before it counts. */
enum { WARM = 8, USUAL_CONNECTIONS = 4, MANY_CONNECTIONS = 64, OVERLOAD = 4, HEALTH_LOOKS = 100 };

/* Loads a server that has started. False, after saying why. */
static bool load(const struct contender *contender, const struct load_options *options, struct load_result *result)
{
    if (!load_run(options, result)) {
        return false;
    }
    if (result->failed > 0 || result->accepted.count == 0) {
        fprintf(stderr, "bench-serve: %s: %d uploads were accepted, %d failed\n", contender->label,
                result->accepted.count, result->failed);
        load_result_done(result);
        return false;
    }
    return true;
}

static bool warm_up(const struct bench *bench, const struct contender *contender, const struct server *server)
{
    struct load_result result;
    const struct load_options options = bench_load(bench, server->port, USUAL_CONNECTIONS, WARM);

    if (!load(contender, &options, &result)) {
        return false;
    }
    load_result_done(&result);
    return true;
}

/* ---- uploads ----------------------------------------------------------------------------------------------------- */

enum { CPU_MS, PER_SECOND, P50_MS, P99_MS, PEAK_MB };

/* Less what the same command costs for the pictures that a server is warmed up with. */
static bool measure_loop(const struct bench *bench, struct contender *contender, int round)
{
    double cpu_ms[2], wall_ms[2], peak_mb[2];

    if (!server_run(contender->command, WARM, &cpu_ms[0], &wall_ms[0], &peak_mb[0]) ||
        !server_run(contender->command, WARM + bench->count, &cpu_ms[1], &wall_ms[1], &peak_mb[1])) {
        return false;
    }
    contender->figures[CPU_MS][round] = (cpu_ms[1] - cpu_ms[0]) / bench->count;
    contender->figures[PER_SECOND][round] = 1e3 * bench->count / (wall_ms[1] - wall_ms[0]);
    contender->figures[P50_MS][round] = contender->figures[P99_MS][round] = -1;
    contender->figures[PEAK_MB][round] = peak_mb[1];
    return true;
}

static bool measure_uploads(const struct bench *bench, struct contender *contender, int round)
{
    struct server server;
    struct tree_watch watch;
    struct load_result result;

    if (!contender->is_server) {
        return measure_loop(bench, contender, round);
    }
    if (!server_start(&server, contender->command)) {
        return false;
    }
    bool fine = warm_up(bench, contender, &server);
    if (fine) {
        const struct load_options options = bench_load(bench, server.port, USUAL_CONNECTIONS, bench->count);
        tree_watch_start(&watch, server.pid);
        double before_ms = tree_cpu_ms(server.pid);
        fine = load(contender, &options, &result);
        contender->figures[CPU_MS][round] = (tree_cpu_ms(server.pid) - before_ms) / bench->count;
        contender->figures[PEAK_MB][round] = tree_watch_stop(&watch);
    }
    server_stop(&server);
    if (fine) {
        contender->figures[PER_SECOND][round] = 1e3 * bench->count / result.wall_ms;
        contender->figures[P50_MS][round] = load_percentile(&result.accepted, 0.5);
        contender->figures[P99_MS][round] = load_percentile(&result.accepted, 0.99);
        load_result_done(&result);
    }
    return fine;
}

static bool uploads(struct bench *bench)
{
    static const char *const names[] = {"CPU ms", "uploads/s", "p50 ms", "p99 ms", "peak MB", NULL};
    static const int decimals[] = {1, 2, 0, 0, 1};

    if (!bench_turns(bench, measure_uploads)) {
        return false;
    }
    bench_print(bench, names, decimals);
    bench_print_ratios(bench, "CPU per upload", CPU_MS);
    bench_print_ratios(bench, "peak memory", PEAK_MB);
    bench_print_ratios(bench, "uploads/s", PER_SECOND);
    return true;
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

static bool measure_peak(const struct bench *bench, struct contender *contender, int connections, double *ret_mb)
{
    struct server server;
    struct tree_watch watch;
    struct load_result result;

    if (!server_start(&server, contender->command)) {
        return false;
    }
    const struct load_options options = bench_load(bench, server.port, connections, bench->count);
    tree_watch_start(&watch, server.pid);
    bool fine = load(contender, &options, &result);
    *ret_mb = tree_watch_stop(&watch);
    server_stop(&server);
    if (fine) {
        load_result_done(&result);
    }
    return fine;
}

static bool measure_connections(const struct bench *bench, struct contender *contender, int round)
{
    double few_mb = 0, many_mb = 0;
    bool fine = measure_peak(bench, contender, USUAL_CONNECTIONS, &few_mb) &&
                measure_peak(bench, contender, MANY_CONNECTIONS, &many_mb);

    contender->figures[0][round] = few_mb;
    contender->figures[1][round] = many_mb;
    contender->figures[2][round] = fine ? many_mb / few_mb : 0;
    return fine;
}

static bool connections(struct bench *bench)
{
    static const char *const names[] = {"4: peak MB", "64: peak MB", "64 to 4", NULL};
    static const int decimals[] = {1, 1, 3};

    if (!bench_turns(bench, measure_connections)) {
        return false;
    }
    bench_print(bench, names, decimals);
    return true;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

enum { QUARTERS = 4 };

static bool measure_memory(const struct bench *bench, struct contender *contender, int round)
{
    struct server server;
    struct tree_watch watch;
    bool fine = server_start(&server, contender->command);

    if (!fine) {
        return false;
    }
    tree_watch_start(&watch, server.pid);
    for (int quarter = 0; quarter < QUARTERS && fine; quarter++) {
        struct load_result result;
        const struct load_options options = bench_load(bench, server.port, USUAL_CONNECTIONS, bench->count / QUARTERS);
        fine = load(contender, &options, &result);
        if (fine) {
            load_result_done(&result);
            contender->figures[quarter][round] = tree_memory_mb(server.pid);
        }
    }
    contender->figures[QUARTERS][round] = tree_watch_stop(&watch);
    contender->figures[QUARTERS + 1][round] =
        fine ? contender->figures[QUARTERS - 1][round] / contender->figures[0][round] : 0;
    server_stop(&server);
    return fine;
}

static bool memory(struct bench *bench)
{
    static const char *const names[] = {"1/4 MB", "2/4 MB", "3/4 MB", "4/4 MB", "peak MB", "4/4 to 1/4", NULL};
    static const int decimals[] = {1, 1, 1, 1, 1, 3};

    if (!bench_turns(bench, measure_memory)) {
        return false;
    }
    bench_print(bench, names, decimals);
    return true;
}

/* ---- overload ---------------------------------------------------------------------------------------------------- */

enum { PEAK, GOODPUT, SHARE, ACCEPTED_P99, REFUSED_P50, REFUSED_P99, IDLE_P99, HEALTH_P99 };

/* What a look at the health of a server takes that has nothing to do. */
static double idle_health_ms(const struct server *server)
{
    double ms[HEALTH_LOOKS];
    struct load_times times = {.ms = ms, .max = HEALTH_LOOKS};

    for (; times.count < HEALTH_LOOKS; times.count++) {
        const struct timespec pause = {.tv_nsec = 1000000};
        double began_ms = load_now_ms();
        load_get(server->port, "/health");
        ms[times.count] = load_now_ms() - began_ms;
        nanosleep(&pause, NULL);
    }
    load_times_sort(&times);
    return load_percentile(&times, 0.99);
}

static bool overload_server(const struct bench *bench, struct contender *contender, const struct server *server,
                            int round)
{
    struct load_result calm, flood;
    struct load_options options = bench_load(bench, server->port, USUAL_CONNECTIONS, bench->count);
    double(*figures)[ROUNDS_MAX] = contender->figures;

    figures[IDLE_P99][round] = idle_health_ms(server);
    if (!warm_up(bench, contender, server) || !load(contender, &options, &calm)) {
        return false;
    }
    figures[PEAK][round] = 1e3 * calm.accepted.count / calm.wall_ms;
    load_result_done(&calm);
    options.connections = LOAD_CONNECTIONS_MAX;
    options.count = OVERLOAD * bench->count;
    options.per_second = OVERLOAD * figures[PEAK][round];
    options.asks_health = true;
    if (!load(contender, &options, &flood)) {
        return false;
    }
    figures[GOODPUT][round] = 1e3 * flood.accepted.count / flood.wall_ms;
    figures[SHARE][round] = figures[GOODPUT][round] / figures[PEAK][round];
    figures[ACCEPTED_P99][round] = load_percentile(&flood.accepted, 0.99);
    figures[REFUSED_P50][round] = load_percentile(&flood.refused, 0.5);
    figures[REFUSED_P99][round] = load_percentile(&flood.refused, 0.99);
    figures[HEALTH_P99][round] = load_percentile(&flood.health, 0.99);
    load_result_done(&flood);
    return true;
}

static bool measure_overload(const struct bench *bench, struct contender *contender, int round)
{
    struct server server;

    if (!server_start(&server, contender->command)) {
        return false;
    }
    bool fine = overload_server(bench, contender, &server, round);
    server_stop(&server);
    return fine;
}

static bool overload(struct bench *bench)
{
    static const char *const names[] = {"peak/s",     "goodput/s",  "share",      "201 p99", "503 p50 ms",
                                        "503 p99 ms", "health p99", "overloaded", NULL};
    static const int decimals[] = {2, 2, 3, 0, 1, 1, 2, 2};

    if (!bench_turns(bench, measure_overload)) {
        return false;
    }
    bench_print(bench, names, decimals);
    return true;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static const struct {
        const char *name;
        bool (*measure)(struct bench *);
    } measures[] = {{"uploads", uploads}, {"connections", connections}, {"memory", memory}, {"overload", overload}};
    int code = 2;

    if (bench_read(&bench, argc - 2, argv + 2)) {
        for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
            if (strcmp(argv[1], measures[i].name) == 0) {
                code = measures[i].measure(&bench) ? 0 : 1;
            }
        }
    }
    bench_done(&bench);
    return code;
}
