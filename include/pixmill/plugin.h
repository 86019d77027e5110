/* pixmill/plugin.h: the whole contract between the engine and a plugin. C11, also valid C++.
 *
 * A plugin is a module that exports one function, pxm_plugin_entry(), which returns a constant description of what it
 * offers: units. A unit is one storage, metadata, queue or auth driver, or one transform operation. The engine calls
 * the plugin through the unit's functions; the plugin calls the engine through the host table it is handed. No other
 * symbol crosses the line in either direction.
 *
 * Threads. Each function says where it runs:
 *   [load]  one thread of the engine, never while a job of the same unit runs
 *   [job]   a worker thread, as many at once as the unit's `threads` allows
 *   [any]   any thread
 *
 * Rules that hold everywhere
 *   - Structs that start with struct_size only grow at their end. Whoever reads one looks at no byte beyond
 *     struct_size, and takes what is missing for zero. Values are never reused; `reserved` is zero.
 *   - A pointer argument is borrowed for the call. A result is owned by the caller. Where ownership moves, it is said.
 *   - On failure outputs are left untouched, and the error is set through host->fail().
 *   - Strings are UTF-8 and end in NUL. Times are milliseconds since 1970-01-01 UTC, durations milliseconds.
 *   - A plugin returns errors and never logs them: the engine adds where it happened, and logs once.
 */
/* The columns of this file are set by hand, so that it reads as the reference that it is. */
/* clang-format off */
#ifndef PXM_PLUGIN_H
#define PXM_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PXM_ABI(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))
#define PXM_ABI_CURRENT PXM_ABI(1, 3)

typedef struct pxm_job pxm_job;       /* one run of one pipeline: id, deadline, cancellation, limits              */
typedef struct pxm_error pxm_error;   /* made before the call, so that even "no memory" can be told; never NULL   */
typedef struct pxm_value pxm_value;   /* counted typed value: null, bool, int, float, string, list, record, ...  */
typedef struct pxm_blob pxm_blob;     /* counted immutable bytes: memory, a mapped file, or a library's buffer    */
typedef struct pxm_stream pxm_stream; /* reader that is pulled from; perhaps rewindable, perhaps of unknown size  */
typedef struct pxm_image pxm_image;   /* counted lazy picture: pixels are made when somebody asks for them        */
struct _VipsImage;                    /* libvips appears as this pointer only                                     */

/* ---- status -------------------------------------------------------------------------------------------------- */

typedef int32_t pxm_status; /* PXM_OK or one of the negative codes; the values are ABI for ever */
enum {
    PXM_OK = 0,
    PXM_E_INVALID = -1,   /* the caller's data or configuration is wrong; permanent                 */
    PXM_E_NOT_FOUND = -2, /* permanent                                                              */
    PXM_E_EXISTS = -3,    /* something is already there, or a condition did not hold; permanent     */
    PXM_E_DENIED = -4,    /* permanent                                                              */
    PXM_E_TRANSIENT = -5, /* may succeed when repeated                                              */
    PXM_E_THROTTLED = -6, /* may succeed when repeated, later; transient                            */
    PXM_E_TIMEOUT = -7,   /* the job's or step's deadline passed; permanent for this run            */
    PXM_E_CANCELLED = -8, /* the caller gave the job up; permanent for this run                     */
    PXM_E_LIMIT = -9,     /* a declared limit was exceeded; permanent                               */
    PXM_E_BAD_IMAGE = -10,
    PXM_E_NO_MEMORY = -11, /* transient                                                             */
    PXM_E_INTERNAL = -12,
    PXM_E_NO_SPACE = -13 /* a disk or quota is full; transient                                      */
};

enum { PXM_LOG_DEBUG = 0, PXM_LOG_INFO = 1, PXM_LOG_WARN = 2, PXM_LOG_ERROR = 3 };

/* ---- types of values ------------------------------------------------------------------------------------------ */

/* Bits, so that a port can take several kinds. The engine checks them before the first job. */
enum {
    PXM_TYPE_NULL = 1 << 0,
    PXM_TYPE_BOOL = 1 << 1,
    PXM_TYPE_INT = 1 << 2, /* 64 bit                                              */
    PXM_TYPE_FLOAT = 1 << 3,
    PXM_TYPE_STRING = 1 << 4,
    PXM_TYPE_LIST = 1 << 5,
    PXM_TYPE_RECORD = 1 << 6, /* ordered string keys                              */
    PXM_TYPE_BLOB = 1 << 7,
    PXM_TYPE_IMAGE = 1 << 8,
    PXM_TYPE_ANY = (1 << 9) - 1
};

/* ---- options: one table is YAML checking, defaults, reference pages, JSON Schema and completion ---------------- */

enum {                    /* what the YAML may say                       type of the field in the config struct      */
    PXM_OPT_BOOL = 1,     /* true, false                                 int32_t                                     */
    PXM_OPT_INT,          /* 42                                          int64_t; PXM_UNSET_INT where none is given  */
    PXM_OPT_FLOAT,        /* 1.5                                         double; NaN where none is given             */
    PXM_OPT_SIZE,         /* 25MiB: B KB KiB MB MiB GB GiB               int64_t, bytes                              */
    PXM_OPT_DURATION,     /* 200ms, 15s, 5m, 2h, 7d                      int64_t, milliseconds                       */
    PXM_OPT_STRING,       /* text                                        const char *; NULL where none is given      */
    PXM_OPT_ENUM,         /* one of `choices`                            int32_t, the choice's value; -1 unset       */
    PXM_OPT_LIST,         /* [a, b]: items of type `item`                const pxm_value *; NULL unset               */
    PXM_OPT_RECORD,       /* {a: b}: any keys, values of type `item`     const pxm_value *; NULL unset               */
    PXM_OPT_INT_OR_RECORD,/* 80 or {jpeg: 82}: keys are in `choices`     const pxm_value *: an int or record of ints */
    PXM_OPT_IMAGE,        /* "${steps.x}" of an image                    pxm_image *                                 */
    PXM_OPT_BLOB          /* "${steps.x}" of a blob                      pxm_blob *                                  */
};
enum {                       /* flags                                                                                */
    PXM_OPT_REQUIRED = 1,
    PXM_OPT_SECRET = 2,      /* takes "${secret.x}" alone; never shown, logged or stored                             */
    PXM_OPT_DYNAMIC = 4,     /* may hold a template over the run's data, so it may differ in each job; the line      */
                             /* between operator and internet: without it only the project file decides              */
    PXM_OPT_ADVANCED = 8,    /* left out of short help                                                               */
    PXM_OPT_DEPRECATED = 16,
    PXM_OPT_COLOR = 32,      /* STRING: #rgb, #rrggbb or #rrggbbaa                                                   */
    PXM_OPT_PATH = 64        /* STRING: a path; a relative one starts at the project's folder and arrives absolute   */
};
#define PXM_UNSET_INT INT64_MIN

struct pxm_choice {
    const char *name;
    int32_t value, reserved;
    const char *help;
};

struct pxm_option {
    const char *name; /* key in YAML, snake_case; NULL ends the table                                            */
    uint32_t type, flags;
    uint32_t offset;  /* of the field in the unit's config struct, which the engine fills and owns               */
    uint32_t item;    /* LIST, RECORD: PXM_TYPE_ bits of an item                                                 */
    const char *fallback; /* default, written as in YAML; NULL: none                                             */
    double min, max;      /* numbers: range; strings and lists: length; 0, 0: not checked                        */
    const struct pxm_choice *choices; /* ENUM, INT_OR_RECORD; ends with a NULL name                              */
    const char *old_name;             /* a former key: still taken, with a warning                               */
    const char *help;                 /* one sentence; required                                                  */
};

/* Ties an option to its field: a field of another C type does not compile. */
#ifdef __cplusplus
#define PXM_FIELD(T, f, ctype) (uint32_t) offsetof(T, f)
#else
#define PXM_FIELD(T, f, ctype) (uint32_t)(offsetof(T, f) + 0 * sizeof(_Generic(((T *)0)->f, ctype : 0)))
#endif

/* ---- jobs ----------------------------------------------------------------------------------------------------- */

/* What one job may use. The engine gives the least of host, pipeline and step; 0 means "none allowed", never "any". */
struct pxm_limits {
    uint32_t struct_size, reserved;
    int64_t bytes;  /* of one encoded input                                                                      */
    int64_t pixels; /* width x height x frames of one picture                                                    */
    int64_t side;   /* pixels of the longer side                                                                 */
    int64_t frames;
    int64_t memory; /* bytes that decoding one picture may take, by estimate from its header                     */
    int64_t scans;  /* of a progressive JPEG                                                                     */
    int64_t output_side; /* pixels of the longer side of any picture made                                        */
};

/* ---- streams and images that a plugin makes --------------------------------------------------------------------- */

struct pxm_stream_ops { /* [job], one thread at a time                                                           */
    uint32_t struct_size, reserved;
    int64_t (*read)(void *self, void *buffer, size_t length, pxm_error *); /* bytes; 0: end; < 0: a pxm_status   */
    pxm_status (*rewind)(void *self, pxm_error *);                         /* NULL: cannot                       */
    void (*close)(void *self);                                             /* NULL: nothing to free              */
};

struct pxm_image_ops {
    uint32_t struct_size, reserved;
    /* This picture at no less than min_width x min_height pixels; 0 x 0 asks for all there is. A decoder that can do
     * less work for fewer pixels (shrink-on-load, a DC scan) picks the smallest such picture; others give what they
     * have. The aspect ratio is kept, EXIF orientation is applied, animations are one tall strip with the libvips
     * "page-height" set. *ret is a new reference whose pixels may be read once from top to bottom; each call gives an
     * independent one. Several threads may call at once. [job] */
    pxm_status (*pixels)(void *self, pxm_job *, int64_t min_width, int64_t min_height, struct _VipsImage **ret,
                         pxm_error *);
    /* Optional: the file this picture was decoded from and still equals, as a new reference; PXM_E_NOT_FOUND if
     * changed. [any] */
    pxm_status (*encoded)(void *self, pxm_blob **ret);
    void (*free)(void *self); /* [any] */
};

struct pxm_image_info { /* what is known without decoding; all of the upright picture */
    uint32_t struct_size, reserved;
    int64_t width, height; /* pixels of one frame                                                                 */
    int64_t frames;
    int32_t has_alpha;
    int32_t orientation;   /* EXIF 1..8 as the file says; the pixels come upright                                 */
    const char *format;    /* "jpeg", "png", ...: of the file it came from; static                                */
};

/* ---- what the engine offers to a plugin ------------------------------------------------------------------------- */

struct pxm_host {
    uint32_t struct_size, abi;
    void *impl; /* the engine's own */

    /* `job` may be NULL. [any] */
    void (*log)(const struct pxm_host *, const pxm_job *, int32_t level, const char *format, ...);

    /* Sets the error and returns `status`. `code` is dotted, stable and public, as pipelines match it in on_error:
     * "store.not_found". Always keep the first cause: a later fail() on the same error replaces it. [any] */
    pxm_status (*fail)(pxm_error *, pxm_status status, const char *code, const char *format, ...);
    void (*fail_note)(pxm_error *, const char *key, const char *value); /* "aws.request_id" [any] */

    int64_t (*remaining_ms)(const pxm_job *); /* <= 0: late or cancelled; INT64_MAX: no deadline [any]           */
    const char *(*job_id)(const pxm_job *);
    const struct pxm_limits *(*limits)(const pxm_job *);
    int64_t (*now_ms)(const struct pxm_host *); /* the engine's clock, which tests may set                        */

    /* Values. new: one reference, for the caller; NULL when out of memory. A value is changed only by who made it and
     * before anyone else has it. set and append take over `item`, also on failure, and fail with PXM_E_NO_MEMORY when
     * it is NULL, so that calls nest without a check each; a record remembers a failure, and the engine looks. [any] */
    pxm_value *(*value_null)(void);
    pxm_value *(*value_bool)(int32_t);
    pxm_value *(*value_int)(int64_t);
    pxm_value *(*value_float)(double);
    pxm_value *(*value_string)(const char *, size_t length);
    pxm_value *(*value_list)(void);
    pxm_value *(*value_record)(void);
    pxm_value *(*value_blob)(pxm_blob *);   /* takes over the reference */
    pxm_value *(*value_image)(pxm_image *); /* takes over the reference */
    pxm_status (*value_append)(pxm_value *list, pxm_value *item);
    pxm_status (*value_set)(pxm_value *record, const char *key, pxm_value *item); /* replaces an equal key */
    pxm_value *(*value_ref)(const pxm_value *);
    void (*value_unref)(pxm_value *); /* NULL is fine */
    /* Reading. The wrong kind gives 0, NULL or the empty string. Pointers live as long as the value. */
    uint32_t (*value_type)(const pxm_value *); /* one PXM_TYPE_ bit; NULL gives PXM_TYPE_NULL                     */
    int32_t (*value_as_bool)(const pxm_value *);
    int64_t (*value_as_int)(const pxm_value *);
    double (*value_as_float)(const pxm_value *); /* also of an int */
    const char *(*value_as_string)(const pxm_value *, size_t *ret_length); /* ret_length may be NULL             */
    pxm_blob *(*value_as_blob)(const pxm_value *);   /* borrowed */
    pxm_image *(*value_as_image)(const pxm_value *); /* borrowed */
    size_t (*value_count)(const pxm_value *);        /* of a list or record */
    const pxm_value *(*value_at)(const pxm_value *, size_t index);
    const char *(*value_key)(const pxm_value *record, size_t index);
    const pxm_value *(*value_get)(const pxm_value *record, const char *key); /* NULL: no such key                */
    int32_t (*value_equal)(const pxm_value *, const pxm_value *); /* deep; an int equals the float of the same number */
    int32_t (*utf8_valid)(const char *, size_t length);           /* well-formed (RFC 3629) */
    /* JSON (RFC 8259). Blobs and images have none and fail. Ints beyond 2^53 are kept. */
    pxm_status (*value_to_json)(const pxm_value *, pxm_blob **ret, pxm_error *);
    pxm_status (*value_from_json)(const char *, size_t length, pxm_value **ret, pxm_error *);

    /* Blobs. [any] */
    /* Copies nothing; takes over the data, also on failure (NULL, after release was called). */
    pxm_blob *(*blob_new)(const void *data, size_t length, void (*release)(void *arg), void *arg);
    /* Takes over fd, also on failure; maps read-only when the bytes are first asked for. */
    pxm_status (*blob_from_fd)(int fd, int64_t offset, int64_t length, pxm_blob **ret, pxm_error *);
    pxm_blob *(*blob_ref)(pxm_blob *);
    void (*blob_unref)(pxm_blob *); /* NULL is fine */
    const void *(*blob_data)(const pxm_blob *, size_t *ret_length); /* NULL when it cannot be mapped               */
    size_t (*blob_length)(const pxm_blob *);
    int (*blob_fd)(const pxm_blob *, int64_t *ret_offset); /* borrowed; -1: lives in memory                       */
    const uint8_t *(*blob_sha256)(pxm_blob *);             /* 32 bytes, computed once; NULL on failure            */
    void (*blob_set_media)(pxm_blob *, const char *media); /* copied; before the blob is shared                   */
    const char *(*blob_media)(const pxm_blob *);           /* "image/webp"; NULL: not known                       */
    const char *(*media_type)(const void *data, size_t length); /* by magic bytes; NULL: none that we know; static */

    /* Streams. One thread at a time. */
    /* `size` -1: not known. Takes over self, also on failure (NULL, after close was called). */
    pxm_stream *(*stream_new)(const struct pxm_stream_ops *, void *self, int64_t size);
    pxm_stream *(*stream_of_blob)(pxm_blob *); /* its own reference; rewindable                                   */
    int64_t (*stream_read)(pxm_stream *, void *, size_t, pxm_error *); /* as in pxm_stream_ops                    */
    int64_t (*stream_size)(const pxm_stream *); /* -1: not known                                                  */
    pxm_status (*stream_rewind)(pxm_stream *, pxm_error *);
    pxm_blob *(*stream_peek_blob)(const pxm_stream *); /* borrowed: the blob it reads from, from its start; or NULL */
    /* The rest; no copy where it reads from a blob; `job` may be NULL. */
    pxm_status (*stream_to_blob)(pxm_stream *, pxm_job *, int64_t max_bytes, pxm_blob **ret, pxm_error *);
    void (*stream_close)(pxm_stream *); /* NULL is fine */

    /* Images. [any] */
    /* Takes over self, also on failure (NULL, after free was called). */
    pxm_image *(*image_new)(const struct pxm_image_ops *, void *self, const struct pxm_image_info *);
    pxm_image *(*image_ref)(pxm_image *);
    void (*image_unref)(pxm_image *); /* NULL is fine */
    const struct pxm_image_info *(*image_info)(const pxm_image *);
    pxm_status (*image_pixels)(pxm_image *, pxm_job *, int64_t min_width, int64_t min_height, struct _VipsImage **ret,
                               pxm_error *);
    pxm_status (*image_encoded)(pxm_image *, pxm_blob **ret);
    /* One slot per key (compared as a pointer) for what a transform wants to keep with a picture that several steps
     * read, such as a smaller copy. `make` is called once, under the image's lock; `free` with the image. */
    void *(*image_attach)(pxm_image *, const void *key, void *(*make)(void *arg), void *arg, void (*free)(void *));

    const void *(*extension)(const struct pxm_host *, const char *id); /* "pixmill.aws/1"; NULL: not there        */
    /* Since ABI 1.3: as blob_sha256, but computes nothing; NULL: it is not known yet. [any] */
    const uint8_t *(*blob_known_sha256)(const pxm_blob *);
};

/* ---- a unit ------------------------------------------------------------------------------------------------------ */

enum { PXM_THREADS_SERIAL = 0, PXM_THREADS_PER_INSTANCE = 1, PXM_THREADS_PARALLEL = 2 }; /* zero is the safe one  */

struct pxm_field { /* a named part of a step's result: steps.ID.NAME */
    const char *name; /* NULL ends the table                         */
    uint32_t type;    /* PXM_TYPE_ bits; with PXM_TYPE_NULL: perhaps */
    uint32_t reserved;
    const char *help;
};

struct pxm_signature { /* a transform as a function; the checker knows no more than this */
    uint32_t struct_size, field_size; /* field_size: stride of `fields` as the plugin was compiled                  */
    uint32_t in;   /* PXM_TYPE_ bits it takes; 0: takes no input                                                  */
    uint32_t out;  /* PXM_TYPE_ bits it gives; 0: fields only                                                     */
    const struct pxm_field *fields;  /* at most 64; NULL: none                                                    */
    const char *const *codes;        /* error codes it may fail with, NULL at the end; may be NULL                */
};

struct pxm_unit {
    uint32_t struct_size, threads;
    uint32_t config_size, option_size;    /* option_size: stride of `options` as the plugin was compiled            */
    const char *iface;                    /* "pixmill.storage/1", ...: which struct `ops` is                        */
    const char *name;                     /* what YAML writes: "localfs", "thumbnail", "acme.facecrop"            */
    const char *summary;                  /* one line                                                             */
    const struct pxm_option *options;     /* NULL: none                                                           */
    const struct pxm_signature *signature;/* transforms; else NULL                                                */
    const void *ops;                      /* NULL where the plugin has a body                                     */
    pxm_status (*validate)(const struct pxm_host *, const void *config, pxm_error *); /* optional: what the table cannot
                                             say of literal options. Never touches anything outside [load] [job]  */
    pxm_status (*create)(const struct pxm_host *, const void *config, void **ret_self, pxm_error *); /* optional; config
                                             lives as long as the instance; NULL for transforms           [load] */
    pxm_status (*check)(void *self, pxm_job *, pxm_error *); /* optional: reachable, permitted? no effects [job]   */
    void (*resumed)(void *self);          /* optional: the process was frozen; drop what went stale        [load] */
    void (*destroy)(void *self);          /* optional; no job is running                                  [load]  */
};

struct pxm_plugin {
    uint32_t struct_size, abi, abi_min;   /* compiled against; oldest host it can live with                      */
    uint32_t reserved;
    const char *name, *version, *license, *summary;
    const struct pxm_unit *const *units;  /* pointers, NULL at the end                                           */
    /* A plugin over a heavy library describes its units in a light module and does the work in a second one, its body,
     * so that checking and documentation never map the library. `body` is the name of that module, found beside this
     * one; it is loaded before the first create, must have the same version, and offers units of the same names of
     * which only ops, create, check, resumed and destroy count. NULL: this module is whole. */
    const char *body;
    pxm_status (*load)(const struct pxm_host *, pxm_error *); /* optional, once a process; no thread, no I/O [load] */
};

/* PXM_PLUGIN(id, description) exports the entry. Built with PXM_BUILTIN the same source is linked into a program, which
 * hands pxm_plugin_ID to the engine. */
#define PXM_ENTRY_(fn, description)                                                                                  \
    const struct pxm_plugin *fn(void);                                                                               \
    const struct pxm_plugin *fn(void)                                                                                \
    {                                                                                                                \
        return &(description);                                                                                       \
    }
#ifdef PXM_BUILTIN
#define PXM_PLUGIN(id, description) PXM_ENTRY_(pxm_plugin_##id, description)
#else
#define PXM_PLUGIN(id, description) __attribute__((visibility("default"))) PXM_ENTRY_(pxm_plugin_entry, description)
#endif
typedef const struct pxm_plugin *(*pxm_plugin_entry_fn)(void);

/* ---- interfaces: a NULL operation means "cannot", which is a check error where a pipeline needs it --------------- */

/* "pixmill.transform/1" */
struct pxm_call {
    uint32_t struct_size;
    uint32_t consumers;            /* how many steps read the result: 0, 1, or 2 for several                      */
    uint64_t fields_wanted;        /* bit i: fields[i] is read by someone; the others need not be computed         */
    const struct pxm_unit *unit;   /* as described, so that one function can serve many units                     */
    const void *options;           /* the config struct, filled for this call                                     */
    const pxm_value *in;           /* NULL where signature.in is 0                                                */
};
struct pxm_transform_ops {
    uint32_t struct_size, reserved;
    /* Tells, before any of them runs, that this call will come; its input is there already. A transform uses it to
     * share work between calls, such as one decode for several sizes. It must not fail. [job] */
    void (*announce)(void *self, pxm_job *, const struct pxm_call *);
    /* *ret_out: a new reference, or untouched where signature.out is 0. `fields` is an empty record to fill. [job] */
    pxm_status (*apply)(void *self, pxm_job *, const struct pxm_call *, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *);
};

/* "pixmill.storage/1". Codes: store.not_found store.exists store.denied store.full store.bad_key store.bad_meta
 * store.bad_range store.bad_cursor store.bad_limit store.truncated (the body is not as long as it said) store.changed
 * store.unsupported store.damaged store.unavailable. No reader ever sees part of an object.
 * A key is 1 to 1024 bytes of UTF-8 in components of at most 255 bytes, parted by single slashes; none is empty, "." or
 * "..", and there is no control character and no backslash. */
enum { PXM_PUT_IF_ABSENT = 1 };
struct pxm_put {
    uint32_t struct_size, flags;
    const char *key;
    const char *content_type, *cache_control; /* may be NULL                                                      */
    const pxm_value *meta;                    /* record of strings; may be NULL. Some 2 KiB of all three fit       */
    pxm_stream *body;                         /* borrowed                                                         */
};
struct pxm_get {
    uint32_t struct_size, reserved;
    const char *key;
    int64_t offset, length; /* length -1: to the end. What is past the end is not given; all of it past: no bytes  */
    const char *if_match;   /* etag, else store.changed; may be NULL                                              */
};
struct pxm_list {
    uint32_t struct_size, reserved;
    const char *prefix; /* may be ""                                                                              */
    const char *cursor; /* from an earlier page; NULL: the start                                                  */
    int64_t limit;      /* 1..1000                                                                                */
};
struct pxm_presign {
    uint32_t struct_size, reserved;
    const char *method; /* GET, PUT or POST                                                                       */
    const char *key;
    int64_t expires_ms; /* from now                                                                               */
    const char *content_type; /* PUT, POST: must match; may be NULL                                               */
    int64_t bytes_max;        /* POST: condition; PXM_UNSET_INT: none                                             */
    const pxm_value *meta;    /* since ABI 1.3. PUT, POST: record of strings that the object must be stored with, as
                                 in struct pxm_put; NULL or empty: none. Where there are some and the store cannot
                                 hold to them, and with GET, it fails with store.unsupported                      */
};
struct pxm_watch { /* since ABI 1.1 */
    uint32_t struct_size, reserved;
    const char *prefix; /* may be ""                                                                              */
    int64_t limit;      /* 1..1000                                                                                */
    int64_t wait_ms;    /* for the first one; 0: only looks                                                       */
    const pxm_value *taken; /* list of {key etag} that were told before and are taken over for good; NULL: none   */
};
struct pxm_storage_ops {
    uint32_t struct_size, reserved;
    /* Durable when it returns PXM_OK, also what if-absent found. Fields: key url etag (with its quotes) bytes sha256
     * (null: not known) created (false: if-absent found it there). */
    pxm_status (*put)(void *self, pxm_job *, const struct pxm_put *, pxm_value *fields, pxm_error *);
    /* Fields: as of head. */
    pxm_status (*get)(void *self, pxm_job *, const struct pxm_get *, pxm_stream **ret, pxm_value *fields, pxm_error *);
    /* Fields: key url etag bytes content_type cache_control modified_at meta; unknown ones are null. */
    pxm_status (*head)(void *self, pxm_job *, const char *key, pxm_value *fields, pxm_error *);
    /* Fields: removed (false: was not there). */
    pxm_status (*remove)(void *self, pxm_job *, const char *key, pxm_value *fields, pxm_error *);
    /* Fields: items, a list of {key bytes etag modified_at} in order of key bytes; cursor, null on the last page. */
    pxm_status (*list)(void *self, pxm_job *, const struct pxm_list *, pxm_value *fields, pxm_error *);
    /* Fields: method url headers fields expires_at. */
    pxm_status (*presign)(void *self, pxm_job *, const struct pxm_presign *, pxm_value *fields, pxm_error *);
    /* Since ABI 1.1. Whole objects that appeared by other means than put, such as files dropped into a folder. What is
     * `taken` the store marks, so that it is not told again, also not after a restart; what was told and is not among
     * `taken` of the next call is told again by that call; an object that has changed since is another one. What the
     * store cannot mark it tells again at the next start. No object is told while it is still being written, as far as
     * the store can see. One thread at a time may watch a prefix, while others use the instance for anything else.
     * Waits until there is one, for `wait_ms` or until the job's deadline; nothing is no error. Fields: items, as of
     * list, in any order; the etag is that of head, and stays so when the object is taken. */
    pxm_status (*watch)(void *self, pxm_job *, const struct pxm_watch *, pxm_value *fields, pxm_error *);
};

/* "pixmill.metadata/1". Codes: table.not_found table.exists table.conflict table.too_large table.full table.denied
 * table.bad_key table.bad_record table.bad_query table.bad_cursor table.damaged table.unavailable.
 * A key is 1 to 1024 bytes of UTF-8 without control characters, an item at most 400 KiB of JSON, the name of a field
 * 1 to 255 bytes, a value that is looked up through an index 1 KiB, a list in an indexed field 256 items. Lists and
 * records nest at most PXM_STORED_DEPTH_MAX deep, the item itself counted: else a page could not hold it. Lookup, query
 * and erase show the key of an item as a field of it, whose name is the table's `key` option. */
enum { PXM_STORED_DEPTH_MAX = 24 };
enum {
    PXM_RECORD_IF_ABSENT = 1, /* else table.exists                                                                */
    PXM_RECORD_REPLACE = 2    /* fields that are not in `set` go                                                  */
};
struct pxm_record {
    uint32_t struct_size, flags; /* without a flag: `set` is merged into the item, which is made if missing       */
    const char *key;
    const pxm_value *set;    /* record of JSON values; a null removes the field                                   */
    const pxm_value *expect; /* record: each field must be equal, null must be absent, else table.conflict; or NULL */
    const char *newer_by;    /* a field of `set`, a number or a string: written only where the item has none or a lesser
                                one; or NULL. An older or equal write is no error: applied is false               */
};
struct pxm_query {
    uint32_t struct_size, reserved;
    const char *field;      /* declared as an index of the table; NULL: all items                                 */
    const pxm_value *equal; /* what it equals, or what a list in it contains: a string, number or bool. NULL or null:
                               all items                                                                          */
    const char *cursor;     /* from an earlier page of the same query; NULL: the newest                           */
    int64_t limit;          /* 1..1000                                                                            */
};
struct pxm_metadata_ops {
    uint32_t struct_size, reserved;
    /* Durable when it returns PXM_OK. Fields: key created applied. */
    pxm_status (*record)(void *self, pxm_job *, const struct pxm_record *, pxm_value *fields, pxm_error *);
    /* Fields: key item. */
    pxm_status (*lookup)(void *self, pxm_job *, const char *key, pxm_value *fields, pxm_error *);
    /* Newest first by when the item was made, whatever was changed since. A page may have fewer items than `limit`; the
     * last one is told by its cursor. Fields: items, a list of records; cursor, null on the last page. */
    pxm_status (*query)(void *self, pxm_job *, const struct pxm_query *, pxm_value *fields, pxm_error *);
    /* `expect` as above. Fields: erased, and the item that was (null: none). */
    pxm_status (*erase)(void *self, pxm_job *, const char *key, const pxm_value *expect, pxm_value *fields,
                        pxm_error *);
    /* Since ABI 1.2, optional: makes what is missing of the table, such as the table itself and its indexes, and
     * returns when it can be used. Called by an explicit command alone. Fields: table (its name), made (a list of
     * strings: what was made; empty: nothing was missing). */
    pxm_status (*prepare)(void *self, pxm_job *, pxm_value *fields, pxm_error *);
};

/* "pixmill.queue/1". At least once, in no promised order. Codes: queue.unavailable queue.too_large (a message has at
 * most 256 KiB of JSON) queue.bad_message (nested deeper than PXM_STORED_DEPTH_MAX, ...) queue.lost_lease (the receipt
 * holds nothing any more) queue.not_found queue.bad_limit queue.bad_cursor queue.full queue.denied queue.damaged. A
 * lease that runs out makes its message ready again; where the queue has a limit of attempts, one that ran out for the
 * last time makes a dead letter. */
struct pxm_message {
    uint32_t struct_size, reserved;
    const pxm_value *body; /* JSON value                                                                          */
    int64_t delay_ms;
    const char *dedupe_id; /* sent once however often it is repeated, where the queue can; may be NULL            */
};
struct pxm_receive {
    uint32_t struct_size, reserved;
    int64_t max;      /* messages, 1..10                                                                          */
    int64_t wait_ms;  /* for the first one                                                                        */
    int64_t lease_ms; /* hidden from others for so long                                                           */
};
enum { PXM_SETTLE_DONE = 0, PXM_SETTLE_RETRY = 1, PXM_SETTLE_DEAD = 2 };
struct pxm_settle {
    uint32_t struct_size, outcome;
    const char *receipt;
    int64_t delay_ms;       /* RETRY: not before                                                                  */
    const pxm_value *cause; /* RETRY, DEAD: {code, message, step}; may be NULL                                    */
};
struct pxm_prepare { /* since ABI 1.3 */
    uint32_t struct_size, reserved;
    const pxm_value *senders; /* list of strings: buckets, as the option `bucket` of stores names them, that are to
                                 tell of their objects through the queue; NULL: none                               */
};
struct pxm_queue_ops {
    uint32_t struct_size, reserved;
    pxm_status (*send)(void *self, pxm_job *, const struct pxm_message *, pxm_value *fields, pxm_error *); /* id */
    /* Fields: items, a list of {id receipt body attempts sent_at}. The body is a string where others have sent what is
     * no JSON. */
    pxm_status (*receive)(void *self, pxm_job *, const struct pxm_receive *, pxm_value *fields, pxm_error *);
    pxm_status (*extend)(void *self, pxm_job *, const char *receipt, int64_t lease_ms, pxm_error *);
    pxm_status (*settle)(void *self, pxm_job *, const struct pxm_settle *, pxm_error *);
    /* Fields: ready delayed leased dead, counts; oldest_ms, the age of the oldest message that is no dead letter,
     * or null where the queue does not know. */
    pxm_status (*depth)(void *self, pxm_job *, pxm_value *fields, pxm_error *);
    /* Dead letters. Fields: items, a list of {id body cause attempts first_at last_at}, times null where they are not
     * known; cursor, null on the last page. `cursor` NULL: the start; limit 1..1000. Redrive makes one ready again as
     * if it had never been received. */
    pxm_status (*dead)(void *self, pxm_job *, const char *cursor, int64_t limit, pxm_value *fields, pxm_error *);
    pxm_status (*redrive)(void *self, pxm_job *, const char *id, pxm_error *);
    pxm_status (*discard)(void *self, pxm_job *, const char *id, pxm_error *);
    /* Since ABI 1.3, optional: makes what is missing of the queue, such as the queue itself and the one of its dead
     * letters, and returns when it can be used. What is there it never changes. Called by an explicit command alone.
     * Fields: queue (its name), and lists of strings: made (what was made; empty: nothing was missing), there (what was
     * there), differs (what of that lacks something, or is not as the options say). */
    pxm_status (*prepare)(void *self, pxm_job *, const struct pxm_prepare *, pxm_value *fields, pxm_error *);
};

/* "pixmill.auth/1". Codes: auth.missing auth.invalid auth.expired auth.unavailable. */
struct pxm_auth_ops {
    uint32_t struct_size, reserved;
    /* request: {method path headers query}. Fields: subject, and what else the token says that may be trusted. */
    pxm_status (*verify)(void *self, pxm_job *, const pxm_value *request, pxm_value *fields, pxm_error *);
};

/* ---- extensions: what some hosts offer besides, by host->extension() --------------------------------------------- */

struct pxm_url_grant { /* what a URL permits; since ABI 1.3 */
    uint32_t struct_size, reserved;
    const char *method;
    const char *path;         /* absolute and percent-encoded                                                     */
    int64_t expires_ms;       /* from now                                                                         */
    const char *content_type; /* that of the request must be this; NULL: any                                      */
    int64_t bytes_max;        /* that its body may have; PXM_UNSET_INT: the host's limit                          */
    const pxm_value *meta;    /* record of strings; NULL: none                                                    */
};
/* "pixmill.urls/1", since ABI 1.1: a host that serves objects over HTTP signs URLs of its own, for stores that are no
 * server themselves. [any] */
struct pxm_urls {
    uint32_t struct_size, reserved;
    void *impl; /* the host's own */
    /* Signs that whoever has the URL may do `method` on `path` for the next `expires_ms`. `path` is absolute and
     * percent-encoded; `content_type` (NULL: any) must be that of the request; `bytes_max` (PXM_UNSET_INT: the host's)
     * is the most that its body may have. The path with its query goes into `buffer` of `length` bytes, ended by NUL;
     * one that does not fit is PXM_E_LIMIT, "url.too_long". */
    pxm_status (*sign)(void *impl, const char *method, const char *path, int64_t expires_ms, const char *content_type,
                       int64_t bytes_max, char *buffer, size_t length, int64_t *ret_expires_at_ms, pxm_error *);
    /* Since ABI 1.3: the same, of what a struct says. The URL carries its `meta`, so that whoever serves the request
     * gets them as they were signed. */
    pxm_status (*sign_grant)(void *impl, const struct pxm_url_grant *, char *buffer, size_t length,
                             int64_t *ret_expires_at_ms, pxm_error *);
};
#define PXM_EXTENSION_URLS "pixmill.urls/1"
#define PXM_URL_BYTES_MAX 4096 /* of what sign makes, and of a path that it is given, with their NUL */

#define PXM_IFACE_TRANSFORM "pixmill.transform/1"
#define PXM_IFACE_STORAGE "pixmill.storage/1"
#define PXM_IFACE_METADATA "pixmill.metadata/1"
#define PXM_IFACE_QUEUE "pixmill.queue/1"
#define PXM_IFACE_AUTH "pixmill.auth/1"

#ifdef __cplusplus
}
#endif
#endif
