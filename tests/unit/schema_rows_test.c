/* What the rows say of their arguments is true: usage texts are well formed, agree with the counts
 * beside them, and call arguments by names whose type is known. */
#include "directives/vocabulary.h"

#include "adapt/directive.h"
#include "adapt/shorthand.h"
#include "base/arena.h"
#include "schema/arguments.h"
#include "schema/syntax.h"
#include "schema/usage.h"
#include "test.h"

static struct arena arena;

static void complain(const char *owner, const char *name, const char *what)
{
    checks_failed++;
    fprintf(stderr, "%s %s: %s\n", owner, name, what);
}

static void check_type(const char *owner, const char *row, struct str name)
{
    checks_done++;
    if (!argument_type_of(name))
        complain(owner, row, str_printf(&arena, "no type for <" STR_FMT ">", STR_ARG(name)).ptr);
}

/* The placeholders of a name that users choose. */
static void check_pattern(const char *owner, const char *row)
{
    struct str rest = str_from(row), before, name;
    while (str_cut(rest, STR("<"), &before, &rest)) {
        str_cut(rest, STR(">"), &name, &rest);
        check_type(owner, row, name);
    }
}

/* One line, in lower case but for names, without a full stop. */
static void check_doc(const char *owner, const char *row, const char *doc)
{
    size_t len = doc ? strlen(doc) : 0;
    checks_done++;
    if (len == 0 || len > 120 || doc[len - 1] == '.' || strchr(doc, '\n'))
        complain(owner, row, "its documentation is not one line");
}

/* "2.7" or "2.5.1". */
static void check_since(const char *owner, const char *row, const char *since)
{
    checks_done++;
    if (since && (strncmp(since, "2.", 2) != 0 || strspn(since, "0123456789.") != strlen(since) ||
                  strcmp(since, "2.0") == 0))
        complain(owner, row, "since is not a version after 2.0");
}

static void check_names(const char *owner, const char *row, const struct usage *usage)
{
    for (size_t i = 0; i < usage->n; i++)
        for (size_t k = 0; k < usage->at[i].n; k++) {
            struct str names = usage->at[i].at[k].names, name;
            bool is_module = usage->at[i].is_open && k + 1 == usage->at[i].n;
            while (names.len && !is_module) {
                str_cut(names, STR("|"), &name, &names);
                check_type(owner, row, name);
            }
        }
}

/* What all rows have. */
static struct usage check_row(const char *owner, const char *row, const char *doc,
                              const char *arguments, const char *since)
{
    struct usage usage;
    check_doc(owner, row, doc);
    check_since(owner, row, since);
    checks_done++;
    if (!usage_parse(&arena, arguments, &usage))
        complain(owner, row, "cannot read its usage");
    else
        check_names(owner, row, &usage);
    return usage;
}

/* Modules that a row makes have a name space each. */
static void check_makes(const char *owner, const char *row, const char *makes)
{
    struct str rest = str_from(makes), id;
    while (rest.len) {
        str_cut(rest, STR(" "), &id, &rest);
        checks_done++;
        if (str_index(id, '.') <= 0)
            complain(owner, row, "makes something that is no module");
    }
}

static void check_options(const char *owner, const struct option *rows)
{
    for (const struct option *row = rows; row && row->name; row++) {
        struct usage usage = check_row(owner, row->name, row->doc, row->arguments, row->since);
        bool needs_space = row->flags & (OPTION_MODULE_LINES | OPTION_MODULE_NAME);
        checks_done += 4;
        if (usage.min_args != row->min_args || usage.max_args != row->max_args)
            complain(owner, row->name,
                     str_printf(&arena, "usage has %d to %d arguments, the row %d to %d",
                                usage.min_args, usage.max_args, row->min_args, row->max_args)
                         .ptr);
        if (row->type != VALUE_NONE && row->type != VALUE_TRUE && row->type != VALUE_BLOCK &&
            !row->arguments)
            complain(owner, row->name, "has a value, but no usage");
        if (needs_space && !row->space)
            complain(owner, row->name, "names modules, but not which");
        if (row->type == VALUE_BLOCK && !row->block && !row->space)
            complain(owner, row->name, "is a block without rows");
        if (option_is_pattern(row))
            check_pattern(owner, row->name);
        check_makes(owner, row->name, row->makes);
        check_options(row->name, row->block);
    }
}

static void check_directive(const struct directive *row)
{
    check_row("directive", row->name, row->doc, row->arguments, row->since);
    check_makes("directive", row->name, row->makes);
    check_options(row->name, row->options);
    check_options(row->name, row->actions);
    CHECK(!row->inherits || vocabulary_directive(caddy_vocabulary(), str_from(row->inherits)));
    CHECK(!(row->handler && !row->makes));
}

static void test_rows(void)
{
    const struct vocabulary *vocabulary = caddy_vocabulary();
    for (const struct directive *const *table = vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++)
            check_directive(row);
    for (const struct matcher *const *table = vocabulary->matchers; *table; table++)
        for (const struct matcher *row = *table; row->name; row++) {
            check_row("matcher", row->name, row->doc, row->arguments, row->since);
            check_options(row->name, row->options);
        }
    for (const struct option *const *table = vocabulary->global_options; *table; table++)
        check_options("global", *table);
    check_options("response matcher", response_matchers);
    for (const struct module_space *const *space = vocabulary->modules; *space; space++) {
        check_doc("modules", (*space)->name, (*space)->doc);
        check_options((*space)->name, (*space)->modules);
    }
    arena_free(&arena);
}

static void test_tables(void)
{
    for (const struct argument_type *type = argument_types; type->name; type++)
        check_doc("type", type->name, type->doc);
    for (const struct shorthand *row = shorthands; row->name.len; row++) {
        const char *name = str_dup(&arena, row->name).ptr;
        check_doc("shorthand", name, row->doc);
        check_since("shorthand", name, row->since);
    }
    for (const struct syntax_feature *row = syntax_features; row->name; row++) {
        check_doc("syntax", row->name, row->doc);
        check_since("syntax", row->name, row->since);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"rows", test_rows},
    {"types, shorthands, syntax", test_tables},
};

TESTS_MAIN(tests)
