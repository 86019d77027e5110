/* Starts the gate, and talks to its control. */
#include "aws-gate/gate.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_MAX = 4 << 20, REQUEST_MAX = 1 << 20, LINE_MAX_BYTES = 8 << 10 };

static struct {
    pid_t pid;
    int input; /* the gate ends when this closes */
    char s3[64], metadata[64], control[64], table[64], queue[64];
} gate;

struct text {
    char *data;
    size_t length, room;
};

static size_t take(char *data, size_t size, size_t count, void *arg)
{
    struct text *text = arg;
    size_t length = size * count;
    size_t fits = text->room > text->length + 1 ? text->room - text->length - 1 : 0;
    fits = fits < length ? fits : length;
    memcpy(text->data + text->length, data, fits);
    text->length += fits;
    text->data[text->length] = '\0';
    return length;
}

/* Takes over the headers. */
static long send_request(const char *method, const char *url, struct curl_slist *headers, const void *body,
                         size_t length, char *reply, size_t room)
{
    char ignored[1];
    long status = 0;
    struct text text = {.data = reply ? reply : ignored, .room = reply ? room : 1};
    CURL *easy = curl_easy_init();
    assert_non_null(easy);
    text.data[0] = '\0';
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &text);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    if (body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return status;
}

long gate_send(const char *method, const char *url, const char *type, const void *body, size_t length, char *reply,
               size_t room)
{
    char line[512];
    snprintf(line, sizeof line, "Content-Type: %s", type ? type : "");
    return send_request(method, url, curl_slist_append(NULL, type ? line : "Content-Type:"), body, length, reply, room);
}

long gate_send_headers(const char *method, const char *url, const pxm_value *headers, const void *body, size_t length)
{
    const struct pxm_host *host = conformance_host();
    struct curl_slist *lines = curl_slist_append(NULL, "Content-Type:");
    for (size_t i = 0; i < host->value_count(headers); i++) {
        char line[LINE_MAX_BYTES];
        const char *value = host->value_as_string(host->value_at(headers, i), NULL);
        assert_true(snprintf(line, sizeof line, "%s: %s", host->value_key(headers, i), value) < (int)sizeof line);
        lines = curl_slist_append(lines, line);
    }
    return send_request(method, url, lines, body, length, NULL, 0);
}

static pxm_value *control(const char *path, const char *json)
{
    char url[128];
    char *data = strdup(json), *reply = malloc(TEXT_MAX);
    pxm_value *value = NULL;
    assert_non_null(data);
    assert_non_null(reply);
    for (char *c = data; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    snprintf(url, sizeof url, "%s%s", gate.control, path);
    assert_int_equal(gate_send("POST", url, "application/json", data, strlen(data), reply, TEXT_MAX), 200);
    assert_int_equal(conformance_host()->value_from_json(reply, strlen(reply), &value, NULL), PXM_OK);
    free(data);
    free(reply);
    return value;
}

/* ---- starting ---- */

static void clear_environment(void)
{
    extern char **environ;
    for (char **at = environ; *at;) {
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*at, "="), *at);
        bool is_aws = strncmp(name, "AWS_", 4) == 0 || strcasestr(name, "_proxy");
        at = is_aws && unsetenv(name) == 0 ? environ : at + 1;
    }
    setenv("HOME", "/nonexistent", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

static void run_gate(int input, int output)
{
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    execlp("node", "node", PXM_TEST_SOURCE "/tests/aws-gate/gate.js", (char *)NULL);
    _exit(127);
}

static void read_ports(FILE *from)
{
    int s3 = 0, metadata = 0, controls = 0, table = 0, queue = 0;
    if (fscanf(from, "{\"s3\":%d,\"metadata\":%d,\"control\":%d,\"table\":%d,\"queue\":%d}", &s3, &metadata, &controls,
               &table, &queue) != 5) {
        fprintf(stderr, "the gate did not start; is node installed?\n");
        exit(EXIT_FAILURE);
    }
    snprintf(gate.s3, sizeof gate.s3, "http://127.0.0.1:%d", s3);
    snprintf(gate.metadata, sizeof gate.metadata, "http://127.0.0.1:%d", metadata);
    snprintf(gate.table, sizeof gate.table, "http://127.0.0.1:%d", table);
    snprintf(gate.queue, sizeof gate.queue, "http://127.0.0.1:%d", queue);
    snprintf(gate.control, sizeof gate.control, "http://127.0.0.1:%d", controls);
}

static void stop(void)
{
    close(gate.input);
    waitpid(gate.pid, NULL, 0);
}

static void start(void)
{
    int input[2], output[2];
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    gate.pid = fork();
    assert_true(gate.pid >= 0);
    if (gate.pid == 0) {
        run_gate(input[0], output[1]);
    }
    close(input[0]);
    close(output[1]);
    gate.input = input[1];
    FILE *from = fdopen(output[0], "r");
    assert_non_null(from);
    read_ports(from);
    fclose(from);
    signal(SIGPIPE, SIG_IGN);
    atexit(stop);
}

void gate_reset(void)
{
    clear_environment();
    if (gate.pid == 0) {
        start();
    }
    conformance_host()->value_unref(control("/reset", ""));
}

const char *gate_s3_url(void)
{
    return gate.s3;
}

const char *gate_metadata_url(void)
{
    return gate.metadata;
}

const char *gate_table_url(void)
{
    return gate.table;
}

const char *gate_queue_url(void)
{
    return gate.queue;
}

void gate_faults(const char *json)
{
    conformance_host()->value_unref(control("/faults", json));
}

void gate_settings(const char *json)
{
    conformance_host()->value_unref(control("/settings", json));
}

int gate_tls(const char *key, const char *certificate)
{
    const struct pxm_host *host = conformance_host();
    pxm_value *record = host->value_record();
    pxm_blob *json = NULL;
    size_t length = 0;
    host->value_set(record, "key", host->value_string(key, strlen(key)));
    host->value_set(record, "cert", host->value_string(certificate, strlen(certificate)));
    assert_int_equal(host->value_to_json(record, &json, NULL), PXM_OK);
    char *text = strndup(host->blob_data(json, &length), host->blob_length(json));
    assert_non_null(text);
    pxm_value *reply = control("/tls", text);
    int port = (int)host->value_as_int(host->value_get(reply, "tls"));
    host->value_unref(reply);
    host->value_unref(record);
    host->blob_unref(json);
    free(text);
    return port;
}

pxm_value *gate_state(void)
{
    return control("/state", "");
}

static pxm_value *ask(const char *path, const char *operation, const char *request)
{
    const struct pxm_host *host = conformance_host();
    static char json[REQUEST_MAX];
    snprintf(json, sizeof json, "{'operation':'%s','request':%s}", operation, request);
    pxm_value *state = control(path, json);
    pxm_value *reply = host->value_ref(host->value_get(state, "reply"));
    host->value_unref(state);
    return reply;
}

pxm_value *gate_table(const char *operation, const char *request)
{
    return ask("/table", operation, request);
}

pxm_value *gate_queue(const char *operation, const char *request)
{
    return ask("/queue", operation, request);
}

size_t gate_requests(const char *method)
{
    const struct pxm_host *host = conformance_host();
    pxm_value *state = gate_state();
    const pxm_value *log = host->value_get(state, "log");
    size_t count = 0;
    for (size_t i = 0; i < host->value_count(log); i++) {
        const char *name = host->value_as_string(host->value_get(host->value_at(log, i), "method"), NULL);
        count += !method || strcmp(name, method) == 0;
    }
    host->value_unref(state);
    return count;
}

int64_t gate_count(const char *name)
{
    const struct pxm_host *host = conformance_host();
    pxm_value *state = gate_state();
    int64_t count = host->value_as_int(host->value_get(host->value_get(state, "counts"), name));
    host->value_unref(state);
    return count;
}
