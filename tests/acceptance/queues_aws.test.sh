#!/bin/sh
# pixmill queues: makes what is missing of the queues of a profile, tells how the others differ, and does nothing else.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../aws-gate/gate_lib.sh
. "$(dirname "$0")/../aws-gate/gate_lib.sh"
without_leak_check
start_gate
url=https://sqs.us-east-1.amazonaws.com/000000000000

make_project() {
    reset_gate
    control /settings '{"buckets":["others"]}'
    cat >pixmill.yaml <<'YAML'
version: 1
profiles:
  local:
    tables: {images: {sqlite: {path: var/images.db, table: images}}}
    queues:
      jobs: {sqlite: {path: var/jobs.db, queue: jobs}}
      mail: {sqlite: {path: var/jobs.db, queue: mail}}
  away:
    stores:
      images: {s3: {bucket: images}, events: made}
      others: {s3: {bucket: others}, events: made}
    queues:
      jobs: {sqs: {queue: jobs, max_receives: 3, visibility: 2m, retention: 14d, dead_letters: graves}}
      made: {sqs: {queue: "https://sqs.us-east-1.amazonaws.com/000000000000/made"}}
  there:
    stores: {images: {s3: {bucket: images}, events: made}}
    queues: {made: {sqs: {queue: messages, visibility: 1m}}}
  tables: {tables: {images: {sqlite: {path: var/images.db, table: images}}}}
YAML
    mkdir var
}

# attribute QUEUE NAME: as the service has it.
attribute() {
    control /queue '{"operation":"GetQueueAttributes","request":{"QueueUrl":"'"$url/$1"'","AttributeNames":["All"]}}'
    json_get "reply.Attributes.$2" <"$work/control"
}

# How many requests there were for an operation.
count_calls() {
    control /state
    grep -o "AmazonSQS.$1\"" "$work/control" | wc -l
}

it queues_in_a_file_are_there_already
make_project
run pixmill queues create
expect_code 0
expect_out 'jobs (sqlite): nothing to do' 'mail (sqlite): nothing to do'
run pixmill queues create mail --json
expect_code 0
expect_json_document
expect_json '#' 1
expect_json 0.queue mail
expect_json 0.driver sqlite
expect_json '0.made.#' 0
expect_json '0.there.#' 0
expect_json '0.differs.#' 0

it all_that_is_missing_is_made_once
make_project
run pixmill check --profile away --connect
expect_code 1
run pixmill queues create --profile away
expect_code 0
expect_out 'jobs (sqs): made queue graves, queue jobs' 'made (sqs): made queue made-dead, queue made'
expect_equal "$(attribute jobs VisibilityTimeout)" 120 visibility
expect_equal "$(attribute jobs MessageRetentionPeriod)" 1209600 retention
expect_equal "$(attribute jobs RedrivePolicy | json_get maxReceiveCount)" 3 'max_receives'
expect_equal "$(attribute made RedrivePolicy | json_get deadLetterTargetArn)" \
    arn:aws:sqs:us-east-1:000000000000:made-dead 'dead letters'
expect_equal "$(attribute made Policy | json_get Statement.0.Condition.ArnEquals.aws:SourceArn.1)" arn:aws:s3:::others sender
run pixmill check --profile away --connect
expect_code 0
run pixmill queues create --profile away --json
expect_code 0
expect_json_document
expect_json '#' 2
expect_json '0.made.#' 0
expect_json 0.there.0 'queue jobs'
expect_json 0.there.1 'queue graves'
expect_json '1.differs.#' 0
expect_equal "$(count_calls CreateQueue)" 4 'queues that were made'

it one_of_several_is_made
make_project
run pixmill queues create made --profile away
expect_code 0
expect_out 'made (sqs): made queue made-dead, queue made'
reject_out 'jobs'
expect_equal "$(count_calls CreateQueue)" 2 'queues that were made'

it what_a_queue_that_is_there_has_otherwise_is_told_and_not_changed
make_project
run pixmill queues create --profile there
expect_code 0
expect_out 'made (sqs): nothing to do; there: queue messages, queue letters' \
    '  differs: queue messages: max_receives 3 instead of 5' \
    '  differs: queue messages: visibility in seconds 30 instead of 60' \
    '  differs: queue messages: its policy does not let the bucket images send to it'
run pixmill queues create --profile there --json
expect_code 0
expect_json 0.differs.0 'queue messages: max_receives 3 instead of 5'
expect_equal "$(count_calls CreateQueue)$(count_calls SetQueueAttributes)" 00 changes

it who_may_not_is_told
make_project
run env AWS_ACCESS_KEY_ID=AKIDDENIED pixmill queues create --profile away
expect_code 1
expect_err 'queue.denied' 'AccessDeniedException'
reject_err "$gate_secret"
run env AWS_REGION=eu-central-1 pixmill queues create jobs --profile away --json
expect_code 1
expect_json 0.error.code queue.denied
expect_equal "$(count_calls CreateQueue)" 0 'queues that were made'

it what_may_pass_is_told_with_its_code_and_the_others_are_made
make_project
control /faults '[{"times":3,"target":"GetQueueUrl","status":400,"body":"{\"__type\":\"x#RequestThrottled\"}"}]'
run pixmill queues create --profile away --json
expect_code 6
expect_json 0.queue jobs
expect_json 0.error.code queue.unavailable
expect_json '0.made.#' 0
expect_json 1.made.1 'queue made'

it what_cannot_be_is_refused
make_project
run pixmill queues create --profile nowhere
expect_code 3
run pixmill queues create images
expect_code 2
expect_err 'the profile local has no queue "images"'
run pixmill queues
expect_code 2
run pixmill queues delete jobs
expect_code 2
expect_err 'queues create'
sed -i 's/queue: jobs,/queue: jobs.fifo,/' pixmill.yaml
run pixmill queues create --profile away
expect_code 3
expect_err 'keeps an order'

it a_profile_without_any_has_nothing_to_make
make_project
run pixmill queues create --profile tables
expect_code 0
expect_out 'the profile tables has no queues'
run pixmill queues create --profile tables --json
expect_code 0
expect_json '#' 0

done_testing
