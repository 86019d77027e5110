/* Starts libvips for strangers' files: single-threaded, no cache, no loader but the ones that decode.c names, no format
 * module but HEIF. Runs once a process, before any job. */
#include "vipsbase/vipsbase.h"
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>

/* The names are those of libvips' classes: each covers its _buffer and _source forms. */
static const char *const loaders[] = {"VipsForeignLoadJpeg",  "VipsForeignLoadPng",  "VipsForeignLoadWebp",
                                      "VipsForeignLoadNsgif", "VipsForeignLoadHeif", "VipsForeignLoadTiff"};

/* Says that it is done. GLib's table of quarks is the process's, unlike the statics of a library that each body has a
 * copy of; blocking twice would take the loaders away from jobs for a moment. */
static const char started[] = "pixmill-vips-started";

/* Pictures come as a few large blocks on whichever thread is free. One arena, and blocks of 128 KB and more mapped
 * by themselves, give them back to the system when they are freed; otherwise a worker's memory grows to three times
 * that. What small blocks of one picture take is left for the next. */
static void tune_malloc(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 6 * 1024 * 1024);
}

/* Where libvips keeps HEIF in a module of its own, it is beside the library; where there is none, it is built in or not
 * to be had. g_module_open is taken from whatever library libvips itself took it from. */
static void load_heif_module(void)
{
    Dl_info info;
    char path[PATH_MAX], name[64];
    void *library, *(*open_module)(const char *, int);
    void *(*vips)(void);

    *(int (**)(const char *)) & vips = vips_init;
    if (!dladdr(*(void **)&vips, &info) || !info.dli_fname) {
        return;
    }
    library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    if (!library) {
        return;
    }
    *(void **)&open_module = dlsym(library, "g_module_open");
    g_strlcpy(path, info.dli_fname, sizeof(path));
    g_snprintf(name, sizeof(name), "/vips-modules-%d.%d/vips-heif.so", vips_version(0), vips_version(1));
    g_autofree char *module = g_strconcat(dirname(path), name, NULL);
    if (open_module && g_file_test(module, G_FILE_TEST_EXISTS)) {
        open_module(module, 1 /* G_MODULE_BIND_LAZY */);
    }
    dlclose(library);
}

/* VIPSHOME is where vips_init looks for modules. It loads all there are, which doubles the time to start and maps
 * decoders that are never used; so it is led away from them. */
static int init_without_modules(void)
{
    const char *home = secure_getenv("VIPSHOME");
    g_autofree char *saved = home ? g_strdup(home) : NULL;
    int result;

    g_setenv("VIPSHOME", "/nonexistent", TRUE);
    result = VIPS_INIT("pixmill");
    if (saved) {
        g_setenv("VIPSHOME", saved, TRUE);
    } else {
        g_unsetenv("VIPSHOME");
    }
    return result;
}

/* What libvips warns of is either an error that is returned too, or of no interest to who runs a service: a stranger's
 * file must not write to its log. */
static void ignore_warning(const char *domain, GLogLevelFlags level, const char *message, void *arg)
{
    (void)domain;
    (void)level;
    (void)message;
    (void)arg;
}

/* What libvips and GLib would print: options out of their range, and files' oddities. Failures come as errors. */
static void drop_message(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
    (void)domain;
    (void)level;
    (void)message;
    (void)data;
}

static void silence(const char *domain)
{
    g_log_set_handler(domain, G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO, drop_message, NULL);
}

pxm_status vipsbase_start(const struct pxm_host *host, pxm_error *error)
{
    if (g_quark_try_string(started)) {
        return PXM_OK;
    }
    tune_malloc();
    if (init_without_modules()) {
        return vipsbase_fail(host, error, PXM_E_INTERNAL, "plugin.load", "start libvips");
    }
    vipsbase_choose_loops();
    load_heif_module();
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO, ignore_warning, NULL);

    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);

    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(loaders); i++) {
        vips_operation_block_set(loaders[i], FALSE);
    }
    vips_block_untrusted_set(TRUE);
    silence("VIPS");
    silence("GLib-GObject");
    g_quark_from_string(started);
    return PXM_OK;
}
