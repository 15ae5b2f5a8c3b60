/* Every rule finds its own bad example and nothing in its good one; ids and names are used once. */
#include "lint/lint.h"
#include "lint/rule.h"
#include "test.h"

static const char *no_environment(void *user, const char *name)
{
    (void)user;
    (void)name;
    return NULL;
}

/* There is no file but the project's. */
static int read_project(void *user, struct arena *arena, const char *path, struct str *text)
{
    (void)arena;
    const struct lint_rule *rule = user;
    if (!rule->project || !str_has_suffix(str_from(path), STR("/.dialtone")))
        return -2; /* ENOENT */
    *text = str_from(rule->project);
    return 0;
}

/* Whether the rule finds something in the text. */
static bool finds(const struct lint_rule *rule, const char *text)
{
    struct source_hooks hooks = {
        .user = (void *)rule, .read_file = read_project, .get_env = no_environment};
    struct lint_settings settings = {.profile = PROFILE_STRICT};
    if (rule->changes) {
        settings.from = (struct lint_version){.major = 2};
        lint_version_read(str_from(rule->changes), &settings.target);
    }
    if (rule->target)
        lint_version_read(str_from(rule->target), &settings.target);
    for (unsigned i = 1; i < 8 && rule->environments; i++)
        if (rule->environments & 1u << i)
            settings.environment = (enum lint_environment)i;
    struct pipeline pipeline;
    pipeline_init(&pipeline, &hooks);
    pipeline_load_text(&pipeline, "Caddyfile", str_from(text));
    CHECK(pipeline_read_project(&pipeline, STR("/Caddyfile")) &&
          lint_settings_add(&settings, &pipeline));
    if (pipeline_adapt(&pipeline, (struct adapt_options){0}) && rule->caddy == CADDY_NONE)
        pipeline_lower(&pipeline);
    lint_run(&pipeline, &settings);
    bool is_there = false;
    for (const struct diag *diag = pipeline.diags.first; diag; diag = diag->next)
        is_there |= diag->info == lint_rule_info(rule) && diag->severity != SEVERITY_NONE;
    pipeline_free(&pipeline);
    return is_there;
}

static void test_examples(void)
{
    const struct lint_rule *rule;
    for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
        const char *id = lint_rule_info(rule)->id;
        CHECK(rule->why != NULL);
        if (rule->bad) {
            CHECK(rule->good != NULL);
            checks_done++;
            if (!finds(rule, rule->bad)) {
                checks_failed++;
                fprintf(stderr, "%s: does not find its bad example\n", id);
            }
        }
        if (rule->good) {
            checks_done++;
            if (finds(rule, rule->good)) {
                checks_failed++;
                fprintf(stderr, "%s: finds something in its good example\n", id);
            }
        }
    }
}

static void test_identities(void)
{
    const struct lint_rule *a, *b;
    for (size_t i = 0; (a = lint_rule_at(i)); i++) {
        const struct diag_code_info *info = lint_rule_info(a);
        CHECK(info->doc && info->doc[0] && info->name && info->severity != SEVERITY_NONE);
        CHECK(!a->line || a->on);
        CHECK(!a->handler || a->on_handler);
        CHECK_INT(a->code + (a->line != NULL) + (a->block != NULL) + (a->handler != NULL) +
                      (a->source != NULL) + (a->whole != NULL) > 0, 1);
        for (size_t j = 0; j < i && (b = lint_rule_at(j)); j++) {
            CHECK(strcmp(info->id, lint_rule_info(b)->id) != 0);
            CHECK(strcmp(info->name, lint_rule_info(b)->name) != 0);
        }
        for (int code = DIAG_NONE + 1; code < N_DIAG_CODES; code++)
            CHECK(a->code || strcmp(info->id, diag_code_info((enum diag_code)code)->id) != 0);
    }
}

static void test_versions(void)
{
    struct lint_version version;
    CHECK(lint_version_read(STR("2.11.4"), &version) && version.patch == 4);
    CHECK(lint_version_read(STR("v2.7"), &version) && version.minor == 7 && version.patch == 0);
    CHECK(!lint_version_read(STR("2.x"), &version));
    CHECK(!lint_version_read(STR("2.1.2.3"), &version));
    CHECK(!lint_version_read(STR(""), &version));
}

static const struct test tests[] = {
    {"examples", test_examples},
    {"identities", test_identities},
    {"versions", test_versions},
};

TESTS_MAIN(tests)
