/* pixmill man: pages in man(7) form, written from the verb table. */
#include "man.h"

#include "cli.h"

#include <string.h>

void man_print_text(const char *text)
{
    bool start = true;

    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\'')) {
            fputs("\\&", stdout);
        }
        if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '-') {
            fputs("\\-", stdout);
        } else {
            putchar(*text);
        }
        start = *text == '\n';
    }
}

void man_print_head(const char *name, int section, const char *summary)
{
    printf(".TH \"%s\" %d \"\" \"pixmill %s\" \"pixmill\"\n.SH NAME\n%s \\- ", name, section, PXM_VERSION, name);
    man_print_text(summary);
    printf("\n");
}

static void print_option(const struct args_option *option)
{
    printf(".TP\n");
    if (option->letter) {
        printf("\\fB\\-%c\\fR, ", option->letter);
    }
    printf("\\fB\\-\\-");
    man_print_text(option->name);
    printf("\\fR");
    if (option->value) {
        printf(" \\fI%s\\fR", option->value);
    }
    printf("\n");
    man_print_text(option->help);
    printf(".\n");
}

/* `exits` NULL: those of all verbs. */
static void print_exit_codes(const char *exits)
{
    printf(".SH EXIT STATUS\n");
    man_print_text(exits ? exits
                         : "0 done; 1 a run or test failed; 2 wrong usage; 3 the project has errors; 4 a plugin cannot "
                           "be loaded; 5 some of a batch failed; 6 failed, but repeating may help; 130 interrupted");
    printf(".\n");
}

static void print_verb(const struct args_verb *verb)
{
    char name[64];

    snprintf(name, sizeof name, "pixmill-%s", verb->name);
    man_print_head(name, 1, verb->summary);
    printf(".SH SYNOPSIS\n\\fBpixmill %s\\fR ", verb->name);
    man_print_text(verb->arguments);
    printf(" [\\fIOPTIONS\\fR]\n");
    if (verb->details) {
        printf(".SH DESCRIPTION\n");
        man_print_text(verb->details);
    }
    printf(".SH OPTIONS\n");
    for (const struct args_option *o = verb->options; o && o->name; o++) {
        print_option(o);
    }
    for (const struct args_option *o = args_common; o->name; o++) {
        print_option(o);
    }
    if (verb->examples) {
        printf(".SH EXAMPLES\n.nf\n");
        man_print_text(verb->examples);
        printf(".fi\n");
    }
    print_exit_codes(verb->exits);
    printf(".SH SEE ALSO\n\\fBpixmill\\fR(1)\n");
}

static void print_all(void)
{
    man_print_head("pixmill", 1, "image pipelines that are declared in YAML");
    printf(".SH SYNOPSIS\n\\fBpixmill\\fR \\fIVERB\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n.SH VERBS\n");
    for (const struct args_verb *verb = cli_verbs; verb->name; verb++) {
        printf(".TP\n\\fB%s\\fR ", verb->name);
        man_print_text(verb->arguments);
        printf("\n");
        man_print_text(verb->summary);
        printf("; see \\fBpixmill\\-%s\\fR(1).\n", verb->name);
    }
    printf(".SH ENVIRONMENT\n.TP\n\\fBPIXMILL_PROFILE\\fR\nthe profile to use where none is named.\n"
           ".TP\n\\fBPIXMILL_PLUGIN_PATH\\fR\nfolders of plugins, separated by colons, before the installed one.\n"
           ".TP\n\\fBNO_COLOR\\fR\nno colour, if it is not empty.\n");
    print_exit_codes(NULL);
}

int verb_man(struct cli *cli, const struct args *args)
{
    (void)cli;
    if (args->count == 0) {
        print_all();
        return CLI_OK;
    }
    for (const struct args_verb *verb = cli_verbs; verb->name; verb++) {
        if (strcmp(verb->name, args->words[0]) == 0) {
            print_verb(verb);
            return CLI_OK;
        }
    }
    fprintf(stderr, "pixmill man: there is no verb `%s`\n", args->words[0]);
    return CLI_USAGE;
}
