/* Corrections: of every rule that promises them, of zones in every place, and what is never done. */
#include "fix/fix.h"
#include "lint/lint.h"
#include "lint/rule.h"
#include "test.h"

/* --- a few files in memory, one variable --- */

struct files {
    const char *names[4], *texts[4]; /* names as absolute paths, or those of roots */
    const char *value;               /* of every variable; NULL: unset */
    const char *read_only;
    struct lint_settings settings;
};

static int read_file(void *user, struct arena *arena, const char *path, struct str *text)
{
    const struct files *files = user;
    for (size_t i = 0; i < 4 && files->names[i]; i++)
        if (str_has_suffix(str_from(path), str_from(files->names[i]))) {
            *text = str_dup(arena, str_from(files->texts[i]));
            return 0;
        }
    return -2; /* ENOENT */
}

static const char *get_env(void *user, const char *name)
{
    (void)name;
    return ((const struct files *)user)->value;
}

static bool prepare(void *user, struct pipeline *pipeline)
{
    (void)user, (void)pipeline;
    return true;
}

static void check(void *user, struct pipeline *pipeline)
{
    const struct files *files = user;
    pipeline_adapt(pipeline, (struct adapt_options){.only_checks = true});
    lint_run(pipeline, &files->settings);
}

static bool may_change(void *user, const char *path)
{
    const struct files *files = user;
    return !files->read_only || !str_has_suffix(str_from(path), str_from(files->read_only));
}

static struct fix_result fix(struct arena *arena, struct files *files, enum fix_kind least,
                             size_t n_roots)
{
    struct source_hooks hooks = {.user = files, .read_file = read_file, .get_env = get_env};
    struct fix_request request = {.hooks = &hooks,
                                  .least = least,
                                  .assumes_values = true,
                                  .user = files,
                                  .prepare = prepare,
                                  .check = check,
                                  .may_change = may_change};
    struct fix_root roots[4];
    struct fix_result result;
    for (size_t i = 0; i < n_roots; i++)
        roots[i] = (struct fix_root){.path = files->names[i]};
    fix_run(arena, &request, roots, n_roots, &result);
    return result;
}

/* The text of a file after the corrections; what it was where there are none. */
static const char *after(struct arena *arena, const struct fix_result *result,
                         const struct files *files, size_t i)
{
    for (const struct fix_file *file = result->files; file; file = file->next)
        if (str_has_suffix(file->path, str_from(files->names[i])))
            return str_dup(arena, file->after).ptr;
    return files->texts[i];
}

/* The JSON of a root, or "" where it has errors; counts what the rule finds. */
static const char *json_of(struct arena *arena, struct files *files, const char *text,
                           const struct lint_rule *rule, unsigned *n_found)
{
    struct source_hooks hooks = {.user = files, .read_file = read_file, .get_env = get_env};
    struct pipeline pipeline;
    struct strbuf out = strbuf_in(arena);
    pipeline_init(&pipeline, &hooks);
    pipeline_load_text(&pipeline, "Caddyfile", str_from(text));
    check(files, &pipeline);
    if (pipeline.document.root)
        pipeline_write(&pipeline, false, &out);
    for (const struct diag *diag = pipeline.diags.first; n_found && diag; diag = diag->next)
        *n_found += diag->info == lint_rule_info(rule) && diag->severity != SEVERITY_NONE;
    pipeline_free(&pipeline);
    return strbuf_cstr(&out);
}

/* --- every row --- */

static struct lint_settings settings_for(const struct lint_rule *rule)
{
    struct lint_settings settings = {.profile = PROFILE_STRICT};
    if (rule->target)
        lint_version_read(str_from(rule->target), &settings.target);
    for (unsigned i = 1; i < 8 && rule->environments; i++)
        if (rule->environments & 1u << i)
            settings.environment = (enum lint_environment)i;
    return settings;
}

static void complain(const struct lint_rule *rule, const char *what, const char *text)
{
    checks_failed++;
    fprintf(stderr, "%s: its wrong example, corrected, %s:\n%s\n", lint_rule_info(rule)->id, what,
            text);
}

static void check_row(struct arena *arena, const struct lint_rule *rule)
{
    struct files files = {.names = {"Caddyfile"},
                          .texts = {rule->bad},
                          .value = "example.com",
                          .settings = settings_for(rule)};
    struct fix_result result = fix(arena, &files, rule->fix, 1);
    const char *text = after(arena, &result, &files, 0);
    unsigned n_found = 0;
    const char *before = json_of(arena, &files, rule->bad, rule, NULL);
    const char *json = json_of(arena, &files, text, rule, &n_found);
    checks_done += 4;
    if (strcmp(text, rule->bad) == 0)
        complain(rule, "is what it was", text);
    if (!json[0])
        complain(rule, "does not compile", text);
    if (n_found)
        complain(rule, "still has the mistake", text);
    if (rule->fix == FIX_SAFE && strcmp(before, json) != 0)
        complain(rule, "has become something else", text);
    files.texts[0] = text;
    result = fix(arena, &files, rule->fix, 1);
    CHECK_STR(str_from(after(arena, &result, &files, 0)), text);
}

static void test_rows(void)
{
    struct arena arena = ARENA_INIT;
    const struct lint_rule *rule;
    unsigned n = 0;
    for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
        if (rule->fix < FIX_UNSAFE)
            continue;
        n++;
        if (!rule->bad)
            complain(rule, "is not there", "");
        else
            check_row(&arena, rule);
    }
    CHECK(n > 30);
    arena_free(&arena);
}

/* --- zones --- */

#define TLS(indent) indent "transport http {\n" indent "\ttls\n" indent "}\n"

static const struct {
    const char *before, *after; /* what stands in the site */
} zones[] = {
    {"\treverse_proxy https://[fe80::1%eth0]\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n" TLS("\t\t") "\t}\n"},
    {"\treverse_proxy https://[fe80::1%25eth0]:8443\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:8443 {\n" TLS("\t\t") "\t}\n"},
    {"\treverse_proxy https://[fe80::1%2]\n",
     "\treverse_proxy tcp6/[fe80::1%2]:443 {\n" TLS("\t\t") "\t}\n"},
    {"\treverse_proxy [fe80::1%25eth0]:80\n", "\treverse_proxy tcp6/[fe80::1%eth0]:80\n"},
    {"\treverse_proxy http://[FE80:0::1%eth0]\n", "\treverse_proxy tcp6/[fe80::1%eth0]:80\n"},
    {"\treverse_proxy h2c://[fe80::1%eth0]:9000\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:9000 {\n\t\ttransport http {\n\t\t\tversions h2c 2\n\t\t}\n"
     "\t}\n"},
    {"\treverse_proxy /x* https://[fe80::1%eth0] # the router\n",
     "\treverse_proxy /x* tcp6/[fe80::1%eth0]:443 {\n\t\t# the router\n" TLS("\t\t") "\t}\n"},
    {"\treverse_proxy https://[fe80::1%eth0] { # here\n\t\tlb_policy first\n\t}\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:443 { # here\n" TLS("\t\t") "\t\tlb_policy first\n\t}\n"},
    {"\treverse_proxy https://[fe80::1%eth0] {\n\t\ttransport http {\n\t\t\ttls\n\t\t}\n\t}\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n" TLS("\t\t") "\t}\n"},
    {"\treverse_proxy https://[fe80::1%eth0] {\n\t\ttransport http {\n\t\t\tdial_timeout 3s\n\t\t}\n\t}\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n\t\ttransport http {\n\t\t\ttls\n\t\t\tdial_timeout 3s\n"
     "\t\t}\n\t}\n"},
    {"\treverse_proxy https://[fe80::1%eth0] {\n\t\ttransport http\n\t}\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n" TLS("\t\t") "\t}\n"},
    {"\treverse_proxy https://[fe80::1%eth0] {\n\t\ttransport http {\n\t\t\ttls_server_name a.lan\n\t\t}\n"
     "\t}\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n\t\ttransport http {\n"
     "\t\t\ttls_server_name a.lan\n\t\t}\n\t}\n"},
    {"\treverse_proxy https://[fe80::1%eth0] https://b.example https://[2001:db8::1]:8443\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:443 b.example:443 [2001:db8::1]:8443 {\n" TLS("\t\t") "\t}\n"},
    {"\treverse_proxy https://[fe80::1%eth0] https://[fe80::2%25eth1] {\n\t\tto https://[fe80::3%3]\n\t}\n",
     "\treverse_proxy tcp6/[fe80::1%eth0]:443 tcp6/[fe80::2%eth1]:443 {\n" TLS("\t\t")
     "\t\tto tcp6/[fe80::3%3]:443\n\t}\n"},
    {"\treverse_proxy {\n\t\tto https://[fe80::1%eth0]\n\t}\n",
     "\treverse_proxy {\n" TLS("\t\t") "\t\tto tcp6/[fe80::1%eth0]:443\n\t}\n"},
    {"\tforward_auth https://[fe80::1%eth0] {\n\t\turi /auth\n\t\tcopy_headers X-User\n\t}\n",
     "\tforward_auth tcp6/[fe80::1%eth0]:443 {\n" TLS("\t\t")
     "\t\turi /auth\n\t\tcopy_headers X-User\n\t}\n"},
    {"\tphp_fastcgi http://[fe80::1%eth0]:9000\n", "\tphp_fastcgi tcp6/[fe80::1%eth0]:9000\n"},
    {"\tphp_fastcgi [fe80::1%25eth0]:9000\n", "\tphp_fastcgi tcp6/[fe80::1%eth0]:9000\n"},
    {"\thandle /a* {\n\t\treverse_proxy https://[fe80::1%eth0]\n\t}\n",
     "\thandle /a* {\n\t\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n" TLS("\t\t\t") "\t\t}\n\t}\n"},
    /* the layout of the file is kept where it has one of its own */
    {"    reverse_proxy    https://[fe80::1%eth0]\n",
     "    reverse_proxy    tcp6/[fe80::1%eth0]:443 {\n        transport http {\n            tls\n        }\n"
     "    }\n"},
    /* what only a person can tell */
    {"\treverse_proxy https://[fe80::1%eth0] https://{env.OTHER}\n", NULL},
    {"\treverse_proxy https://[fe80::1%eth0]:8000-8002\n", NULL},
    {"\treverse_proxy \"https://[fe80::1%eth0]\"\n", NULL},
};

static void test_zones(void)
{
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        const char *before = arena_printf(&arena, "a.example {\n%s}\n", zones[i].before);
        const char *want = zones[i].after ? arena_printf(&arena, "a.example {\n%s}\n", zones[i].after)
                                          : before;
        struct files files = {.names = {"Caddyfile"}, .texts = {before}};
        struct fix_result result = fix(&arena, &files, FIX_SAFE, 1);
        const char *text = after(&arena, &result, &files, 0);
        CHECK_STR(str_from(text), want);
        CHECK(!zones[i].after || json_of(&arena, &files, before, NULL, NULL)[0]);
        CHECK_STR(str_from(json_of(&arena, &files, text, NULL, NULL)),
                  json_of(&arena, &files, before, NULL, NULL));
    }
    arena_free(&arena);
}

/* --- bytes that are kept, and text that is nobody's --- */

static const struct {
    const char *before, *after, *value;
} texts[] = {
    /* line ends, byte order mark, no last line end */
    {"a.example {\r\n\treverse_proxy https://[fe80::1%eth0]\r\n}\r\n",
     "a.example {\r\n\treverse_proxy tcp6/[fe80::1%eth0]:443 {\r\n\t\ttransport http {\r\n\t\t\ttls\r\n"
     "\t\t}\r\n\t}\r\n}\r\n", NULL},
    {"\xef\xbb\xbfhttps://a.example:443 {\n\trespond * ok\n}", "\xef\xbb\xbf" "a.example {\n\trespond ok\n}",
     NULL},
    {"# \xc3\xa4\xc3\xb6\na.example {\n\n\n  respond   *   ok # why\n}\n# end",
     "# \xc3\xa4\xc3\xb6\na.example {\n\n\n  respond   ok # why\n}\n# end", NULL},
    /* what a variable holds is not written down, and proves nothing about what it will hold */
    {"a.example {\n\t{$LINE}\n}\n", NULL, "respond * ok"},
    {"a.example {\n\trespond {$WORD}\n}\n", NULL, "* ok"},
    {"a.example {\n\trespond * {$WORD}\n}\n", NULL, "ok"},
    {"a.example {\n\trespond * ok\n\theader A {$WORD}\n}\n",
     "a.example {\n\trespond ok\n\theader A {$WORD}\n}\n", "b"},
    {"https://a.example:443 {\n\trespond ok\n}\n{$UNSET} {\n\trespond * ok\n}\n",
     "a.example {\n\trespond ok\n}\n{$UNSET} {\n\trespond ok\n}\n", NULL},
    /* in a snippet once, however often it is imported */
    {"(say) {\n\theader * A {args.0}\n}\na.example {\n\timport say hi\n}\nb.example {\n\timport say ho\n}\n",
     "(say) {\n\theader A {args[0]}\n}\na.example {\n\timport say hi\n}\nb.example {\n\timport say ho\n}\n",
     NULL},
    {"(say) {\n\trespond * {args[0]}\n}\na.example {\n\timport say hi\n}\n", NULL, NULL},
    /* the port says something after all */
    {"{\n\thttps_port 8443\n}\nhttps://a.example:443 {\n\trespond ok\n}\n", NULL, NULL},
    /* comments may ask to leave it */
    {"a.example {\n\t# dialtone: ignore[DT903]\n\trespond * ok\n}\n", NULL, NULL},
    /* a file with errors */
    {"a.example {\n\trespond * ok\n\trevers_proxy b\n}\n", NULL, NULL},
    {"", NULL, NULL},
};

static void test_texts(void)
{
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct files files = {.names = {"Caddyfile"},
                              .texts = {texts[i].before},
                              .value = texts[i].value,
                              .settings = {.profile = PROFILE_STRICT}};
        struct fix_result result = fix(&arena, &files, FIX_SAFE, 1);
        CHECK_STR(str_from(after(&arena, &result, &files, 0)),
                  texts[i].after ? texts[i].after : texts[i].before);
        CHECK(texts[i].after || result.n_fixed == 0);
    }
    arena_free(&arena);
}

/* --- several files --- */

static void test_imports(void)
{
    struct arena arena = ARENA_INIT;
    struct files files = {
        .names = {"one.caddyfile", "two.caddyfile", "shared.conf"},
        .texts = {"a.example {\n\timport shared.conf\n\trespond * ok\n}\n",
                  "b.example {\n\timport shared.conf\n\trespond ok\n}\n", "header * A b\n"},
        .settings = {.profile = PROFILE_STRICT}};
    struct fix_result result = fix(&arena, &files, FIX_SAFE, 2);
    CHECK_INT(result.n_fixed, 2);
    CHECK_STR(str_from(after(&arena, &result, &files, 0)),
              "a.example {\n\timport shared.conf\n\trespond ok\n}\n");
    CHECK_STR(str_from(after(&arena, &result, &files, 1)), files.texts[1]);
    CHECK_STR(str_from(after(&arena, &result, &files, 2)), "header A b\n");

    files.read_only = "shared.conf";
    result = fix(&arena, &files, FIX_SAFE, 2);
    CHECK_INT(result.n_fixed, 1);
    CHECK_STR(str_from(after(&arena, &result, &files, 2)), files.texts[2]);
    CHECK(result.refusals && result.refusals->reason == REFUSED_FILE);
    CHECK(result.refusals && str_has_suffix(result.refusals->place.path, STR("shared.conf")));

    /* a correction of the first root that the second cannot stand */
    files.read_only = NULL;
    files.texts[0] = "import shared.conf\n";
    files.texts[1] = "{\n\thttps_port 8443\n}\nimport shared.conf\n";
    files.texts[2] = "https://a.example:443 {\n\trespond ok\n}\n";
    result = fix(&arena, &files, FIX_SAFE, 1);
    CHECK_INT(result.n_fixed, 1);
    result = fix(&arena, &files, FIX_SAFE, 2);
    CHECK_INT(result.n_fixed, 0);
    CHECK(result.refusals && result.refusals->reason == REFUSED_CHANGES);
    CHECK(result.refusals && strcmp(result.refusals->rule->id, "DT904") == 0);
    arena_free(&arena);
}

/* Many corrections, of which one is wrong: the others are made. */
static void test_bisection(void)
{
    struct arena arena = ARENA_INIT;
    struct strbuf before = strbuf_in(&arena), want = strbuf_in(&arena);
    strbuf_puts(&before, "{\n\thttps_port 8443\n}\n");
    strbuf_puts(&want, "{\n\thttps_port 8443\n}\n");
    for (int i = 0; i < 100; i++) {
        const char *key = i == 37 ? "https://37.example:443" : arena_printf(&arena, "%d.example", i);
        strbuf_printf(&before, "%s {\n\theader * A b\n\trespond * ok\n}\n", key);
        strbuf_printf(&want, "%s {\n\theader A b\n\trespond ok\n}\n", key);
    }
    struct files files = {.names = {"Caddyfile"},
                          .texts = {strbuf_cstr(&before)},
                          .settings = {.profile = PROFILE_STRICT}};
    struct fix_result result = fix(&arena, &files, FIX_SAFE, 1);
    CHECK_STR(str_from(after(&arena, &result, &files, 0)), strbuf_cstr(&want));
    CHECK_INT(result.n_fixed, 200);
    CHECK(result.refusals && !result.refusals->next);
    arena_free(&arena);
}

/* --- findings that no rule has --- */

static const struct diag_code_info odd = {"DT999", "odd", "", SEVERITY_WARNING};

static struct diag *report_odd(struct pipeline *pipeline, size_t at, size_t len)
{
    uint32_t begin = pipeline->source->base + (uint32_t)at;
    return diag_found(&pipeline->diags, &odd, SEVERITY_WARNING, (struct span){begin, begin + (uint32_t)len},
                      NULL, str_printf(&pipeline->arena, "at %zu", at));
}

/* One more comment, again and again. */
static void never_content(void *user, struct pipeline *pipeline)
{
    check(user, pipeline);
    size_t end = pipeline->source->raw.len;
    struct diag *diag = report_odd(pipeline, end - 1, 1);
    diag_fix(&pipeline->diags, diag, FIX_SAFE,
             (struct span){pipeline->source->base + (uint32_t)end, pipeline->source->base + (uint32_t)end},
             STR("# more\n"), "write more");
}

/* Every two neighbouring letters x are too many. */
static void no_doubles(void *user, struct pipeline *pipeline)
{
    check(user, pipeline);
    struct str raw = pipeline->source->raw;
    for (size_t i = 0; i + 1 < raw.len; i++)
        if (raw.ptr[i] == 'x' && raw.ptr[i + 1] == 'x') {
            struct diag *diag = report_odd(pipeline, i, 2);
            diag_fix(&pipeline->diags, diag, FIX_SAFE, diag->span, STR("x"), "once");
        }
}

/* Two at a time, the inner ones by way of an edit that belongs to it. */
static void far_apart(void *user, struct pipeline *pipeline)
{
    check(user, pipeline);
    struct str raw = pipeline->source->raw;
    ptrdiff_t first = str_find(raw, STR("<")), last = str_find(raw, STR(">"));
    if (first < 0 || last < 0)
        return;
    struct diag *diag = report_odd(pipeline, (size_t)first, 1);
    uint32_t base = pipeline->source->base;
    struct diag_note *fix = diag_fix(&pipeline->diags, diag, FIX_SAFE, diag->span, STR(""), "away");
    diag_fix_also(&pipeline->diags, fix,
                  (struct span){base + (uint32_t)last, base + (uint32_t)last + 1}, STR(""));
}

static void test_odd_findings(void)
{
    static const struct {
        void (*check)(void *user, struct pipeline *pipeline);
        const char *before, *after;
        uint32_t n_fixed;
    } cases[] = {
        {never_content, "a.example {\n}\n", "a.example {\n}\n", 0},
        /* overlapping ones one turn after the other */
        {no_doubles, "a.example {\n}\n# xxxxx xx\n", "a.example {\n}\n# x x\n", 5},
        {far_apart, "a.example {\n}\n# <a> <b> >\n", "a.example {\n}\n# a b >\n", 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct files files = {.names = {"Caddyfile"}, .texts = {cases[i].before}};
        struct source_hooks hooks = {.user = &files, .read_file = read_file, .get_env = get_env};
        struct fix_request request = {.hooks = &hooks,
                                      .least = FIX_SAFE,
                                      .user = &files,
                                      .prepare = prepare,
                                      .check = cases[i].check};
        struct fix_root root = {.path = files.names[0]};
        struct fix_result result;
        fix_run(&arena, &request, &root, 1, &result);
        CHECK_STR(str_from(after(&arena, &result, &files, 0)), cases[i].after);
        CHECK_INT(result.n_fixed, cases[i].n_fixed);
        CHECK(i > 0 || (result.refusals && result.refusals->reason == REFUSED_ENDLESS));
        arena_free(&arena);
    }
}

static const struct test tests[] = {
    {"odd findings", test_odd_findings},
    {"rows", test_rows},       {"zones", test_zones},         {"texts", test_texts},
    {"imports", test_imports}, {"bisection", test_bisection},
};

TESTS_MAIN(tests)
