/* Who is measured, with what, and the figures of each round. */
#ifndef PXM_BENCH_CONTENDER_H
#define PXM_BENCH_CONTENDER_H

#include "load.h"

enum { CONTENDERS_MAX = 8, ROUNDS_MAX = 64, FIGURES_MAX = 8, FILES_MAX = 64 };

struct contender {
    const char *label;
    const char *const *command; /* NULL at its end */
    bool is_server;             /* else it does {count} pictures and ends */
    double figures[FIGURES_MAX][ROUNDS_MAX];
};

struct bench {
    int rounds, count;
    struct load_file files[FILES_MAX];
    int file_count;
    struct contender contenders[CONTENDERS_MAX];
    int contender_count;
};

/* Reads ROUNDS COUNT FILE... -- serve|loop LABEL COMMAND... [-- ...]. False, after saying why. */
bool bench_read(struct bench *bench, int argc, char **argv);
void bench_done(struct bench *bench);

/* Calls `measure` with each contender in each round, in turn: nobody is always first. False: one failed. */
bool bench_turns(struct bench *bench, bool (*measure)(const struct bench *, struct contender *, int round));

/* A table of medians: each contender's figures under `names`, with so many decimals. */
void bench_print(const struct bench *bench, const char *const *names, const int *decimals);
/* Medians of the ratios of the rounds: of each server to each contender. */
void bench_print_ratios(const struct bench *bench, const char *name, int figure);

/* The load of this bench for a server, from so many connections. */
struct load_options bench_load(const struct bench *bench, uint16_t port, int connections, int count);

#endif
