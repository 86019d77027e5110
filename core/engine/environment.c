/* Reads environment variables and secret files for a project that is being opened. Called by one thread. */
#include "engine/environment.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include "lang/yaml/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_BYTES_MAX = 64 << 10, PATH_BYTES_MAX = 4096 };

static bool applies(const struct pxm_env *env, const struct pxm_profile *profile)
{
    if (!env->profiles) {
        return true;
    }
    for (size_t i = 0; env->profiles[i]; i++) {
        if (strcmp(env->profiles[i], profile->name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *out_of_range(const struct pxm_env *env, double number)
{
    bool checked = env->min != 0 || env->max != 0;

    return checked && (number < env->min || number > env->max) ? "is out of its range" : NULL;
}

/* Why the text is not of the variable's type; NULL with *ret, which is NULL when memory is out. */
static const char *parse(const struct pxm_env *env, const char *text, pxm_value **ret)
{
    const char *wrong = NULL;
    int64_t integer = 0;
    double number = 0;
    bool boolean = false;

    if (env->type->bits & PXM_TYPE_STRING) {
        *ret = pxm_value_cstring(text);
        return pxm_utf8_valid(text, strlen(text)) ? NULL : "is not valid UTF-8";
    }
    if (env->type->bits & PXM_TYPE_INT) {
        wrong = pxm_scalar_int(text, &integer);
        wrong = wrong ? wrong : out_of_range(env, (double)integer);
        *ret = pxm_value_int(integer);
        return wrong;
    }
    if (env->type->bits & PXM_TYPE_FLOAT) {
        wrong = pxm_scalar_float(text, &number);
        wrong = wrong ? wrong : out_of_range(env, number);
        *ret = pxm_value_float(number);
        return wrong;
    }
    wrong = pxm_scalar_bool(text, &boolean);
    *ret = pxm_value_bool(boolean);
    return wrong;
}

static void read_env(const struct pxm_env *env, const struct pxm_profile *profile, const struct pxm_outside *outside,
                     pxm_value **ret, struct pxm_diags *diags)
{
    const char *text = applies(env, profile) && !outside ? secure_getenv(env->name) : NULL;
    const char *wrong = NULL;

    if (text && text[0] != '\0') {
        wrong = parse(env, text, ret);
    } else if (env->fallback || !applies(env, profile)) {
        *ret = env->fallback ? pxm_value_ref(env->fallback) : pxm_value_null();
    } else if (outside) {
        *ret = outside->variable(outside->arg, env);
    } else {
        struct pxm_diag *diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E509", env->span,
                                             "environment variable `%s` is not set", env->name);
        pxm_diag_label(diags, diag, "profile `%s` needs it; set it, or give it a `default:`", profile->name);
        return;
    }
    if (wrong) {
        pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E509", env->span, "environment variable `%s`: %s", env->name, wrong);
    } else if (!*ret) {
        pxm_diags_no_memory(diags);
    }
}

/* The file's text without one line end at its end, which editors leave there. */
static pxm_value *secret_of_file(const struct pxm_project *project, const struct pxm_secret *secret, pxm_error *error)
{
    char path[PATH_BYTES_MAX];
    pxm_blob *blob = NULL;
    size_t length = 0;
    int written = snprintf(path, sizeof path, "%s%s%s", secret->from[0] == '/' ? "" : project->root,
                           secret->from[0] == '/' ? "" : "/", secret->from);

    if (written < 0 || (size_t)written >= sizeof path) {
        pxm_error_set(error, PXM_E_INVALID, "secret.path", "the path is too long");
        return NULL;
    }
    if (pxm_blob_open(path, SECRET_BYTES_MAX, &blob, error) != PXM_OK) {
        return NULL;
    }
    const char *text = pxm_blob_data(blob, &length);
    if (text && length > 0 && text[length - 1] == '\n') {
        length--;
    }
    pxm_value *value = NULL;
    if (!text || length == 0 || !pxm_utf8_valid(text, length) || memchr(text, '\0', length)) {
        pxm_error_set(error, PXM_E_INVALID, "secret.text", "%s is empty or no text", path);
    } else if (!(value = pxm_value_string(text, length))) {
        pxm_error_no_memory(error);
    }
    pxm_blob_unref(blob);
    return value;
}

static void read_secret(const struct pxm_project *project, const struct pxm_secret *secret,
                        const struct pxm_outside *outside, pxm_value **ret, struct pxm_diags *diags)
{
    pxm_error error = {0};

    if (outside) {
        *ret = outside->secret(outside->arg, secret);
        if (!*ret) {
            pxm_diags_no_memory(diags);
        }
        return;
    }
    if (secret->source == PXM_SECRET_FILE) {
        *ret = secret_of_file(project, secret, &error);
        if (!*ret) {
            pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E510", secret->span, "secret `%s` cannot be read: %s",
                         secret->name, error.text);
        }
        return;
    }
    const char *text = secure_getenv(secret->from);
    if (!text || text[0] == '\0') {
        struct pxm_diag *diag =
            pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E510", secret->span,
                         "secret `%s` is missing: environment variable `%s` is not set", secret->name, secret->from);
        pxm_diag_label(diags, diag, "set `%s` where this program is started", secret->from);
    } else if (!(*ret = pxm_value_cstring(text))) {
        pxm_diags_no_memory(diags);
    }
}

bool pxm_environment_read(struct pxm_environment *environment, const struct pxm_project *project,
                          const struct pxm_profile *profile, const struct pxm_outside *outside, struct pxm_diags *diags)
{
    size_t before = diags->errors;

    *environment = (struct pxm_environment){.project = project, .profile = profile};
    environment->envs = calloc(project->env_count + 1, sizeof(pxm_value *));
    environment->secrets = calloc(profile->secret_count + 1, sizeof(pxm_value *));
    if (!environment->envs || !environment->secrets) {
        pxm_diags_no_memory(diags);
        return false;
    }
    for (size_t i = 0; i < project->env_count; i++) {
        read_env(&project->envs[i], profile, outside, &environment->envs[i], diags);
    }
    for (size_t i = 0; i < profile->secret_count; i++) {
        read_secret(project, &profile->secrets[i], outside, &environment->secrets[i], diags);
    }
    return diags->errors == before;
}

void pxm_environment_done(struct pxm_environment *environment)
{
    for (size_t i = 0; environment->envs && i < environment->project->env_count; i++) {
        pxm_value_unref(environment->envs[i]);
    }
    for (size_t i = 0; environment->secrets && i < environment->profile->secret_count; i++) {
        pxm_value_unref(environment->secrets[i]);
    }
    free(environment->envs);
    free(environment->secrets);
    *environment = (struct pxm_environment){0};
}

const pxm_value *pxm_environment_value(const struct pxm_environment *environment, const struct pxm_ref *ref)
{
    if (ref->root == PXM_ROOT_ENV) {
        return environment->envs[ref->slot];
    }
    for (size_t i = 0; ref->root == PXM_ROOT_SECRET && i < environment->profile->secret_count; i++) {
        if (strcmp(environment->profile->secrets[i].name, ref->segments[0].name) == 0) {
            return environment->secrets[i];
        }
    }
    return NULL;
}

static pxm_value *load(void *arg, const struct pxm_ref *ref)
{
    const pxm_value *value = pxm_environment_value(arg, ref);

    return value ? pxm_value_ref(value) : NULL;
}

struct pxm_scope pxm_environment_scope(const struct pxm_environment *environment)
{
    return (struct pxm_scope){.load = load, .arg = (void *)(uintptr_t)environment};
}
