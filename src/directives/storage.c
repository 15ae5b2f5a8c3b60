/* Storage modules (caddy.storage): where certificates and keys are kept. The standard build has
 * one. */
#include "directives/storage.h"

#include "directives/module_spaces.h"
#include "directives/option_takes.h"

static bool file_system_root(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "the root of the storage is given twice");
    const struct token *path = cursor_token(in);
    option_set(scope, object, row->key, document_string(scope->document, path->text, path), path);
    return !cursor_next_arg(in) || take_arity_error(in, row);
}

static const struct option file_system_options[] = {
    {.name = "root",
     .doc = "the folder to keep everything in",
     .arguments = "<path>",
     .key = "root",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = file_system_root,
     .flags = OPTION_ONCE},
    {0},
};

static bool file_system(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    if (cursor_next_arg(in)) {
        const struct token *path = cursor_token(in);
        option_set(scope, object, row->key, document_string(scope->document, path->text, path),
                   path);
    }
    if (cursor_next_arg(in))
        return take_arity_error(in, row);
    if (!options_parse(scope, in, row->block, object, state))
        return false;
    if (!json_object_get(object, row->key))
        return cursor_error(in, DIAG_WRONG_ARGUMENTS,
                            "the file_system storage needs a root (leave the option out for the "
                            "default)");
    return true;
}

static const struct option storage_modules[] = {
    {.name = "file_system",
     .doc = "keep certificates, keys and other assets in a folder",
     .arguments = "[<root>]",
     .key = "root",
     .max_args = 1,
     .block = file_system_options,
     .needs = "root",
     .parse = file_system,
     .flags = OPTION_WORDS_SUFFICE},
    {0},
};

const struct module_space storage_space = {
    .name = "caddy.storage",
    .key = "module",
    .doc = "where certificates and keys are kept",
    .modules = storage_modules,
};

json_t *storage_take(struct scope *scope, struct cursor *in)
{
    json_t *storage = module_take(scope, in, &storage_space);
    return storage ? document_sorted(scope->document, storage) : NULL;
}
