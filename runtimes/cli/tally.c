/* The summary of a batch. */
#include "tally.h"

#include "inputs.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

void tally_add(struct tally *tally, const struct walk_file *file, const pxm_error *error)
{
    size_t i = 0;

    if (!error) {
        return;
    }
    while (i < tally->count && strcmp(tally->codes[i].code, pxm_error_code(error)) != 0) {
        i++;
    }
    if (i == TALLY_CODES_MAX) {
        i--; /* the last row also counts codes beyond the table */
    }
    if (i == tally->count) {
        snprintf(tally->codes[i].code, sizeof tally->codes[i].code, "%s", pxm_error_code(error));
        tally->codes[i].file = file;
        tally->codes[i].message = strdup(pxm_error_text(error));
        tally->codes[i].transient = pxm_error_is_transient(error);
        tally->count++;
    }
    tally->codes[i].times++;
}

static pxm_value *to_value(const struct tally *tally, const char *pipeline, const struct progress *progress)
{
    pxm_value *value = pxm_value_record();
    pxm_value *failures = pxm_value_list();

    for (size_t i = 0; i < tally->count; i++) {
        pxm_value *row = pxm_value_record();
        pxm_value_set(row, "code", pxm_value_cstring(tally->codes[i].code));
        pxm_value_set(row, "count", pxm_value_int((int64_t)tally->codes[i].times));
        pxm_value_set(row, "transient", pxm_value_bool(tally->codes[i].transient));
        pxm_value_set(row, "example", pxm_value_cstring(tally->codes[i].file->path));
        pxm_value_set(row, "message", pxm_value_cstring(tally->codes[i].message));
        pxm_value_append(failures, row);
    }
    pxm_value_set(value, "schema", pxm_value_cstring("pixmill.batch/1"));
    pxm_value_set(value, "pipeline", pxm_value_cstring(pipeline));
    pxm_value_set(value, "files", pxm_value_int((int64_t)progress->total));
    pxm_value_set(value, "ok", pxm_value_int((int64_t)(progress->done - progress->failed)));
    pxm_value_set(value, "skipped", pxm_value_int((int64_t)progress->skipped));
    pxm_value_set(value, "failed", pxm_value_int((int64_t)progress->failed));
    pxm_value_set(value, "failures", failures);
    pxm_value_set(value, "ms", pxm_value_int(pxm_clock_system.monotonic_ms(NULL) - progress->started_ms));
    return value;
}

/* As a word of a shell: plain, in quotes, or, where a terminal could not show it, as $'...' (POSIX.1-2024, 2.2.4). */
static void print_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:@%,";
    size_t length = strlen(word);
    bool shown = pxm_utf8_valid(word, length);

    for (size_t i = 0; i < length; i++) {
        shown = shown && (unsigned char)word[i] >= ' ' && word[i] != 0x7f;
    }
    if (length > 0 && strspn(word, plain) == length) {
        fprintf(stderr, " %s", word);
        return;
    }
    fputs(shown ? " '" : " $'", stderr);
    for (; *word; word++) {
        unsigned char byte = (unsigned char)*word;
        if (shown) {
            fputs(byte == '\'' ? "'\\''" : (char[]){*word, '\0'}, stderr);
        } else {
            fprintf(stderr, byte <= ' ' || byte >= 0x7f || byte == '\'' || byte == '\\' ? "\\%03o" : "%c", byte);
        }
    }
    fputc('\'', stderr);
}

/* The command that does one file again, by itself. */
static void print_again(const struct args *args, const struct walk_file *file)
{
    static const char *const kept[] = {"project", "profile", "expression", "time"};

    fprintf(stderr, "    again: pixmill run");
    if (args->count > 0) {
        print_word(args->words[0]);
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (args_value(args, kept[i])) {
            fprintf(stderr, " --%s", kept[i]);
            print_word(args_value(args, kept[i]));
        }
    }
    for (size_t i = 0; args_nth(args, "set", i); i++) {
        struct pxm_buf buf;
        pxm_buf_init(&buf, 64 << 10);
        inputs_expand(&buf, args_nth(args, "set", i), file->path, file->rel);
        fprintf(stderr, " --set");
        print_word(buf.data);
        pxm_buf_done(&buf);
    }
    print_word(file->path);
    fputc('\n', stderr);
}

void tally_print(const struct tally *tally, const struct cli *cli, const struct args *args, const char *pipeline,
                 const struct progress *progress)
{
    char took[32];

    if (cli->json) {
        pxm_value *value = to_value(tally, pipeline, progress);
        cli_print_json(value, 2);
        pxm_value_unref(value);
        return;
    }
    int64_t ms = pxm_clock_system.monotonic_ms(NULL) - progress->started_ms;
    size_t fresh = progress->done - progress->skipped;
    pxm_duration_format(ms, took, sizeof took);
    fprintf(stderr, "%zu file%s: ok %zu, failed %zu", progress->total, progress->total == 1 ? "" : "s",
            progress->done - progress->failed, progress->failed);
    if (progress->skipped > 0) {
        fprintf(stderr, ", done before %zu", progress->skipped);
    }
    fprintf(stderr, "; %s, %.1f/s, peak %lld MiB\n", took, ms > 0 ? (double)fresh * 1000.0 / (double)ms : 0.0,
            (long long)progress_peak_mib());
    for (size_t i = 0; i < tally->count; i++) {
        fprintf(stderr, "  %s%s%s x%zu%s: ", cli->color ? "\033[1;31m" : "", tally->codes[i].code,
                cli->color ? "\033[0m" : "", tally->codes[i].times,
                tally->codes[i].transient ? " (worth repeating)" : "");
        cli_print_text(stderr, tally->codes[i].message ? tally->codes[i].message : "");
        fputc('\n', stderr);
        print_again(args, tally->codes[i].file);
    }
}

void tally_done(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        free(tally->codes[i].message);
    }
}
