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
/* The name of the picture whose page a head asks for ("/i/NAME"), as it is in the path; NULL: it asks for something
 * else, or there is no page. [any] */
const char *site_picture_name(const struct supervisor *supervisor, const struct app_head *head);
/* That page, described by the picture's record for those who follow no script; without a description where `record` is
 * NULL. NULL: no memory. [loop] */
struct app_response *site_picture_page(struct supervisor *supervisor, const struct app_head *head,
                                       const pxm_value *record);

#endif
