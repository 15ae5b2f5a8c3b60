/* The vocabulary for people: lists, and all that is known of one name. */
#include "schema/text.h"

#include "adapt/directive.h"
#include "base/suggest.h"

/* A row of any kind. */
struct entry {
    const char *kind; /* "directive", "option", … */
    struct str of;    /* of an option: what it stands in */
    const char *name, *arguments, *doc, *since, *deprecated, *json, *inherits;
    const struct option *options, *actions;
    const struct module_space *space;
    unsigned flags;
    bool takes_matcher, has_directives;
};

static struct entry of_directive(const struct directive *row)
{
    return (struct entry){
        .kind = "directive",
        .name = row->name,
        .arguments = row->arguments,
        .doc = row->doc,
        .since = row->since,
        .deprecated = row->deprecated,
        .json = row->makes,
        .inherits = row->inherits,
        .options = row->options,
        .actions = row->actions,
        .space = row->space,
        .flags = row->flags,
        .takes_matcher = row->handler || row->takes_matcher,
        .has_directives = row->has_directives_in_block,
    };
}

static struct entry of_option(const struct option *row, const char *kind, struct str of)
{
    return (struct entry){
        .kind = kind,
        .of = of,
        .name = row->name,
        .arguments = row->arguments,
        .doc = row->doc,
        .since = row->since,
        .deprecated = row->deprecated,
        .json = row->json ? row->json : row->key,
        .options = row->block,
        .space = row->space,
        .flags = row->flags,
        .has_directives = row->flags & OPTION_DIRECTIVES,
    };
}

static struct entry of_matcher(const struct matcher *row)
{
    return (struct entry){
        .kind = "matcher",
        .name = row->name,
        .arguments = row->arguments,
        .doc = row->doc,
        .since = row->since,
        .deprecated = row->deprecated,
        .options = row->options,
    };
}

/* "name [<matcher>] arguments { ... }" */
static struct str usage(struct arena *arena, const struct entry *entry)
{
    bool has_block =
        (entry->options || (entry->flags & OPTION_MODULE_LINES) || entry->has_directives) &&
        !(entry->arguments && strchr(entry->arguments, '{'));
    return str_printf(arena, "%s%s%s%s%s", entry->name, entry->takes_matcher ? " [<matcher>]" : "",
                      entry->arguments ? " " : "", entry->arguments ? entry->arguments : "",
                      has_block ? " { ... }" : "");
}

/* Left and right column, or the right one below where the left is too wide. */
static void add_columns(struct strbuf *out, const char *indent, struct str left, const char *right)
{
    const int width = 30;
    if ((int)left.len > width)
        strbuf_printf(out, "%s" STR_FMT "\n%s%*s  %s\n", indent, STR_ARG(left), indent, width, "",
                      right);
    else
        strbuf_printf(out, "%s%-*.*s  %s\n", indent, width, STR_ARG(left), right);
}

/* What the row is for; descriptions of plugins need not say. */
static const char *summary(struct arena *arena, const char *doc, const char *deprecated)
{
    if (deprecated)
        return str_printf(arena, "deprecated: write %s", deprecated).ptr;
    return doc ? doc : "";
}

static void add_rows(struct strbuf *out, const struct option *rows)
{
    for (const struct option *row = rows; row && row->name; row++) {
        struct entry entry = of_option(row, "option", STR(""));
        add_columns(out, "    ", usage(out->arena, &entry),
                    summary(out->arena, row->doc, row->deprecated));
    }
}

static void add_modules(struct strbuf *out, const struct module_space *space)
{
    strbuf_printf(out, "  modules (%s):", space->name);
    for (const struct option *row = space->modules; row && row->name; row++)
        strbuf_printf(out, "%s %s", row == space->modules ? "" : ",", row->name);
    strbuf_puts(out, space->modules ? "\n" : " of plugins only\n");
}

static void add_entry(struct strbuf *out, const struct entry *entry)
{
    strbuf_printf(out, "%s%s%s" STR_FMT "\n  " STR_FMT "\n", out->len ? "\n" : "", entry->kind,
                  entry->of.len ? " of " : "", STR_ARG(entry->of),
                  STR_ARG(usage(out->arena, entry)));
    if (entry->doc)
        strbuf_printf(out, "  %s\n", entry->doc);
    if (entry->since)
        strbuf_printf(out, "  since Caddy %s\n", entry->since);
    if (entry->deprecated)
        strbuf_printf(out, "  deprecated: write %s\n", entry->deprecated);
    if (entry->flags & OPTION_REFUSED)
        strbuf_puts(out, "  Caddy refuses it always\n");
    if (entry->json && entry->json[0])
        strbuf_printf(out, "  JSON: %s\n", entry->json);
    if (entry->space)
        add_modules(out, entry->space);
    if (entry->actions)
        strbuf_puts(out, "  actions:\n");
    add_rows(out, entry->actions);
    if (entry->options)
        strbuf_puts(out, "  options:\n");
    add_rows(out, entry->options);
    if (entry->inherits)
        strbuf_printf(out, "  and the options of %s\n", entry->inherits);
}

/* A search for one name: first among what stands by itself, then among the options within. */
struct search {
    struct strbuf *out;
    struct str name;
    bool within;
    struct suggestion near;
    bool found;
};

static void try_entry(struct search *search, const struct entry *entry)
{
    struct str rest = str_from(entry->name), one;
    bool is_it = false;
    while (rest.len) {
        str_cut(rest, STR("|"), &one, &rest);
        suggest_try(&search->near, one);
        is_it |= str_eq(one, search->name);
    }
    search->found |= is_it;
    if (is_it)
        add_entry(search->out, entry);
}

static void search_options(struct search *search, const struct option *rows, struct str of)
{
    if (!search->within || rows == response_matchers)
        return;
    for (const struct option *row = rows; row && row->name; row++) {
        struct entry entry = of_option(row, "option", of);
        try_entry(search, &entry);
        search_options(search, row->block,
                       str_printf(search->out->arena, STR_FMT " %s", STR_ARG(of), row->name));
    }
}

/* Rows that stand by themselves. */
static void search_rows(struct search *search, const struct option *rows, const char *kind,
                        struct str of)
{
    for (const struct option *row = rows; row && row->name; row++) {
        struct entry entry = of_option(row, kind, of);
        if (!search->within)
            try_entry(search, &entry);
        search_options(search, row->block,
                       str_printf(search->out->arena, "%s %s", kind, row->name));
    }
}

static void search_directive(struct search *search, const struct directive *row)
{
    struct entry entry = of_directive(row);
    if (!search->within)
        try_entry(search, &entry);
    search_options(search, row->actions, str_from(row->name));
    search_options(search, row->options, str_from(row->name));
}

static void search_matcher(struct search *search, const struct matcher *row)
{
    struct entry entry = of_matcher(row);
    if (!search->within)
        try_entry(search, &entry);
    search_options(search, row->options,
                   str_printf(search->out->arena, "matcher %s", row->name));
}

static void search_all(struct search *search, const struct vocabulary *vocabulary)
{
    for (const struct directive *const *table = vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++)
            search_directive(search, row);
    for (const struct option *const *table = vocabulary->global_options; *table; table++)
        search_rows(search, *table, "global option", STR(""));
    for (const struct matcher *const *table = vocabulary->matchers; *table; table++)
        for (const struct matcher *row = *table; row->name; row++)
            search_matcher(search, row);
    search_rows(search, response_matchers, "response matcher", STR(""));
    for (const struct module_space *const *space = vocabulary->modules; *space; space++)
        search_rows(search, (*space)->modules, "module", str_from((*space)->name));
}

bool schema_describe(const struct vocabulary *vocabulary, struct str name, struct strbuf *out,
                     struct str *nearest)
{
    struct search search = {.out = out, .name = name, .near = suggest_for(name)};
    search_all(&search, vocabulary);
    search.within = true;
    search_all(&search, vocabulary);
    *nearest = search.near.best;
    return search.found;
}

static void list_rows(struct strbuf *out, const struct option *rows)
{
    for (const struct option *row = rows; row && row->name; row++)
        add_columns(out, "  ", str_from(row->name), summary(out->arena, row->doc, row->deprecated));
}

void schema_list(const struct vocabulary *vocabulary, struct strbuf *out)
{
    strbuf_puts(out, "directives\n");
    for (const struct directive *const *table = vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++)
            add_columns(out, "  ", str_from(row->name),
                        summary(out->arena, row->doc, row->deprecated));
    strbuf_puts(out, "\nglobal options\n");
    for (const struct option *const *table = vocabulary->global_options; *table; table++)
        list_rows(out, *table);
    strbuf_puts(out, "\nmatchers\n");
    for (const struct matcher *const *table = vocabulary->matchers; *table; table++)
        for (const struct matcher *row = *table; row->name; row++)
            add_columns(out, "  ", str_from(row->name),
                        summary(out->arena, row->doc, row->deprecated));
    strbuf_puts(out, "\nresponse matchers\n");
    list_rows(out, response_matchers);
    for (const struct module_space *const *space = vocabulary->modules; *space; space++) {
        strbuf_printf(out, "\nmodules %s: %s\n", (*space)->name,
                      (*space)->doc ? (*space)->doc : "");
        list_rows(out, (*space)->modules);
    }
}

static void name_rows(const struct option *rows,
                      void (*each)(void *user, const char *name, const char *doc), void *user)
{
    for (const struct option *row = rows; row && row->name; row++)
        each(user, row->name, row->doc);
}

void schema_names(const struct vocabulary *vocabulary,
                  void (*each)(void *user, const char *name, const char *doc), void *user)
{
    for (const struct directive *const *table = vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++)
            each(user, row->name, row->doc);
    for (const struct option *const *table = vocabulary->global_options; *table; table++)
        name_rows(*table, each, user);
    for (const struct matcher *const *table = vocabulary->matchers; *table; table++)
        for (const struct matcher *row = *table; row->name; row++)
            each(user, row->name, row->doc);
    name_rows(response_matchers, each, user);
    for (const struct module_space *const *space = vocabulary->modules; *space; space++)
        name_rows((*space)->modules, each, user);
}
