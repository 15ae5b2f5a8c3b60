/* Baselines: known findings that are not reported again. */
#include "cli/baseline.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/parse.h"
#include "cli/settings.h"
#include "json/text.h"
#include "syntax/import_files.h"

enum { BASELINE_VERSION = 1 };

/* Findings that cannot be told apart. */
struct entry {
    struct str path; /* of the file they are in, relative to the baseline's folder */
    uint32_t n, n_found;
};

struct baseline {
    struct str path; /* absolute */
    struct report report;
    struct map entries; /* fingerprint → struct entry */
    struct map checked; /* paths of the files that were looked at */
    bool is_read;
};

/* --- reading --- */

static struct str text_of(const struct json_text *object, const char *key)
{
    const struct json_text *member = json_text_member(object, str_from(key));
    return member && member->type == JSON_STRING ? member->text : STR("");
}

static int64_t number_of(const struct json_text *object, const char *key)
{
    const struct json_text *member = json_text_member(object, str_from(key));
    int64_t number;
    bool is_number = member && member->type == JSON_REAL &&
                     parse_go_int(member->text, &number) == PARSE_OK && number > 0 &&
                     number < INT32_MAX;
    return is_number ? number : 0;
}

static bool add_entries(struct arena *arena, struct baseline *baseline, const struct json_text *root)
{
    if (!root || root->type != JSON_OBJECT || number_of(root, "baseline_version") != BASELINE_VERSION)
        return false;
    const struct json_text *list = json_text_member(root, STR("findings"));
    if (!list || list->type != JSON_ARRAY)
        return false;
    for (const struct json_text *item = list->first; item; item = item->next) {
        struct str fingerprint = text_of(item, "fingerprint");
        int64_t n = item->type == JSON_OBJECT ? number_of(item, "count") : 0;
        if (!fingerprint.len || !n)
            return false;
        struct entry *entry = arena_new(arena, struct entry);
        *entry = (struct entry){.path = str_dup(arena, text_of(item, "path")), .n = (uint32_t)n};
        map_put(&baseline->entries, str_dup(arena, fingerprint), entry);
    }
    return true;
}

static bool baseline_read(struct arena *arena, struct baseline *baseline,
                          const struct invocation *invocation)
{
    struct arena own = ARENA_INIT;
    struct sources sources = sources_in(&own, NULL);
    struct diags diags = diags_in(&own);
    int error = 0;
    const struct source *source = source_load(&sources, baseline->path.ptr, &error);
    bool is_fine = false;
    if (!source) {
        fprintf(stderr,
                "dialtone check: cannot read the baseline " STR_FMT ": %s\n"
                "(`dialtone baseline FILE... -o " STR_FMT "` makes one)\n",
                STR_ARG(baseline->path), strerror(-error),
                STR_ARG(shown_path(&own, baseline->path)));
    } else {
        const struct json_text *root = json_read(&own, source, &diags);
        is_fine = diags.n_errors == 0 && add_entries(arena, baseline, root);
        if (diags.n_errors)
            diags_print(&diags, &sources, style_of(invocation, stderr), stderr);
        else if (!is_fine)
            fprintf(stderr, "dialtone check: " STR_FMT " is not a baseline of this version\n",
                    STR_ARG(baseline->path));
    }
    arena_free(&own);
    return is_fine;
}

/* The one of that path, read on first use. */
static struct baseline *baseline_at(struct baselines *baselines, struct str path,
                                    const struct invocation *invocation)
{
    struct arena *arena = baselines->arena;
    for (size_t i = 0; i < baselines->list.n; i++)
        if (str_eq(baselines->list.at[i]->path, path))
            return baselines->list.at[i];
    struct baseline *baseline = arena_new(arena, struct baseline);
    *baseline = (struct baseline){.path = str_dup(arena, path)};
    baseline->entries = map_in(arena);
    baseline->checked = map_in(arena);
    struct str folder = str_slice(path, 0, (size_t)str_last_index(path, '/'));
    report_init(&baseline->report, str_dup(arena, folder).ptr);
    baseline->report.is_elsewhere = true;
    baseline->is_read = baseline_read(arena, baseline, invocation);
    vec_push(arena, &baselines->list, baseline);
    return baseline;
}

/* --- hiding --- */

static void note_files(struct arena *arena, struct baseline *baseline,
                       const struct sources *sources)
{
    for (uint32_t i = 0; i < sources->n; i++) {
        struct str path = report_path(&baseline->report, sources->at[i]->path);
        map_put(&baseline->checked, str_dup(arena, path), baseline);
    }
}

bool baselines_hide(struct baselines *baselines, const struct invocation *invocation,
                    struct pipeline *pipeline)
{
    struct setting_value setting =
        setting_value(invocation, &pipeline->project, PROJECT_BASELINE);
    if (!setting.text.ptr)
        return true;
    struct str path = setting.token
                          ? project_path(&pipeline->project, &pipeline->arena, setting.token)
                          : path_absolute(&pipeline->arena, setting.text);
    struct baseline *baseline = baseline_at(baselines, path, invocation);
    if (!baseline->is_read)
        return false;
    note_files(baselines->arena, baseline, &pipeline->sources);
    report_add(&baseline->report, pipeline->source->path.ptr, &pipeline->diags,
               &pipeline->sources);
    const struct report_finding *finding = baseline->report.last->first;
    for (struct diag *diag = pipeline->diags.first; diag; diag = diag->next) {
        if (diag->severity == SEVERITY_NONE)
            continue;
        struct entry *entry = map_get(&baseline->entries, finding->fingerprint);
        if (entry && entry->n_found < entry->n) {
            entry->n_found++;
            baselines->n_hidden++;
            diag_hide(&pipeline->diags, diag, HIDDEN_BY_BASELINE, STR("in the baseline"));
        }
        finding = finding->next;
    }
    return true;
}

/* Entries of files that were looked at, and that nothing fits. */
static uint32_t count_gone(const struct baseline *baseline)
{
    uint32_t n = 0;
    for (size_t i = 0; i < baseline->entries.n; i++) {
        const struct entry *entry = baseline->entries.entries[i].value;
        if (map_find(&baseline->checked, entry->path))
            n += entry->n - entry->n_found;
    }
    return n;
}

void baselines_print(const struct baselines *baselines)
{
    struct arena arena = ARENA_INIT;
    if (baselines->n_hidden)
        fprintf(stderr, "dialtone check: %u known finding%s hidden\n", baselines->n_hidden,
                baselines->n_hidden == 1 ? "" : "s");
    for (size_t i = 0; i < baselines->list.n; i++) {
        struct baseline *baseline = baselines->list.at[i];
        uint32_t n = count_gone(baseline);
        if (n)
            fprintf(stderr,
                    "dialtone check: %u of the findings in " STR_FMT
                    " %s gone: `dialtone baseline` drops %s\n",
                    n, STR_ARG(shown_path(&arena, baseline->path)), n == 1 ? "is" : "are",
                    n == 1 ? "it" : "them");
        report_free(&baseline->report);
    }
    arena_free(&arena);
}

/* --- writing --- */

static void add_finding(struct document *document, json_t *list,
                        const struct report_finding *finding, uint32_t n)
{
    json_t *row = document_object(document, NULL);
    document_set(document, row, "rule", document_text(document, finding->info->id, NULL));
    document_set(document, row, "path", document_string(document, finding->place.path, NULL));
    document_set(document, row, "fingerprint",
                 document_string(document, finding->fingerprint, NULL));
    document_set(document, row, "count", document_integer(document, n, NULL));
    document_set(document, row, "message", document_string(document, finding->message, NULL));
    document_add(document, list, row);
}

static void write_once(struct document *document, json_t *list,
                       const struct report_finding *finding, uint32_t *n)
{
    if (*n)
        add_finding(document, list, finding, *n);
    *n = 0;
}

/* How many findings have each fingerprint; those that comments hide are not recorded. */
static struct map count_fingerprints(struct report *report)
{
    struct map counts = map_in(&report->arena);
    for (const struct report_file *file = report->first; file; file = file->next)
        for (const struct report_finding *one = file->first; one; one = one->next) {
            uint32_t *n = map_get(&counts, one->fingerprint);
            if (!n) {
                n = arena_new(&report->arena, uint32_t);
                map_put(&counts, one->fingerprint, n);
            }
            ++*n;
        }
    return counts;
}

void baseline_write(struct report *report, struct strbuf *out)
{
    struct map counts = count_fingerprints(report);
    struct document document;
    document_init(&document, &report->arena);
    json_t *root = document_object(&document, NULL), *list = document_array(&document, NULL);
    document_set(&document, root, "baseline_version",
                 document_integer(&document, BASELINE_VERSION, NULL));
    for (const struct report_file *file = report->first; file; file = file->next)
        for (const struct report_finding *one = file->first; one; one = one->next)
            write_once(&document, list, one, map_get(&counts, one->fingerprint));
    document_set(&document, root, "findings", list);
    document_write(root, true, out);
    strbuf_add_char(out, '\n');
}
