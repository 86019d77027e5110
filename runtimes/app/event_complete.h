/* What an event lacks because only a process with plugins can find it out, before its run begins. */
#ifndef PXM_APP_EVENT_COMPLETE_H
#define PXM_APP_EVENT_COMPLETE_H

#include "base/job.h"
#include "engine/project_handle.h"

/* Adds `user` where an http trigger has an auth resource, and `object` where an object_created trigger reads it. *ret
 * is a new reference. Calls plugins, within the time and the limits of the job. Fails as they do. */
pxm_status app_event_complete(pxm_project_handle *project, const struct pxm_trigger *trigger, const pxm_value *event,
                              pxm_job *job, pxm_value **ret, pxm_error *error);

#endif
