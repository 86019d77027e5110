/* The commands of the daemon's program, which `pixmill` starts: libexec/pixmill/daemon COMMAND [OPTIONS] [WORDS], each
 * option as --name=value. argv[0] is the command; what they return is an exit status of `pixmill`. */
#ifndef PXM_DAEMON_DAEMON_H
#define PXM_DAEMON_DAEMON_H

/* What a service manager wants to know beside success (sysexits.h). */
enum { DAEMON_EXIT_USAGE = 2, DAEMON_EXIT_UNAVAILABLE = 69, DAEMON_EXIT_CONFIG = 78 };

int serve_command(int argc, char **argv); /* the supervisor */
int jobs_command(int argc, char **argv);  /* dead letters: list, show, retry, discard */

#endif
