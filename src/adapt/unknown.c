/* What becomes of names that the vocabulary does not have. */
#include "adapt/unknown.h"

#include "adapt/adapter.h"
#include "adapt/order_private.h"

/* The vocabulary with the reserve in it, or NULL. */
static const struct vocabulary *reserve_of(const struct adapter *adapter)
{
    struct reserve *reserve = adapter->vocabulary->reserve;
    return reserve ? reserve->open(reserve) : NULL;
}

/* Goes on with the reserve's names as well. False where that brings nothing. */
static bool widen(struct adapter *adapter)
{
    const struct vocabulary *before = adapter->vocabulary;
    if (!before->reserve || !before->reserve->is_usable)
        return false;
    const struct vocabulary *wide = reserve_of(adapter);
    if (!wide)
        return false;
    order_widen(adapter, before->order, wide->order);
    adapter->vocabulary = wide;
    return true;
}

const struct directive *known_directive(struct adapter *adapter, struct str name)
{
    const struct directive *row = vocabulary_directive(adapter->vocabulary, name);
    if (!row && widen(adapter))
        row = vocabulary_directive(adapter->vocabulary, name);
    return row;
}

const struct matcher *known_matcher(struct adapter *adapter, struct str name)
{
    const struct matcher *row = vocabulary_matcher(adapter->vocabulary, name);
    if (!row && widen(adapter))
        row = vocabulary_matcher(adapter->vocabulary, name);
    return row;
}

const struct option *known_global(struct adapter *adapter, struct str name)
{
    const struct option *row = vocabulary_global(adapter->vocabulary, name);
    if (!row && widen(adapter))
        row = vocabulary_global(adapter->vocabulary, name);
    return row;
}

/* A described kind of modules is a copy of the one that rows point to, with more in it. */
static const struct option *module_in(const struct vocabulary *vocabulary,
                                      const struct module_space *space, struct str name)
{
    const struct module_space *own = vocabulary_modules(vocabulary, str_from(space->name));
    return option_find(own ? own->modules : space->modules, name);
}

const struct option *known_module(struct adapter *adapter, const struct module_space *space,
                                  struct str name)
{
    const struct option *row = option_find(space->modules, name);
    if (!row)
        row = module_in(adapter->vocabulary, space, name);
    if (!row && widen(adapter))
        row = module_in(adapter->vocabulary, space, name);
    return row;
}

const struct plugin *plugin_of_directive(const struct adapter *adapter, struct str name)
{
    const struct vocabulary *reserve = reserve_of(adapter);
    const struct directive *row = reserve ? vocabulary_directive(reserve, name) : NULL;
    return row ? row->plugin : NULL;
}

const struct plugin *plugin_of_matcher(const struct adapter *adapter, struct str name)
{
    const struct vocabulary *reserve = reserve_of(adapter);
    const struct matcher *row = reserve ? vocabulary_matcher(reserve, name) : NULL;
    return row ? row->plugin : NULL;
}

const struct plugin *plugin_of_global(const struct adapter *adapter, struct str name)
{
    const struct vocabulary *reserve = reserve_of(adapter);
    const struct option *row = reserve ? vocabulary_global(reserve, name) : NULL;
    return row ? row->plugin : NULL;
}

const struct plugin *plugin_of_module(const struct adapter *adapter,
                                      const struct module_space *space, struct str name)
{
    const struct vocabulary *reserve = reserve_of(adapter);
    const struct option *row = reserve ? module_in(reserve, space, name) : NULL;
    return row ? row->plugin : NULL;
}

static void nothing_to_replace(struct adapter *adapter, struct diag *diag, struct str text)
{
    diag_help(adapter->diags, diag, (struct span){0}, (struct str){0}, STR_FMT, STR_ARG(text));
}

void unknown_hint(struct adapter *adapter, struct diag *diag, const struct plugin *plugin)
{
    if (plugin)
        nothing_to_replace(
            adapter, diag,
            str_printf(adapter->arena,
                       "it comes with the plugin '%s'%s%s%s: to use its description, "
                       "write 'plugin %s' in .dialtone, or give --plugins builtin",
                       plugin->name, plugin->package ? " (" : "",
                       plugin->package ? plugin->package : "", plugin->package ? ")" : "",
                       plugin->name));
    else
        nothing_to_replace(
            adapter, diag,
            STR("if a plugin brings it, describe it in .dialtone or with --plugins"));
}

void plugin_note(struct scope *scope, const struct plugin *plugin, const struct token *token)
{
    if (!plugin || plugin->is_declared || !plugin->package)
        return;
    struct adapter *adapter = scope->adapter;
    if (map_find(&adapter->noted, str_from(plugin->name)))
        return;
    map_put(&adapter->noted, str_from(plugin->name), NULL);
    struct diag *diag = diag_token(scope->diags, DIAG_UNDECLARED_PLUGIN, token,
                                   "'" STR_FMT "' needs a Caddy that is built with the plugin '%s'",
                                   STR_ARG(token->text), plugin->name);
    diag_note(scope->diags, diag, "build one with: xcaddy build --with %s", plugin->package);
    diag_note(scope->diags, diag, "'plugin %s' in .dialtone says that yours has it", plugin->name);
}

bool passes_over(struct adapter *adapter, const struct token *token, const char *why)
{
    if (!adapter->options.skip_unknown)
        return false;
    diag_token(adapter->diags, DIAG_PASSED_OVER, token, "'" STR_FMT "' is passed over: %s",
               STR_ARG(token->text), why);
    adapter->has_passed_over = true;
    return true;
}

struct trial trial_begin(struct scope *scope, json_t *object)
{
    bool may_fail = scope->adapter->options.skip_unknown && object;
    return (struct trial){.before = may_fail ? document_copy(scope->document, object) : NULL,
                          .object = object};
}

bool trial_undo(struct scope *scope, struct trial *trial)
{
    if (!scope->adapter->has_passed_over)
        return false;
    scope->adapter->has_passed_over = false;
    if (!trial->before)
        return true;
    while (json_object_size(trial->object))
        document_remove(trial->object, json_object_iter(trial->object)->key);
    for (struct json_member *at = json_object_iter(trial->before); at;
         at = json_object_iter_next(trial->before, at))
        document_set_str(scope->document, trial->object, str_make(at->key, at->key_len), at->value,
                         json_slot_origin(trial->before, at));
    return true;
}
