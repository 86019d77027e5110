/* Counters, gauges and histograms, and their text. One lock for all, as what is counted is requests, not bytes. */
#include "daemon/metrics.h"

#include "base/utf8.h"
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_MAX = 1000, REFRESH_MAX = 8, TABLE_SIZE = 64 };

struct series {
    struct series *next; /* of the same slot of the table */
    double value;        /* of a histogram the sum */
    uint64_t count;      /* of a histogram */
    uint64_t *buckets;   /* of a histogram: each alone, not summed up; behind the series */
    char labels[METRICS_LABELS_MAX][METRICS_LABEL_BYTES_MAX];
};

struct metrics_family {
    struct metrics *metrics;
    const struct metrics_description *description;
    struct metrics_family *next;
    size_t label_count, bucket_count;
    size_t count, max;
    struct series *table[TABLE_SIZE];
    struct series *other; /* of what is one too many; there from the start, so that it never lacks memory */
};

struct metrics {
    pthread_mutex_t lock;
    struct metrics_family *first, **last;
    size_t refresh_count;
    struct {
        void (*call)(void *arg);
        void (*release)(void *arg);
        void *arg;
    } refresh[REFRESH_MAX];
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL || pthread_mutex_init(&metrics->lock, NULL) != 0) {
        free(metrics);
        return NULL;
    }
    metrics->last = &metrics->first;
    return metrics;
}

static void free_family(struct metrics_family *family)
{
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        for (struct series *series = family->table[i]; series != NULL;) {
            struct series *next = series->next;
            free(series);
            series = next;
        }
    }
    free(family->other);
    free(family);
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    for (struct metrics_family *family = metrics->first; family != NULL;) {
        struct metrics_family *next = family->next;
        free_family(family);
        family = next;
    }
    for (size_t i = 0; i < metrics->refresh_count; i++) {
        if (metrics->refresh[i].release != NULL) {
            metrics->refresh[i].release(metrics->refresh[i].arg);
        }
    }
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

/* ---- series ------------------------------------------------------------------------------------------------------ */

static struct series *new_series(const struct metrics_family *family)
{
    struct series *series = calloc(1, sizeof *series + (family->bucket_count + 1) * sizeof(uint64_t));
    if (series != NULL) {
        series->buckets = (uint64_t *)(void *)(series + 1);
    }
    return series;
}

struct metrics_family *metrics_family(struct metrics *metrics, const struct metrics_description *description)
{
    struct metrics_family *family = calloc(1, sizeof *family);
    if (family == NULL) {
        return NULL;
    }
    family->metrics = metrics;
    family->description = description;
    family->max = description->series_max > 0 ? description->series_max : SERIES_MAX;
    while (description->labels != NULL && family->label_count < METRICS_LABELS_MAX &&
           description->labels[family->label_count] != NULL) {
        family->label_count++;
    }
    while (description->kind == METRICS_HISTOGRAM && family->bucket_count < METRICS_BUCKETS_MAX &&
           description->buckets[family->bucket_count] > 0) {
        family->bucket_count++;
    }
    family->other = new_series(family);
    if (family->other == NULL) {
        free(family);
        return NULL;
    }
    for (size_t i = 0; i < family->label_count; i++) {
        pxm_utf8_copy(family->other->labels[i], METRICS_LABEL_BYTES_MAX, "other");
    }
    pthread_mutex_lock(&metrics->lock);
    *metrics->last = family;
    metrics->last = &family->next;
    pthread_mutex_unlock(&metrics->lock);
    return family;
}

static size_t slot_of(const struct series *key, size_t label_count)
{
    uint32_t hash = 2166136261; /* FNV-1a */
    for (size_t i = 0; i < label_count; i++) {
        for (const char *at = key->labels[i]; *at != '\0'; at++) {
            hash = (hash ^ (unsigned char)*at) * 16777619;
        }
        hash *= 16777619;
    }
    return hash % TABLE_SIZE;
}

static bool is_equal(const struct series *a, const struct series *b, size_t label_count)
{
    for (size_t i = 0; i < label_count; i++) {
        if (strcmp(a->labels[i], b->labels[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* Under the lock. Makes it if need be, and if there is room. */
static struct series *find(struct metrics_family *family, const char *const *labels)
{
    struct series key = {.next = NULL};
    for (size_t i = 0; i < family->label_count; i++) {
        pxm_utf8_copy(key.labels[i], METRICS_LABEL_BYTES_MAX, labels[i] != NULL ? labels[i] : "");
    }
    struct series **slot = &family->table[slot_of(&key, family->label_count)];
    for (struct series *at = *slot; at != NULL; at = at->next) {
        if (is_equal(at, &key, family->label_count)) {
            return at;
        }
    }
    if (is_equal(family->other, &key, family->label_count) && family->label_count > 0) {
        return family->other;
    }
    struct series *series = family->count < family->max ? new_series(family) : NULL;
    if (series == NULL) {
        return family->other;
    }
    memcpy(series->labels, key.labels, sizeof key.labels);
    series->next = *slot;
    *slot = series;
    family->count++;
    return series;
}

void metrics_add(struct metrics_family *family, double amount, const char *const *labels)
{
    if (family == NULL || !isfinite(amount) || (family->description->kind == METRICS_COUNTER && amount < 0)) {
        return;
    }
    pthread_mutex_lock(&family->metrics->lock);
    struct series *series = find(family, labels);
    series->value += amount;
    series->count++;
    pthread_mutex_unlock(&family->metrics->lock);
}

void metrics_set(struct metrics_family *family, double value, const char *const *labels)
{
    if (family == NULL || !isfinite(value)) {
        return;
    }
    pthread_mutex_lock(&family->metrics->lock);
    struct series *series = find(family, labels);
    series->value = value;
    series->count++;
    pthread_mutex_unlock(&family->metrics->lock);
}

void metrics_observe(struct metrics_family *family, double value, const char *const *labels)
{
    if (family == NULL || !isfinite(value)) {
        return;
    }
    size_t bucket = 0;
    while (bucket < family->bucket_count && value > family->description->buckets[bucket]) {
        bucket++;
    }
    pthread_mutex_lock(&family->metrics->lock);
    struct series *series = find(family, labels);
    series->value += value;
    series->count++;
    series->buckets[bucket]++;
    pthread_mutex_unlock(&family->metrics->lock);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void put_escaped(struct pxm_buf *buf, const char *text, bool in_quotes)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\') {
            pxm_buf_puts(buf, "\\\\");
        } else if (*at == '\n') {
            pxm_buf_puts(buf, "\\n");
        } else if (*at == '"' && in_quotes) {
            pxm_buf_puts(buf, "\\\"");
        } else {
            pxm_buf_putc(buf, *at);
        }
    }
}

/* The shortest text that reads as this number again, whatever the locale makes of its point. */
static void put_number(struct pxm_buf *buf, double number)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == ',' ? '.' : *at;
    }
    pxm_buf_puts(buf, text);
}

/* NAME SUFFIX {a="b",le="BOUND"}, and a blank. */
static void put_name(struct pxm_buf *buf, const struct metrics_family *family, const struct series *series,
                     const char *suffix, const double *bound)
{
    const char *separator = "{";
    pxm_buf_printf(buf, "%s%s", family->description->name, suffix);
    for (size_t i = 0; i < family->label_count; i++) {
        pxm_buf_printf(buf, "%s%s=\"", separator, family->description->labels[i]);
        put_escaped(buf, series->labels[i], true);
        pxm_buf_putc(buf, '"');
        separator = ",";
    }
    if (bound != NULL) {
        pxm_buf_printf(buf, "%sle=\"", separator);
        if (isinf(*bound)) {
            pxm_buf_puts(buf, "+Inf");
        } else {
            put_number(buf, *bound);
        }
        pxm_buf_putc(buf, '"');
        separator = ",";
    }
    pxm_buf_puts(buf, separator[0] == ',' ? "} " : " ");
}

static void put_histogram(struct pxm_buf *buf, const struct metrics_family *family, const struct series *series)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= family->bucket_count; i++) {
        const double bound = i < family->bucket_count ? family->description->buckets[i] : (double)INFINITY;
        count += series->buckets[i];
        put_name(buf, family, series, "_bucket", &bound);
        pxm_buf_printf(buf, "%llu\n", (unsigned long long)count);
    }
    put_name(buf, family, series, "_sum", NULL);
    put_number(buf, series->value);
    pxm_buf_putc(buf, '\n');
    put_name(buf, family, series, "_count", NULL);
    pxm_buf_printf(buf, "%llu\n", (unsigned long long)series->count);
}

static void put_series(struct pxm_buf *buf, const struct metrics_family *family, const struct series *series)
{
    if (family->description->kind == METRICS_HISTOGRAM) {
        put_histogram(buf, family, series);
        return;
    }
    put_name(buf, family, series, "", NULL);
    put_number(buf, series->value);
    pxm_buf_putc(buf, '\n');
}

static void put_family(struct pxm_buf *buf, const struct metrics_family *family)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    pxm_buf_printf(buf, "# HELP %s ", family->description->name);
    put_escaped(buf, family->description->help, false);
    pxm_buf_printf(buf, "\n# TYPE %s %s\n", family->description->name, kinds[family->description->kind]);
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        for (const struct series *at = family->table[i]; at != NULL; at = at->next) {
            put_series(buf, family, at);
        }
    }
    if (family->other->count > 0) {
        put_series(buf, family, family->other);
    }
}

bool metrics_on_render(struct metrics *metrics, void (*refresh)(void *arg), void (*release)(void *arg), void *arg)
{
    if (metrics->refresh_count == REFRESH_MAX) {
        return false;
    }
    metrics->refresh[metrics->refresh_count].call = refresh;
    metrics->refresh[metrics->refresh_count].release = release;
    metrics->refresh[metrics->refresh_count++].arg = arg;
    return true;
}

pxm_status metrics_render(struct metrics *metrics, struct pxm_buf *buf)
{
    for (size_t i = 0; i < metrics->refresh_count; i++) {
        metrics->refresh[i].call(metrics->refresh[i].arg);
    }
    pthread_mutex_lock(&metrics->lock);
    for (const struct metrics_family *family = metrics->first; family != NULL; family = family->next) {
        put_family(buf, family);
    }
    pthread_mutex_unlock(&metrics->lock);
    return buf->status;
}
