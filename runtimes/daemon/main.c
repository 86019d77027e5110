#include "daemon/daemon.h"
#include "daemon/urls.h"
#include "daemon/zygote.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], ZYGOTE_WORD) == 0) {
        return zygote_main(&(struct zygote_options){.extensions = urls_extensions});
    }
    if (argc > 1 && strcmp(argv[1], "serve") == 0) {
        return serve_command(argc - 1, argv + 1);
    }
    return DAEMON_EXIT_USAGE;
}
