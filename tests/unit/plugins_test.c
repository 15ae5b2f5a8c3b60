/* Descriptions of plugins: the built-in ones, where a project file is found, and who wins. */
#include "plugins/plugins.h"

#include "adapt/directive.h"
#include "dialtone/dialtone.h"
#include "pipeline.h"
#include "test.h"

struct file {
    const char *path, *text;
};

/* The files that there are; the last has no path. */
static const struct file *files;

static int read_file(void *user, struct arena *arena, const char *path, struct str *text)
{
    (void)user, (void)arena;
    for (const struct file *file = files; file->path; file++)
        if (strcmp(file->path, path) == 0) {
            *text = str_from(file->text);
            return 0;
        }
    return -2; /* ENOENT */
}

static const struct source_hooks hooks = {.read_file = read_file};

static bool use(struct pipeline *pipeline, const struct file *all, const char *path,
                struct plugin_settings settings)
{
    files = all;
    pipeline_init(pipeline, &hooks);
    pipeline_load_text(pipeline, path, STR(":80\n"));
    return pipeline_use_plugins(pipeline, &settings);
}

static const struct file no_files[] = {{0}};
static const char *const builtin[] = {"builtin"};

static void test_builtin(void)
{
    struct pipeline pipeline;
    CHECK(use(&pipeline, no_files, "/a/Caddyfile",
              (struct plugin_settings){.files = builtin, .n_files = 1}));
    CHECK(pipeline.diags.first == NULL);
    static const char *const directives[] = {"rate_limit", "cache",   "crowdsec",   "coraza_waf",
                                             "mercure",    "vulcain", "php_server", "php",
                                             "replace",    "webdav",  "authorize",  "authenticate"};
    for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++) {
        const struct directive *row =
            vocabulary_directive(pipeline.vocabulary, str_from(directives[i]));
        CHECK(row && row->plugin && row->plugin->package && !row->plugin->is_declared);
    }
    static const char *const globals[] = {"layer4", "frankenphp", "security", "crowdsec", "cache"};
    for (size_t i = 0; i < sizeof(globals) / sizeof(*globals); i++)
        CHECK(vocabulary_global(pipeline.vocabulary, str_from(globals[i])) != NULL);
    static const char *const providers[] = {"cloudflare", "route53", "digitalocean", "duckdns",
                                            "hetzner",    "ovh",     "namecheap",    "porkbun",
                                            "desec",      "gandi"};
    const struct module_space *space =
        vocabulary_modules(pipeline.vocabulary, STR("dns.providers"));
    for (size_t i = 0; i < sizeof(providers) / sizeof(*providers); i++)
        CHECK(space && option_find(space->modules, str_from(providers[i])));
    pipeline_free(&pipeline);
}

static void test_not_builtin(void)
{
    struct pipeline pipeline;
    CHECK(use(&pipeline, no_files, "/a/Caddyfile", (struct plugin_settings){0}));
    CHECK(vocabulary_directive(pipeline.vocabulary, STR("rate_limit")) == NULL);
    CHECK(vocabulary_directive(pipeline.vocabulary, STR("respond")) != NULL);
    CHECK(pipeline.vocabulary->reserve && !pipeline.vocabulary->reserve->is_usable);
    pipeline_free(&pipeline);
}

static bool knows(const struct file *all, const char *path, struct plugin_settings settings,
                  const char *directive)
{
    struct pipeline pipeline;
    bool ok = use(&pipeline, all, path, settings) &&
              vocabulary_directive(pipeline.vocabulary, str_from(directive));
    pipeline_free(&pipeline);
    return ok;
}

static void test_project(void)
{
    static const struct file all[] = {
        {"/.dialtone", "plugin top {\n\tdirective top\n}\n"},
        {"/a/b/.dialtone", "plugins ../x/own\n"},
        {"/a/x/own", "plugin own {\n\tdirective own\n}\n"},
        {0},
    };
    struct plugin_settings with = {.has_project = true};
    CHECK(knows(all, "/Caddyfile", with, "top"));
    CHECK(knows(all, "/a/Caddyfile", with, "top"));
    CHECK(knows(all, "/a/b/Caddyfile", with, "own"));
    CHECK(knows(all, "/a/b/c/d/Caddyfile", with, "own"));
    CHECK(!knows(all, "/a/b/c/d/Caddyfile", with, "top")); /* the nearest one alone */
    CHECK(!knows(all, "/a/Caddyfile", (struct plugin_settings){0}, "top"));
}

static void test_own_wins(void)
{
    static const struct file all[] = {
        {"/mine", "plugin mine {\n\tdirective rate_limit {\n\t\thandler other\n\t}\n}\n"},
        {0},
    };
    static const char *const paths[] = {"/mine", "builtin"};
    struct pipeline pipeline;
    CHECK(
        use(&pipeline, all, "/Caddyfile", (struct plugin_settings){.files = paths, .n_files = 2}));
    const struct directive *row = vocabulary_directive(pipeline.vocabulary, STR("rate_limit"));
    CHECK(row && strcmp(row->plugin->name, "mine") == 0 && row->plugin->is_declared);
    pipeline_free(&pipeline);
}

static size_t place_of(const struct vocabulary *vocabulary, const char *name)
{
    size_t at = 0;
    while (vocabulary->order[at] && strcmp(vocabulary->order[at], name) != 0)
        at++;
    return at;
}

static void test_order(void)
{
    static const struct file all[] = {
        {"/mine",
         "plugin mine {\n\tdirective a {\n\t\torder before respond\n\t}\n"
         "\tdirective b {\n\t\torder after a\n\t}\n"
         "\tdirective c {\n\t\torder first\n\t}\n\tdirective d {\n\t\torder last\n\t}\n}\n"},
        {0},
    };
    static const char *const paths[] = {"/mine"};
    struct pipeline pipeline;
    CHECK(
        use(&pipeline, all, "/Caddyfile", (struct plugin_settings){.files = paths, .n_files = 1}));
    const struct vocabulary *vocabulary = pipeline.vocabulary;
    CHECK_INT(place_of(vocabulary, "c"), 0);
    CHECK_INT(place_of(vocabulary, "b"), place_of(vocabulary, "a") + 1);
    CHECK_INT(place_of(vocabulary, "respond"), place_of(vocabulary, "b") + 1);
    CHECK(vocabulary->order[place_of(vocabulary, "d") + 1] == NULL);
    pipeline_free(&pipeline);
}

static void test_unreadable(void)
{
    static const char *const paths[] = {"/nowhere"};
    struct pipeline pipeline;
    CHECK(!use(&pipeline, no_files, "/Caddyfile",
               (struct plugin_settings){.files = paths, .n_files = 1}));
    CHECK(pipeline.diags.first && pipeline.diags.first->code == DIAG_UNREADABLE_FILE);
    pipeline_free(&pipeline);
}

static void test_library(void)
{
    static const char text[] = ":80 {\n\troute {\n\t\treplace a b\n\t}\n}\n";
    struct dt_compile_options options = {0};
    int error = 0;
    struct dt_compilation *compilation =
        dt_compile_text("Caddyfile", text, strlen(text), &options, &error);
    CHECK(compilation && !dt_json(compilation, false));
    dt_compilation_free(compilation);
    options.plugins = builtin;
    options.n_plugins = 1;
    compilation = dt_compile_text("Caddyfile", text, strlen(text), &options, &error);
    const char *json = compilation ? dt_json(compilation, false) : NULL;
    CHECK(json && strstr(json, "\"replacements\":[{\"replace\":\"b\",\"search\":\"a\"}]"));
    dt_compilation_free(compilation);
}

static const struct test tests[] = {
    {"the built-in descriptions have no mistakes", test_builtin},
    {"the built-in descriptions are off unless asked for", test_not_builtin},
    {"the nearest project file counts", test_project},
    {"own descriptions win over built-in ones", test_own_wins},
    {"places in the order", test_order},
    {"a file that cannot be read", test_unreadable},
    {"the library takes descriptions", test_library},
};

TESTS_MAIN(tests)
