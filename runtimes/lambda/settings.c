/* Variables of the environment. A wrong one is refused: a function that starts with another meaning than its operator's
 * would be found out too late. */
#include "lambda/settings.h"

#include "base/error.h"
#include "lang/yaml/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MIB = 1 << 20, MEMORY_MIB_MAX = 1 << 20, ATTEMPTS_MAX = 1000 };

static const char *text_of(const char *name, const char *fallback)
{
    const char *value = secure_getenv(name);

    return value && value[0] != '\0' ? value : fallback;
}

static pxm_status refuse(const char *name, const char *what, pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INVALID, "settings.invalid", "environment variable %s: %s", name, what);
}

static pxm_status read_number(const char *name, int64_t most, int64_t fallback, int64_t *ret, pxm_error *error)
{
    const char *text = text_of(name, NULL);

    *ret = fallback;
    if (!text) {
        return PXM_OK;
    }
    const char *wrong = pxm_scalar_int(text, ret);
    if (wrong) {
        return refuse(name, wrong, error);
    }
    return *ret >= 1 && *ret <= most ? PXM_OK : refuse(name, "is out of its range", error);
}

/* One of two words; the second is the fallback. */
static pxm_status read_choice(const char *name, const char *yes, const char *no, bool *ret, pxm_error *error)
{
    const char *text = text_of(name, no);

    *ret = strcmp(text, yes) == 0;
    return *ret || strcmp(text, no) == 0
               ? PXM_OK
               : pxm_error_set(error, PXM_E_INVALID, "settings.invalid",
                               "environment variable %s: is neither `%s` nor `%s`", name, yes, no);
}

static pxm_status read_level(int32_t *ret, pxm_error *error)
{
    static const struct {
        const char *name;
        int32_t level;
    } levels[] = {
        {"TRACE", PXM_LOG_DEBUG}, {"DEBUG", PXM_LOG_DEBUG}, {"INFO", PXM_LOG_INFO},
        {"WARN", PXM_LOG_WARN},   {"ERROR", PXM_LOG_ERROR}, {"FATAL", PXM_LOG_ERROR},
    };
    const char *text = text_of("AWS_LAMBDA_LOG_LEVEL", "INFO");

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcasecmp(text, levels[i].name) == 0) {
            *ret = levels[i].level;
            return PXM_OK;
        }
    }
    return refuse("AWS_LAMBDA_LOG_LEVEL", "is no level", error);
}

static pxm_status read_project(struct lambda_settings *settings, pxm_error *error)
{
    const char *project = text_of("PIXMILL_PROJECT", NULL), *root = text_of("LAMBDA_TASK_ROOT", ".");
    int length = project ? snprintf(settings->project, sizeof settings->project, "%s", project)
                         : snprintf(settings->project, sizeof settings->project, "%s/pipelines", root);

    return length > 0 && (size_t)length < sizeof settings->project ? PXM_OK
                                                                   : refuse("PIXMILL_PROJECT", "is too long", error);
}

static pxm_status read_origins(struct lambda_settings *settings, pxm_error *error)
{
    const char *text = text_of("PIXMILL_ORIGINS", "");
    char *at = settings->origins_text;
    size_t count = 0;

    if (strlen(text) >= sizeof settings->origins_text) {
        return refuse("PIXMILL_ORIGINS", "is too long", error);
    }
    snprintf(settings->origins_text, sizeof settings->origins_text, "%s", text);
    while (*at != '\0') {
        size_t length = strcspn(at, ", ");
        char *next = at + length + (at[length] != '\0');
        at[length] = '\0';
        if (length > 0 && count == LAMBDA_ORIGINS_MAX) {
            return refuse("PIXMILL_ORIGINS", "has too many of them", error);
        }
        if (length > 0) {
            settings->origins[count++] = at;
        }
        at = next;
    }
    return PXM_OK;
}

static pxm_status read_numbers(struct lambda_settings *settings, pxm_error *error)
{
    int64_t memory_mib = 0;
    pxm_status status =
        read_number("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MIB_MAX, PXM_UNSET_INT, &memory_mib, error);

    settings->memory_bytes = memory_mib == PXM_UNSET_INT ? PXM_UNSET_INT : memory_mib * MIB;
    if (status == PXM_OK) {
        status = read_number("AWS_LAMBDA_MAX_CONCURRENCY", LAMBDA_LOOPS_MAX, 1, &settings->loops, error);
    }
    if (status == PXM_OK) {
        status = read_number("PIXMILL_ATTEMPTS_MAX", ATTEMPTS_MAX, PXM_UNSET_INT, &settings->attempts_max, error);
    }
    return status;
}

static pxm_status read_choices(struct lambda_settings *settings, pxm_error *error)
{
    bool silent = false;
    pxm_status status = read_choice("PIXMILL_RESPONSE_MODE", "streaming", "buffered", &settings->streams, error);

    if (status == PXM_OK) {
        status = read_choice("PIXMILL_METRICS", "off", "on", &silent, error);
    }
    if (status == PXM_OK) {
        status = read_choice("PIXMILL_UPLOAD_AUTH", "open", "required", &settings->open, error);
    }
    settings->measures = !silent;
    return status;
}

pxm_status lambda_settings_read(struct lambda_settings *ret, pxm_error *error)
{
    *ret = (struct lambda_settings){
        .api = text_of("AWS_LAMBDA_RUNTIME_API", NULL),
        .handler = text_of("_HANDLER", NULL),
        .profile = text_of("PIXMILL_PROFILE", NULL),
        .name = text_of("AWS_LAMBDA_FUNCTION_NAME", "pixmill"),
        .version = text_of("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        .base_path = text_of("PIXMILL_BASE_PATH", ""),
        .upload_token = text_of("PIXMILL_UPLOAD_TOKEN", ""),
        .operator_token = text_of("PIXMILL_OPERATOR_TOKEN", ""),
    };
    pxm_status status = read_level(&ret->log_level, error);
    if (status == PXM_OK) {
        status = read_numbers(ret, error);
    }
    if (status == PXM_OK) {
        status = read_choices(ret, error);
    }
    if (status == PXM_OK) {
        status = read_project(ret, error);
    }
    return status == PXM_OK ? read_origins(ret, error) : status;
}
