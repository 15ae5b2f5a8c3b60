/* Runs every case under corpus/: a file holds a source, a line of ten dashes, and what must come of
 * it. corpus_test [--update] FOLDER…; the last part of a folder's name says what is made of the
 * source: adapt (pretty JSON), errors (the diagnostics), fmt (the formatted text), json (a
 * caddy.json: it or the diagnostics), native (the table dump), plugins (both JSON and diagnostics,
 * with descriptions of plugins), project (what is wrong with a .dialtone). Lines in a source say more of it:
 *     # env: NAME=value        sets a variable; all others are unset
 *     # plugins: FILE...       descriptions that apply to it, or `builtin` (plugins)
 *     # project: FILE          what there is for a .dialtone (plugins, lint)
 *     # target: VERSION, # environment: host|container|dev, # profile: NAME    for the linter (lint)
 *     # findings: RULE...      what the linter warns of, on purpose; else nothing (adapt, native)
 *     # native: yes            looks for what the proxy core cannot run, too (lint)
 *     # mode: check            as `dialtone check` does it; or skip-unknown (plugins)
 *
 * corpus_test --rows FOLDER… compares nothing: for each case it prints a line of JSON, with the rows
 * of the vocabulary that the case uses and what it is adapted to (tests/inventory.py reads it). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/map.h"
#include "base/vec.h"
#include "lint/lint.h"
#include "pipeline.h"
#include "row_uses.h"
#include "syntax/format.h"

#define SEPARATOR "\n----------\n"

struct test_case {
    struct arena arena;
    const char *name;
    struct str source, expected;
    struct map environment;
    VEC(const char *) plugins;
    const char *project;
    bool checks, skips_unknown;
};

typedef struct str product_fn(struct test_case *test);

static bool update, rows;
static int passed, failed;

static int read_disk(void *user, struct arena *arena, const char *path, struct str *text)
{
    (void)user;
    FILE *file = fopen(path, "rb");
    if (!file)
        return -2; /* ENOENT, whatever the reason: cases are plain files */
    struct strbuf buf = strbuf_in(arena);
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        strbuf_add(&buf, str_make(chunk, n));
    fclose(file);
    *text = strbuf_str(&buf);
    return 0;
}

static const char *get_env(void *user, const char *name)
{
    struct test_case *test = user;
    return map_get(&test->environment, str_from(name));
}

static void read_environment(struct test_case *test)
{
    test->environment = map_in(&test->arena);
    struct str left = test->source, line, name, value;
    while (left.len) {
        str_cut(left, STR("\n"), &line, &left);
        if (!str_has_prefix(line, STR("# env: ")))
            continue;
        str_cut(str_slice(line, 7, line.len), STR("="), &name, &value);
        map_put(&test->environment, name, arena_strndup(&test->arena, value.ptr, value.len));
    }
}

/* The files of a case; there is no .dialtone but the one that it names. */
static int read_case_file(void *user, struct arena *arena, const char *path, struct str *text)
{
    struct test_case *test = user;
    if (!str_has_suffix(str_from(path), STR("/.dialtone")))
        return read_disk(NULL, arena, path, text);
    return test->project ? read_disk(NULL, arena, test->project, text) : -2;
}

static void read_words(struct test_case *test, struct str words)
{
    struct str word;
    while (words.len) {
        str_cut(words, STR(" "), &word, &words);
        vec_push(&test->arena, &test->plugins, arena_strndup(&test->arena, word.ptr, word.len));
    }
}

static void read_settings(struct test_case *test)
{
    struct str left = test->source, line;
    while (left.len) {
        str_cut(left, STR("\n"), &line, &left);
        struct str value = str_slice(line, (size_t)str_index(line, ':') + 2, line.len);
        if (str_has_prefix(line, STR("# plugins: ")))
            read_words(test, value);
        else if (str_has_prefix(line, STR("# project: ")))
            test->project = arena_strndup(&test->arena, value.ptr, value.len);
        else if (str_is(line, "# mode: check"))
            test->checks = true;
        else if (str_is(line, "# mode: skip-unknown"))
            test->skips_unknown = true;
    }
}

static void compile(struct test_case *test, struct pipeline *pipeline,
                    const struct source_hooks *hooks)
{
    pipeline_init(pipeline, hooks);
    pipeline_load_text(pipeline, test->name, test->source);
    pipeline_adapt(pipeline, (struct adapt_options){0});
}

/* Paths are seen from the folder of the case, wherever the tree is. */
static void print_diagnostics(struct test_case *test, struct pipeline *pipeline,
                              struct strbuf *out)
{
    char folder[4096];
    struct str here = getcwd(folder, sizeof(folder) - 1) ? str_from(strcat(folder, "/")) : STR("");
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    diags_sort(&pipeline->diags);
    diags_print(&pipeline->diags, &pipeline->sources, (struct diag_style){.at_least = SEVERITY_INFO},
                memory);
    fclose(memory);
    struct str all = str_make(text, len);
    strbuf_add(out, here.len ? str_replace(&test->arena, all, here, STR("")) : all);
    free(text);
}

static struct str product_adapt(struct test_case *test)
{
    struct source_hooks hooks = {.user = test, .read_file = read_disk, .get_env = get_env};
    struct strbuf out = strbuf_in(&test->arena);
    struct pipeline pipeline;
    compile(test, &pipeline, &hooks);
    if (pipeline.document.root) {
        document_write(pipeline.document.root, true, &out);
        strbuf_add_char(&out, '\n');
    } else {
        print_diagnostics(test, &pipeline, &out);
    }
    pipeline_free(&pipeline);
    return strbuf_str(&out);
}

static struct str product_errors(struct test_case *test)
{
    struct source_hooks hooks = {.user = test, .read_file = read_disk, .get_env = get_env};
    struct strbuf out = strbuf_in(&test->arena);
    struct pipeline pipeline;
    compile(test, &pipeline, &hooks);
    if (pipeline.document.root)
        strbuf_puts(&out, "adapts\n");
    print_diagnostics(test, &pipeline, &out);
    pipeline_free(&pipeline);
    return strbuf_str(&out);
}

static struct str product_json(struct test_case *test)
{
    struct source_hooks hooks = {.user = test, .read_file = read_disk, .get_env = get_env};
    struct strbuf out = strbuf_in(&test->arena);
    struct pipeline pipeline;
    compile(test, &pipeline, &hooks);
    if (pipeline.document.root) {
        pipeline_write(&pipeline, false, &out);
        strbuf_add_char(&out, '\n');
    }
    print_diagnostics(test, &pipeline, &out);
    pipeline_free(&pipeline);
    return strbuf_str(&out);
}

/* The rest of a line `# <key>: …` in the source; empty where there is none. */
static struct str case_setting(const struct test_case *test, const char *key)
{
    struct str left = test->source, line, name, value;
    while (left.len) {
        str_cut(left, STR("\n"), &line, &left);
        if (str_has_prefix(line, STR("# ")) && str_cut(line, STR(": "), &name, &value) &&
            str_is(str_slice(name, 2, name.len), key))
            return value;
    }
    return STR("");
}

static struct lint_settings case_settings(const struct test_case *test)
{
    static const char *const environments[] = {"", "host", "container", "dev"};
    static const char *const profiles[] = {"", "caddy-compat", "recommended", "production",
                                           "strict"};
    struct lint_settings settings = {0};
    lint_version_read(case_setting(test, "target"), &settings.target);
    for (size_t i = 1; i < sizeof(environments) / sizeof(environments[0]); i++)
        if (str_is(case_setting(test, "environment"), environments[i]))
            settings.environment = (enum lint_environment)i;
    for (size_t i = 1; i < sizeof(profiles) / sizeof(profiles[0]); i++)
        if (str_is(case_setting(test, "profile"), profiles[i]))
            settings.profile = (enum lint_profile)i;
    return settings;
}

static struct str product_lint(struct test_case *test)
{
    struct lint_settings settings = case_settings(test);
    struct source_hooks hooks = {.user = test, .read_file = read_case_file, .get_env = get_env};
    struct strbuf out = strbuf_in(&test->arena);
    struct pipeline pipeline;
    read_settings(test);
    pipeline_init(&pipeline, &hooks);
    pipeline.sources.assumes_values = settings.profile != PROFILE_COMPAT;
    pipeline_load_text(&pipeline, test->name, test->source);
    pipeline_adapt(&pipeline, (struct adapt_options){0});
    if (test->project)
        pipeline_read_project(&pipeline, str_from(test->name));
    lint_settings_add(&settings, &pipeline);
    if (pipeline.document.root && str_is(case_setting(test, "native"), "yes"))
        pipeline_lower(&pipeline);
    lint_run(&pipeline, &settings);
    print_diagnostics(test, &pipeline, &out);
    pipeline_free(&pipeline);
    return strbuf_str(&out);
}

static struct str product_native(struct test_case *test)
{
    struct source_hooks hooks = {.user = test, .read_file = read_disk, .get_env = get_env};
    struct strbuf out = strbuf_in(&test->arena);
    struct pipeline pipeline;
    compile(test, &pipeline, &hooks);
    if (pipeline.document.root && pipeline_lower(&pipeline))
        pipeline_dump(&pipeline, &out);
    else
        print_diagnostics(test, &pipeline, &out);
    pipeline_free(&pipeline);
    return strbuf_str(&out);
}

static void print_rows(struct test_case *test)
{
    struct source_hooks hooks = {.user = test, .read_file = read_disk, .get_env = get_env};
    struct pipeline pipeline;
    pipeline_init(&pipeline, &hooks);
    struct document *document = &pipeline.document;
    struct row_uses uses = row_uses_in(document);
    pipeline_load_text(&pipeline, test->name, test->source);
    pipeline_adapt(&pipeline, (struct adapt_options){.on_row = row_uses_note, .on_row_state = &uses});
    json_t *line = document_object(document, NULL);
    document_set(document, line, "case", document_text(document, test->name, NULL));
    document_set(document, line, "uses", uses.list);
    document_set(document, line, "json", document->root);
    struct strbuf out = strbuf_in(&test->arena);
    document_write(line, false, &out);
    printf(STR_FMT "\n", STR_ARG(strbuf_str(&out)));
    pipeline_free(&pipeline);
}

static struct str product_plugins(struct test_case *test)
{
    struct source_hooks hooks = {.user = test, .read_file = read_case_file, .get_env = get_env};
    struct strbuf out = strbuf_in(&test->arena);
    struct pipeline pipeline;
    read_settings(test);
    struct plugin_settings settings = {.files = test->plugins.at,
                                       .n_files = test->plugins.n,
                                       .has_project = true,
                                       .knows_builtin = test->checks};
    struct adapt_options options = {.skip_unknown = test->skips_unknown,
                                    .only_checks = test->checks};
    pipeline_init(&pipeline, &hooks);
    pipeline_load_text(&pipeline, test->name, test->source);
    if (pipeline_use_plugins(&pipeline, &settings) && pipeline_adapt(&pipeline, options) &&
        !test->checks) {
        document_write(pipeline.document.root, true, &out);
        strbuf_add_char(&out, '\n');
    }
    print_diagnostics(test, &pipeline, &out);
    pipeline_free(&pipeline);
    return strbuf_str(&out);
}

static int read_as_project(void *user, struct arena *arena, const char *path, struct str *text)
{
    struct test_case *test = user;
    if (!str_has_suffix(str_from(path), STR("/.dialtone")))
        return read_disk(NULL, arena, path, text);
    *text = test->source;
    return 0;
}

static struct str product_project(struct test_case *test)
{
    struct source_hooks hooks = {.user = test, .read_file = read_as_project, .get_env = get_env};
    struct strbuf out = strbuf_in(&test->arena);
    struct pipeline pipeline;
    pipeline_init(&pipeline, &hooks);
    pipeline_load_text(&pipeline, "/case/Caddyfile", STR(":80\n"));
    struct lint_settings settings = {0};
    bool is_fine = pipeline_use_plugins(&pipeline, &(struct plugin_settings){.has_project = true});
    if (lint_settings_add(&settings, &pipeline) && is_fine)
        strbuf_puts(&out, "reads\n");
    print_diagnostics(test, &pipeline, &out);
    pipeline_free(&pipeline);
    /* the folder is made up, so the file has a short name */
    return str_replace(&test->arena, strbuf_str(&out), STR("/case/.dialtone"), STR(".dialtone"));
}

/* Formatted text; or what is wrong with it, should a second run change it. */
static struct str product_fmt(struct test_case *test)
{
    struct str formatted, again;
    if (format_caddyfile(&test->arena, test->source, &formatted) == FORMAT_REFUSED)
        return STR("refused\n");
    if (format_caddyfile(&test->arena, formatted, &again) == FORMAT_REFUSED ||
        !str_eq(formatted, again))
        return STR("changes again\n");
    return formatted;
}

static int by_text(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The rules that warn of the case, or find an error in it: "DT306 DT801", each once. */
static struct str rules_that_find(struct test_case *test)
{
    struct source_hooks hooks = {.user = test, .read_file = read_disk, .get_env = get_env};
    struct pipeline pipeline;
    VEC(struct str) ids = {0};
    struct strbuf out = strbuf_in(&test->arena);
    compile(test, &pipeline, &hooks);
    lint_run(&pipeline, NULL);
    for (const struct diag *diag = pipeline.diags.first; diag; diag = diag->next)
        if (diag->severity >= SEVERITY_WARNING)
            vec_push(&test->arena, &ids, str_from(diag->info->id));
    if (ids.n)
        qsort(ids.at, ids.n, sizeof(*ids.at), by_text);
    for (size_t i = 0; i < ids.n; i++)
        if (i == 0 || !str_eq(ids.at[i], ids.at[i - 1]))
            strbuf_printf(&out, "%s" STR_FMT, out.len ? " " : "", STR_ARG(ids.at[i]));
    pipeline_free(&pipeline);
    return strbuf_str(&out);
}

/* Cases that are adapted or lowered are good files, but for the mistakes that they say they hold. */
static void check_findings(struct test_case *test)
{
    struct str found = rules_that_find(test), meant = case_setting(test, "findings");
    if (str_eq(found, meant))
        return;
    failed++;
    fprintf(stderr, "%s: the rules find '" STR_FMT "', and the case says '# findings: " STR_FMT "'\n",
            test->name, STR_ARG(found), STR_ARG(meant));
}

static const struct product {
    const char *folder;
    product_fn *make;
} products[] = {
    {"adapt", product_adapt},
    {"errors", product_errors},
    {"fmt", product_fmt},
    {"json", product_json},
    {"lint", product_lint},
    {"native", product_native},
    {"plugins", product_plugins},
    {"project", product_project},
};

/* Prints the first line that differs, with the two before it. */
static void show_difference(const char *path, struct str want, struct str got)
{
    size_t at = 0, line = 1, line_start = 0, context = 0;
    while (at < want.len && at < got.len && want.ptr[at] == got.ptr[at]) {
        if (want.ptr[at++] == '\n') {
            context = line > 1 ? line_start : 0;
            line_start = at;
            line++;
        }
    }
    struct str want_line, got_line, rest;
    str_cut(str_slice(want, line_start, want.len), STR("\n"), &want_line, &rest);
    str_cut(str_slice(got, line_start, got.len), STR("\n"), &got_line, &rest);
    fprintf(stderr, "%s: differs at line %zu of the result:\n" STR_FMT "- " STR_FMT "\n+ " STR_FMT "\n",
            path, line, STR_ARG(str_slice(want, context, line_start)), STR_ARG(want_line),
            STR_ARG(got_line));
}

static bool write_case(const char *path, struct str source, struct str result)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    fwrite(source.ptr, 1, source.len, file);
    fputs(SEPARATOR, file);
    fwrite(result.ptr, 1, result.len, file);
    return fclose(file) == 0;
}

static void run_case(const char *name, product_fn *make)
{
    struct test_case test = {.name = name};
    struct str text;
    if (read_disk(NULL, &test.arena, name, &text) != 0) {
        fprintf(stderr, "%s: cannot be read\n", name);
        failed++;
        return;
    }
    bool has_result = str_cut(text, STR(SEPARATOR), &test.source, &test.expected);
    /* the separator's first newline ends the source */
    test.source = str_printf(&test.arena, STR_FMT "\n", STR_ARG(test.source));
    read_environment(&test);
    if (rows) {
        print_rows(&test);
        arena_free(&test.arena);
        return;
    }
    if (make == product_adapt || make == product_native)
        check_findings(&test);
    struct str result = make(&test);
    if (has_result && str_eq(result, test.expected)) {
        passed++;
    } else if (update) {
        struct str source = str_slice(test.source, 0, test.source.len - 1);
        printf("%s: %s\n", name, write_case(name, source, result) ? "updated" : "cannot be written");
    } else {
        failed++;
        if (has_result)
            show_difference(name, test.expected, result);
        else
            fprintf(stderr, "%s: has no expected result (make corpus-update writes it)\n", name);
    }
    arena_free(&test.arena);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void run_folder(const char *path, product_fn *make)
{
    DIR *folder = opendir(path);
    if (!folder || chdir(path) != 0) {
        fprintf(stderr, "%s: no such folder\n", path);
        failed++;
        if (folder)
            closedir(folder);
        return;
    }
    struct arena arena = ARENA_INIT;
    VEC(char *) names = {0};
    struct dirent *entry;
    while ((entry = readdir(folder)))
        if (str_has_suffix(str_from(entry->d_name), STR(".caddyfile")) ||
            str_has_suffix(str_from(entry->d_name), STR(".json")))
            vec_push(&arena, &names, arena_strndup(&arena, entry->d_name, strlen(entry->d_name)));
    closedir(folder);
    if (names.n)
        qsort(names.at, names.n, sizeof(*names.at), by_name);
    for (size_t i = 0; i < names.n; i++)
        run_case(names.at[i], make);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    char start[4096];
    if (!getcwd(start, sizeof(start)))
        return 2;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--update") == 0) {
            update = true;
            continue;
        }
        if (strcmp(argv[i], "--rows") == 0) {
            rows = true;
            continue;
        }
        const char *slash = strrchr(argv[i], '/');
        const char *last = slash ? slash + 1 : argv[i];
        product_fn *make = NULL;
        for (size_t k = 0; k < sizeof(products) / sizeof(*products); k++)
            if (strcmp(last, products[k].folder) == 0)
                make = products[k].make;
        if (!make) {
            fprintf(stderr, "corpus_test: nothing is known of %s\n", argv[i]);
            return 2;
        }
        run_folder(argv[i], make);
        if (chdir(start) != 0)
            return 2;
    }
    if (!rows)
        printf("corpus: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
