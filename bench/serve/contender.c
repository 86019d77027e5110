#include "contender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool read_file(const char *path, struct load_file *ret)
{
    FILE *in = fopen(path, "rbe");
    long length = -1;

    if (in && fseek(in, 0, SEEK_END) == 0) {
        length = ftell(in);
        rewind(in);
    }
    ret->data = length > 0 ? malloc((size_t)length) : NULL;
    ret->length = length > 0 ? (size_t)length : 0;
    bool fine = ret->data && fread(ret->data, 1, ret->length, in) == ret->length;
    if (in) {
        fclose(in);
    }
    if (!fine) {
        fprintf(stderr, "bench-serve: %s cannot be read\n", path);
    }
    return fine;
}

/* One contender, up to the next "--". */
static int read_contender(struct contender *contender, int argc, char **argv, int at)
{
    if (at + 3 > argc) {
        return -1;
    }
    contender->is_server = strcmp(argv[at], "serve") == 0;
    contender->label = argv[at + 1];
    contender->command = (const char *const *)&argv[at + 2];
    for (at += 2; at < argc && strcmp(argv[at], "--") != 0; at++) {
    }
    if (at < argc) {
        argv[at] = NULL;
    }
    return at + 1;
}

bool bench_read(struct bench *bench, int argc, char **argv)
{
    int at = 2;

    *bench = (struct bench){0};
    if (argc > 2) {
        bench->rounds = (int)strtol(argv[0], NULL, 10);
        bench->count = (int)strtol(argv[1], NULL, 10);
    }
    for (; at < argc && strcmp(argv[at], "--") != 0 && bench->file_count < FILES_MAX; at++) {
        if (!read_file(argv[at], &bench->files[bench->file_count++])) {
            return false;
        }
    }
    for (at++; at > 0 && at < argc && bench->contender_count < CONTENDERS_MAX;) {
        at = read_contender(&bench->contenders[bench->contender_count++], argc, argv, at);
    }
    if (bench->rounds < 1 || bench->rounds > ROUNDS_MAX || bench->count < 1 || bench->file_count == 0 || at < 0 ||
        bench->contender_count == 0) {
        fprintf(stderr, "usage: bench-serve uploads|connections|memory|overload ROUNDS COUNT FILE...\n"
                        "       -- serve|loop LABEL COMMAND... [-- ...]\n");
        return false;
    }
    return true;
}

void bench_done(struct bench *bench)
{
    for (int i = 0; i < bench->file_count; i++) {
        free(bench->files[i].data);
    }
}

bool bench_turns(struct bench *bench, bool (*measure)(const struct bench *, struct contender *, int round))
{
    for (int round = 0; round < bench->rounds; round++) {
        for (int i = 0; i < bench->contender_count; i++) {
            int turn = round % 2 ? bench->contender_count - 1 - i : i;
            if (!measure(bench, &bench->contenders[turn], round)) {
                return false;
            }
        }
    }
    return true;
}

struct load_options bench_load(const struct bench *bench, uint16_t port, int connections, int count)
{
    return (struct load_options){.port = port,
                                 .files = bench->files,
                                 .file_count = bench->file_count,
                                 .connections = connections,
                                 .count = count};
}

/* ---- printing ---------------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(const double *values, int count)
{
    double sorted[ROUNDS_MAX];

    memcpy(sorted, values, (size_t)count * sizeof *values);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

void bench_print(const struct bench *bench, const char *const *names, const int *decimals)
{
    printf("  %-28s", "");
    for (int f = 0; names[f]; f++) {
        printf(" %11s", names[f]);
    }
    for (int i = 0; i < bench->contender_count; i++) {
        const struct contender *contender = &bench->contenders[i];
        printf("\n  %-28s", contender->label);
        for (int f = 0; names[f]; f++) {
            double value = median(contender->figures[f], bench->rounds);
            if (value < 0) {
                printf(" %11s", "-");
            } else {
                printf(" %11.*f", decimals[f], value);
            }
        }
    }
    printf("\n");
    fflush(stdout);
}

void bench_print_ratios(const struct bench *bench, const char *name, int figure)
{
    printf("  %s, as a ratio to that of:\n", name);
    for (int i = 0; i < bench->contender_count; i++) {
        if (!bench->contenders[i].is_server) {
            continue;
        }
        printf("    %-26s", bench->contenders[i].label);
        for (int j = 0; j < bench->contender_count; j++) {
            double each[ROUNDS_MAX];
            for (int round = 0; round < bench->rounds; round++) {
                each[round] = bench->contenders[i].figures[figure][round] / bench->contenders[j].figures[figure][round];
            }
            if (i != j) {
                printf("  %s %.3f", bench->contenders[j].label, median(each, bench->rounds));
            }
        }
        printf("\n");
    }
    fflush(stdout);
}
