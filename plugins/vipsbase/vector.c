/* Whether libvips may compile its inner loops. ORC, which does that for it, ends the process where it may not map as
 * code what it has written, as under a service manager that forbids it (MemoryDenyWriteExecute, NoExecPaths); without
 * that libvips is slower, and works. */
#include "vipsbase/vipsbase.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vips/vector.h>

static bool may_map(int fd, size_t length, int protection, int flags)
{
    void *code = mmap(NULL, length, protection, flags, fd, 0);

    return code != MAP_FAILED && munmap(code, length) == 0;
}

/* Written through one mapping, run through the other. */
static bool may_map_file(const char *folder, size_t length)
{
    int fd = folder ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR) : -1;
    bool may = fd >= 0 && ftruncate(fd, (off_t)length) == 0 && may_map(fd, length, PROT_READ | PROT_EXEC, MAP_SHARED);

    if (fd >= 0) {
        close(fd);
    }
    return may;
}

void vipsbase_choose_loops(void)
{
    const char *const folders[] = {secure_getenv("XDG_RUNTIME_DIR"), secure_getenv("HOME"), secure_getenv("TMPDIR"),
                                   "/tmp"};
    size_t length = (size_t)sysconf(_SC_PAGESIZE);
    bool may = may_map(-1, length, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);

    for (size_t i = 0; i < G_N_ELEMENTS(folders) && !may; i++) {
        may = may_map_file(folders[i], length);
    }
    if (!may) {
        vips_vector_set_enabled(FALSE);
    }
}
