/* Owns the way from a file name to a plugin's entry function. A file is looked at before the dynamic linker sees it: a
 * module that was cut short would otherwise end the process by SIGBUS. */
#include "engine/loader.h"

#include "base/error.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <ltdl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRAM_HEADERS_MAX = 64 };

static pthread_mutex_t loader_lock = PTHREAD_MUTEX_INITIALIZER; /* guards libltdl and the flag */
static bool loader_ready;

static const char *folder_of(const char *path, char *buffer, size_t size)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash && slash != path ? (size_t)(slash - path) : 1;

    if (length >= size) {
        return "/";
    }
    memcpy(buffer, path, length);
    buffer[length] = '\0';
    return buffer;
}

static bool others_may_write(const struct stat *st)
{
    return (st->st_mode & S_IWOTH) && !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX));
}

/* Code from a place where anybody may write is anybody's code. */
static pxm_status check_owner(const char *path, const struct stat *file, pxm_error *error)
{
    char buffer[4096];
    const char *folder = folder_of(path, buffer, sizeof buffer);
    struct stat st;

    if (others_may_write(file)) {
        return pxm_error_set(error, PXM_E_DENIED, "plugin.unsafe", "%s may be written by anybody; chmod o-w it", path);
    }
    if (stat(folder, &st) == 0 && others_may_write(&st)) {
        return pxm_error_set(error, PXM_E_DENIED, "plugin.unsafe",
                             "the folder %s may be written by anybody; chmod o-w it", folder);
    }
    return PXM_OK;
}

static pxm_status broken(pxm_error *error, const char *path, const char *why)
{
    return pxm_error_set(error, PXM_E_INVALID, "plugin.broken", "%s: %s", path, why);
}

/* ELF: "Tool Interface Standard, Executable and Linking Format", and its 64-bit extension. */
static pxm_status check_elf(int fd, const char *path, off_t size, pxm_error *error)
{
    ElfW(Ehdr) header;
    ElfW(Ehdr) own;
    ElfW(Phdr) segments[PROGRAM_HEADERS_MAX];
    uint64_t end;

    if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return broken(error, path, "not a module (no ELF header)");
    }
    /* The running program is the measure of what this machine runs. */
    int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool known = exe >= 0 && pread(exe, &own, sizeof own, 0) == (ssize_t)sizeof own;
    if (exe >= 0) {
        close(exe);
    }
    if (known && (header.e_ident[EI_CLASS] != own.e_ident[EI_CLASS] || header.e_machine != own.e_machine)) {
        return broken(error, path, "built for another kind of processor");
    }
    if (header.e_type != ET_DYN) {
        return broken(error, path, "not a module (no shared object)");
    }
    if (header.e_phentsize != sizeof segments[0] || header.e_phnum == 0 || header.e_phnum > PROGRAM_HEADERS_MAX) {
        return broken(error, path, "its program headers make no sense");
    }
    size_t table = header.e_phnum * sizeof segments[0];
    if (pread(fd, segments, table, (off_t)header.e_phoff) != (ssize_t)table) {
        return broken(error, path, "cut short within its headers");
    }
    for (size_t i = 0; i < header.e_phnum; i++) {
        if (__builtin_add_overflow(segments[i].p_offset, segments[i].p_filesz, &end) || end > (uint64_t)size) {
            return broken(error, path, "cut short: the file ends before the code does");
        }
    }
    return PXM_OK;
}

static pxm_status check_file(const char *path, pxm_error *error)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        int number = errno;
        return pxm_error_errno(error, number, number == ENOENT ? "plugin.not_found" : "plugin.broken", path);
    }
    pxm_status status = PXM_OK;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        status = broken(error, path, "not a regular file");
    }
    if (status == PXM_OK) {
        status = check_owner(path, &st, error);
    }
    if (status == PXM_OK) {
        status = check_elf(fd, path, st.st_size, error);
    }
    close(fd);
    return status;
}

/* libltdl tells no more than "file not found" and binds lazily, so the dynamic linker is asked first: its text is
 * the real reason, and every symbol is bound before the first call. Local: two plugins may have functions of the
 * same name. */
static pxm_status open_module(const char *path, lt_dlhandle *ret, pxm_error *error)
{
    lt_dladvise advise;

    if (!dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
        const char *reason = dlerror();
        return broken(error, path, reason ? reason : "cannot be loaded");
    }
    if (!loader_ready && lt_dlinit() != 0) {
        return pxm_error_set(error, PXM_E_INTERNAL, "plugin.broken", "libltdl does not start: %s", lt_dlerror());
    }
    loader_ready = true;
    if (lt_dladvise_init(&advise) != 0) {
        return pxm_error_no_memory(error);
    }
    lt_dladvise_local(&advise);
    lt_dladvise_resident(&advise);
    *ret = lt_dlopenadvise(path, advise);
    lt_dladvise_destroy(&advise);
    return *ret ? PXM_OK : broken(error, path, lt_dlerror());
}

pxm_status pxm_loader_open(const char *path, const struct pxm_plugin **ret, pxm_error *error)
{
    lt_dlhandle handle = NULL;
    union { /* ISO C has no cast from an object pointer to a function pointer */
        void *object;
        pxm_plugin_entry_fn entry;
    } symbol = {NULL};
    pxm_status status = check_file(path, error);

    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&loader_lock);
    status = open_module(path, &handle, error);
    if (status == PXM_OK) {
        symbol.object = lt_dlsym(handle, "pxm_plugin_entry");
    }
    pthread_mutex_unlock(&loader_lock);
    if (status != PXM_OK) {
        return status;
    }
    if (!symbol.object) {
        return broken(error, path, "no pixmill plugin: it exports no pxm_plugin_entry");
    }
    const struct pxm_plugin *plugin = symbol.entry();
    if (!plugin) {
        return broken(error, path, "its pxm_plugin_entry returns nothing");
    }
    *ret = plugin;
    return PXM_OK;
}
