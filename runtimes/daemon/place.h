/* Where things are that nobody named: the project, found from here upwards, and the state folder. [any] */
#ifndef PXM_DAEMON_PLACE_H
#define PXM_DAEMON_PLACE_H

#include <limits.h>
#include <stdbool.h>

struct place {
    char project[PATH_MAX]; /* file or folder, absolute */
    char folder[PATH_MAX];  /* of the project */
    char state[PATH_MAX];   /* absolute */
    bool shipped; /* the project is the app that is installed with the program: nothing is kept in its folder */
};

/* A path from the folder of this program's file, into absolute; false: there is nothing. */
bool place_from_program(const char *relative, char ret[PATH_MAX]);
/* `named` NULL: the pixmill.yaml of the working directory or of one above it, else of the app that is installed. False:
 * there is none; it was told on standard error, as what `command` has to say. */
bool place_project(struct place *place, const char *command, const char *named);
/* `named` NULL: $PIXMILL_STATE, else $STATE_DIRECTORY, which systemd sets, else `var` in the project's folder. Fills
 * the project, too, if that is asked for. */
bool place_state(struct place *place, const char *command, const char *named);

#endif
