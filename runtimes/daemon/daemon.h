/* The programs in one file: what `pixmill serve` and `pixmill jobs` start, and what the daemon starts itself. */
#ifndef PXM_DAEMON_DAEMON_H
#define PXM_DAEMON_DAEMON_H

/* Exit codes, after sysexits.h. */
enum { DAEMON_EXIT_USAGE = 64, DAEMON_EXIT_UNAVAILABLE = 69, DAEMON_EXIT_CONFIG = 78 };

int serve_command(int argc, char **argv);

#endif
