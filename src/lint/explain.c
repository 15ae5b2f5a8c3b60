/* The page of a rule, and the list of all, from their rows. */
#include "base/arena.h"
#include "json/document.h"
#include "lint/lint_private.h"

static const char *const severity_names[] = {
    [SEVERITY_NONE] = "off", [SEVERITY_INFO] = "info", [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error"};

static const char *const fix_names[] = {[FIX_NONE] = "none",
                                        [FIX_SUGGEST] = "suggested",
                                        [FIX_UNSAFE] = "unsafe",
                                        [FIX_SAFE] = "safe"};

static const char *const fix_texts[] = {
    [FIX_NONE] = "none: it needs a person",
    [FIX_SUGGEST] = "a correction is shown, and never applied by itself",
    [FIX_UNSAFE] = "`--fix --unsafe-fixes` applies it: it changes what the configuration does",
    [FIX_SAFE] = "`--fix` applies it: the JSON that the file becomes stays the same",
};

static const char *const caddy_names[] = {[CADDY_NONE] = "none",
                                          [CADDY_SILENT] = "silent",
                                          [CADDY_WARNS] = "warns",
                                          [CADDY_VALIDATES] = "validates",
                                          [CADDY_REFUSES] = "refuses"};

static const char *const caddy_texts[] = {
    [CADDY_NONE] = NULL,
    [CADDY_SILENT] = "Caddy accepts it without a word.",
    [CADDY_WARNS] = "Caddy accepts it with a warning; the exit status is 0.",
    [CADDY_VALIDATES] = "`caddy adapt` accepts it; only `caddy validate` or starting fails.",
    [CADDY_REFUSES] = "Caddy refuses it.",
};

static const char *const profile_names[] = {[PROFILE_DEFAULT] = "recommended",
                                            [PROFILE_COMPAT] = "caddy-compat",
                                            [PROFILE_RECOMMENDED] = "recommended",
                                            [PROFILE_PRODUCTION] = "production",
                                            [PROFILE_STRICT] = "strict"};

static void add_indented(struct strbuf *out, const char *text)
{
    struct str left = str_from(text), line;
    while (left.len) {
        str_cut(left, STR("\n"), &line, &left);
        if (line.len)
            strbuf_printf(out, "    " STR_FMT, STR_ARG(line));
        strbuf_add_char(out, '\n');
    }
}

static void add_part(struct strbuf *out, const char *heading, const char *text)
{
    if (text)
        strbuf_printf(out, "\n%s\n%s\n", heading, text);
}

static void add_example(struct strbuf *out, const char *heading, const char *text)
{
    if (!text)
        return;
    strbuf_printf(out, "\n%s\n\n", heading);
    add_indented(out, text);
}

void lint_explain(const struct lint_rule *rule, struct strbuf *out)
{
    const struct diag_code_info *info = lint_rule_info(rule);
    strbuf_printf(out, "%s %s (%s)\n%s\n", info->id, info->name, severity_names[info->severity],
                  info->doc);
    add_part(out, "Why", rule->why);
    add_part(out, "What Caddy does",
             rule->at_run_time ? rule->at_run_time : caddy_texts[rule->caddy]);
    add_example(out, "With this in .dialtone", rule->project);
    add_example(out, "Wrong", rule->bad);
    add_example(out, "Right", rule->good);
    add_part(out, "Correction", fix_texts[rule->fix]);
    if (rule->changes)
        strbuf_printf(out, "\nVersions\nchanged in Caddy %s; `dialtone upgrade` compares versions\n",
                      rule->changes);
    if (rule->since || rule->until)
        strbuf_printf(out, "\nVersions\nholds for Caddy %s%s%s%s\n",
                      rule->since ? "from " : "", rule->since ? rule->since : "",
                      rule->until ? " before " : "", rule->until ? rule->until : "");
    if (info->severity != SEVERITY_ERROR || !rule->code)
        strbuf_printf(out,
                      "\nSuppress\n`# dialtone: ignore[%s] reason` on the line above the statement "
                      "(its block included),\n`# dialtone: ignore-file[%s] reason` for the whole "
                      "file, or in .dialtone: `rules { %s off }`\n",
                      info->id, info->id, info->id);
}

/* The first of the environments that a rule is for. */
static const char *environment_name(unsigned environments)
{
    static const char *const names[] = {NULL, "host", "container", "dev"};
    for (unsigned i = 1; i < sizeof(names) / sizeof(names[0]); i++)
        if (environments & 1u << i)
            return names[i];
    return NULL;
}

static json_t *rule_json(struct document *document, const struct lint_rule *rule)
{
    const struct diag_code_info *info = lint_rule_info(rule);
    json_t *object = document_object(document, NULL);
    struct {
        const char *key, *text;
    } texts[] = {
        {"id", info->id},
        {"name", info->name},
        {"severity", severity_names[info->severity]},
        {"doc", info->doc},
        {"fix", fix_names[rule->fix]},
        {"profile", profile_names[rule->code ? PROFILE_COMPAT : rule->profile]},
        {"caddy", caddy_names[rule->caddy]},
        {"changes", rule->changes},
        {"since", rule->since},
        {"until", rule->until},
        {"target", rule->target},
        {"project", rule->project},
        {"environment", environment_name(rule->environments)},
        {"why", rule->why},
        {"at_run_time", rule->at_run_time},
        {"bad", rule->bad},
        {"good", rule->good},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].text)
            document_set(document, object, texts[i].key,
                         document_text(document, texts[i].text, NULL));
    return object;
}

void lint_rules_json(struct arena *arena, struct strbuf *out)
{
    struct document document;
    document_init(&document, arena);
    json_t *list = document_array(&document, NULL);
    const struct lint_rule *rule;
    for (size_t i = 0; (rule = lint_rule_at(i)); i++)
        document_add(&document, list, rule_json(&document, rule));
    document_write(list, true, out);
    strbuf_add_char(out, '\n');
}
