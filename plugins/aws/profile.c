/* Reading the shared files, and what of them counts for one profile. [any] */
#include "aws/profile.h"
#include "aws/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1])) {
        text[--length] = '\0';
    }
    return text;
}

/* A comment starts with # or ; after a blank. */
static void cut_comment(char *value)
{
    for (char *at = value; *at; at++) {
        if ((*at == '#' || *at == ';') && (at == value || at[-1] == ' ' || at[-1] == '\t')) {
            *at = '\0';
            return;
        }
    }
}

bool aws_ini_read(char *text, aws_ini_line line, void *arg)
{
    char nothing[] = "";
    char *section = nothing, *above = nothing;
    for (char *next = text; next;) {
        char *start = next;
        next = strchr(start, '\n');
        if (next) {
            *next++ = '\0';
        }
        bool is_indented = *start == ' ' || *start == '\t';
        char *at = trim(start);
        if (*at == '#' || *at == ';' || *at == '\0') {
            continue;
        }
        if (*at == '[') {
            at[strcspn(at, "]")] = '\0';
            section = trim(at + 1);
            above = nothing;
            continue;
        }
        char *equals = strchr(at, '=');
        if (!equals) {
            continue;
        }
        *equals = '\0';
        cut_comment(equals + 1);
        char *key = trim(at), *value = trim(equals + 1);
        bool is_below = is_indented && *above;
        if (!is_below) {
            above = *value ? nothing : key;
        }
        if (!line(arg, section, is_below ? above : key, is_below ? key : "", value)) {
            return false;
        }
    }
    return true;
}

/* A file as text, which is cut up while it is read, and wiped. */
struct file {
    char *text; /* NULL: it is not there or may not be read */
    size_t length;
};

static void free_file(struct file *file)
{
    if (file->text) {
        OPENSSL_cleanse(file->text, file->length);
        free(file->text);
    }
}

static bool read_file(const char *path, struct file *ret)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return true;
    }
    struct aws_text text;
    char chunk[4096];
    ssize_t count;
    aws_text_init(&text, AWS_PROFILE_BYTES_MAX);
    aws_text_puts(&text, "");
    while ((count = read(fd, chunk, sizeof chunk)) > 0 || (count < 0 && errno == EINTR)) {
        if (count > 0) {
            aws_text_add(&text, chunk, (size_t)count);
        }
    }
    close(fd);
    bool good = count == 0 && !text.failed;
    ret->length = text.length;
    ret->text = good ? aws_text_take(&text) : NULL;
    aws_text_done(&text);
    return good && ret->text;
}

struct reading {
    struct aws_profile *profile;
    const char *name, *service;
    const char *services; /* the name of the section with endpoints of services; NULL: none */
    bool is_config;
    bool has_failed;
};

static void set(struct reading *reading, char **field, const char *value)
{
    if (*value == '\0') {
        return;
    }
    aws_free_text(*field);
    *field = aws_copy_text(value);
    reading->has_failed |= !*field;
}

/* "[name]" in the file of credentials; "[profile name]" and "[default]" in the other. */
static bool is_profile(const struct reading *reading, const char *section)
{
    static const char word[] = "profile";
    if (!reading->is_config || strcmp(reading->name, "default") == 0) {
        if (strcmp(section, reading->name) == 0) {
            return true;
        }
    }
    size_t length = sizeof word - 1;
    if (!reading->is_config || strncmp(section, word, length) != 0 || !strchr(" \t", section[length])) {
        return false;
    }
    section += length;
    return strcmp(section + strspn(section, " \t"), reading->name) == 0;
}

static bool take_line(void *arg, const char *section, const char *key, const char *subkey, const char *value)
{
    struct reading *reading = arg;
    struct aws_profile *profile = reading->profile;
    const struct {
        const char *key;
        char **field;
    } fields[] = {
        {"aws_access_key_id", &profile->access_key},
        {"aws_secret_access_key", &profile->secret_key},
        {"aws_session_token", &profile->token},
        {"region", &profile->region},
        {"endpoint_url", &profile->endpoint},
        {"role_arn", &profile->role_arn},
        {"role_session_name", &profile->role_session_name},
        {"web_identity_token_file", &profile->token_file},
    };
    static const char *const unsupported[] = {"credential_process", "sso_session",       "sso_start_url",
                                              "source_profile",     "credential_source", "login_session"};
    if (!is_profile(reading, section)) {
        return true;
    }
    profile->is_there = true;
    for (size_t i = 0; i < sizeof fields / sizeof *fields && !*subkey; i++) {
        if (strcmp(key, fields[i].key) == 0) {
            set(reading, fields[i].field, value);
        }
    }
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported && !*subkey; i++) {
        if (strcmp(key, unsupported[i]) == 0) {
            set(reading, &profile->unsupported, key);
        }
    }
    return !reading->has_failed;
}

struct services {
    const struct reading *reading;
    char *name; /* of the section that the profile names */
    char *endpoint;
    bool has_failed;
};

static void replace(struct services *services, char **field, const char *value)
{
    aws_free_text(*field);
    *field = aws_copy_text(value);
    services->has_failed |= !*field;
}

static bool take_services_name(void *arg, const char *section, const char *key, const char *subkey, const char *value)
{
    struct services *services = arg;
    if (is_profile(services->reading, section) && strcmp(key, "services") == 0 && !*subkey) {
        replace(services, &services->name, value);
    }
    return !services->has_failed;
}

static bool take_service(void *arg, const char *section, const char *key, const char *subkey, const char *value)
{
    struct services *services = arg;
    static const char word[] = "services";
    if (strncmp(section, word, sizeof word - 1) != 0) {
        return true;
    }
    section += sizeof word - 1;
    section += strspn(section, " \t");
    if (strcmp(section, services->name) == 0 && strcmp(key, services->reading->service) == 0 &&
        strcmp(subkey, "endpoint_url") == 0) {
        replace(services, &services->endpoint, value);
    }
    return !services->has_failed;
}

/* The endpoint of the service, where the profile names a section with one, comes before that of the profile. */
static bool read_services(const struct reading *reading, const char *text)
{
    struct services services = {.reading = reading};
    size_t length = strlen(text);
    char *first = aws_copy_text(text), *second = aws_copy_text(text);
    bool good = first && second && aws_ini_read(first, take_services_name, &services) &&
                (!services.name || aws_ini_read(second, take_service, &services));
    if (good && services.endpoint) {
        aws_free_text(reading->profile->endpoint);
        reading->profile->endpoint = services.endpoint;
        services.endpoint = NULL;
    }
    aws_free_text(services.name);
    aws_free_text(services.endpoint);
    OPENSSL_cleanse(first, first ? length : 0);
    OPENSSL_cleanse(second, second ? length : 0);
    free(first);
    free(second);
    return good;
}

bool aws_profile_load(const char *credentials_path, const char *config_path, const char *name, const char *service,
                      struct aws_profile *ret)
{
    struct aws_profile profile = {0};
    struct reading reading = {.profile = &profile, .name = name, .service = service, .is_config = true};
    struct file config = {.text = NULL}, credentials = {.text = NULL}, again = {.text = NULL};
    bool good =
        read_file(config_path, &config) && read_file(config_path, &again) && read_file(credentials_path, &credentials);
    if (good && config.text && again.text) {
        good = aws_ini_read(config.text, take_line, &reading) && read_services(&reading, again.text);
    }
    if (good && credentials.text) {
        reading.is_config = false;
        good = aws_ini_read(credentials.text, take_line, &reading);
    }
    free_file(&config);
    free_file(&again);
    free_file(&credentials);
    if (!good) {
        aws_profile_done(&profile);
        return false;
    }
    *ret = profile;
    return true;
}

void aws_profile_done(struct aws_profile *profile)
{
    char *fields[] = {
        profile->access_key, profile->secret_key,        profile->token,      profile->region,     profile->endpoint,
        profile->role_arn,   profile->role_session_name, profile->token_file, profile->unsupported};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        aws_free_text(fields[i]);
    }
    *profile = (struct aws_profile){0};
}
