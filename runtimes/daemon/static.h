/* The files of the web page: a folder that its build has made, with a manifest of what is in it. All of it is read into
 * memory once, at the start, so no request ever names a file to the file system. [any] once opened. */
#ifndef PXM_DAEMON_STATIC_H
#define PXM_DAEMON_STATIC_H

#include "app/head.h"
#include "app/response.h"
#include <pixmill/plugin.h>
#include <stdbool.h>

struct static_site; /* opaque */

enum { STATIC_FILES_MAX = 2000, STATIC_FILE_BYTES_MAX = 16 << 20, STATIC_BYTES_MAX = 64 << 20 };

struct static_options { /* all borrowed for the call alone */
    /* Holds manifest.json: {"files": [{"path": "/assets/app-1a2b.js", "sha256": HEX, "cache": "immutable"}, ...]}; the
     * path is that of a request; cache is "immutable" or "revalidate". Beside a file PATH there may be PATH.br and
     * PATH.gz, the same compressed. */
    const char *folder;
    /* Where the page is shown that index.html is, besides "/": paths, or with an asterisk at the end what they begin
     * with. NULL at the end; may be NULL. */
    const char *const *app_paths;
    /* Headers of all pages (text/html): policies. May be NULL where there are none. */
    const struct app_header *page_headers;
    size_t page_header_count;
};

/* A folder without a manifest is fine: the page is not built, and all that is answered is "/", with how to get it.
 * Codes: static.manifest (not as it should be), static.file (missing, too large, or not what the manifest says). */
pxm_status static_open(const struct static_options *options, struct static_site **ret, pxm_error *error);
void static_close(struct static_site *site);
bool static_is_built(const struct static_site *site);

/* The answer to a GET or HEAD of one of the files, with its ETag and whether it may be cached, in the encoding that the
 * client likes best; 304 where it has it already. NULL: nothing of the site, or no memory. */
struct app_response *static_answer(const struct static_site *site, const struct app_head *head);
/* The page of the app (index.html) with `meta`, HTML, in the place that it has for that; not to be kept without asking.
 * NULL: it is not built, or no memory. */
struct app_response *static_page(const struct static_site *site, const char *meta);

#endif
