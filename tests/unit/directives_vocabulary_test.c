/* The rows of the vocabulary keep the promises that directive.h and options.h make for them. */
#include "directives/vocabulary.h"

#include "adapt/directive.h"
#include "base/arena.h"
#include "base/map.h"
#include "test.h"

static struct arena arena;

static void check_options(const struct option *rows, int depth)
{
    for (const struct option *row = rows; row && row->name; row++) {
        CHECK(row->doc != NULL);
        CHECK(row->max_args < 0 || row->min_args <= row->max_args);
        CHECK(row->parse || row->key || row->type == VALUE_NONE || row->type == VALUE_BLOCK);
        CHECK(option_find(rows, str_from(row->name)) == row || strchr(row->name, '|'));
        /* Some blocks hold themselves: log filters. */
        if (depth < 8)
            check_options(row->block, depth + 1);
    }
}

static void test_directives(void)
{
    const struct vocabulary *vocabulary = caddy_vocabulary();
    struct map names = map_in(&arena);
    for (const struct directive *const *list = vocabulary->directives; *list; list++) {
        for (const struct directive *row = *list; row->name; row++) {
            CHECK(map_put(&names, str_from(row->name), (void *)row) == NULL);
            CHECK(row->doc != NULL);
            CHECK((row->handler != NULL) != (row->adapt != NULL));
            CHECK(!(row->has_directives_in_block && row->options));
            CHECK(vocabulary_directive(vocabulary, str_from(row->name)) == row);
            check_options(row->options, 0);
        }
    }
    for (const char *const *name = vocabulary->order; *name; name++) {
        CHECK(map_find(&names, str_from(*name)) != NULL);
        if (!map_find(&names, str_from(*name)))
            fprintf(stderr, "no row for '%s'\n", *name);
    }
    arena_free(&arena);
}

static void test_matchers(void)
{
    const struct vocabulary *vocabulary = caddy_vocabulary();
    struct map names = map_in(&arena);
    for (const struct matcher *const *list = vocabulary->matchers; *list; list++) {
        for (const struct matcher *row = *list; row->name; row++) {
            CHECK(map_put(&names, str_from(row->name), (void *)row) == NULL);
            CHECK(row->doc != NULL);
            CHECK(row->parse != NULL);
            check_options(row->options, 0);
        }
    }
    arena_free(&arena);
}

static void test_global_options(void)
{
    const struct vocabulary *vocabulary = caddy_vocabulary();
    struct map names = map_in(&arena);
    for (const struct option *const *list = vocabulary->global_options; *list; list++) {
        for (const struct option *row = *list; row->name; row++)
            CHECK(map_put(&names, str_from(row->name), (void *)row) == NULL);
        check_options(*list, 0);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"directives", test_directives},
    {"matchers", test_matchers},
    {"global options", test_global_options},
};

TESTS_MAIN(tests)
