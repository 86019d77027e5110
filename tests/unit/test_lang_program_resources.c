/* What is said about projects: profiles, drivers, hosts, and what pipelines need of them.
 * Each with the whole text as people see it. */
#include "lang_program_fixture.h"

#include <stdio.h>
#include <string.h>

static void unknown_resources_suggest_the_nearest(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "triggers:\n"
                                "  t: {http: {method: GET, path: /, auth: user}}\n"
                                "steps:\n"
                                "  - {id: a, get: {store: orignals, key: a}}\n"
                                "  - {id: b, lookup: {table: rows, key: a}}\n"
                                "  - {id: c, upper: {text: x, token: \"${secret.upload_kye}\"}}\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:3:42: error[E503]: there is no auth resource `user`\n"
                        "  3 |   t: {http: {method: GET, path: /, auth: user}}\n"
                        "    |                                          ^^^^ did you mean `users`?\n"
                        "pipelines/p.yaml:5:26: error[E503]: there is no store `orignals`\n"
                        "  5 |   - {id: a, get: {store: orignals, key: a}}\n"
                        "    |                          ^^^^^^^^ did you mean `originals`?\n"
                        "pipelines/p.yaml:6:29: error[E503]: there is no table `rows`\n"
                        "  6 |   - {id: b, lookup: {table: rows, key: a}}\n"
                        "    |                             ^^^^ declare it in the profiles of pixmill.yaml\n"
                        "pipelines/p.yaml:7:40: error[E503]: there is no secret `upload_kye`\n"
                        "  7 |   - {id: c, upper: {text: x, token: \"${secret.upload_kye}\"}}\n"
                        "    |                                        ^^^^^^^^^^^^^^^^^ did you mean `upload_key`?\n");
}

/* Every host has them, whatever the profiles say, and each tells who calls. */
static void the_hosts_own_auths_need_no_resource(void **state)
{
    (void)state;
    static const char *const names[] = {"token", "signed", "operator"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "version: 1\n"
                 "inputs: {who: {type: string}}\n"
                 "triggers:\n"
                 "  t: {http: {method: GET, path: /, auth: %s}, bind: {who: \"${event.user.subject}\"}}\n"
                 "steps:\n"
                 "  - {id: a, upper: {text: \"${input.who}\"}}\n"
                 "output: ${steps.a}\n",
                 names[i]);
        assert_string_equal(diagnose(text), "");
    }
}

static void an_auth_resource_cannot_take_the_name_of_a_hosts_own(void **state)
{
    (void)state;
    const char *said = diagnose_files("pixmill.yaml",
                                      "version: 1\n"
                                      "profiles:\n"
                                      "  local:\n"
                                      "    stores: {token: {localfs: {root: x}}}\n"
                                      "    auth:\n"
                                      "      token: {hmac: {key: \"${secret.key}\"}}\n"
                                      "      signed: {hmac: {key: \"${secret.key}\"}}\n"
                                      "      operator: {hmac: {key: \"${secret.key}\"}}\n"
                                      "      operators: {hmac: {key: \"${secret.key}\"}}\n"
                                      "    secrets: {key: {env: KEY}}\n",
                                      "pipelines/p.yaml",
                                      "version: 1\n"
                                      "steps: [{id: x, get: {store: token, key: k}}]\n",
                                      NULL);
    assert_string_equal(said, "pixmill.yaml:6:7: error[E123]: `token` cannot be the name of an auth resource\n"
                              "  6 |       token: {hmac: {key: \"${secret.key}\"}}\n"
                              "    |       ^^^^^ every host has one of this name\n"
                              "pixmill.yaml:7:7: error[E123]: `signed` cannot be the name of an auth resource\n"
                              "  7 |       signed: {hmac: {key: \"${secret.key}\"}}\n"
                              "    |       ^^^^^^ every host has one of this name\n"
                              "pixmill.yaml:8:7: error[E123]: `operator` cannot be the name of an auth resource\n"
                              "  8 |       operator: {hmac: {key: \"${secret.key}\"}}\n"
                              "    |       ^^^^^^^^ every host has one of this name\n");
}

static void a_store_that_cannot_presign(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "steps:\n"
                                "  - {id: a, presign: {store: originals, key: a}}\n"
                                "  - {id: b, presign: {store: rejected, key: a}}\n");
    assert_string_equal(said, "pipelines/p.yaml:3:30: error[E502]: store `originals` cannot `presign`: driver "
                              "`localfs` of profile `local` has no such operation\n"
                              "  3 |   - {id: a, presign: {store: originals, key: a}}\n"
                              "    |                              ^^^^^^^^^\n"
                              "    > pixmill.yaml:6:14\n"
                              "  6 |     stores: {originals: {localfs: {root: var/originals}}, thumbs: {localfs: "
                              "{root: var/thumbs}}, rejected: {s3: {name: bad}}}\n"
                              "    |              ^^^^^^^^^ declared here\n");
}

static void a_url_that_stores_nothing_has_no_metadata(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "steps:\n"
                                "  - {id: a, presign: {store: rejected, key: a, meta: {name: x}}}\n"
                                "  - {id: b, presign: {store: rejected, key: a, method: PUT, meta: {name: x}}}\n"
                                "  - {id: c, presign: {store: rejected, key: a, method: POST, meta: {name: x}}}\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:3:54: error[E129]: `presign`: a URL for GET has no `meta`\n"
                        "  3 |   - {id: a, presign: {store: rejected, key: a, meta: {name: x}}}\n"
                        "    |                                                      ^^^^^^^^^ add `method: PUT`, or "
                        "delete this\n");
}

static void every_profile_defines_every_resource(void **state)
{
    (void)state;
    const char *said = diagnose_files("pixmill.yaml",
                                      "version: 1\n"
                                      "profiles:\n"
                                      "  local: {stores: {a: {localfs: {root: var/a}}, b: {localfs: {root: var/b}}}}\n"
                                      "  aws: {stores: {a: {s3: {name: a}}}}\n",
                                      "pipelines/p.yaml",
                                      "version: 1\n"
                                      "steps:\n"
                                      "  - {id: x, get: {store: a, key: k}}\n"
                                      "  - {id: y, get: {store: b, key: k}}\n"
                                      "  - {id: z, get: {store: b, key: l}}\n",
                                      NULL);
    assert_string_equal(said, "pipelines/p.yaml:4:26: error[E501]: profile `aws` has no store `b`\n"
                              "  4 |   - {id: y, get: {store: b, key: k}}\n"
                              "    |                          ^ every profile defines every resource that is used\n"
                              "    > pixmill.yaml:4:3\n"
                              "  4 |   aws: {stores: {a: {s3: {name: a}}}}\n"
                              "    |   ^^^ this profile\n");
}

static void a_store_names_the_queue_of_its_events(void **state)
{
    (void)state;
    static const char pipeline[] = "version: 1\n"
                                   "inputs: {key: {type: string}}\n"
                                   "triggers:\n"
                                   "  made: {object_created: {store: a}, bind: {key: \"${event.key}\"}}\n"
                                   "  sent: {message: {queue: jobs}, bind: {key: \"${event.id}\"}}\n"
                                   "steps: [{id: x, get: {store: b, key: k}}]\n";
    assert_string_equal(diagnose_files("pixmill.yaml",
                                       "version: 1\n"
                                       "profiles:\n"
                                       "  local:\n"
                                       "    stores: {a: {events: made, s3: {name: x}}, b: {s3: {name: y}}}\n"
                                       "    queues: {jobs: {dir: {root: j}}, made: {dir: {root: m}}}\n",
                                       "pipelines/p.yaml", pipeline, NULL),
                        "");
    const char *said = diagnose_files("pixmill.yaml",
                                      "version: 1\n"
                                      "profiles:\n"
                                      "  local:\n"
                                      "    stores: {a: {s3: {name: x}, events: gone}, b: {events: jobs}}\n"
                                      "    queues: {jobs: {dir: {root: j}}}\n",
                                      "pipelines/p.yaml", pipeline, NULL);
    assert_string_equal(
        said,
        "pixmill.yaml:4:41: error[E503]: profile `local` has no queue `gone`\n"
        "  4 |     stores: {a: {s3: {name: x}, events: gone}, b: {events: jobs}}\n"
        "    |                                         ^^^^ declare it among the `queues` of the profile\n"
        "pixmill.yaml:4:48: error[E124]: store `b` has no driver\n"
        "  4 |     stores: {a: {s3: {name: x}, events: gone}, b: {events: jobs}}\n"
        "    |                                                ^ write `b: {DRIVER: {options}}`\n"
        "pixmill.yaml:4:60: error[E302]: store `b` and trigger `sent` of `p` take the same messages\n"
        "  4 |     stores: {a: {s3: {name: x}, events: gone}, b: {events: jobs}}\n"
        "    |                                                            ^^^^ give the store a queue of its own\n"
        "    > pipelines/p.yaml:5:3\n"
        "  5 |   sent: {message: {queue: jobs}, bind: {key: \"${event.id}\"}}\n"
        "    |   ^^^^ the trigger\n");
    said = diagnose_files("pixmill.yaml",
                          "version: 1\n"
                          "profiles:\n"
                          "  local:\n"
                          "    stores:\n"
                          "      a: {s3: {name: x}, events: jobs}\n"
                          "      b: {s3: {name: y}, events: jobs}\n"
                          "    queues: {jobs: {dir: {root: j}, events: q}}\n",
                          "pipelines/p.yaml", pipeline, NULL);
    assert_string_equal(said,
                        "pixmill.yaml:5:34: error[E302]: store `a` and trigger `sent` of `p` take the same messages\n"
                        "  5 |       a: {s3: {name: x}, events: jobs}\n"
                        "    |                                  ^^^^ give the store a queue of its own\n"
                        "    > pipelines/p.yaml:5:3\n"
                        "  5 |   sent: {message: {queue: jobs}, bind: {key: \"${event.id}\"}}\n"
                        "    |   ^^^^ the trigger\n"
                        "pixmill.yaml:6:34: error[E302]: store `b` and trigger `sent` of `p` take the same messages\n"
                        "  6 |       b: {s3: {name: y}, events: jobs}\n"
                        "    |                                  ^^^^ give the store a queue of its own\n"
                        "    > pipelines/p.yaml:5:3\n"
                        "  5 |   sent: {message: {queue: jobs}, bind: {key: \"${event.id}\"}}\n"
                        "    |   ^^^^ the trigger\n"
                        "pixmill.yaml:7:14: error[E125]: queue `jobs` has several drivers\n"
                        "  7 |     queues: {jobs: {dir: {root: j}, events: q}}\n"
                        "    |              ^^^^ write `jobs: {DRIVER: {options}}`\n");
}

static void resources_name_drivers_and_their_options(void **state)
{
    (void)state;
    const char *said = diagnose_files("pixmill.yaml",
                                      "version: 1\n"
                                      "env: {ON_AWS: {profiles: [aws]}}\n"
                                      "profiles:\n"
                                      "  local:\n"
                                      "    stores:\n"
                                      "      a: {localfss: {root: x}}\n"
                                      "      b: {broken: {}}\n"
                                      "      c: {localfs: {root: x, nam: y}}\n"
                                      "      d: {localfs: {root: \"${env.NOPE}/x\", name: \"${env.ON_AWS}\"}}\n"
                                      "      e: {}\n"
                                      "      f: {localfs: {root: x}, s3: {name: y}}\n"
                                      "      g: {localfs: {root: \"${secret.key}\"}}\n"
                                      "      h: {s3: {name: \"${input.x}\"}}\n"
                                      "    auth: {u: {hmac: {key: \"${secret.keyy}\"}}}\n"
                                      "    secrets: {key: {env: KEY}}\n",
                                      "pipelines/p.yaml",
                                      "version: 1\n"
                                      "steps: [{id: x, get: {store: a, key: k}}]\n",
                                      NULL);
    assert_string_equal(
        said, "pixmill.yaml:6:11: error[E402]: there is no store driver `localfss`\n"
              "  6 |       a: {localfss: {root: x}}\n"
              "    |           ^^^^^^^^ did you mean `localfs`?\n"
              "pixmill.yaml:7:11: error[E401]: plugin `broken` cannot be loaded\n"
              "  7 |       b: {broken: {}}\n"
              "    |           ^^^^^^\n"
              "    = broken.so: undefined symbol: x\n"
              "pixmill.yaml:8:30: error[E102]: unknown option `nam` for `localfs`\n"
              "  8 |       c: {localfs: {root: x, nam: y}}\n"
              "    |                              ^^^ did you mean `name`? (options: root*, name)\n"
              "pixmill.yaml:9:34: error[E211]: there is no variable `NOPE` in `env`\n"
              "  9 |       d: {localfs: {root: \"${env.NOPE}/x\", name: \"${env.ON_AWS}\"}}\n"
              "    |                                  ^^^^ there are: ON_AWS\n"
              "pixmill.yaml:9:53: error[E504]: `env.ON_AWS` is not there in profile `local`\n"
              "  9 |       d: {localfs: {root: \"${env.NOPE}/x\", name: \"${env.ON_AWS}\"}}\n"
              "    |                                                     ^^^^^^^^^^ give it a default, or change its "
              "`profiles`\n"
              "  2 | env: {ON_AWS: {profiles: [aws]}}\n"
              "    |       ^^^^^^ declared here\n"
              "pixmill.yaml:10:7: error[E124]: store `e` has no driver\n"
              " 10 |       e: {}\n"
              "    |       ^ write `e: {DRIVER: {options}}`\n"
              "pixmill.yaml:11:7: error[E125]: store `f` has several drivers\n"
              " 11 |       f: {localfs: {root: x}, s3: {name: y}}\n"
              "    |       ^ write `f: {DRIVER: {options}}`\n"
              "pixmill.yaml:12:30: error[E209]: a secret would get out here\n"
              " 12 |       g: {localfs: {root: \"${secret.key}\"}}\n"
              "    |                              ^^^^^^^^^^ only \"${secret.NAME}\" alone, and only in an option that "
              "takes a secret\n"
              "pixmill.yaml:13:25: error[E212]: `input` can be read only in steps and `output`\n"
              " 13 |       h: {s3: {name: \"${input.x}\"}}\n"
              "    |                         ^^^^^^^ an expression here is evaluated before there are inputs\n"
              "pixmill.yaml:14:38: error[E211]: there is no secret `keyy` in this profile\n"
              " 14 |     auth: {u: {hmac: {key: \"${secret.keyy}\"}}}\n"
              "    |                                      ^^^^ did you mean `key`?\n");
}

static void a_project_says_what_is_wrong_with_it(void **state)
{
    (void)state;
    const char *said =
        diagnose_files("pixmill.yaml",
                       "version: 1\n"
                       "plugin: {}\n"
                       "plugins: {require: {acme.broken: \">=1.2\"}}\n"
                       "env: {A: {type: blob}, B: {type: int, default: x}}\n"
                       "profiles:\n"
                       "  local:\n"
                       "    stores: {a: {localfs: {root: x}}}\n"
                       "    secrets: {key: {env: KEY}, other: {ssm: /x}, third: {env: A, file: B}, none: {}}\n"
                       "    tabels: {}\n"
                       "hosts:\n"
                       "  daemon: {profile: locl, workers: 0, limits: {pixels: 5}}\n",
                       "pipelines/p.yaml",
                       "version: 1\n"
                       "steps: [{id: x, get: {store: a, key: k}}]\n",
                       NULL);
    assert_string_equal(
        said, "pixmill.yaml:2:1: error[E120]: unknown key `plugin` in pixmill.yaml\n"
              "  2 | plugin: {}\n"
              "    | ^^^^^^ did you mean `plugins`?\n"
              "pixmill.yaml:3:21: error[E401]: plugin `acme.broken` cannot be loaded\n"
              "  3 | plugins: {require: {acme.broken: \">=1.2\"}}\n"
              "    |                     ^^^^^^^^^^^\n"
              "    = it wants plugin ABI 3, this engine speaks ABI 1\n"
              "pixmill.yaml:4:17: error[E110]: `blob` is not a value of `type`\n"
              "  4 | env: {A: {type: blob}, B: {type: int, default: x}}\n"
              "    |                 ^^^^ one of: string, int, float, bool\n"
              "pixmill.yaml:4:48: error[E104]: expected int\n"
              "  4 | env: {A: {type: blob}, B: {type: int, default: x}}\n"
              "    |                                                ^ expected a whole number in decimal digits\n"
              "pixmill.yaml:8:40: error[E120]: unknown key `ssm` in a secret\n"
              "  8 |     secrets: {key: {env: KEY}, other: {ssm: /x}, third: {env: A, file: B}, none: {}}\n"
              "    |                                        ^^^ keys: env, file\n"
              "pixmill.yaml:8:72: error[E125]: secret `third` comes from two places\n"
              "  8 |     secrets: {key: {env: KEY}, other: {ssm: /x}, third: {env: A, file: B}, none: {}}\n"
              "    |                                                                        ^\n"
              "pixmill.yaml:8:82: error[E124]: secret `none` comes from nowhere; write {env: NAME} or {file: PATH}\n"
              "  8 |     secrets: {key: {env: KEY}, other: {ssm: /x}, third: {env: A, file: B}, none: {}}\n"
              "    |                                                                                  ^^\n"
              "pixmill.yaml:9:5: error[E120]: unknown key `tabels` in a profile\n"
              "  9 |     tabels: {}\n"
              "    |     ^^^^^^ did you mean `tables`?\n"
              "pixmill.yaml:11:21: error[E503]: there is no profile `locl`\n"
              " 11 |   daemon: {profile: locl, workers: 0, limits: {pixels: 5}}\n"
              "    |                     ^^^^ did you mean `local`?\n"
              "pixmill.yaml:11:36: error[E105]: `workers` must be 1 to 256, not 0\n"
              " 11 |   daemon: {profile: locl, workers: 0, limits: {pixels: 5}}\n"
              "    |                                    ^\n"
              "pixmill.yaml:11:56: error[E104]: `pixels` takes a number of pixels such as 80MP, not `5`\n"
              " 11 |   daemon: {profile: locl, workers: 0, limits: {pixels: 5}}\n"
              "    |                                                        ^ expected a whole number and a unit, one "
              "of P KP MP: 80MP\n");
}

static void a_host_listens_on_an_address_and_a_port(void **state)
{
    static const char *const refused[] = {"127.0.0.1",   "\"::1:80\"",          "\":80\"",        "\"[::1:80\"",
                                          "\"[::1]80\"", "\"localhost:65536\"", "localhost:http", "\"[]:80\"",
                                          "\"a:\"",      "\"a]:80\"",           "\"a:80 \"",      "\"a:000080\""};
    char project[256];
    (void)state;

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        snprintf(project, sizeof project,
                 "version: 1\n"
                 "profiles: {local: {stores: {a: {localfs: {root: x}}}}}\n"
                 "hosts:\n"
                 "  daemon: {listen: %s}\n",
                 refused[i]);
        const char *said = diagnose_files("pixmill.yaml", project, "pipelines/p.yaml",
                                          "version: 1\n"
                                          "steps: [{id: x, get: {store: a, key: k}}]\n",
                                          NULL);
        assert_non_null(strstr(said, "pixmill.yaml:4:20: error[E123]: `"));
        assert_non_null(strstr(said, "such as 127.0.0.1:8080"));
    }
}

static void profiles_are_required(void **state)
{
    (void)state;
    const char *said = diagnose_files("pixmill.yaml", "version: 1\n", "pipelines/p.yaml",
                                      "version: 1\n"
                                      "steps: [{id: x, get: {store: a, key: k}}]\n",
                                      NULL);
    assert_string_equal(said, "pixmill.yaml:1:1: error[E122]: a project has `profiles`\n"
                              "  1 | version: 1\n"
                              "    | ^^^^^^^^^^\n");
}

static void files_are_named_as_pipelines(void **state)
{
    (void)state;
    const char *said = diagnose_files("pipelines/1 x.yaml",
                                      "version: 1\n"
                                      "steps: [{id: x, get: {store: originals, key: k}}]\n",
                                      NULL);
    assert_string_equal(said, "pipelines/1 x.yaml:1:1: error[E123]: `1 x` cannot be the name of a pipeline\n"
                              "  1 | version: 1\n"
                              "    | ^ name the file with letters, digits, `_` and `-`, at most 63\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_resources_suggest_the_nearest),
        cmocka_unit_test(the_hosts_own_auths_need_no_resource),
        cmocka_unit_test(an_auth_resource_cannot_take_the_name_of_a_hosts_own),
        cmocka_unit_test(a_store_that_cannot_presign),
        cmocka_unit_test(a_url_that_stores_nothing_has_no_metadata),
        cmocka_unit_test(every_profile_defines_every_resource),
        cmocka_unit_test(a_store_names_the_queue_of_its_events),
        cmocka_unit_test(resources_name_drivers_and_their_options),
        cmocka_unit_test(a_project_says_what_is_wrong_with_it),
        cmocka_unit_test(a_host_listens_on_an_address_and_a_port),
        cmocka_unit_test(profiles_are_required),
        cmocka_unit_test(files_are_named_as_pipelines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
