/* The web page: its files, and what it must know of this daemon. */
#ifndef PXM_DAEMON_SITE_H
#define PXM_DAEMON_SITE_H

#include "app/head.h"
#include "app/response.h"
#include <pixmill/plugin.h>

struct supervisor;

pxm_status site_open(struct supervisor *supervisor, pxm_error *error);
void site_close(struct supervisor *supervisor);
/* NULL: the page has nothing there. [any] */
struct app_response *site_answer(struct supervisor *supervisor, const struct app_head *head);

#endif
