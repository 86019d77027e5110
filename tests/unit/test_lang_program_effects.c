/* What is said about what pipelines would do: triggers, calls, keys and repeated runs.
 * Each with the whole text as people see it. */
#include "lang_program_fixture.h"

static void triggers_have_one_kind(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "triggers:\n"
                                "  a: {bind: {}}\n"
                                "  b: {message: {queue: jobs}, schedule: {every: 5m}}\n"
                                "  c: {http: {method: GET, path: \"x/{a}\"}}\n"
                                "  d: {http: {method: GET, path: \"/{a}/{a}\"}}\n"
                                "  e: {http: {method: GET, path: \"/{a...}/b\"}}\n"
                                "  f: {http: {method: FETCH, path: /f}}\n"
                                "  g: {schedule: {every: 5s}}\n"
                                "steps: [{id: a, get: {store: originals, key: a}}]\n");
    assert_string_equal(
        said, "pipelines/p.yaml:3:3: error[E124]: trigger `a` has no kind of event\n"
              "  3 |   a: {bind: {}}\n"
              "    |   ^ give it one of http, object_created, message, schedule\n"
              "pipelines/p.yaml:4:31: error[E125]: trigger `b` has several kinds of events\n"
              "  4 |   b: {message: {queue: jobs}, schedule: {every: 5m}}\n"
              "    |                               ^^^^^^^^ give it one of http, object_created, message, schedule\n"
              "pipelines/p.yaml:5:33: error[E123]: `x/{a}` is no path: it must start with /\n"
              "  5 |   c: {http: {method: GET, path: \"x/{a}\"}}\n"
              "    |                                 ^^^^^^^\n"
              "pipelines/p.yaml:6:7: error[E123]: `/{a}/{a}` has two holes of one name\n"
              "  6 |   d: {http: {method: GET, path: \"/{a}/{a}\"}}\n"
              "    |       ^^^^\n"
              "pipelines/p.yaml:7:33: error[E123]: `/{a...}/b` is no path: a segment is text, {name} or, at the end, "
              "{name...}\n"
              "  7 |   e: {http: {method: GET, path: \"/{a...}/b\"}}\n"
              "    |                                 ^^^^^^^^^^^\n"
              "pipelines/p.yaml:8:22: error[E110]: `FETCH` is not a value of `method`\n"
              "  8 |   f: {http: {method: FETCH, path: /f}}\n"
              "    |                      ^^^^^ one of: GET, POST, PUT, DELETE, PATCH\n"
              "pipelines/p.yaml:9:25: error[E105]: `every` must be 1m to 366d, not 5s\n"
              "  9 |   g: {schedule: {every: 5s}}\n"
              "    |                         ^^\n");
}

static void bind_fits_the_inputs(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}, owner: {type: string}, w: {type: int, default: 3}, list: "
                                "{type: list, default: [1]}}\n"
                                "triggers:\n"
                                "  form:\n"
                                "    http: {method: POST, path: \"/u/{owner}\"}\n"
                                "    bind: {file: \"${event.path.owner}\", w: \"${event.path.owner}\", ownr: "
                                "\"${event.path.name}\", list: \"${event.user.subject}\"}\n"
                                "steps: [{id: a, in: input.file, decode: {}}]\n");
    assert_string_equal(
        said, "pipelines/p.yaml:4:3: error[E213]: trigger `form` gives nothing to input `owner`, which has no default\n"
              "  4 |   form:\n"
              "    |   ^^^^\n"
              "  2 | inputs: {file: {type: blob}, owner: {type: string}, w: {type: int, default: 3}, list: {type: "
              "list, default: [1]}}\n"
              "    |                              ^^^^^ declared here\n"
              "pipelines/p.yaml:6:18: error[E216]: input `file` is blob, but this is string\n"
              "  6 |     bind: {file: \"${event.path.owner}\", w: \"${event.path.owner}\", ownr: "
              "\"${event.path.name}\", list: \"${event.user.subject}\"}\n"
              "    |                  ^^^^^^^^^^^^^^^^^^^^^\n"
              "  2 | inputs: {file: {type: blob}, owner: {type: string}, w: {type: int, default: 3}, list: {type: "
              "list, default: [1]}}\n"
              "    |          ^^^^ declared here\n"
              "pipelines/p.yaml:6:67: error[E211]: pipeline `p` has no input `ownr`\n"
              "  6 |     bind: {file: \"${event.path.owner}\", w: \"${event.path.owner}\", ownr: "
              "\"${event.path.name}\", list: \"${event.user.subject}\"}\n"
              "    |                                                                   ^^^^ did you mean `owner`?\n"
              "pipelines/p.yaml:6:87: error[E204]: `event.path` has no field `name`\n"
              "  6 |     bind: {file: \"${event.path.owner}\", w: \"${event.path.owner}\", ownr: "
              "\"${event.path.name}\", list: \"${event.user.subject}\"}\n"
              "    |                                                                                       ^^^^ its "
              "fields: owner\n"
              "pipelines/p.yaml:6:110: error[E204]: `event` has no field `user`\n"
              "  6 | ... {file: \"${event.path.owner}\", w: \"${event.path.owner}\", ownr: \"${event.path.name}\", "
              "list: \"${event.user.subject}\"}\n"
              "    |                                                                                                   "
              "     ^^^^ its fields: method, path, query, headers, body, json, form, files, filenames, remote_addr\n");
}

static void events_start_one_pipeline(void **state)
{
    (void)state;
    const char *said = diagnose_files("pipelines/a.yaml",
                                      "version: 1\n"
                                      "triggers:\n"
                                      "  one: {http: {method: GET, path: \"/i/{name}\"}}\n"
                                      "  two: {object_created: {store: originals, prefix: in/, suffix: [.jpg]}}\n"
                                      "  tri: {message: {queue: jobs}}\n"
                                      "  own: {http: {method: GET, path: \"/i/{other}\"}}\n"
                                      "steps: [{id: a, get: {store: originals, key: a}}]\n",
                                      "pipelines/b.yaml",
                                      "version: 1\n"
                                      "triggers:\n"
                                      "  one: {http: {method: GET, path: /i/new}}\n"
                                      "  two: {object_created: {store: originals, prefix: in/a/}}\n"
                                      "  tri: {message: {queue: jobs}}\n"
                                      "  not: {http: {method: POST, path: /i/new}}\n"
                                      "  nor: {object_created: {store: originals, prefix: in/b, suffix: [.png]}}\n"
                                      "  all: {http: {method: GET, path: \"/i/{rest...}\"}}\n"
                                      "steps: [{id: a, get: {store: originals, key: a}}]\n",
                                      NULL);
    assert_string_equal(
        said, "pipelines/a.yaml:6:3: error[E302]: triggers `own` of `a` and `one` of `a` take the same request\n"
              "  6 |   own: {http: {method: GET, path: \"/i/{other}\"}}\n"
              "    |   ^^^ make them differ, so that one event starts one pipeline\n"
              "  3 |   one: {http: {method: GET, path: \"/i/{name}\"}}\n"
              "    |   ^^^ the other one\n"
              "pipelines/b.yaml:3:3: error[E302]: triggers `one` of `b` and `one` of `a` take the same request\n"
              "  3 |   one: {http: {method: GET, path: /i/new}}\n"
              "    |   ^^^ make them differ, so that one event starts one pipeline\n"
              "    > pipelines/a.yaml:3:3\n"
              "  3 |   one: {http: {method: GET, path: \"/i/{name}\"}}\n"
              "    |   ^^^ the other one\n"
              "pipelines/b.yaml:4:3: error[E302]: triggers `two` of `b` and `two` of `a` take the same object\n"
              "  4 |   two: {object_created: {store: originals, prefix: in/a/}}\n"
              "    |   ^^^ make them differ, so that one event starts one pipeline\n"
              "    > pipelines/a.yaml:4:3\n"
              "  4 |   two: {object_created: {store: originals, prefix: in/, suffix: [.jpg]}}\n"
              "    |   ^^^ the other one\n"
              "pipelines/b.yaml:5:3: error[E302]: triggers `tri` of `b` and `tri` of `a` take the same message\n"
              "  5 |   tri: {message: {queue: jobs}}\n"
              "    |   ^^^ make them differ, so that one event starts one pipeline\n"
              "    > pipelines/a.yaml:5:3\n"
              "  5 |   tri: {message: {queue: jobs}}\n"
              "    |   ^^^ the other one\n"
              "pipelines/b.yaml:8:3: error[E302]: triggers `all` of `b` and `one` of `a` take the same request\n"
              "  8 |   all: {http: {method: GET, path: \"/i/{rest...}\"}}\n"
              "    |   ^^^ make them differ, so that one event starts one pipeline\n"
              "    > pipelines/a.yaml:3:3\n"
              "  3 |   one: {http: {method: GET, path: \"/i/{name}\"}}\n"
              "    |   ^^^ the other one\n");
}

static void a_pipeline_must_not_trigger_itself(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "inputs: {key: {type: string}}\n"
                 "triggers:\n"
                 "  created: {object_created: {store: originals, prefix: originals/}, bind: {key: \"${event.key}\"}}\n"
                 "steps:\n"
                 "  - {id: source, get: {store: originals, key: \"${input.key}\", under: originals/}}\n"
                 "  - {id: save, put: {store: originals, key: \"originals/t/${stem(input.key)}.webp\"}}\n");
    assert_string_equal(
        said,
        "pipelines/p.yaml:7:46: error[E301]: this pipeline triggers itself for ever\n"
        "  7 |   - {id: save, put: {store: originals, key: \"originals/t/${stem(input.key)}.webp\"}}\n"
        "    |                                              ^^^^^^^^^^^^ written under the prefix that starts it; use "
        "another store or prefix (on Lambda this loop bills)\n"
        "  4 |   created: {object_created: {store: originals, prefix: originals/}, bind: {key: \"${event.key}\"}}\n"
        "    |   ^^^^^^^ trigger `created` fires for every object here\n");
}

static void a_message_must_not_send_itself(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {key: {type: string}}\n"
                                "triggers:\n"
                                "  redo: {message: {queue: jobs}, bind: {key: \"${event.json.key}\"}}\n"
                                "steps:\n"
                                "  - {id: again, send: {queue: jobs, body: {key: \"${input.key}\"}}}\n");
    assert_string_equal(said, "pipelines/p.yaml:6:31: error[E301]: this pipeline triggers itself for ever\n"
                              "  6 |   - {id: again, send: {queue: jobs, body: {key: \"${input.key}\"}}}\n"
                              "    |                               ^^^^ sent to the queue that starts it; put a `when` "
                              "on it, or use another queue\n"
                              "  4 |   redo: {message: {queue: jobs}, bind: {key: \"${event.json.key}\"}}\n"
                              "    |   ^^^^ trigger `redo` fires for every message here\n");
}

static void pipelines_must_not_trigger_each_other(void **state)
{
    (void)state;
    const char *said = diagnose_files(
        "pipelines/a.yaml",
        "version: 1\n"
        "inputs: {key: {type: string}}\n"
        "triggers:\n"
        "  in_a: {object_created: {store: originals, prefix: a/}, bind: {key: \"${event.key}\"}}\n"
        "steps:\n"
        "  - {id: save, call: {pipeline: helper, with: {key: \"${input.key}\"}}}\n",
        "pipelines/b.yaml",
        "version: 1\n"
        "inputs: {key: {type: string}}\n"
        "triggers:\n"
        "  in_b: {object_created: {store: originals, prefix: b/, suffix: [.webp]}, bind: {key: \"${event.key}\"}}\n"
        "steps:\n"
        "  - {id: got, get: {store: originals, key: \"${input.key}\", under: b/}}\n"
        "  - {id: back, put: {store: originals, key: \"a/${stem(input.key)}\"}}\n"
        "  - {id: png, in: got, put: {store: originals, key: \"b/${stem(input.key)}.png\"}}\n",
        "pipelines/helper.yaml",
        "version: 1\n"
        "inputs: {key: {type: string}}\n"
        "steps:\n"
        "  - {id: got, get: {store: originals, key: \"${input.key}\", under: a/}}\n"
        "  - {id: over, put: {store: originals, key: \"b/${stem(input.key)}.webp\"}}\n",
        NULL);
    assert_string_equal(
        said, "pipelines/b.yaml:7:46: error[E301]: pipelines `b` and `a` trigger each other for ever\n"
              "  7 |   - {id: back, put: {store: originals, key: \"a/${stem(input.key)}\"}}\n"
              "    |                                              ^^ written under the prefix that starts it; use "
              "another store or prefix (on Lambda this loop bills)\n"
              "    > pipelines/a.yaml:4:3\n"
              "  4 |   in_a: {object_created: {store: originals, prefix: a/}, bind: {key: \"${event.key}\"}}\n"
              "    |   ^^^^ trigger `in_a` fires for every object here\n");
}

static void a_pipeline_must_not_call_itself(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "steps:\n"
                                "  - {id: a, call: {pipeline: p}}\n"
                                "  - {id: b, call: {pipeline: q}}\n");
    assert_string_equal(said, "pipelines/p.yaml:3:30: error[E303]: pipeline `p` ends up calling itself\n"
                              "  3 |   - {id: a, call: {pipeline: p}}\n"
                              "    |                              ^ p -> p\n"
                              "pipelines/p.yaml:4:30: error[E503]: there is no pipeline `q`\n"
                              "  4 |   - {id: b, call: {pipeline: q}}\n"
                              "    |                              ^ pipelines are named as their files\n");
}

static void pipelines_must_not_call_in_a_circle(void **state)
{
    (void)state;
    const char *said = diagnose_files("pipelines/a.yaml",
                                      "version: 1\n"
                                      "steps: [{id: x, call: {pipeline: b}}]\n",
                                      "pipelines/b.yaml",
                                      "version: 1\n"
                                      "steps: [{id: x, call: {pipeline: c}}]\n",
                                      "pipelines/c.yaml",
                                      "version: 1\n"
                                      "steps: [{id: x, call: {pipeline: a}}]\n",
                                      NULL);
    assert_string_equal(said, "pipelines/c.yaml:2:34: error[E303]: pipeline `a` ends up calling itself\n"
                              "  2 | steps: [{id: x, call: {pipeline: a}}]\n"
                              "    |                                  ^ a -> b -> c -> a\n");
}

static void calls_are_typed(void **state)
{
    (void)state;
    const char *said =
        diagnose_files("pipelines/a.yaml",
                       "version: 1\n"
                       "inputs: {file: {type: blob}}\n"
                       "steps:\n"
                       "  - {id: x, call: {pipeline: b, with: {w: \"640\", z: 1, file: \"${input.file}\"}}}\n"
                       "  - {id: y, in: x, thumbnail: {width: 3}}\n"
                       "  - {id: z, call: {pipeline: b, with: {file: \"${input.file}\", w: 3}}}\n"
                       "  - {id: w, put: {store: thumbs, key: z}}\n"
                       "  - {id: v, call: {pipeline: c}}\n"
                       "output: {n: \"${steps.v.m}\"}\n",
                       "pipelines/b.yaml",
                       "version: 1\n"
                       "inputs: {file: {type: blob}, w: {type: int}}\n"
                       "steps:\n"
                       "  - {id: image, in: input.file, decode: {}, on_error: {limit: stop}}\n"
                       "  - {id: small, thumbnail: {width: \"${input.w}\"}}\n"
                       "  - {id: out, encode: {format: webp}}\n"
                       "output: ${steps.out}\n",
                       "pipelines/c.yaml",
                       "version: 1\n"
                       "steps: [{id: a, get: {store: originals, key: a}}]\n"
                       "output: {n: \"${steps.a.bytes}\"}\n",
                       NULL);
    assert_string_equal(
        said, "pipelines/a.yaml:4:43: error[E216]: input `w` is int, but this is string\n"
              "  4 |   - {id: x, call: {pipeline: b, with: {w: \"640\", z: 1, file: \"${input.file}\"}}}\n"
              "    |                                           ^^^^^\n"
              "    > pipelines/b.yaml:2:30\n"
              "  2 | inputs: {file: {type: blob}, w: {type: int}}\n"
              "    |                              ^ declared here\n"
              "pipelines/a.yaml:4:50: error[E211]: pipeline `b` has no input `z`\n"
              "  4 |   - {id: x, call: {pipeline: b, with: {w: \"640\", z: 1, file: \"${input.file}\"}}}\n"
              "    |                                                  ^\n"
              "pipelines/a.yaml:5:17: error[E205]: `x` may be null, because step `image` of pipeline `b` can stop it\n"
              "  5 |   - {id: y, in: x, thumbnail: {width: 3}}\n"
              "    |                 ^ give that step a `fallback`, or take another one with `in:`\n"
              "pipelines/a.yaml:7:13: error[E205]: `z` may be null, because step `image` of pipeline `b` can stop it\n"
              "  7 |   - {id: w, put: {store: thumbs, key: z}}\n"
              "    |             ^^^ give that step a `fallback`, or take another one with `in:`\n"
              "pipelines/a.yaml:9:24: error[E204]: `steps.v` has no field `m`\n"
              "  9 | output: {n: \"${steps.v.m}\"}\n"
              "    |                        ^ its fields: n\n");
}

static void a_broken_pipeline_is_one_error(void **state)
{
    (void)state;
    const char *said =
        diagnose_files("pipelines/a.yaml",
                       "version: 1\n"
                       "inputs: {file: {type: blob}}\n"
                       "steps:\n"
                       "  - {id: x, call: {pipeline: b, with: {w: 640}}}\n"
                       "  - {id: y, in: x, thumbnail: {width: \"${steps.x.w}\"}}\n"
                       "  - {id: z, unheard_of: {}}\n"
                       "  - {id: q, in: z, encode: {format: \"${steps.z.a}\", quality: \"${steps.y.nothing}\"}}\n",
                       "pipelines/b.yaml",
                       "version: 1\n"
                       "steps: [\n",
                       NULL);
    assert_string_equal(
        said, "pipelines/a.yaml:6:13: error[E402]: there is no operation `unheard_of`\n"
              "  6 |   - {id: z, unheard_of: {}}\n"
              "    |             ^^^^^^^^^^ `pixmill plugins list` names them all\n"
              "pipelines/a.yaml:7:73: error[E204]: `steps.y` has no field `nothing`\n"
              "  7 |   - {id: q, in: z, encode: {format: \"${steps.z.a}\", quality: \"${steps.y.nothing}\"}}\n"
              "    |                                                                         ^^^^^^^ its fields: "
              "width, height\n"
              "pipelines/b.yaml:3:1: error[E002]: expected a value\n"
              "  3 | \n"
              "    | ^ a value is missing, or there is a comma or bracket too many\n");
}

static void a_caller_must_not_choose_a_whole_key(void **state)
{
    (void)state;
    const char *said = diagnose(
        "version: 1\n"
        "inputs: {name: {type: string, pattern: \"[a-z]+\"}, n: {type: int}}\n"
        "steps:\n"
        "  - {id: source, get: {store: originals, key: \"${input.name}\"}}\n"
        "  - {id: row, lookup: {table: images, key: \"${input.name}\"}}\n"
        "  - {id: b, remove: {store: originals, key: \"${steps.row.item.key ?? ''}.jpg\"}}\n"
        "  - {id: c, list: {store: originals, prefix: \"${lower(input.name)}\"}}\n"
        "  - {id: d, head: {store: originals, key: \"${run.id}-${input.name}\"}}\n"
        "  - {id: e, head: {store: originals, key: \"${input.n}\"}}\n"
        "  - {id: f, foreach: [\"${input.name}\"], steps: [{id: g, head: {store: originals, key: \"${item}\"}}]}\n"
        "  - {id: h, foreach: \"${steps.c.items}\", steps: [{id: i, head: {store: originals, key: "
        "\"${item.key}\"}}]}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:4:48: error[E304]: an object key must not be chosen wholly by the caller\n"
              "  4 |   - {id: source, get: {store: originals, key: \"${input.name}\"}}\n"
              "    |                                                ^^^^^^^^^^^^^ give it a literal prefix, or confine "
              "it with `under: PREFIX/`\n"
              "pipelines/p.yaml:6:46: error[E304]: an object key must not be chosen wholly by the caller\n"
              "  6 |   - {id: b, remove: {store: originals, key: \"${steps.row.item.key ?? ''}.jpg\"}}\n"
              "    |                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^ give it a literal "
              "prefix, or confine it with `under: PREFIX/`\n"
              "pipelines/p.yaml:7:47: error[E304]: what is listed must not be chosen wholly by the caller\n"
              "  7 |   - {id: c, list: {store: originals, prefix: \"${lower(input.name)}\"}}\n"
              "    |                                               ^^^^^^^^^^^^^^^^^^^^ give it a literal prefix\n"
              "pipelines/p.yaml:10:88: error[E304]: an object key must not be chosen wholly by the caller\n"
              " 10 |   - {id: f, foreach: [\"${input.name}\"], steps: [{id: g, head: {store: originals, key: "
              "\"${item}\"}}]}\n"
              "    |                                                                                        ^^^^^^^ "
              "give it a literal prefix, or confine it with `under: PREFIX/`\n");
}

static void limits_beyond_the_host_are_told(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "triggers:\n"
                                "  form: {http: {method: POST, path: /u}, bind: {file: \"${event.body}\"}}\n"
                                "limits: {bytes: 25MiB, pixels: 150MP}\n"
                                "steps:\n"
                                "  - {id: image, decode: {}}\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:5:10: warning[W303]: `bytes: 25MiB` cannot arrive over HTTP on Lambda (6 MiB "
                        "payload, base64: 4.5 MiB)\n"
                        "  5 | limits: {bytes: 25MiB, pixels: 150MP}\n"
                        "    |          ^^^^^ use a presigned PUT + object_created\n"
                        "pipelines/p.yaml:5:32: warning[W323]: `pixels: 150MP` is more than host `lambda` allows\n"
                        "  5 | limits: {bytes: 25MiB, pixels: 150MP}\n"
                        "    |                                ^^^^^ the lesser one counts\n");
}

static void repeated_events_write_again(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "inputs: {file: {type: blob}}\n"
                 "triggers:\n"
                 "  dropped: {object_created: {store: originals, prefix: in/}, bind: {file: \"${event.object}\"}}\n"
                 "steps:\n"
                 "  - {id: a, in: input.file, put: {store: thumbs, key: \"a/${run.id}\"}}\n"
                 "  - {id: b, record: {table: images, key: \"${run.id}\", set: {a: 1}}, retry: {times: 2}}\n"
                 "  - {id: c, fail: {code: x.y, message: no}, retry: {times: 2}}\n");
    assert_string_equal(
        said,
        "pipelines/p.yaml:6:60: warning[W322]: events of trigger `dropped` may come twice, and each run writes another "
        "`object`\n"
        "  6 |   - {id: a, in: input.file, put: {store: thumbs, key: \"a/${run.id}\"}}\n"
        "    |                                                            ^^^^^^ make the key of what is stored, such "
        "as its sha256\n"
        "pipelines/p.yaml:7:45: warning[W322]: events of trigger `dropped` may come twice, and each run writes another "
        "`item`\n"
        "  7 |   - {id: b, record: {table: images, key: \"${run.id}\", set: {a: 1}}, retry: {times: 2}}\n"
        "    |                                             ^^^^^^ make the key of what is stored, such as its sha256\n"
        "pipelines/p.yaml:8:45: warning[W321]: `fail` fails the same way each time\n"
        "  8 |   - {id: c, fail: {code: x.y, message: no}, retry: {times: 2}}\n"
        "    |                                             ^^^^^ delete `retry`\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(triggers_have_one_kind),
        cmocka_unit_test(bind_fits_the_inputs),
        cmocka_unit_test(events_start_one_pipeline),
        cmocka_unit_test(a_pipeline_must_not_trigger_itself),
        cmocka_unit_test(a_message_must_not_send_itself),
        cmocka_unit_test(pipelines_must_not_trigger_each_other),
        cmocka_unit_test(a_pipeline_must_not_call_itself),
        cmocka_unit_test(pipelines_must_not_call_in_a_circle),
        cmocka_unit_test(calls_are_typed),
        cmocka_unit_test(a_broken_pipeline_is_one_error),
        cmocka_unit_test(a_caller_must_not_choose_a_whole_key),
        cmocka_unit_test(limits_beyond_the_host_are_told),
        cmocka_unit_test(repeated_events_write_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
