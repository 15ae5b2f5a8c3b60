/* Files that somebody is still writing: cut anywhere, a file of the corpus has few findings more than
 * it has when it is whole. */
#include <dirent.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/vec.h"
#include "lint/lint.h"
#include "pipeline.h"
#include "test.h"

enum { CUTS = 24, MORE = 4 };

static const char *const folders[] = {"corpus/adapt", "corpus/errors", "corpus/fmt", "corpus/lint",
                                      "corpus/native", "corpus/plugins"};

static int no_file(void *user, struct arena *arena, const char *path, struct str *text)
{
    (void)user, (void)arena, (void)path, (void)text;
    return -2; /* ENOENT */
}

static const char *no_variable(void *user, const char *name)
{
    (void)user, (void)name;
    return NULL;
}

static uint32_t count_findings(struct str text)
{
    struct source_hooks hooks = {.read_file = no_file, .get_env = no_variable};
    struct pipeline pipeline;
    pipeline_init(&pipeline, &hooks);
    pipeline_load_text(&pipeline, "Caddyfile", text);
    pipeline_adapt(&pipeline, (struct adapt_options){.only_checks = true});
    lint_run(&pipeline, NULL);
    uint32_t n = pipeline.diags.n_errors + pipeline.diags.n_warnings + pipeline.diags.n_infos;
    pipeline_free(&pipeline);
    return n;
}

/* Where a file is cut: evenly, and behind whatever opens something. */
static bool is_cut(struct str text, size_t at)
{
    size_t step = text.len / CUTS + 1;
    return at % step == 0 || strchr("{\"`(@", text.ptr[at - 1]) ||
           (at > 1 && text.ptr[at - 1] == '<' && text.ptr[at - 2] == '<');
}

static void check_file(struct arena *arena, const char *path)
{
    struct sources files = sources_in(arena, NULL);
    struct str text, source, expected;
    if (source_read(&files, path, &text) != 0)
        return;
    str_cut(text, STR("\n----------\n"), &source, &expected);
    uint32_t whole = count_findings(source);
    for (size_t at = 1; at < source.len; at++) {
        if (!is_cut(source, at))
            continue;
        uint32_t n = count_findings(str_slice(source, 0, at));
        checks_done++;
        if (n > whole + MORE) {
            checks_failed++;
            fprintf(stderr, "%s: %u findings, but %u where it is cut after %zu bytes\n", path, whole,
                    n, at);
        }
    }
}

static void test_cut(void)
{
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        DIR *folder = opendir(folders[i]);
        CHECK(folder != NULL);
        for (struct dirent *entry; folder && (entry = readdir(folder));) {
            struct arena arena = ARENA_INIT;
            if (str_has_suffix(str_from(entry->d_name), STR(".caddyfile")))
                check_file(&arena, str_printf(&arena, "%s/%s", folders[i], entry->d_name).ptr);
            arena_free(&arena);
        }
        if (folder)
            closedir(folder);
    }
    CHECK(checks_done > 10000);
}

static const struct test tests[] = {
    {"cut", test_cut},
};

TESTS_MAIN(tests)
