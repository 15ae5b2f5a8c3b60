/* Reports that are JSON: our own shape, SARIF 2.1.0 and GitLab's code quality. */
#include "lint/report.h"
#include "lint/rule.h"

#include <stdlib.h>

#define SARIF_SCHEMA                                                                               \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

struct writer {
    struct document document;
    struct report *report;
    struct map rules; /* SARIF: id → json_t *, its index */
    json_t *rule_list;
    uint32_t n_rules;
};

static void begin(struct writer *writer, struct report *report)
{
    *writer = (struct writer){.report = report, .rules = map_in(&report->arena)};
    document_init(&writer->document, &report->arena);
}

static void finish(json_t *root, struct strbuf *out)
{
    document_write(root, true, out);
    strbuf_add_char(out, '\n');
}

static json_t *object(struct writer *writer)
{
    return document_object(&writer->document, NULL);
}

static json_t *array(struct writer *writer)
{
    return document_array(&writer->document, NULL);
}

static void set(struct writer *writer, json_t *into, const char *key, json_t *value)
{
    document_set(&writer->document, into, key, value);
}

static void add(struct writer *writer, json_t *list, json_t *value)
{
    document_add(&writer->document, list, value);
}

static void set_text(struct writer *writer, json_t *into, const char *key, struct str text)
{
    set(writer, into, key, document_string(&writer->document, text, NULL));
}

static void set_number(struct writer *writer, json_t *into, const char *key, int64_t number)
{
    set(writer, into, key, document_integer(&writer->document, number, NULL));
}

/* {"text": …} */
static json_t *text_object(struct writer *writer, struct str text)
{
    json_t *message = object(writer);
    set_text(writer, message, "text", text);
    return message;
}

/* --- our own --- */

static void set_place(struct writer *writer, json_t *into, const struct report_place *place)
{
    if (place->path.len)
        set_text(writer, into, "file", place->path);
    if (!place->line)
        return;
    set_number(writer, into, "line", place->line);
    set_number(writer, into, "column", place->column);
    set_number(writer, into, "end_line", place->end_line);
    set_number(writer, into, "end_column", place->end_column);
}

static json_t *edits_json(struct writer *writer, const struct report_edit *edit)
{
    json_t *list = array(writer);
    for (; edit; edit = edit->next) {
        json_t *one = object(writer);
        set_place(writer, one, &edit->place);
        set_text(writer, one, "text", edit->text);
        add(writer, list, one);
    }
    return list;
}

static json_t *notes_json(struct writer *writer, const struct report_note *note)
{
    static const char *const kinds[] = {
        [NOTE_NOTE] = "note", [NOTE_LABEL] = "label", [NOTE_HELP] = "help"};
    static const char *const fixes[] = {[FIX_NONE] = "none",
                                        [FIX_SUGGEST] = "suggested",
                                        [FIX_UNSAFE] = "unsafe",
                                        [FIX_SAFE] = "safe"};
    json_t *list = array(writer);
    for (; note; note = note->next) {
        json_t *one = object(writer);
        set_text(writer, one, "kind", str_from(kinds[note->kind]));
        set_text(writer, one, "text", note->text);
        set_place(writer, one, &note->place);
        if (note->edits) {
            set_text(writer, one, "fix", str_from(fixes[note->fix]));
            set(writer, one, "edits", edits_json(writer, note->edits));
        }
        add(writer, list, one);
    }
    return list;
}

static json_t *finding_json(struct writer *writer, const struct report_finding *finding)
{
    json_t *one = object(writer);
    set_text(writer, one, "id", str_from(finding->info->id));
    set_text(writer, one, "name", str_from(finding->info->name));
    set_text(writer, one, "severity", str_from(severity_name(finding->severity)));
    set_text(writer, one, "message", finding->message);
    set_place(writer, one, &finding->place);
    set(writer, one, "notes", notes_json(writer, finding->notes));
    set(writer, one, "imports", notes_json(writer, finding->imports));
    set_text(writer, one, "fingerprint",
             str_printf(&writer->report->arena, STR_FMT ":%u", STR_ARG(finding->fingerprint),
                        finding->occurrence));
    return one;
}

void report_write_json(struct report *report, struct strbuf *out)
{
    struct writer writer;
    begin(&writer, report);
    json_t *root = object(&writer), *findings = array(&writer), *summary = object(&writer);
    set_number(&writer, root, "report_version", 1);
    set_text(&writer, root, "dialtone_version", STR(DIALTONE_VERSION));
    for (const struct report_file *file = report->first; file; file = file->next)
        for (const struct report_finding *one = file->first; one; one = one->next)
            add(&writer, findings, finding_json(&writer, one));
    set(&writer, root, "findings", findings);
    set_number(&writer, summary, "files", report->n_files);
    set_number(&writer, summary, "errors", report->counts[SEVERITY_ERROR]);
    set_number(&writer, summary, "warnings", report->counts[SEVERITY_WARNING]);
    set_number(&writer, summary, "infos", report->counts[SEVERITY_INFO]);
    set(&writer, root, "summary", summary);
    finish(root, out);
}

/* --- SARIF --- */

static bool is_uri_character(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~/", c));
}

static struct str uri_of(struct arena *arena, struct str path)
{
    struct strbuf uri = strbuf_in(arena);
    if (str_has_prefix(path, STR("/")))
        strbuf_puts(&uri, "file://");
    for (size_t i = 0; i < path.len; i++)
        if (is_uri_character((unsigned char)path.ptr[i]))
            strbuf_add_char(&uri, path.ptr[i]);
        else
            strbuf_printf(&uri, "%%%02X", (unsigned char)path.ptr[i]);
    return strbuf_str(&uri);
}

static json_t *artifact_json(struct writer *writer, struct str path)
{
    json_t *artifact = object(writer);
    set_text(writer, artifact, "uri", uri_of(&writer->report->arena, path));
    if (!str_has_prefix(path, STR("/")))
        set_text(writer, artifact, "uriBaseId", STR("%SRCROOT%"));
    return artifact;
}

static json_t *region_json(struct writer *writer, const struct report_place *place)
{
    json_t *region = object(writer);
    set_number(writer, region, "startLine", place->line);
    set_number(writer, region, "startColumn", place->column);
    set_number(writer, region, "endLine", place->end_line);
    set_number(writer, region, "endColumn", place->end_column);
    return region;
}

static json_t *location_json(struct writer *writer, const struct report_place *place)
{
    json_t *location = object(writer), *physical = object(writer);
    set(writer, physical, "artifactLocation", artifact_json(writer, place->path));
    if (place->line) {
        set(writer, physical, "region", region_json(writer, place));
    } else { /* GitHub wants a line */
        json_t *region = object(writer);
        set_number(writer, region, "startLine", 1);
        set(writer, physical, "region", region);
    }
    set(writer, location, "physicalLocation", physical);
    return location;
}

static void add_related(struct writer *writer, json_t *list, const struct report_note *note,
                        int64_t *id)
{
    for (; note; note = note->next) {
        if (note->kind != NOTE_LABEL || !note->place.line)
            continue;
        json_t *location = location_json(writer, &note->place);
        set_number(writer, location, "id", ++*id);
        set(writer, location, "message", text_object(writer, note->text));
        add(writer, list, location);
    }
}

/* The changes of one correction, grouped by file as SARIF wants them. */
static json_t *changes_json(struct writer *writer, const struct report_edit *edits)
{
    json_t *changes = array(writer);
    struct map by_path = map_in(&writer->report->arena);
    for (const struct report_edit *edit = edits; edit; edit = edit->next) {
        json_t *replacements = map_get(&by_path, edit->place.path);
        if (!replacements) {
            json_t *change = object(writer);
            replacements = array(writer);
            set(writer, change, "artifactLocation", artifact_json(writer, edit->place.path));
            set(writer, change, "replacements", replacements);
            map_put(&by_path, edit->place.path, replacements);
            add(writer, changes, change);
        }
        json_t *replacement = object(writer);
        set(writer, replacement, "deletedRegion", region_json(writer, &edit->place));
        set(writer, replacement, "insertedContent", text_object(writer, edit->text));
        add(writer, replacements, replacement);
    }
    return changes;
}

/* Corrections that can be applied; NULL where there are none. */
static json_t *fixes_json(struct writer *writer, const struct report_finding *finding)
{
    json_t *fixes = NULL;
    for (const struct report_note *note = finding->notes; note; note = note->next) {
        if (!note->edits || note->fix < FIX_UNSAFE)
            continue;
        json_t *fix = object(writer);
        set(writer, fix, "description", text_object(writer, note->text));
        set(writer, fix, "artifactChanges", changes_json(writer, note->edits));
        if (!fixes)
            fixes = array(writer);
        add(writer, fixes, fix);
    }
    return fixes;
}

/* None: it is told. All results of a run have the list, or none. */
static json_t *suppressions_json(struct writer *writer, const struct report_finding *finding)
{
    json_t *list = array(writer);
    if (!finding->hidden)
        return list;
    json_t *one = object(writer);
    set_text(writer, one, "kind",
             finding->hidden == HIDDEN_BY_COMMENT ? STR("inSource") : STR("external"));
    set_text(writer, one, "status", STR("accepted"));
    if (finding->reason.len)
        set_text(writer, one, "justification", finding->reason);
    add(writer, list, one);
    return list;
}

/* What the ids of a family are about: DT7xx security, DT10xx the native target. */
static const char *family_tag(const char *id)
{
    static const char *const tags[] = {"tool",    "syntax",   "address",    "upstream", "tls", "routing",
                                       "headers", "security", "deprecated", "style",    "native"};
    size_t family = (size_t)atoi(id + 2) / 100;
    return tags[family < sizeof(tags) / sizeof(tags[0]) ? family : 0];
}

static const char *sarif_level(enum severity severity)
{
    return severity == SEVERITY_ERROR ? "error" : severity == SEVERITY_WARNING ? "warning" : "note";
}

/* What a rule's page says, as Markdown. */
static struct str help_markdown(struct arena *arena, const struct lint_rule *rule)
{
    struct strbuf text = strbuf_in(arena);
    const struct {
        const char *before, *text, *after;
    } parts[] = {
        {"", rule->why, "\n"},
        {"\n", rule->at_run_time, "\n"},
        {"\n**Wrong**\n\n```caddyfile\n", rule->bad, "```\n"},
        {"\n**Right**\n\n```caddyfile\n", rule->good, "```\n"},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].text)
            strbuf_printf(&text, "%s%s%s", parts[i].before, parts[i].text, parts[i].after);
    return strbuf_str(&text);
}

static json_t *rule_json(struct writer *writer, const struct diag_code_info *info)
{
    struct arena *arena = &writer->report->arena;
    const struct lint_rule *rule = lint_rule_find(str_from(info->id));
    struct str doc = str_from(info->doc);
    json_t *one = object(writer), *help = object(writer), *level = object(writer);
    struct strbuf page = strbuf_in(arena);
    if (rule)
        lint_explain(rule, &page);
    else
        strbuf_add(&page, doc);
    set_text(writer, one, "id", str_from(info->id));
    set_text(writer, one, "name", str_from(info->name));
    set(writer, one, "shortDescription", text_object(writer, doc));
    set(writer, one, "fullDescription",
        text_object(writer, rule && rule->why ? str_from(rule->why) : doc));
    set_text(writer, help, "text", strbuf_str(&page));
    if (rule && rule->why)
        set_text(writer, help, "markdown", help_markdown(arena, rule));
    set(writer, one, "help", help);
    set_text(writer, level, "level", str_from(sarif_level(info->severity)));
    set(writer, one, "defaultConfiguration", level);
    json_t *properties = object(writer), *tags = array(writer);
    add(writer, tags, document_text(&writer->document, family_tag(info->id), NULL));
    set(writer, properties, "tags", tags);
    if (str_has_prefix(str_from(info->id), STR("DT7"))) {
        /* GitHub's scale: from 7.0 on "high", from 4.0 on "medium" */
        set_text(writer, properties, "security-severity",
                 info->severity == SEVERITY_ERROR     ? STR("8.0")
                 : info->severity == SEVERITY_WARNING ? STR("5.0")
                                                      : STR("2.0"));
    }
    set(writer, one, "properties", properties);
    return one;
}

/* The rule's index in the list, where it is put when it comes up first. */
static json_t *rule_index(struct writer *writer, const struct diag_code_info *info)
{
    struct str id = str_from(info->id);
    json_t *index = map_get(&writer->rules, id);
    if (!index) {
        index = document_integer(&writer->document, writer->n_rules++, NULL);
        map_put(&writer->rules, id, index);
        add(writer, writer->rule_list, rule_json(writer, info));
    }
    return index;
}

static json_t *result_json(struct writer *writer, const struct report_finding *finding)
{
    struct arena *arena = &writer->report->arena;
    json_t *result = object(writer), *locations = array(writer), *related = array(writer);
    json_t *prints = object(writer);
    int64_t id = 0;
    set_text(writer, result, "ruleId", str_from(finding->info->id));
    set(writer, result, "ruleIndex", rule_index(writer, finding->info));
    set_text(writer, result, "level", str_from(sarif_level(finding->severity)));
    set(writer, result, "message", text_object(writer, report_full_text(arena, finding)));
    add(writer, locations, location_json(writer, &finding->place));
    set(writer, result, "locations", locations);
    add_related(writer, related, finding->notes, &id);
    add_related(writer, related, finding->imports, &id);
    if (id)
        set(writer, result, "relatedLocations", related);
    set(writer, result, "fixes", fixes_json(writer, finding));
    set_text(writer, prints, "primaryLocationLineHash",
             str_printf(arena, STR_FMT ":%u", STR_ARG(finding->fingerprint), finding->occurrence));
    set(writer, result, "partialFingerprints", prints);
    set(writer, result, "suppressions", suppressions_json(writer, finding));
    return result;
}

void report_write_sarif(struct report *report, struct strbuf *out)
{
    struct writer writer;
    begin(&writer, report);
    json_t *root = object(&writer), *runs = array(&writer), *run = object(&writer);
    json_t *tool = object(&writer), *driver = object(&writer), *results = array(&writer);
    writer.rule_list = array(&writer);
    for (const struct report_file *file = report->first; file; file = file->next) {
        for (const struct report_finding *one = file->first; one; one = one->next)
            add(&writer, results, result_json(&writer, one));
        for (const struct report_finding *one = file->first_hidden; one; one = one->next)
            add(&writer, results, result_json(&writer, one));
    }
    set_text(&writer, root, "$schema", STR(SARIF_SCHEMA));
    set_text(&writer, root, "version", STR("2.1.0"));
    set_text(&writer, driver, "name", STR("dialtone"));
    set_text(&writer, driver, "semanticVersion", STR(DIALTONE_VERSION));
    set(&writer, driver, "rules", writer.rule_list);
    set(&writer, tool, "driver", driver);
    set(&writer, run, "tool", tool);
    set_text(&writer, run, "columnKind", STR("unicodeCodePoints"));
    set(&writer, run, "results", results);
    add(&writer, runs, run);
    set(&writer, root, "runs", runs);
    finish(root, out);
}

/* --- GitLab --- */

static json_t *gitlab_json(struct writer *writer, const struct report_finding *finding)
{
    json_t *one = object(writer), *location = object(writer), *lines = object(writer);
    set_text(writer, one, "description",
             str_printf(&writer->report->arena, "%s: " STR_FMT, finding->info->id,
                        STR_ARG(finding->message)));
    set_text(writer, one, "check_name", str_from(finding->info->id));
    set_text(writer, one, "fingerprint",
             str_printf(&writer->report->arena, STR_FMT "-%u", STR_ARG(finding->fingerprint),
                        finding->occurrence));
    set_text(writer, one, "severity",
             finding->severity == SEVERITY_ERROR     ? STR("major")
             : finding->severity == SEVERITY_WARNING ? STR("minor")
                                                     : STR("info"));
    set_number(writer, lines, "begin", finding->place.line ? finding->place.line : 1);
    set_text(writer, location, "path", finding->place.path);
    set(writer, location, "lines", lines);
    set(writer, one, "location", location);
    return one;
}

void report_write_gitlab(struct report *report, struct strbuf *out)
{
    struct writer writer;
    begin(&writer, report);
    json_t *list = array(&writer);
    for (const struct report_file *file = report->first; file; file = file->next)
        for (const struct report_finding *one = file->first; one; one = one->next)
            add(&writer, list, gitlab_json(&writer, one));
    finish(list, out);
}
