/* Signed URLs for stores that are folders of this machine: what a worker's plugins may ask the host for. */
#ifndef PXM_DAEMON_URLS_H
#define PXM_DAEMON_URLS_H

#include "app/signed_url.h"
#include "base/error.h"
#include "base/host.h"

/* The keys of a state folder, which its daemon has made. [any] */
pxm_status urls_keys_read(const char *state, struct app_url_keys *ret, pxm_error *error);
/* See struct zygote_options. Called once in a process. */
pxm_status urls_extensions(const char *state, const struct pxm_extension **ret, pxm_error *error);

#endif
