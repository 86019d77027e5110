/* What supervisor, zygote and workers say to each other (daemon/ipc.h): types, and the members of their values. */
#ifndef PXM_DAEMON_CREW_MESSAGES_H
#define PXM_DAEMON_CREW_MESSAGES_H

enum crew_message {
    /* supervisor to zygote */
    CREW_PARSE = 1, /* {project, profile, state: may be null, time_ms, memory_max, nice, supervisor: pid}; the first */
    CREW_FORK,      /* handle: the worker's socket */
    /* zygote to supervisor */
    CREW_PARSED, /* {manifest, digest: of the files} */
    /* zygote or worker to supervisor */
    CREW_REFUSED, /* {error, report}: the project cannot be used; the last */
    CREW_LOG,     /* {level, source, run, text} */
    /* worker to supervisor */
    CREW_HELLO,    /* {pid}; the first */
    CREW_OPENED,   /* the project is open */
    CREW_ANNOUNCE, /* {store, key}: waits for CREW_ANNOUNCED */
    CREW_MADE,     /* {store, key, etag: may be null, bytes: may be null}: what was announced is there */
    CREW_DONE,     /* {error or null, output, steps, cpu_ms, ms} */
    CREW_IDLE,     /* {resident, descriptors}: the next run may come */
    /* supervisor to worker */
    CREW_RUN, /* {id, pipeline, trigger, event, attempt, final, failure: an error or null, time_ms, deadline_ms} */
    CREW_ANNOUNCED, /* the error, or null */
    CREW_CANCEL
};

/* Those of sources (daemon/crew_source.h), which begin as workers do. */
enum crew_source_message {
    /* supervisor to source */
    CREW_SOURCE = 64, /* {kind, name, prefix, wait_ms, lease_ms}; once, when it is idle */
    CREW_PULL,        /* {max, taken: list or null}: waits for CREW_ITEMS */
    CREW_CALL, /* {what, number, ...}: "settle" {receipt, outcome, delay_ms, cause}, "extend" {receipt, lease_ms},
                         "depth", "dead" {cursor, limit}, "redrive" {id}, "discard" {id} */
    /* source to supervisor */
    CREW_ITEMS, /* {error or null, items, resident} */
    CREW_ANSWER /* {number, error or null, fields} */
};

/* Where the zygote and each worker have their socket. */
enum { CREW_SOCKET = 3 };

#endif
