/* pixmill completion: scripts for shells, written from the verb table; names that only a project knows are asked for at
 * the moment of completing ("pixmill completion words pipelines"). */
#include "cli.h"

#include <string.h>

static const char *const kind_names[] = {"",        "files",      "folders", "pipelines", "profiles",
                                         "plugins", "operations", "codes",   ""};

/* ---- words ------------------------------------------------------------------------------------------------------- */

static void print_pipelines(const struct cli_project *project)
{
    for (size_t i = 0; project->project && i < project->project->program_count; i++) {
        puts(project->project->programs[i]->name);
    }
}

static void print_profiles(const struct cli_project *project)
{
    for (size_t i = 0; project->project && i < project->project->profile_count; i++) {
        puts(project->project->profiles[i].name);
    }
}

static void print_operations(struct cli_project *project)
{
    size_t count = 0;

    cli_load_all(project);
    const char *const *names = project->catalog.operation_names(project->catalog.arg, &count);
    for (size_t i = 0; names && i < count; i++) {
        puts(names[i]);
    }
}

static int print_words(const struct args *args, const char *kind)
{
    struct cli_project project;

    if (strcmp(kind, "codes") == 0) {
        for (size_t i = 0; pxm_diag_code_at(i); i++) {
            puts(pxm_diag_code_at(i));
        }
        return CLI_OK;
    }
    if (cli_project_load(args, NULL, NULL, &project) != CLI_OK) {
        return CLI_FAILED;
    }
    if (strcmp(kind, "pipelines") == 0) {
        print_pipelines(&project);
    } else if (strcmp(kind, "profiles") == 0) {
        print_profiles(&project);
    } else {
        print_operations(&project);
    }
    cli_project_done(&project);
    return CLI_OK;
}

/* ---- bash -------------------------------------------------------------------------------------------------------- */

static void bash_reply(const char *indent, enum args_kind kind, const char *words)
{
    if (kind == ARGS_FILE || kind == ARGS_FOLDER) {
        printf("%sCOMPREPLY=($(compgen -%c -- \"$cur\")); compopt -o filenames;;\n", indent,
               kind == ARGS_FILE ? 'f' : 'd');
    } else if (kind == ARGS_WORDS || kind == ARGS_TEXT) {
        printf("%sCOMPREPLY=($(compgen -W \"%s\" -- \"$cur\"));;\n", indent, words ? words : "");
    } else {
        printf("%sCOMPREPLY=($(compgen -W \"$(pixmill completion words %s 2>/dev/null)\" -- \"$cur\"));;\n", indent,
               kind_names[kind]);
    }
}

/* What may follow the options that take a value; `verb`: whose they are, or "*". */
static void bash_values(const char *verb, const struct args_option *options)
{
    for (const struct args_option *o = options; o && o->name; o++) {
        if (o->value) {
            printf("    %s:--%s", verb, o->name);
            if (o->letter) {
                printf("|%s:-%c", verb, o->letter);
            }
            printf(")\n");
            bash_reply("      ", o->kind, o->words);
        }
    }
}

static void bash_verb(const struct args_verb *verb)
{
    printf("    %s:-*) COMPREPLY=($(compgen -W \"", verb->name);
    for (const struct args_option *o = verb->options; o && o->name; o++) {
        printf("--%s ", o->name);
    }
    for (const struct args_option *o = args_common; o->name; o++) {
        printf("--%s ", o->name);
    }
    printf("\" -- \"$cur\"));;\n    %s:*)\n", verb->name);
    bool is_named = verb->kind == ARGS_PIPELINE || verb->kind == ARGS_PLUGIN || verb->kind == ARGS_WORDS;
    bash_reply("      ", is_named ? verb->kind : ARGS_FILE, verb->words);
}

static void bash(void)
{
    printf("# bash completion of pixmill\n_pixmill() {\n  local cur=${COMP_WORDS[COMP_CWORD]} "
           "prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "  local verb=${COMP_WORDS[1]}\n  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W \"");
    for (const struct args_verb *verb = cli_verbs; verb->name; verb++) {
        printf("%s ", verb->name);
    }
    printf("\" -- \"$cur\"))\n    return\n  fi\n  case $verb:$prev in\n");
    for (const struct args_verb *verb = cli_verbs; verb->name; verb++) {
        bash_values(verb->name, verb->options);
    }
    bash_values("*", args_common);
    printf("    *) case $verb:$cur in\n");
    for (const struct args_verb *verb = cli_verbs; verb->name; verb++) {
        bash_verb(verb);
    }
    printf("    esac;;\n  esac\n}\ncomplete -F _pixmill pixmill\n");
}

/* ---- zsh and fish ------------------------------------------------------------------------------------------------ */

static void print_quoted(const char *text)
{
    for (; *text; text++) {
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, stdout);
    }
}

/* zsh runs bash's completion functions, so there is one script to be right. */
static void zsh(void)
{
    printf("#compdef pixmill\nautoload -U +X bashcompinit && bashcompinit\n");
    bash();
}

static void fish_option(const char *verb, const struct args_option *o)
{
    printf("complete -c pixmill -n '__fish_seen_subcommand_from %s' -l %s", verb, o->name);
    if (o->letter) {
        printf(" -s %c", o->letter);
    }
    if (o->value && (o->kind == ARGS_FILE || o->kind == ARGS_FOLDER)) {
        printf(" -r");
    } else if (o->value && o->kind == ARGS_WORDS) {
        printf(" -x -a '%s'", o->words);
    } else if (o->value && o->kind != ARGS_TEXT) {
        printf(" -x -a '(pixmill completion words %s 2>/dev/null)'", kind_names[o->kind]);
    } else if (o->value) {
        printf(" -x");
    }
    printf(" -d '");
    print_quoted(o->help);
    printf("'\n");
}

static void fish(void)
{
    printf("# fish completion of pixmill\n");
    for (const struct args_verb *verb = cli_verbs; verb->name; verb++) {
        printf("complete -c pixmill -n __fish_use_subcommand -a %s -d '", verb->name);
        print_quoted(verb->summary);
        printf("'\n");
        for (const struct args_option *o = verb->options; o && o->name; o++) {
            fish_option(verb->name, o);
        }
        for (const struct args_option *o = args_common; o->name; o++) {
            fish_option(verb->name, o);
        }
        if (verb->kind == ARGS_PIPELINE || verb->kind == ARGS_PLUGIN) {
            printf("complete -c pixmill -n '__fish_seen_subcommand_from %s' -a '(pixmill completion words %s "
                   "2>/dev/null)'\n",
                   verb->name, kind_names[verb->kind]);
        } else if (verb->kind == ARGS_WORDS) {
            printf("complete -c pixmill -n '__fish_seen_subcommand_from %s' -a '%s'\n", verb->name, verb->words);
        }
    }
}

int verb_completion(struct cli *cli, const struct args *args)
{
    const char *shell = args->words[0];

    (void)cli;
    if (strcmp(shell, "words") == 0 && args->count == 2) {
        return print_words(args, args->words[1]);
    }
    if (strcmp(shell, "bash") == 0) {
        bash();
    } else if (strcmp(shell, "zsh") == 0) {
        zsh();
    } else if (strcmp(shell, "fish") == 0) {
        fish();
    } else {
        fprintf(stderr, "pixmill completion: bash, zsh or fish?\n");
        return CLI_USAGE;
    }
    return CLI_OK;
}
