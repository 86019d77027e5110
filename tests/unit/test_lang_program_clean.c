/* Whole pipelines of every kind, about which there is nothing to say. */
#include "lang_program_fixture.h"

static void upload_over_http(void **state)
{
    (void)state;
    assert_string_equal(
        diagnose(
            "version: 1\n"
            "summary: Takes an upload.\n"
            "inputs: {file: {type: blob, media: [image/jpeg, image/png, image/webp]}, owner: {type: string, pattern: "
            "\"[a-z0-9_]{1,40}\"}}\n"
            "triggers:\n"
            "  form:\n"
            "    http: {method: POST, path: \"/u/{owner}\", auth: users, status: 201}\n"
            "    bind: {file: \"${event.body}\", owner: \"${event.path.owner}\"}\n"
            "limits: {bytes: 4MiB, pixels: 80MP, frames: 1, time: 15s}\n"
            "concurrency: {max: 8, queue: 32, when_full: reject}\n"
            "steps:\n"
            "  - {id: image, decode: {strip: [gps]}}\n"
            "  - id: original\n"
            "    in: input.file\n"
            "    put: {store: originals, key: \"originals/${steps.image.sha256}.${steps.image.ext}\", if_absent: "
            "true}\n"
            "    retry: {times: 3, backoff: 200ms}\n"
            "    undo: true\n"
            "  - {id: small, in: image, thumbnail: {width: 640, height: 640, fit: inside}}\n"
            "  - {id: webp, encode: {format: webp, quality: 78}}\n"
            "  - {id: thumb, put: {store: thumbs, key: \"t/640/${steps.image.sha256}.webp\", cache: \"public, "
            "max-age=31536000\"}, retry: {times: 3}}\n"
            "  - {id: row, record: {table: images, key: \"${steps.image.sha256}\", set: {owner: \"${input.owner}\", w: "
            "\"${steps.image.width}\", thumb: \"${steps.thumb.key}\"}}}\n"
            "output: {id: \"${steps.image.sha256}\", thumb: \"${steps.thumb.url}\"}\n"
            "on_failure:\n"
            "  - {id: evidence, when: not error.transient, in: input.file, put: {store: rejected, key: "
            "\"bad/${run.id}\", meta: {code: \"${error.code}\"}}}\n"),
        "");
}

static void thumbnails_of_an_object_or_message(void **state)
{
    (void)state;
    assert_string_equal(
        diagnose(
            "version: 1\n"
            "inputs: {key: {type: string}}\n"
            "triggers:\n"
            "  created: {object_created: {store: originals, prefix: originals/}, bind: {key: \"${event.key}\"}}\n"
            "  redo: {message: {queue: jobs}, bind: {key: \"${event.json.key}\"}}\n"
            "vars: {widths: [320, 640, 1280, 1920]}\n"
            "limits: {bytes: 60MiB, pixels: 100MP, time: 40s}\n"
            "steps:\n"
            "  - {id: source, get: {store: originals, key: \"${input.key}\", under: originals/},\n"
            "     on_error: {store.not_found: stop}}\n"
            "  - {id: image, decode: {}}\n"
            "  - {id: blur, blurhash: {x: 4, y: 3}, on_error: {\"*\": skip}}\n"
            "  - id: sizes\n"
            "    foreach: ${vars.widths}\n"
            "    where: index == 0 or item <= steps.image.width\n"
            "    max_parallel: 2\n"
            "    steps:\n"
            "      - {id: shrink, in: image, thumbnail: {width: \"${item}\"}}\n"
            "      - {id: enc, encode: {format: webp, quality: 78}}\n"
            "      - {id: save, put: {store: thumbs, key: \"t/${stem(input.key)}/${item}.webp\"}, retry: {times: 3}}\n"
            "    emit: {w: \"${steps.shrink.width}\", h: \"${steps.shrink.height}\", url: \"${steps.save.url}\"}\n"
            "  - {id: row, record: {table: images, key: \"${stem(input.key)}\", set: {srcset: "
            "\"${steps.sizes.items}\", blurhash: \"${steps.blur.hash ?? ''}\"}}}\n"),
        "");
}

static void an_upload_in_any_form(void **state)
{
    (void)state;
    assert_string_equal(diagnose("version: 1\n"
                                 "inputs: {file: {type: blob}, name: {type: string, default: x}}\n"
                                 "triggers:\n"
                                 "  form:\n"
                                 "    http: {method: POST, path: /u}\n"
                                 "    bind: {file: \"${event.files.image ?? event.body}\",\n"
                                 "      name: \"${event.filenames.image ?? event.json.filename ?? event.form.name}\"}\n"
                                 "steps:\n"
                                 "  - {id: image, in: input.file, decode: {}}\n"
                                 "output: \"${steps.image.sha256} ${input.name}\"\n"),
                        "");
}

static void a_variant_on_request(void **state)
{
    (void)state;
    assert_string_equal(
        diagnose(
            "version: 1\n"
            "inputs: {name: {type: string, pattern: \"[0-9a-f]{64}[.][a-z]{3,4}\"}, w: {type: int, min: 16, max: "
            "2048, default: 640}, accept: {type: string, default: image/jpeg}}\n"
            "triggers:\n"
            "  browser:\n"
            "    http: {method: GET, path: \"/i/{name}\", vary: [accept], cache: \"public, max-age=86400\"}\n"
            "    bind: {name: \"${event.path.name}\", w: \"${event.query.w}\", accept: \"${event.headers.accept}\"}\n"
            "vars: {avif_q: \"${env.AVIF_Q}\"}\n"
            "limits: {pixels: 60MP, frames: 120, time: 9s}\n"
            "steps:\n"
            "  - {id: source, get: {store: originals, key: \"originals/${input.name}\"}}\n"
            "  - {id: image, decode: {frames: 100}}\n"
            "  - {id: format, negotiate: {accept: \"${input.accept}\", still: [avif, webp, jpeg], animated: [webp, "
            "gif]}}\n"
            "  - {id: sized, in: image, thumbnail: {width: \"${input.w}\"}}\n"
            "  - {id: crisp, when: input.w <= 320 and steps.image.frames == 1, vips: {op: sharpen, sigma: 0.6}}\n"
            "  - id: variant\n"
            "    encode: {format: \"${steps.format.name}\", quality: {avif: \"${vars.avif_q}\", webp: 78, jpeg: "
            "82}, effort: 4}\n"
            "    timeout: 4s\n"
            "    on_error: {limit.time: fallback}\n"
            "    fallback: {encode: {format: jpeg, quality: 80}}\n"
            "output: ${steps.variant}\n"),
        "");
}

static void a_portrait_with_operations_of_others(void **state)
{
    (void)state;
    assert_string_equal(
        diagnose("version: 1\n"
                 "inputs: {file: {type: blob}, name: {type: string}}\n"
                 "triggers:\n"
                 "  dropped: {object_created: {store: originals, prefix: inbox/, suffix: [.jpg, .heic]}, bind: {file: "
                 "\"${event.object}\", name: \"${slug(stem(event.key))}\"}}\n"
                 "limits: {pixels: 60MP, time: 20s}\n"
                 "steps:\n"
                 "  - {id: image, decode: {}}\n"
                 "  - {id: face, acme.facecrop: {aspect: \"4:5\", min_confidence: 0.8}, timeout: 3s, on_error: "
                 "{acme.no_face: fallback, limit.time: fallback},\n"
                 "     fallback: {thumbnail: {width: 800, height: 1000, fit: cover}}}\n"
                 "  - {id: soft, vips: {op: gaussblur, sigma: 2}}\n"
                 "  - {id: glow, in: face, vips: {op: composite2, overlay: \"${steps.soft}\", mode: soft-light}}\n"
                 "  - {id: mean, vips.avg: {}}\n"
                 "  - {id: lifted, in: glow, when: steps.mean.out < 60, vips: {op: gamma, exponent: 1.4}}\n"
                 "  - {id: jpeg, encode: {format: jpeg, quality: 85}}\n"
                 "  - parallel:\n"
                 "      - {id: public, put: {store: thumbs, key: \"portrait/${input.name}.jpg\"}}\n"
                 "      - {id: row, record: {table: images, key: \"${input.name}\", set: {portrait: "
                 "\"portrait/${input.name}.jpg\"}}}\n"
                 "output: {a: \"${steps.public.url}\", b: \"${steps.row.created}\"}\n"),
        "");
}

/* Every core operation, an optional input, a page after another, and all that may be read. */
static void the_core_operations(void **state)
{
    (void)state;
    assert_string_equal(
        diagnose_files(
            "pipelines/p.yaml",
            "version: 1\n"
            "inputs: {name: {type: string}, cursor: {type: string, optional: true}, limit: {type: int, default: 10}}\n"
            "triggers: {hourly: {schedule: {every: 1h}, bind: {name: \"${event.time}\"}}}\n"
            "steps:\n"
            "  - {id: page, query: {table: images, field: owner, equal: \"${input.name}\", cursor: \"${input.cursor ?? "
            "''}\", limit: \"${input.limit}\"}}\n"
            "  - {id: row, lookup: {table: images, key: \"${input.name}\"}, on_error: {table.not_found: stop}}\n"
            "  - {id: there, head: {store: originals, key: \"a/${input.name}\"}}\n"
            "  - {id: link, presign: {store: rejected, method: POST, key: \"a/${run.id}\", expires: 5m, bytes: "
            "25MiB}}\n"
            "  - {id: all, list: {store: originals, prefix: a/}}\n"
            "  - id: swept\n"
            "    foreach: ${steps.all.items}\n"
            "    tolerate: 2\n"
            "    steps: [{id: gone, remove: {store: originals, key: \"${item.key}\"}}]\n"
            "    emit: {index: \"${index}\", removed: \"${steps.gone.removed}\"}\n"
            "  - {id: told, send: {queue: jobs, body: {n: \"${steps.swept.count}\", failed: "
            "\"${len(steps.swept.failed)}\"}, delay: 5s}}\n"
            "  - {id: dropped, erase: {table: images, key: \"${input.name}\", expect: {state: old}}}\n"
            "  - {id: other, call: {pipeline: q, with: {w: \"${input.limit}\"}}}\n"
            "  - {id: no, when: steps.other.w > 3, fail: {code: too.many, message: \"${input.name} has "
            "${steps.other.w}\"}}\n"
            "output: {items: \"${steps.page.items}\", next: \"${steps.page.cursor}\", run: \"${run.id}\", owner: "
            "\"${steps.row.item.owner}\"}\n",
            "pipelines/q.yaml",
            "version: 1\n"
            "inputs: {w: {type: int, min: 1, max: 100}}\n"
            "steps: [{id: up, upper: {text: \"${input.w} px\"}}]\n"
            "output: {w: \"${input.w}\", text: \"${steps.up}\"}\n",
            NULL),
        "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upload_over_http),
        cmocka_unit_test(thumbnails_of_an_object_or_message),
        cmocka_unit_test(an_upload_in_any_form),
        cmocka_unit_test(a_variant_on_request),
        cmocka_unit_test(a_portrait_with_operations_of_others),
        cmocka_unit_test(the_core_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
