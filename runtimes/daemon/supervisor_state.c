/* What the supervisor reads of its state folder before it does anything else. */
#include "daemon/supervisor.h"

#include "daemon/urls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static pxm_status read_operator_token(struct supervisor *supervisor, pxm_error *error)
{
    const char *file = supervisor->options->operator_token_file;

    return file ? state_token_read(file, supervisor->operator_token, error)
                : state_token(supervisor->state, STATE_OPERATOR_TOKEN, supervisor->operator_token, error);
}

pxm_status supervisor_read_upload_token(struct supervisor *supervisor, pxm_error *error)
{
    const char *file = supervisor->options->upload_token_file;

    if (file) {
        return state_token_read(file, supervisor->upload_token, error);
    }
    return serve_is_local(supervisor->host)
               ? PXM_OK
               : state_token(supervisor->state, STATE_UPLOAD_TOKEN, supervisor->upload_token, error);
}

pxm_status supervisor_read_url_keys(struct supervisor *supervisor, pxm_error *error)
{
    struct app_url_keys keys;
    pxm_status status = urls_keys_read(supervisor->options->state, &keys, error);

    if (status == PXM_OK) {
        pthread_mutex_lock(&supervisor->lock);
        supervisor->url_keys = keys;
        pthread_mutex_unlock(&supervisor->lock);
    }
    explicit_bzero(&keys, sizeof keys);
    return status;
}

pxm_status supervisor_open_state(struct supervisor *supervisor, pxm_error *error)
{
    struct state_keys made;
    pxm_status status = state_open(supervisor->options->state, &supervisor->state, error);

    if (status == PXM_OK) {
        status = read_operator_token(supervisor, error);
    }
    if (status == PXM_OK) {
        status = state_url_keys(supervisor->state, &made, error); /* makes them */
        explicit_bzero(&made, sizeof made);
    }
    if (status == PXM_OK) {
        status = supervisor_read_url_keys(supervisor, error);
    }
    if (status != PXM_OK) {
        return status;
    }
    supervisor->spool = open(state_spool(supervisor->state), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return supervisor->spool >= 0 ? PXM_OK
                                  : pxm_error_errno(error, errno, "state.unavailable", state_spool(supervisor->state));
}

int64_t supervisor_free_bytes(const struct supervisor *supervisor)
{
    int64_t bytes = 0;

    return state_free_bytes(supervisor->state, &bytes, NULL) == PXM_OK ? bytes : -1;
}
