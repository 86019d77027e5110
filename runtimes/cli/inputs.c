/* Turns --set and the file argument into the inputs of one run. Their types are checked by the engine. */
#include "inputs.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES_MAX = 64 << 10 };

static char *own(struct inputs *inputs, char *text)
{
    if (text && inputs->text_count < (size_t)2 * INPUTS_MAX) {
        inputs->texts[inputs->text_count++] = text;
        return text;
    }
    free(text);
    fprintf(stderr, "pixmill: out of memory\n");
    return NULL;
}

static const struct pxm_input *find_input(const struct pxm_program *program, const char *name, size_t length)
{
    for (size_t i = 0; i < program->input_count; i++) {
        if (strlen(program->inputs[i].name) == length && memcmp(program->inputs[i].name, name, length) == 0) {
            return &program->inputs[i];
        }
    }
    return NULL;
}

static void tell_unknown(const struct pxm_program *program, const char *name, size_t length)
{
    fprintf(stderr, "pixmill run: pipeline `%s` has no input `%.*s`; it has", program->name, (int)length, name);
    for (size_t i = 0; i < program->input_count; i++) {
        fprintf(stderr, " %s", program->inputs[i].name);
    }
    fprintf(stderr, program->input_count ? "\n" : " none\n");
}

void inputs_expand(struct pxm_buf *buf, const char *text, const char *file, const char *rel)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    const struct {
        const char *word, *value;
        size_t length;
    } words[] = {{"{path}", file, strlen(file)},
                 {"{rel}", rel, strlen(rel)},
                 {"{name}", name, strlen(name)},
                 {"{stem}", name, stem}};

    while (*text) {
        bool found = false;
        for (size_t i = 0; i < sizeof words / sizeof words[0] && !found; i++) {
            if (strncmp(text, words[i].word, strlen(words[i].word)) == 0) {
                pxm_buf_add(buf, words[i].value, words[i].length);
                text += strlen(words[i].word);
                found = true;
            }
        }
        if (!found) {
            pxm_buf_putc(buf, *text++);
        }
    }
}

static bool add_set(struct inputs *inputs, const struct pxm_program *program, const char *set, const char *file,
                    const char *rel)
{
    size_t length = strcspn(set, "=");
    const struct pxm_input *input = find_input(program, set, length);
    struct pxm_buf buf;

    if (set[length] != '=' || !input) {
        if (set[length] != '=') {
            fprintf(stderr, "pixmill run: --set takes NAME=VALUE\n");
        } else {
            tell_unknown(program, set, length);
        }
        return false;
    }
    if (inputs->count == INPUTS_MAX) {
        fprintf(stderr, "pixmill run: more than %d inputs\n", INPUTS_MAX);
        return false;
    }
    pxm_buf_init(&buf, VALUE_BYTES_MAX);
    if (file) {
        inputs_expand(&buf, set + length + 1, file, rel);
    } else {
        pxm_buf_puts(&buf, set + length + 1);
    }
    char *value = own(inputs, pxm_buf_take(&buf));
    if (!value) {
        return false;
    }
    struct pxm_input_value *slot = &inputs->values[inputs->count++];
    *slot = (struct pxm_input_value){.name = input->name};
    if ((input->type->bits & PXM_TYPE_BLOB) && value[0] == '@') {
        slot->path = value + 1;
    } else {
        slot->text = value;
    }
    return true;
}

/* The file goes to the one blob input that --set has not filled. */
static bool add_file(struct inputs *inputs, const struct pxm_program *program, const char *file, bool expanded)
{
    const struct pxm_input *target = NULL;

    for (size_t i = 0; i < program->input_count; i++) {
        bool filled = false;
        for (size_t j = 0; j < inputs->count; j++) {
            filled = filled || strcmp(inputs->values[j].name, program->inputs[i].name) == 0;
        }
        if (!filled && (program->inputs[i].type->bits & PXM_TYPE_BLOB)) {
            if (target) {
                fprintf(stderr, "pixmill run: which input is the file for? write --set %s=@FILE or --set %s=@FILE\n",
                        target->name, program->inputs[i].name);
                return false;
            }
            target = &program->inputs[i];
        }
    }
    if (!target) {
        if (!expanded) {
            fprintf(stderr, "pixmill run: pipeline `%s` takes no file\n", program->name);
        }
        return expanded; /* a batch may use nothing but the name */
    }
    inputs->values[inputs->count++] = (struct pxm_input_value){.name = target->name, .path = file};
    return true;
}

bool inputs_make(struct inputs *inputs, const struct args *args, const struct pxm_program *program, const char *file,
                 const char *rel, bool expand_names)
{
    *inputs = (struct inputs){0};
    for (size_t i = 0;; i++) {
        const char *set = args_nth(args, "set", i);
        if (!set) {
            break;
        }
        if (!add_set(inputs, program, set, expand_names ? file : NULL, rel ? rel : file)) {
            inputs_done(inputs);
            return false;
        }
    }
    if (file && !add_file(inputs, program, file, expand_names)) {
        inputs_done(inputs);
        return false;
    }
    return true;
}

void inputs_done(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->text_count; i++) {
        free(inputs->texts[i]);
    }
    *inputs = (struct inputs){0};
}
