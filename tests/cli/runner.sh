#!/bin/sh
# Runs `pixmill test` on small projects and holds what it says, writes and exits with against what it should.
#   runner.sh PIXMILL
set -u
pixmill=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
shown=

# check WHAT EXIT: runs `pixmill test $args` in the folder $here; its output is in $work/out and $work/err.
check() {
    what=$1
    (cd "$here" && "$pixmill" test $args >"$work/out" 2>"$work/err")
    code=$?
    if [ "$code" -ne "$2" ]; then
        complain "exit $code, not $2"
    fi
}
complain() {
    echo "FAIL $what: $1"
    if [ "$what" != "$shown" ]; then
        sed 's/^/    out: /' "$work/out"
        sed 's/^/    err: /' "$work/err"
        shown=$what
    fi
    failed=$((failed + 1))
}
# Times differ from run to run.
says() { sed 's/([0-9]* ms)/(N ms)/' "$work/out" | grep -Fxq -- "$1" || complain "does not say: $1"; }
tells() { grep -Fq -- "$1" "$work/err" || complain "does not tell: $1"; }
ends_with() { [ "$(tail -n 1 "$work/out")" = "$1" ] || complain "does not end with: $1"; }
has() { grep -q -- "$2" "$1" 2>/dev/null || complain "$1 does not hold: $2"; }

# A project with one pipeline `small` that stores, records and sends, and a test file from standard input.
project() {
    here=$work/$1
    args=
    mkdir -p "$here/pipelines"
    cat >"$here/pixmill.yaml" <<'END'
version: 1
env: {QUALITY: {type: int, min: 60, max: 90}}
profiles:
  local:
    stores: {files: {localfs: {root: var/files}}}
    tables: {rows: {sqlite: {path: var/rows.db, key: name, indexes: [kind]}}}
    secrets: {token: {env: A_TOKEN_THAT_IS_NOT_SET}}
END
    cat >"$here/pipelines/small.yaml" <<'END'
version: 1
inputs: {file: {type: blob}, name: {type: string, default: x}}
triggers:
  form: {http: {method: POST, path: "/f/{name}"}, bind: {file: "${event.body}", name: "${event.path.name}"}}
  made: {object_created: {store: files, prefix: in/}, bind: {file: "${event.object}", name: "${stem(event.key)}"}}
vars: {quality: "${env.QUALITY}", sizes: [16, 32, 64]}
steps:
  - {id: image, in: input.file, decode: {}}
  - id: all
    foreach: ${vars.sizes}
    where: item <= steps.image.width
    tolerate: 1
    steps:
      - {id: shrink, in: image, thumbnail: {width: "${item}"}}
      - {id: enc, encode: {format: png}}
      - {id: save, put: {store: files, key: "out/${input.name}-${item}.png"}, retry: {times: 2, backoff: 1m}}
    emit: {w: "${item}"}
  - {id: row, record: {table: rows, key: "${input.name}", set: {kind: small, quality: "${vars.quality}", run: "${run.id}", at: "${run.time}"}}}
output: {sizes: "${steps.all.items}", failed: "${steps.all.failed}", note: fine}
END
    cat >"$here/pipelines/small.test.yaml"
}

# ---- tests that pass ----------------------------------------------------------------------------------------------------

project passing <<'END'
version: 1
tests:
  - name: all matchers
    given: {input: {file: {generate: {width: 40, height: 30, seed: 3, format: png}}, name: cat}}
    expect:
      outcome: ok
      steps: {all: {ok: 2, skipped: 1, failed: 0}, save: {ok: 2}, image: ok}
      attempts: {save: 2}
      output:
        note: {matches: "^f.*e$"}
        failed: []
        sizes: [{record: {w: 16}}, {equals: {w: 32}}]
      stores:
        files:
          out/cat-16.png: {image: {format: png, width: 16, height: {near: 12, by: 0}, has_alpha: false, icc: none, exif: none}}
          out/cat-32.png: {bytes: "> 100", content_type: image/png}
      tables:
        rows:
          cat: {kind: {one_of: [large, small]}, quality: 60, run: {len: 8}, at: {contains: "2026-01-01"},
                missing: {absent: true}, name: {any: true}}
  - name: retries wait on a clock of their own
    given: {input: {file: {generate: {width: 20, height: 30}}}}
    faults: [{step: save, error: store.throttled, times: 2}]
    expect: {attempts: {save: 3}, tables: {rows: {x: {at: "2026-01-01T00:00:00.000Z"}}}}
  - name: a request is bound to inputs
    given: {event: {trigger: form, path: {name: dog}, body: {generate: {width: 20, height: 20}}}}
    expect: {stores: {files: {out/dog-16.png: {any: true}}}, tables: {rows: {others: allow, dog: {}, cat: {absent: true}}}}
  - name: an object is bound with its bytes
    given:
      event: {trigger: made, key: in/bird.png}
      stores: {files: {in/bird.png: {generate: {width: 20, height: 20, format: png}}}}
    expect: {stores: {files: {in/bird.png: {any: true}, out/bird-16.png: {any: true}}}}
  - name: an object that is gone is told
    given: {event: {trigger: made, key: in/bird.png}}
    expect: {error: {code: store.not_found}, tables: {rows: {}}}
  - name: one item may fail
    given: {input: {file: {generate: {width: 40, height: 30}}}}
    faults: [{step: save, error: store.denied}]
    expect: {steps: {all: {ok: 1, failed: 1}, save: {ok: 1, failed: 1}}, output: {failed: {len: 1}}}
END
check passing 0
says "ok pipelines/small.test.yaml:3: all matchers (N ms)"
ends_with "6 passed, 0 failed"
[ ! -e "$here/var" ] || complain "a test touched the stores of the project"

args="--only *bound*"
check "only some" 0
ends_with "2 passed, 0 failed"

args="--only nothing*"
check "a name that none has" 2
tells "no test has a name like nothing*"

args="pipelines/small.test.yaml --json"
check "a file, as JSON" 0
has "$work/out" '^{"schema":"pixmill.test/1","file":"pipelines/small.test.yaml","line":3,"pipeline":"small","name":"all matchers","outcome":"ok",'
has "$work/out" '^{"schema":"pixmill.test/1","passed":6,"failed":0,'

# ---- tests that fail ----------------------------------------------------------------------------------------------------

project failing <<'END'
version: 1
tests:
  - name: everything is wrong
    given: {input: {file: {generate: {width: 20, height: 30, format: png}}, name: cat}}
    expect:
      outcome: failed
      output: {note: bad, sizes: {len: 3}}
      steps: {row: skipped, all: {ok: "> 1"}}
      attempts: {save: 2}
      stores:
        files:
          out/cat-17.png: {any: true}
      tables: {rows: {cat: {quality: "<= 4", kind: {matches: "^x"}}}}
  - name: "a <name> & more"
    given: {input: {file: {text: hello}}}
    expect: {outcome: ok}
  - name: another error
    given: {input: {}}
    expect: {error: {code: decode.corrupt}}
END
args="--junit report.xml"
check failing 1
says "FAIL pipelines/small.test.yaml:3: everything is wrong (N ms)"
says "  pipelines/small.test.yaml:6:16: outcome: ok (expected failed)"
says '  pipelines/small.test.yaml:7:22: output.note: "fine" (expected bad)'
says '  pipelines/small.test.yaml:7:40: output.sizes: [{"w":16}] (expected a length of 3)'
says "  pipelines/small.test.yaml:8:15: step row: ok 1 (expected skipped)"
says "  pipelines/small.test.yaml:8:39: step all ok: 1 (expected > 1)"
says "  pipelines/small.test.yaml:9:24: attempts of save: 1 (expected 2)"
says "  pipelines/small.test.yaml:11:9: files:out/cat-16.png is there, and was not expected; \`others: allow\` allows that"
says "  pipelines/small.test.yaml:12:11: files:out/cat-17.png is not there"
says "  pipelines/small.test.yaml:13:38: rows:cat.quality: 60 (expected <= 4)"
says '  pipelines/small.test.yaml:13:62: rows:cat.kind: "small" (expected a match of ^x)'
says '  pipelines/small.test.yaml:19:28: error.code: "input.missing" (expected decode.corrupt)'
ends_with "0 passed, 3 failed"
has "$here/report.xml" '<testsuite name="pixmill" tests="3" failures="3" errors="0"'
has "$here/report.xml" 'name="a &#60;name&#62; &#38; more"'
has "$here/report.xml" '<failure message="output.note: &#34;fine&#34; (expected bad)">pipelines/small.test.yaml:7:22</failure>'
if command -v xmllint >/dev/null; then
    xmllint --noout "$here/report.xml" || complain "report.xml is no XML"
fi

# ---- pictures -----------------------------------------------------------------------------------------------------------

project pictures <<'END'
version: 1
tests:
  - name: it looks as it did
    given: {input: {file: {generate: {width: 32, height: 24, seed: 1, format: png}}, name: p}}
    expect: {stores: {files: {others: allow, out/p-32.png: {image: {like: {file: golden/p.png}}}}}}
END
check "no golden file" 1
says "  pipelines/small.test.yaml:5:75: files:out/p-32.png: there is no golden/p.png to compare with"
says "  saved .pixmill/failed/p.actual.png; accept it with --bless"
[ -s "$here/.pixmill/failed/p.actual.png" ] || complain "the picture was not saved"
args=--bless
check "bless makes the golden file" 0
[ -s "$here/pipelines/golden/p.png" ] || complain "there is no golden file"
args=
check "and then it is compared" 0
sed -i 's/seed: 1/seed: 2/' "$here/pipelines/small.test.yaml"
cp "$here/pipelines/golden/p.png" "$work/before.png"
check "another picture fails" 1
has "$work/out" 'like golden/p.png: mean_de [0-9.]* (expected <= 1), dhash [0-9]* (expected <= 12)'
[ -s "$here/.pixmill/failed/p.diff.png" ] || complain "the difference was not saved"
cmp -s "$here/pipelines/golden/p.png" "$work/before.png" || complain "the golden file was changed without --bless"
args=--bless
check "bless accepts the other one" 0
cmp -s "$here/pipelines/golden/p.png" "$work/before.png" && complain "the golden file was not written"

# ---- test files with errors ---------------------------------------------------------------------------------------------

project wrong <<'END'
version: 1
tests:
  - name: misspelt
    given: {inputs: {}, event: {trigger: fomr}, stores: {flies: {}}, tables: {rows: {a: {k: 1}}}}
    faults: [{step: savee, error: store.throttled}]
    expect:
      outcome: okay
      output: {sizes: {lenn: 3}, nota: 1}
      steps: {rwo: ok}
      stores: {files: {a.png: {image: {widht: 3}}}}
      tables: {rows: {a: {kind: {matches: "("}}}}
  - name: nothing is expected
    given: {input: {file: {file: no/such.jpg}}}
  - name: bytes without a source, from two, and with what only objects have
    given:
      input: {file: {text: a, meta: {name: b}}}
      stores: {files: {a.png: {meta: {name: b}}, b.png: {text: a, file: b, meta: {name: c}}, c.png: {text: a, meta: [b]}}}
    expect: {outcome: ok}
END
check "errors in a test file" 3
tells "pipelines/small.test.yaml:4:13: error[E120]: unknown key \`inputs\` of \`given\`"
tells "did you mean \`input\`?"
tells "error[E604]: pipeline \`small\` has no trigger \`fomr\`"
tells "error[E503]: profile \`local\` has no store \`flies\`"
tells "pipelines/small.test.yaml:5:21: error[E211]: pipeline \`small\` has no step \`savee\`"
tells "did you mean \`save\`?"
tells "error[E110]: \`okay\` is no value of \`outcome\`"
tells "pipelines/small.test.yaml:8:24: error[E601]: there is no matcher \`lenn\`"
tells "did you mean \`len\`?"
tells "error[E204]: the output of pipeline \`small\` has no field \`nota\`"
tells "error[E211]: pipeline \`small\` has no step \`rwo\`"
tells "error[E120]: unknown key \`widht\` of \`image\`"
tells "error[E123]: this pattern cannot be"
tells "error[E122]: a test without \`expect\` cannot fail"
tells "error[E603]: there is no file \`no/such.jpg\`"
tells "pipelines/small.test.yaml:16:31: error[E120]: unknown key \`meta\` of what bytes come from"
tells "pipelines/small.test.yaml:17:31: error[E124]: bytes come from one of"
tells "pipelines/small.test.yaml:17:57: error[E125]: bytes come from one of"
tells "error[E121]: \`meta\` is a list; it must be a map"
[ ! -s "$work/out" ] || complain "tests ran in spite of errors"

project broken <<'END'
version: 1
tests:
  - name: [unclosed
END
check "broken YAML" 3
tells "error[E002]"

project stray <<'END'
version: 1
tests: [{name: fine, given: {input: {}}, expect: {outcome: failed}}]
END
mv "$here/pipelines/small.test.yaml" "$here/pipelines/smal.test.yaml"
check "a test of no pipeline" 3
tells "error[E602]: pipelines/smal.test.yaml: there is no pipeline \`smal\`"

# ---- tests inside a pipeline --------------------------------------------------------------------------------------------

project inside <<'END'
version: 1
tests: []
END
cat >>"$here/pipelines/small.yaml" <<'END'
tests:
  - {name: without a file, given: {input: {}}, expect: {error: {code: input.missing}}}
END
check "tests inside a pipeline" 0
ends_with "1 passed, 0 failed"

what="wrong use"
args="nothing.txt"
check "no test file" 2

if [ "$failed" -gt 0 ]; then
    echo "$failed failed"
    exit 1
fi
echo "all passed"
