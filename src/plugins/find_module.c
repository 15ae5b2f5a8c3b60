/* Which plugin brings a module, for JSON, where modules stand without the names of directives. */
#include "plugins/describe.h"
#include "plugins/plugins.h"

static const struct plugin *find_handler(const struct vocabulary *vocabulary, struct str name)
{
    for (const struct directive *const *list = vocabulary->directives; *list; list++)
        for (const struct directive *row = *list; row->name; row++) {
            const struct entry *entry = row->plugin ? row->description : NULL;
            if (entry && entry->json_name && str_is(name, entry->json_name))
                return row->plugin;
        }
    return NULL;
}

static const struct plugin *find_app(const struct vocabulary *vocabulary, struct str name)
{
    for (const struct option *const *list = vocabulary->global_options; *list; list++)
        for (const struct option *row = *list; row->name; row++)
            if (row->plugin && row->key && str_is(name, row->key))
                return row->plugin;
    return NULL;
}

static const struct plugin *find(const struct vocabulary *vocabulary, struct str space,
                                 struct str name)
{
    if (str_is(space, "http.handlers"))
        return find_handler(vocabulary, name);
    if (str_is(space, "http.matchers")) {
        const struct matcher *matcher = vocabulary_matcher(vocabulary, name);
        return matcher ? matcher->plugin : NULL;
    }
    if (space.len == 0)
        return find_app(vocabulary, name);
    const struct module_space *modules = vocabulary_modules(vocabulary, space);
    const struct option *row = modules ? option_find(modules->modules, name) : NULL;
    return row ? row->plugin : NULL;
}

const struct plugin *plugins_find_module(const struct vocabulary *vocabulary, struct str space,
                                         struct str name, bool *is_usable)
{
    struct reserve *reserve = vocabulary->reserve;
    const struct plugin *plugin = find(vocabulary, space, name);
    *is_usable = plugin || (reserve && reserve->is_usable);
    if (plugin || !reserve)
        return plugin;
    const struct vocabulary *wide = reserve->open(reserve);
    return wide ? find(wide, space, name) : NULL;
}
