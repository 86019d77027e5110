/* The verbs: what they are called, take and mean. Help, completion and man pages are made from this table. */
#include "cli.h"

static const struct args_option check_options[] = {
    {"format", 'f', "FORMAT", ARGS_WORDS, "human short json sarif github", "human, short, json, sarif or github"},
    {"deny-warnings", 'D', NULL, ARGS_TEXT, NULL, "fail on warnings too"},
    {"connect", 0, NULL, ARGS_TEXT, NULL, "open the profile's stores, tables and queues and see that they answer"},
    {0},
};

static const struct args_option run_options[] = {
    {"set", 's', "NAME=VALUE", ARGS_TEXT, NULL,
     "an input; with --each, {path} {rel} {name} and {stem} stand for the file's"},
    {"expression", 'e', "STEPS", ARGS_TEXT, NULL,
     "run these steps instead of a pipeline: 'decode ! thumbnail width=320'"},
    {"print", 0, NULL, ARGS_TEXT, NULL, "with -e: print the pipeline it stands for, and stop"},
    {"output", 'o', "FILE", ARGS_FILE, NULL, "write the bytes that the pipeline gives to FILE ('-': standard output)"},
    {"trace", 't', NULL, ARGS_TEXT, NULL, "tell of each step: outcome, tries, time, size"},
    {"dry-run", 'n', NULL, ARGS_TEXT, NULL, "check and open everything, run nothing"},
    {"each", 0, "PATH", ARGS_FILE, NULL, "run once for each file: a folder, or a pattern such as 'in/**/*.jpg'"},
    {"jobs", 'j', "N", ARGS_TEXT, NULL,
     "how many runs at once; default: `workers` of `hosts: cli:`, else one per processor"},
    {"state", 0, "FILE", ARGS_FILE, NULL, "with --each: write down each file's outcome (JSON lines)"},
    {"resume", 0, "FILE", ARGS_FILE, NULL, "with --each: go on from such a file; what succeeded is not repeated"},
    {"max-fail", 0, "N", ARGS_TEXT, NULL, "with --each: give up after N failures, or a share such as 1%"},
    {"time", 0, "DURATION", ARGS_TEXT, NULL, "deadline of each run, such as 30s"},
    {0},
};

static const struct args_option test_options[] = {
    {"only", 0, "PATTERN", ARGS_TEXT, NULL, "tests whose name matches, with * and ?"},
    {"bless", 0, NULL, ARGS_TEXT, NULL, "write pictures that differ over their golden files"},
    {"junit", 0, "FILE", ARGS_FILE, NULL, "also write the outcome as JUnit XML"},
    {0},
};

static const struct args_option serve_options[] = {
    {"host", 0, "ADDRESS", ARGS_TEXT, NULL, "listen on this address; default: 127.0.0.1, this machine alone"},
    {"port", 0, "N", ARGS_TEXT, NULL, "listen on this port; default: 8080; 0: any that is free"},
    {"state", 0, "FOLDER", ARGS_FOLDER, NULL,
     "all that it keeps; default: $PIXMILL_STATE or $STATE_DIRECTORY, else var in the project"},
    {"workers", 'j', "N", ARGS_TEXT, NULL, "how many pictures at once; default: one per processor"},
    {"log", 0, "FORMAT", ARGS_WORDS, "text json", "log as text (default) or JSON lines"},
    {"origin", 0, "URL", ARGS_TEXT, NULL, "pages of this origin may use the API, too; may be repeated"},
    {"upload-token-file", 0, "FILE", ARGS_FILE, NULL, "who has the token in FILE may upload; default: upload.token"},
    {"operator-token-file", 0, "FILE", ARGS_FILE, NULL, "the same of who operates it; default: operator.token"},
    {"site", 0, "FOLDER", ARGS_FOLDER, NULL, "the built web page; default: the one installed with pixmill"},
    {"trust-proxy", 0, NULL, ARGS_TEXT, NULL, "believe the X-Forwarded headers: there is a proxy in front"},
    {0},
};

static const struct args_option jobs_options[] = {
    {"state", 0, "FOLDER", ARGS_FOLDER, NULL, "the daemon's folder; default: as of serve"},
    {"all", 0, NULL, ARGS_TEXT, NULL, "with retry: all of them"},
    {0},
};

static const struct args_option invoke_options[] = {
    {"host", 0, "HOST", ARGS_WORDS, "lambda", "the host that would get the event: lambda (default)"},
    {"handler", 0, "NAME", ARGS_TEXT, NULL,
     "the function: one of `hosts: lambda: functions`, or pipelines such as upload,presign; default: all"},
    {0},
};

static const struct args_option plugins_options[] = {
    {"markdown", 0, NULL, ARGS_TEXT, NULL, "describe as a reference page"},
    {"man", 0, NULL, ARGS_TEXT, NULL, "describe as a man page"},
    {0},
};

static const struct args_option schema_options[] = {
    {"out", 'o', "FOLDER", ARGS_FOLDER, NULL, "write project, pipeline and test schemas there"},
    {0},
};

static const struct args_option graph_options[] = {
    {"format", 'f', "FORMAT", ARGS_WORDS, "mermaid dot", "mermaid (default) or dot"},
    {0},
};

static const struct args_option no_options[] = {{0}};

const struct args_verb cli_verbs[] = {
    {.name = "check",
     .arguments = "[FILE...]",
     .most = 256,
     .kind = ARGS_FILE,
     .summary = "find everything that is wrong in a project or pipeline",
     .details = "Without --connect nothing outside the files is looked at: no environment, no network, no store.\n",
     .examples = "  pixmill check\n  pixmill check --format github -D\n  pixmill check --profile local --connect\n",
     .options = check_options,
     .run = verb_check},
    {.name = "run",
     .arguments = "PIPELINE [FILE]",
     .most = 2,
     .kind = ARGS_PIPELINE,
     .summary = "run a pipeline on one file, or on each of many",
     .details = "FILE goes to the pipeline's input of type blob. The result is printed as JSON.\n"
                "PIPELINE is the name of one in the project, or a .yaml file.\n",
     .examples = "  pixmill run upload photo.jpg\n"
                 "  pixmill run -e 'decode ! thumbnail width=320 ! encode format=webp' photo.jpg -o small.webp\n"
                 "  pixmill run upload --each 'in/**/*.jpg' --jobs 2 --state run.jsonl\n",
     .options = run_options,
     .run = verb_run},
    {.name = "test",
     .arguments = "[FILE...]",
     .most = 256,
     .kind = ARGS_FILE,
     .summary = "run the tests of pipelines (*.test.yaml)",
     .details = "Stores, tables, queues and secrets are in memory, the clock and run ids are fixed: nothing outside is "
                "touched.\n",
     .examples = "  pixmill test\n  pixmill test --only 'landscape*'\n",
     .options = test_options,
     .run = verb_test},
    {.name = "serve",
     .arguments = "",
     .summary = "run the project's HTTP routes, jobs and schedules: the daemon",
     .details =
         "What is acknowledged is durable, and its jobs are journaled in the state folder, which one daemon has "
         "at a\ntime. Tokens and keys that are missing are made there. Without a project here or above it serves "
         "the app\nthat is installed with it. What is not said here is as `hosts: daemon:` of pixmill.yaml says. "
         "A changed\nfile or SIGHUP loads the project anew; SIGTERM ends what was begun, then the daemon.\n",
     .examples =
         "  pixmill serve\n  pixmill serve --project pipelines --port 8080 --state /var/lib/pixmill --log json\n",
     .exits =
         "0 after SIGTERM or SIGINT; 2 wrong usage; 69 something is not to be had, such as the address or the state "
         "folder; 78 the project has errors",
     .options = serve_options,
     .run = verb_daemon},
    {.name = "jobs",
     .arguments = "[list | show ID | retry ID... | retry --all | discard ID...]",
     .most = 257,
     .kind = ARGS_WORDS,
     .words = "list show retry discard",
     .summary = "list the daemon's dead letters, run them again, or discard them",
     .details = "A dead letter is a job that failed for good. It works on the journal of a state folder, whether a "
                "daemon\nruns or not.\n",
     .examples = "  pixmill jobs\n  pixmill jobs show 17 --state /var/lib/pixmill\n  pixmill jobs retry --all\n",
     .exits = "0 done; 1 failed; 2 wrong usage; 5 some of several failed; 6 failed, but repeating may help",
     .options = jobs_options,
     .run = verb_daemon},
    {.name = "invoke",
     .arguments = "EVENT.json",
     .least = 1,
     .most = 1,
     .kind = ARGS_FILE,
     .summary = "hand an event to a function in this process, and print its answer",
     .details =
         "EVENT.json ('-': standard input) is an event as AWS Lambda hands it over: of a gateway, of S3, SQS, SNS "
         "or\nEventBridge, or {\"pipeline\": NAME, ...}. Settings come from the same environment as in Lambda. The "
         "log goes\nto standard error.\n",
     .examples = "  pixmill invoke --handler upload event.json\n"
                 "  echo '{\"pipeline\": \"thumbnails\", \"key\": \"uploads/a.jpg\"}' | pixmill invoke -\n",
     .exits = "0 answered; 1 the function failed; 2 wrong usage; 3 the project has errors",
     .options = invoke_options,
     .run = verb_invoke},
    {.name = "tables",
     .arguments = "create [TABLE]",
     .least = 1,
     .most = 2,
     .kind = ARGS_WORDS,
     .words = "create",
     .summary = "make the tables of the profile, and their indexes, where they are missing",
     .details =
         "TABLE is the name of one in the project; without it all are made. What is there already stays as it is."
         "\nNothing else ever makes a table of a service.\n",
     .examples = "  pixmill tables create --profile aws\n  pixmill tables create images --profile aws --json\n",
     .options = no_options,
     .run = verb_tables},
    {.name = "queues",
     .arguments = "create [QUEUE]",
     .least = 1,
     .most = 2,
     .kind = ARGS_WORDS,
     .words = "create",
     .summary = "make the queues of the profile, and those of their dead letters, where they are missing",
     .details =
         "QUEUE is the name of one in the project; without it all are made. Stores that tell of their objects "
         "through a\nqueue (`events`) may send to one that is made. What is there already stays as it is: what it "
         "lacks, or has\notherwise than the project says, is told. Nothing else ever makes a queue of a service.\n",
     .examples = "  pixmill queues create --profile aws-queue\n"
                 "  pixmill queues create uploads --profile aws-queue --json\n",
     .options = no_options,
     .run = verb_queues},
    {.name = "plugins",
     .arguments = "list | describe NAME",
     .least = 1,
     .most = 2,
     .kind = ARGS_PLUGIN,
     .summary = "list plugins, or describe an operation, driver or plugin",
     .examples =
         "  pixmill plugins list\n  pixmill plugins describe thumbnail\n  pixmill plugins describe vips.gaussblur\n",
     .options = plugins_options,
     .run = verb_plugins},
    {.name = "schema",
     .arguments = "[project | pipeline | test]",
     .most = 1,
     .kind = ARGS_WORDS,
     .words = "project pipeline test",
     .summary = "print or write JSON Schemas for editors",
     .examples = "  pixmill schema --out .pixmill\n",
     .options = schema_options,
     .run = verb_schema},
    {.name = "graph",
     .arguments = "PIPELINE",
     .least = 1,
     .most = 1,
     .kind = ARGS_PIPELINE,
     .summary = "draw the data flow of a pipeline",
     .details = "Dashed lines are the order of effects only.\n",
     .examples = "  pixmill graph upload\n  pixmill graph upload --format dot | dot -Tsvg > upload.svg\n",
     .options = graph_options,
     .run = verb_graph},
    {.name = "explain",
     .arguments = "PIPELINE | CODE",
     .least = 1,
     .most = 1,
     .kind = ARGS_PIPELINE,
     .summary = "tell what a pipeline does and needs, or what a code such as E205 means",
     .options = no_options,
     .run = verb_explain},
    {.name = "completion",
     .arguments = "bash | zsh | fish",
     .least = 1,
     .most = 2,
     .kind = ARGS_WORDS,
     .words = "bash zsh fish",
     .summary = "print the completion script of a shell",
     .examples = "  source <(pixmill completion bash)\n",
     .options = no_options,
     .run = verb_completion},
    {.name = "man",
     .arguments = "[VERB]",
     .most = 1,
     .kind = ARGS_TEXT,
     .summary = "print a man page",
     .examples = "  pixmill man run | man -l -\n",
     .options = no_options,
     .run = verb_man},
    {0},
};
