#include "load.h"

#include "client.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAUSE_MS = 200, HEALTH_EVERY_MS = 10, HEALTH_TIMES_MAX = 1 << 16, REFUSED_TIMES_MAX = 1 << 16 };

struct load {
    const struct load_options *options;
    struct load_result *result;
    double began_ms;
    pthread_mutex_t lock; /* guards `result` */
    atomic_int next;
    atomic_bool over;
};

struct lane {
    struct load *load;
    int index;
    pthread_t thread;
};

double load_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void pause_ms(double ms)
{
    if (ms > 0) {
        const struct timespec time = {.tv_sec = (time_t)(ms / 1e3), .tv_nsec = (long)(ms * 1e6) % 1000000000};
        nanosleep(&time, NULL);
    }
}

/* ---- times ------------------------------------------------------------------------------------------------------- */

static void note(struct load_times *times, double ms)
{
    if (times->count < times->max) {
        times->ms[times->count++] = ms;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

void load_times_sort(struct load_times *times)
{
    qsort(times->ms, (size_t)times->count, sizeof *times->ms, compare_doubles);
}

double load_percentile(const struct load_times *times, double share)
{
    return times->count > 0 ? times->ms[(int)(share * (times->count - 1))] : 0;
}

static bool make_times(struct load_times *times, int max)
{
    *times = (struct load_times){.ms = calloc((size_t)max, sizeof *times->ms), .max = max};
    return times->ms != NULL;
}

void load_result_done(struct load_result *result)
{
    free(result->accepted.ms);
    free(result->refused.ms);
    free(result->health.ms);
    *result = (struct load_result){0};
}

/* ---- uploads ----------------------------------------------------------------------------------------------------- */

static void note_status(struct load *load, int status, double ms)
{
    pthread_mutex_lock(&load->lock);
    if (status == 201) {
        note(&load->result->accepted, ms);
    } else if (status == 503 || status == 429) {
        note(&load->result->refused, ms);
    } else {
        load->result->failed++;
    }
    pthread_mutex_unlock(&load->lock);
}

/* When upload `number` is due; as soon as it can be, where there is no rate. */
static double wait_for_turn(const struct load *load, int number)
{
    if (load->options->per_second <= 0) {
        return load_now_ms();
    }
    double due = load->began_ms + 1e3 * number / load->options->per_second;

    pause_ms(due - load_now_ms());
    return due;
}

static void upload(struct load *load, struct client *client, int number)
{
    const struct load_file *file = &load->options->files[number % load->options->file_count];
    double began_ms = wait_for_turn(load, number);

    for (;;) {
        int status = client_upload(client, file->data, file->length, (uint64_t)number);
        note_status(load, status, load_now_ms() - began_ms);
        if (load->options->per_second > 0 || (status != 503 && status != 429)) {
            return;
        }
        pause_ms(PAUSE_MS);
        began_ms = load_now_ms();
    }
}

static void *run_lane(void *arg)
{
    const struct lane *lane = arg;
    struct load *load = lane->load;
    struct client client;

    client_init(&client, load->options->port, lane->index / 16);
    for (;;) {
        int number = atomic_fetch_add(&load->next, 1);
        if (number >= load->options->count) {
            break;
        }
        upload(load, &client, number);
    }
    client_done(&client);
    return NULL;
}

static void *ask_health(void *arg)
{
    struct load *load = arg;
    struct client client;

    client_init(&client, load->options->port, LOAD_CONNECTIONS_MAX / 16);
    while (!atomic_load(&load->over)) {
        double began_ms = load_now_ms();
        int status = client_get(&client, "/health");
        pthread_mutex_lock(&load->lock);
        if (status == 200) {
            note(&load->result->health, load_now_ms() - began_ms);
        } else {
            load->result->failed++;
        }
        pthread_mutex_unlock(&load->lock);
        pause_ms(HEALTH_EVERY_MS);
    }
    client_done(&client);
    return NULL;
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */

static bool run_lanes(struct load *load)
{
    struct lane lanes[LOAD_CONNECTIONS_MAX];
    pthread_t health;
    int started = 0;
    bool asks = load->options->asks_health && pthread_create(&health, NULL, ask_health, load) == 0;
    bool fine = asks == load->options->asks_health;

    load->began_ms = load_now_ms();
    for (; fine && started < load->options->connections && started < LOAD_CONNECTIONS_MAX; started++) {
        lanes[started] = (struct lane){.load = load, .index = started};
        fine = pthread_create(&lanes[started].thread, NULL, run_lane, &lanes[started]) == 0;
    }
    for (int i = 0; i < started - !fine; i++) {
        pthread_join(lanes[i].thread, NULL);
    }
    load->result->wall_ms = load_now_ms() - load->began_ms;
    atomic_store(&load->over, true);
    if (asks) {
        pthread_join(health, NULL);
    }
    return fine;
}

bool load_run(const struct load_options *options, struct load_result *result)
{
    struct load load = {.options = options, .result = result, .lock = PTHREAD_MUTEX_INITIALIZER};

    signal(SIGPIPE, SIG_IGN);
    *result = (struct load_result){0};
    bool fine = make_times(&result->accepted, options->count) && make_times(&result->refused, REFUSED_TIMES_MAX) &&
                make_times(&result->health, HEALTH_TIMES_MAX) && run_lanes(&load);
    if (!fine) {
        fprintf(stderr, "bench-serve: out of memory or threads\n");
        load_result_done(result);
        return false;
    }
    load_times_sort(&result->accepted);
    load_times_sort(&result->refused);
    load_times_sort(&result->health);
    return true;
}

int load_get(uint16_t port, const char *path)
{
    struct client client;

    signal(SIGPIPE, SIG_IGN);
    client_init(&client, port, 0);
    int status = client_get(&client, path);
    client_done(&client);
    return status;
}
