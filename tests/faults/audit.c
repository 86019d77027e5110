/* Every acknowledged upload has one record, which is ready or has a dead letter; what the record names is there, whole,
 * and what it says it is; and there is nothing else. */
#include "audit.h"

#include "audit_private.h"
#include "base/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REST_TRIES = 2400, REST_PAUSE_MS = 50 };

/* ---- objects ----------------------------------------------------------------------------------------------------- */

static bool complain(const char *path, const char *what)
{
    fprintf(stderr, "# %s: %s\n", path, what);
    return false;
}

static uint32_t little_endian(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;

    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* A WebP file says itself how long it is. */
static bool is_whole_webp(const struct wire_answer *answer)
{
    return answer->length > 12 && memcmp(answer->body, "RIFF", 4) == 0 && memcmp(answer->body + 8, "WEBP", 4) == 0 &&
           little_endian(answer->body + 4) + 8 == answer->length;
}

static bool judge_object(const struct wire_answer *answer, const char *path, const char *digest)
{
    char found[WIRE_DIGEST_MAX], tag[WIRE_TAG_MAX], of_bucket[WIRE_TAG_MAX];

    wire_digest(answer->body, answer->length, found);
    snprintf(tag, sizeof tag, "\"%s\"", found);
    wire_md5_tag(answer->body, answer->length, of_bucket);
    if (digest && strcmp(found, digest) != 0) {
        return complain(path, "is not what was uploaded");
    }
    if (strcmp(answer->etag, tag) != 0 && strcmp(answer->etag, of_bucket) != 0) {
        return complain(path, "is not what its tag says");
    }
    return digest || is_whole_webp(answer) || complain(path, "is no whole WebP");
}

bool audit_object(uint16_t port, const char *path, const char *digest, int *ret)
{
    const struct wire_request request = {.method = "GET", .path = path};
    struct wire_answer answer;
    bool whole = wire_ask(port, &request, &answer), fine = true;

    if (ret) {
        *ret = whole ? answer.status : 0;
    }
    if (whole && answer.status == 200) {
        fine = judge_object(&answer, path, digest);
    } else if (whole && answer.status < 500) {
        fine = complain(path, answer.status == 404 ? "is not there" : "cannot be had");
    }
    wire_answer_done(&answer);
    return fine;
}

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

bool audit_await_rest(const struct audit *audit)
{
    static const char *const names[] = {"expected", "ready", "delayed", "running"};
    const struct timespec pause = {.tv_nsec = REST_PAUSE_MS * 1000000};

    for (int i = 0; i < REST_TRIES; i++) {
        int64_t left = 0;
        pxm_value *answer = audit_operate(audit, "/admin/jobs");
        const pxm_value *counts = pxm_value_get(answer, "counts");
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            left += pxm_value_as_int(pxm_value_get(counts, names[j]));
        }
        pxm_value_unref(answer);
        if (counts && left == 0) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    return complain("/admin/jobs", "there is no end to the jobs");
}

/* ---- one upload and its record ----------------------------------------------------------------------------------- */

static bool has_dead_letter(const struct audit_world *world, const char *filename)
{
    char key[LEDGER_NAME_MAX + 16];

    snprintf(key, sizeof key, "uploads/%s", filename);
    for (size_t i = 0; i < world->dead_count; i++) {
        if (strcmp(world->dead[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* What a record names is there, whichever upload it is of. */
static void check_record(struct audit *audit, const struct audit_world *world, const struct audit_record *record)
{
    char path[LEDGER_NAME_MAX + 16];
    int status = 0;

    snprintf(path, sizeof path, "/uploads/%s", record->filename);
    bool fine = audit_object(audit->port, path, record->digest, &status);
    audit->lost += status != 200;
    audit->partial += !fine && status == 200;
    for (size_t i = 0; i < pxm_value_count(record->thumbnails); i++) {
        const pxm_value *url = pxm_value_get(pxm_value_at(record->thumbnails, i), "url");
        const char *text = pxm_value_as_string(url, NULL);
        status = 0;
        fine = text && audit_object(audit->port, text, NULL, &status);
        audit->lost += status != 200;
        audit->partial += !fine && status == 200;
    }
    if (record->ready) {
        audit->ready++;
        if (pxm_value_count(record->thumbnails) == 0) {
            audit->lost++;
            complain(path, "is ready without a thumbnail");
        }
    } else if (has_dead_letter(world, record->filename)) {
        audit->dead++;
    } else {
        audit->lost++;
        complain(path, "is neither ready nor has it a dead letter");
    }
}

static void check_upload(struct audit *audit, const struct audit_world *world, const struct ledger_entry *entry)
{
    const struct audit_record *record = audit_find_record(world, entry->filename);

    audit->acknowledged++;
    if (!record) {
        audit->lost++;
        complain(entry->filename, "was acknowledged and has no record");
    } else if (strcmp(record->digest, entry->digest) != 0) {
        audit->lost++;
        complain(entry->filename, "has the record of something else");
    } else if (strcmp(record->owner, ledger_is_unowned(entry) ? "" : "local") != 0) {
        audit->lost++;
        complain(entry->filename, "has a record that does not tell whose it is");
    }
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted(size_t count)
{
    const char **texts = calloc(count + 1, sizeof *texts);

    if (!texts) {
        abort();
    }
    return texts;
}

/* What clients send is never the same twice, so neither are digests of records; and nothing is there that nobody sent.
 */
static void check_digests(struct audit *audit, const struct audit_world *world)
{
    const char **sent = sorted(audit->ledger->count), **kept = sorted(world->record_count);

    for (size_t i = 0; i < audit->ledger->count; i++) {
        sent[i] = audit->ledger->entries[i].digest;
    }
    for (size_t i = 0; i < world->record_count; i++) {
        kept[i] = world->records[i].digest;
    }
    qsort(sent, audit->ledger->count, sizeof *sent, compare_texts);
    qsort(kept, world->record_count, sizeof *kept, compare_texts);
    for (size_t i = 0; i < world->record_count; i++) {
        if (i > 0 && strcmp(kept[i - 1], kept[i]) == 0) {
            audit->duplicates++;
            complain(kept[i], "is the digest of two records");
        }
        if (!bsearch(&kept[i], sent, audit->ledger->count, sizeof *sent, compare_texts)) {
            audit->strays++;
            complain(kept[i], "is the digest of a record, and was never sent");
        }
    }
    free(sent);
    free(kept);
}

bool audit_run(struct audit *audit)
{
    struct audit_world world;

    if (!audit_world_read(audit, &world)) {
        return false;
    }
    audit->records = world.record_count;
    for (size_t i = 0; i < audit->ledger->count; i++) {
        if (audit->ledger->entries[i].filename[0] != '\0') {
            check_upload(audit, &world, &audit->ledger->entries[i]);
        }
    }
    for (size_t i = 0; i < world.record_count; i++) {
        check_record(audit, &world, &world.records[i]);
    }
    check_digests(audit, &world);
    if (audit->gate_port != 0) {
        audit_bucket(audit, &world);
    } else {
        audit_folders(audit, &world);
    }
    audit_world_done(&world);
    return audit->lost + audit->duplicates + audit->partial + audit->strays == 0;
}
