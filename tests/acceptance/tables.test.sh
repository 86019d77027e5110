#!/bin/sh
# pixmill tables: makes what is missing of the tables of a profile, and nothing else does.
. "$(dirname "$0")/lib.sh"
without_leak_check

make_project() {
    cat >pixmill.yaml <<'YAML'
version: 1
profiles:
  local:
    tables:
      images: {sqlite: {path: var/images.db, table: images}}
      others: {sqlite: {path: var/images.db, table: others}}
  away:
    secrets: {key: {env: TABLE_KEY}, secret: {env: TABLE_SECRET}}
    tables:
      images:
        dynamodb:
          table: Images
          endpoint: http://127.0.0.1:1
          access_key: ${secret.key}
          secret_key: ${secret.secret}
          max_attempts: 1
YAML
}
export TABLE_KEY=AKID TABLE_SECRET=secret-of-the-table

it all_tables_are_made_or_one
make_project
run pixmill tables create
expect_code 0
expect_out 'images (sqlite): nothing to do' 'others (sqlite): nothing to do'
run pixmill tables create others --json
expect_code 0
expect_json_document
expect_json '#' 1
expect_json 0.table others
expect_json 0.driver sqlite
expect_json '0.made.#' 0

it a_table_that_is_not_there_is_told_and_not_made
make_project
run pixmill tables create nothing
expect_code 2
expect_err 'no table "nothing"'

it a_service_that_does_not_answer_is_told_with_the_code_of_what_may_pass
make_project
run pixmill tables create --profile away
expect_code 6
expect_err 'table.unavailable' 'cannot describe the table Images'
reject_err "$TABLE_SECRET"
run pixmill tables create --profile away --json
expect_code 6
expect_json_document
expect_json 0.error.code table.unavailable

it there_is_only_create
make_project
run pixmill tables
expect_code 2
run pixmill tables drop images
expect_code 2
expect_err 'tables create'

done_testing
