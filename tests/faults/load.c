#include "load.h"

#include "audit.h"
#include "base/json.h"
#include "base/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PICTURE_BYTES_MAX = 8 << 20,
    COMMENT_HEAD = 4,
    PAUSE_MS = 5,
    REFUSED = -1,
    URL_BYTES_MAX = 4096,
    HEADERS_BYTES_MAX = 4096,
    DIRECT_EVERY = 3
};

struct client {
    struct load *load;
    unsigned index;
    unsigned random; /* its state */
};

static unsigned next_random(struct client *client)
{
    client->random = client->random * 1664525U + 1013904223U;
    return client->random >> 8;
}

static void pause_a_little(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};

    nanosleep(&pause, NULL);
}

static void wrong(struct load *load, const char *key, int status, const char *what)
{
    atomic_fetch_add(&load->wrong, 1);
    fprintf(stderr, "# %s: status %d, %s\n", key, status, what);
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

/* A JPEG begins with two bytes, and then may have a segment with a comment: FF FE, its length, its text. */
char *load_picture(const struct load *load, const char *comment, size_t *ret_length)
{
    size_t length = strlen(comment);
    char *picture = malloc(load->base_length + COMMENT_HEAD + length);

    if (!picture) {
        abort();
    }
    memcpy(picture, load->base, 2);
    picture[2] = (char)0xff;
    picture[3] = (char)0xfe;
    picture[4] = (char)((length + 2) >> 8);
    picture[5] = (char)((length + 2) & 0xff);
    memcpy(picture + 2 + COMMENT_HEAD, comment, length);
    memcpy(picture + 2 + COMMENT_HEAD + length, load->base + 2, load->base_length - 2);
    *ret_length = load->base_length + COMMENT_HEAD + length;
    return picture;
}

static bool read_base(struct load *load)
{
    FILE *file = fopen(load->picture, "re");

    load->base = file ? malloc(PICTURE_BYTES_MAX) : NULL;
    if (load->base) {
        load->base_length = fread(load->base, 1, PICTURE_BYTES_MAX, file);
    }
    if (file) {
        fclose(file);
    }
    return load->base_length > 2;
}

/* ---- one upload -------------------------------------------------------------------------------------------------- */

struct upload {
    char key[LEDGER_KEY_MAX];
    char digest[WIRE_DIGEST_MAX];
    char *picture;
    size_t length;
};

/* The status; 0: no answer, or not all of it; REFUSED: as it ended workers before. The name of the picture goes to
 * `filename`. */
static int send_upload(const struct load *load, const struct upload *upload, char filename[LEDGER_NAME_MAX])
{
    char headers[LEDGER_KEY_MAX + 64];
    uint32_t port = atomic_load(&load->host->port);
    struct wire_answer answer = {0};
    pxm_value *value = NULL;

    snprintf(headers, sizeof headers, "Content-Type: image/jpeg\r\nIdempotency-Key: %s\r\n", upload->key);
    const struct wire_request request = {
        .method = "POST", .path = "/upload", .headers = headers, .body = upload->picture, .length = upload->length};
    int status = port != 0 && wire_ask((uint16_t)port, &request, &answer) ? answer.status : 0;
    if (status == 201 && pxm_json_parse(answer.body, answer.length, &value, NULL) == PXM_OK) {
        const char *text = pxm_value_as_string(pxm_value_get(value, "filename"), NULL);
        snprintf(filename, LEDGER_NAME_MAX, "%s", text ? text : "");
        pxm_value_unref(value);
    } else if (status == 422 && strstr(answer.body, "\"input.poison\"")) {
        status = REFUSED;
    }
    wire_answer_done(&answer);
    return status;
}

static bool may_be_tried_again(int status)
{
    return status == 0 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504 ||
           status == 507;
}

/* True: it was acknowledged. */
static bool insist(struct load *load, const struct upload *upload, char filename[LEDGER_NAME_MAX])
{
    int status = send_upload(load, upload, filename);

    while (may_be_tried_again(status)) {
        if (status == 0) {
            atomic_fetch_add(&load->broken, 1);
        }
        pause_a_little();
        status = send_upload(load, upload, filename);
    }
    if (status == 201 && filename[0] == '\0') {
        wrong(load, upload->key, status, "an acknowledgement without a name");
    } else if (status == REFUSED) {
        atomic_fetch_add(&load->refused, 1);
    } else if (status != 201) {
        wrong(load, upload->key, status, "an answer that a good upload should not get");
    }
    return status == 201 && filename[0] != '\0';
}

/* Whoever did not hear the answer sends the request again, and is told of the same picture. */
static void repeat(struct load *load, const struct upload *upload, const char *filename)
{
    char again[LEDGER_NAME_MAX] = "";
    int status = send_upload(load, upload, again);

    atomic_fetch_add(&load->repeated, 1);
    if ((status != 201 && !may_be_tried_again(status)) || (status == 201 && strcmp(again, filename) != 0)) {
        wrong(load, upload->key, status, "another answer than the first time");
    }
}

/* ---- past the daemon --------------------------------------------------------------------------------------------- */

struct place { /* that was signed for one upload */
    char url[URL_BYTES_MAX], filename[LEDGER_NAME_MAX];
    char headers[HEADERS_BYTES_MAX]; /* whole lines */
};

static void read_headers(const pxm_value *headers, struct place *place)
{
    size_t length = 0;

    for (size_t i = 0; i < pxm_value_count(headers) && length < sizeof place->headers; i++) {
        length += (size_t)snprintf(place->headers + length, sizeof place->headers - length, "%s: %s\r\n",
                                   pxm_value_key(headers, i), pxm_value_as_string(pxm_value_at(headers, i), NULL));
    }
}

/* The status; 0: no answer, or not all of it. */
static int sign(const struct load *load, struct place *place)
{
    static const char body[] = "{\"content_type\": \"image/jpeg\"}";
    uint32_t port = atomic_load(&load->host->port);
    struct wire_answer answer = {0};
    pxm_value *value = NULL;
    const struct wire_request request = {.method = "POST",
                                         .path = "/uploads",
                                         .headers = "Content-Type: application/json\r\n",
                                         .body = body,
                                         .length = sizeof body - 1};
    int status = port != 0 && wire_ask((uint16_t)port, &request, &answer) ? answer.status : 0;

    if (status == 201 && pxm_json_parse(answer.body, answer.length, &value, NULL) == PXM_OK) {
        const char *url = pxm_value_as_string(pxm_value_get(value, "url"), NULL);
        const char *filename = pxm_value_as_string(pxm_value_get(value, "filename"), NULL);
        snprintf(place->url, sizeof place->url, "%s", url ? url : "");
        snprintf(place->filename, sizeof place->filename, "%s", filename ? filename : "");
        read_headers(pxm_value_get(value, "headers"), place);
        pxm_value_unref(value);
    }
    wire_answer_done(&answer);
    return status;
}

/* To http://127.0.0.1:PORT/PATH. The status, as that of sign(). */
static int put(const struct place *place, const struct upload *upload)
{
    static const char scheme[] = "http://";
    char host[LEDGER_NAME_MAX] = "";
    const char *start = place->url + sizeof scheme - 1;
    bool is_known = strncmp(place->url, scheme, sizeof scheme - 1) == 0;
    const char *path = is_known ? strchr(start, '/') : NULL, *colon = path ? strchr(start, ':') : NULL;
    struct wire_answer answer = {0};

    if (!path || !colon || colon > path) {
        return -1;
    }
    snprintf(host, sizeof host, "%.*s", (int)(path - start), start);
    const struct wire_request request = {.method = "PUT",
                                         .path = path,
                                         .headers = place->headers,
                                         .host = host,
                                         .body = upload->picture,
                                         .length = upload->length};
    int status = wire_ask((uint16_t)strtoul(colon + 1, NULL, 10), &request, &answer) ? answer.status : 0;
    wire_answer_done(&answer);
    return status;
}

/* What was put twice is there once, as it is told of twice. */
static void send_past(struct load *load, const struct upload *upload)
{
    struct place place = {.url = ""};
    int status = sign(load, &place);

    while (may_be_tried_again(status)) {
        pause_a_little();
        status = sign(load, &place);
    }
    for (int i = 0; i < 2 && (status == 201 || status == 200); i++) {
        status = put(&place, upload);
    }
    if (status == 200) {
        ledger_add(&load->direct, upload->key, upload->digest, place.filename);
    } else {
        wrong(load, upload->key, status, "an answer that who puts it past the daemon should not get");
    }
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static void look_at_derivatives(struct load *load, uint16_t port, const pxm_value *record)
{
    const pxm_value *thumbnails = pxm_value_get(record, "thumbnails");

    for (size_t i = 0; i < pxm_value_count(thumbnails); i++) {
        const char *url = pxm_value_as_string(pxm_value_get(pxm_value_at(thumbnails, i), "url"), NULL);
        if (!url || !audit_object(port, url, NULL, NULL)) {
            wrong(load, url ? url : "no url", 200, "a record names what is not so");
        }
        atomic_fetch_add(&load->read, 1);
    }
}

static void look(struct client *client)
{
    struct load *load = client->load;
    uint16_t port = (uint16_t)atomic_load(&load->host->port);
    struct ledger_entry entry;
    struct wire_answer answer = {0};
    pxm_value *record = NULL;
    char path[LEDGER_NAME_MAX + 16];

    if (port == 0 || !ledger_pick(&load->ledger, next_random(client), &entry)) {
        return;
    }
    snprintf(path, sizeof path, "/uploads/%s", entry.filename);
    if (!audit_object(port, path, entry.digest, NULL)) {
        wrong(load, path, 0, "an acknowledged original is not so");
    }
    atomic_fetch_add(&load->read, 1);
    snprintf(path, sizeof path, "/images/%s", entry.filename);
    const struct wire_request request = {.method = "GET", .path = path};
    bool whole = wire_ask(port, &request, &answer);
    if (whole && answer.status == 200 && pxm_json_parse(answer.body, answer.length, &record, NULL) == PXM_OK) {
        look_at_derivatives(load, port, record);
    } else if (whole && answer.status < 500) {
        wrong(load, path, answer.status, "an acknowledged upload has no record");
    }
    pxm_value_unref(record);
    wire_answer_done(&answer);
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static void upload_one(struct client *client, unsigned number)
{
    struct load *load = client->load;
    char filename[LEDGER_NAME_MAX] = "";
    struct upload upload;

    bool is_direct = load->signs && number % DIRECT_EVERY == 0;
    snprintf(upload.key, sizeof upload.key, "%s%u-%u-%u", is_direct ? "direct-" : "", load->seed, client->index,
             number);
    upload.picture = load_picture(load, upload.key, &upload.length);
    wire_digest(upload.picture, upload.length, upload.digest);
    if (is_direct) {
        send_past(load, &upload);
        free(upload.picture);
        return;
    }
    bool acknowledged = insist(load, &upload, filename);
    ledger_add(&load->ledger, upload.key, upload.digest, acknowledged ? filename : "");
    if (acknowledged && next_random(client) % 4 == 0) {
        repeat(load, &upload, filename);
    }
    free(upload.picture);
}

static void *run_client(void *arg)
{
    struct client *client = arg;

    for (unsigned i = 0; !atomic_load(&client->load->over); i++) {
        upload_one(client, i);
        look(client);
    }
    free(client);
    return NULL;
}

bool load_start(struct load *load)
{
    ledger_init(&load->ledger);
    ledger_init(&load->direct);
    if (!read_base(load)) {
        return false;
    }
    for (unsigned i = 0; i < load->clients; i++) {
        struct client *client = malloc(sizeof *client);
        if (!client) {
            abort();
        }
        *client = (struct client){.load = load, .index = i, .random = load->seed * 131 + i};
        if (pthread_create(&load->threads[i], NULL, run_client, client) != 0) {
            abort();
        }
    }
    return true;
}

void load_stop(struct load *load)
{
    atomic_store(&load->over, true);
    for (unsigned i = 0; i < load->clients; i++) {
        pthread_join(load->threads[i], NULL);
    }
}

void load_done(struct load *load)
{
    ledger_done(&load->ledger);
    ledger_done(&load->direct);
    free(load->base);
}
