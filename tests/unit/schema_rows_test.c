/* What the rows say of their arguments is true: usage texts are well formed, agree with the counts
 * beside them, and call arguments by names whose type is known. */
#include "directives/vocabulary.h"

#include "adapt/directive.h"
#include "base/arena.h"
#include "schema/arguments.h"
#include "schema/usage.h"
#include "test.h"

static struct arena arena;

static void complain(const char *owner, const char *name, const char *what)
{
    checks_failed++;
    fprintf(stderr, "%s %s: %s\n", owner, name, what);
}

static void check_names(const char *owner, const char *row, const struct usage *usage)
{
    for (size_t i = 0; i < usage->n; i++)
        for (size_t k = 0; k < usage->at[i].n; k++) {
            struct str names = usage->at[i].at[k].names, name;
            bool is_module = usage->at[i].is_open && k + 1 == usage->at[i].n;
            while (names.len) {
                str_cut(names, STR("|"), &name, &names);
                checks_done++;
                if (!is_module && !argument_type_of(name))
                    complain(owner, row,
                             str_printf(&arena, "no type for <" STR_FMT ">", STR_ARG(name)).ptr);
            }
        }
}

static struct usage check_usage(const char *owner, const char *row, const char *text)
{
    struct usage usage;
    checks_done++;
    if (!usage_parse(&arena, text, &usage))
        complain(owner, row, "cannot read its usage");
    else
        check_names(owner, row, &usage);
    return usage;
}

static void check_options(const char *owner, const struct option *rows)
{
    for (const struct option *row = rows; row && row->name; row++) {
        struct usage usage = check_usage(owner, row->name, row->arguments);
        checks_done += 2;
        if (usage.min_args != row->min_args || usage.max_args != row->max_args)
            complain(owner, row->name,
                     str_printf(&arena, "usage has %d to %d arguments, the row %d to %d",
                                usage.min_args, usage.max_args, row->min_args, row->max_args)
                         .ptr);
        if (row->type != VALUE_NONE && row->type != VALUE_TRUE && row->type != VALUE_BLOCK &&
            !row->arguments)
            complain(owner, row->name, "has a value, but no usage");
        check_options(row->name, row->block);
    }
}

static void test_rows(void)
{
    const struct vocabulary *vocabulary = caddy_vocabulary();
    for (const struct directive *const *table = vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++) {
            check_usage("directive", row->name, row->arguments);
            check_options(row->name, row->options);
        }
    for (const struct matcher *const *table = vocabulary->matchers; *table; table++)
        for (const struct matcher *row = *table; row->name; row++) {
            check_usage("matcher", row->name, row->arguments);
            check_options(row->name, row->options);
        }
    for (const struct option *const *table = vocabulary->global_options; *table; table++)
        check_options("global", *table);
    for (const struct module_space *const *space = vocabulary->modules; *space; space++)
        check_options((*space)->name, (*space)->modules);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"rows", test_rows},
};

TESTS_MAIN(tests)
