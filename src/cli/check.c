/* check, baseline: run the compiler and the linter over files, and report or record what they find. */
#include <stdio.h>
#include <string.h>

#include "cli/baseline.h"
#include "cli/find.h"
#include "cli/settings.h"
#include "syntax/import_files.h"

/* One run of `check`. */
struct check {
    struct invocation *invocation;
    struct lint_settings settings; /* of the command line */
    struct reports reports;
    struct found_files files;
    struct map seen; /* place, rule and message → anything: a file that several import */
    struct tally tally;
    struct baselines baselines;
    struct report *record; /* of `baseline`: where findings go; NULL: they are reported */
};

/* What an earlier file of the run has brought already is not reported again. */
static void hide_repeated(struct check *check, struct pipeline *pipeline)
{
    struct arena *arena = &check->reports.report.arena;
    if (check->files.list.n < 2)
        return;
    for (struct diag *diag = pipeline->diags.first; diag; diag = diag->next) {
        struct position position = source_position(&pipeline->sources, diag->span.begin);
        if (!position.line || diag->severity == SEVERITY_NONE)
            continue;
        /* imported files have absolute paths */
        struct str path = path_absolute(&pipeline->arena, position.path);
        struct str key = str_printf(arena, "%s:" STR_FMT ":%u:%u:" STR_FMT, diag->info->id,
                                    STR_ARG(path), position.line, position.column,
                                    STR_ARG(diag->message));
        if (map_get(&check->seen, key))
            diag_set_severity(&pipeline->diags, diag, SEVERITY_NONE);
        else
            map_put(&check->seen, key, check);
    }
}

/* A file of which nothing can be said by itself. */
static void report_part(struct pipeline *pipeline)
{
    const struct source *source = pipeline->source;
    struct span span = {source->base, source->base + (source->raw.len > 0)};
    struct diag *diag = diag_at(&pipeline->diags, DIAG_PART, span, NULL,
                                "only a part of a Caddyfile, and no file here imports it: not checked");
    diag_note(&pipeline->diags, diag,
              "check the file that imports it, or leave it out with `exclude` in .dialtone");
}

/* The compiler's and the linter's passes over a file whose plugins are known. */
static enum exit_status run_check(struct check *check, struct pipeline *pipeline,
                                  bool no_normalize)
{
    struct lint_settings settings = check->settings;
    struct adapt_options options = {.no_normalize = no_normalize,
                                    .skip_unknown = check->invocation->skip_unknown,
                                    .only_checks = !check->invocation->native};
    enum exit_status status = settings_complete(&settings, pipeline, check->invocation);
    if (pipeline_adapt(pipeline, options) && check->invocation->native)
        pipeline_lower(pipeline);
    lint_run(pipeline, &settings);
    return status;
}

static bool assumes_values(const struct check *check)
{
    return check->settings.profile != PROFILE_COMPAT;
}

static bool prepare_for_fixes(void *user, struct pipeline *pipeline)
{
    const struct check *check = user;
    return load_plugins(pipeline, check->invocation, true) == STATUS_FINE;
}

static void check_for_fixes(void *user, struct pipeline *pipeline)
{
    run_check(user, pipeline, false);
}

/* Where the project or its plugins cannot be read, or the file is a part, the settings and the text
 * are looked at, and no more. */
static enum exit_status run_little(struct check *check, struct pipeline *pipeline, bool is_part)
{
    struct lint_settings settings = check->settings;
    enum exit_status status = settings_complete(&settings, pipeline, check->invocation);
    if (is_part)
        report_part(pipeline);
    if (is_part)
        lint_apply_severities(pipeline, &settings);
    else
        lint_run(pipeline, &settings);
    return status;
}

/* Loads a file and reads its project and plugins. False where it cannot be loaded. */
static bool load_file(struct check *check, const char *path, struct pipeline *pipeline,
                      bool assumes, enum exit_status *status)
{
    pipeline_init(pipeline, NULL);
    pipeline->sources.assumes_values = assumes;
    *status = STATUS_TROUBLE;
    if (!load_input(pipeline, check->invocation, path))
        return false;
    *status = load_plugins(pipeline, check->invocation, true);
    struct str profile =
        setting_value(check->invocation, &pipeline->project, PROJECT_PROFILE).text;
    if (!assumes || lint_profile_named(profile) != PROFILE_COMPAT)
        return true;
    /* the project wants variables to be what Caddy would find here */
    pipeline_free(pipeline);
    return load_file(check, path, pipeline, false, status);
}

static enum exit_status check_file(struct check *check, const struct found_file *file)
{
    struct invocation *invocation = check->invocation;
    bool is_stdin = strcmp(file->path, "-") == 0;
    struct pipeline pipeline;
    enum exit_status status;
    bool is_loaded = load_file(check, file->path, &pipeline, assumes_values(check), &status);
    bool is_fine = false;
    if (is_loaded) {
        enum exit_status checked =
            status == STATUS_FINE && !file->is_part
                ? run_check(check, &pipeline, invocation->no_normalize)
                : run_little(check, &pipeline, file->is_part);
        status = checked > status ? checked : status;
        is_fine = status == STATUS_FINE;
        diags_sort(&pipeline.diags);
        hide_repeated(check, &pipeline);
        if (!check->record && !baselines_hide(&check->baselines, invocation, &pipeline))
            status = STATUS_TROUBLE;
        tally_add(&check->tally, &pipeline.diags);
        if (status == STATUS_FINE && settings_fail(&pipeline, invocation))
            status = STATUS_FINDINGS;
    }
    const char *name = is_stdin ? invocation->stdin_filename : file->path;
    if (!check->record)
        reports_add(&check->reports, invocation, name, &pipeline, is_loaded);
    else if (is_fine)
        report_add(check->record, name, &pipeline.diags, &pipeline.sources);
    else if (is_loaded)
        print_diagnostics(&pipeline, invocation, stderr);
    pipeline_free(&pipeline);
    return check->record && is_fine ? STATUS_FINE : status; /* findings are recorded */
}

/* The files whose corrections are looked for become the arguments. */
static void name_files(struct check *check)
{
    const struct found_files *files = &check->files;
    struct invocation *invocation = check->invocation;
    invocation->files = arena_array(&check->reports.report.arena, const char *, files->list.n);
    invocation->n_files = 0;
    for (size_t i = 0; i < files->list.n; i++)
        if (!files->list.at[i].is_part)
            invocation->files[invocation->n_files++] = files->list.at[i].path;
}

/* Corrects what can be corrected, then reports on what is left. */
static enum exit_status check_files(struct check *check)
{
    struct invocation *invocation = check->invocation;
    struct arena *arena = &check->reports.report.arena;
    struct fix_request request = {.least = invocation->unsafe_fixes ? FIX_UNSAFE : FIX_SAFE,
                                  .assumes_values = assumes_values(check),
                                  .user = check,
                                  .prepare = prepare_for_fixes,
                                  .check = check_for_fixes};
    uint32_t n_fixed = 0;
    check->seen = map_in(arena);
    check->baselines.arena = arena;
    enum exit_status worst = find_files(arena, invocation, &check->files);
    if (check->files.list.n == 0)
        return worst;
    find_roots(arena, invocation, &check->files);
    name_files(check);
    if (invocation->fix || invocation->diff) {
        enum exit_status status = apply_fixes(arena, invocation, request, &n_fixed);
        worst = status > worst ? status : worst;
    }
    if (invocation->diff)
        return worst;
    for (size_t i = 0; i < check->files.list.n; i++) {
        enum exit_status status = check_file(check, &check->files.list.at[i]);
        worst = status > worst ? status : worst;
    }
    if (!reports_write(&check->reports))
        worst = STATUS_TROUBLE;
    baselines_print(&check->baselines);
    if (invocation->from) {
        if (!check->tally.worst && worst == STATUS_FINE)
            fprintf(stderr, "dialtone upgrade: nothing known changes between %s and %s\n",
                    invocation->from, invocation->target);
        return worst;
    }
    print_summary(invocation, n_fixed, &check->tally);
    return worst;
}

enum exit_status command_check(struct invocation *invocation)
{
    const char *mistake = fixes_misuse(invocation);
    if (mistake) {
        fprintf(stderr, "dialtone check: %s\n", mistake);
        return STATUS_USAGE;
    }
    struct check check = {.invocation = invocation};
    enum exit_status worst = STATUS_USAGE;
    if (reports_open(&check.reports, invocation) &&
        settings_read(&check.reports.report.arena, invocation, &check.settings))
        worst = check_files(&check);
    reports_close(&check.reports);
    return worst;
}

enum exit_status command_upgrade(struct invocation *invocation)
{
    if (invocation->n_files < 2) {
        fputs("dialtone upgrade: from which version to which? (`dialtone upgrade 2.6 2.11 Caddyfile`)\n",
              stderr);
        return STATUS_USAGE;
    }
    invocation->from = invocation->files[0];
    invocation->target = invocation->files[1];
    invocation->files += 2;
    invocation->n_files -= 2;
    return command_check(invocation);
}

/* The folder of a file that is to be written; paths in it are relative to that. */
static const char *folder_of(struct arena *arena, const char *path)
{
    struct str absolute = path_absolute(arena, str_from(path));
    ptrdiff_t slash = str_last_index(absolute, '/');
    return str_dup(arena, str_slice(absolute, 0, slash > 0 ? (size_t)slash : 1)).ptr;
}

static enum exit_status record_files(struct check *check)
{
    struct invocation *invocation = check->invocation;
    struct arena *arena = &check->reports.report.arena;
    struct report record;
    enum exit_status worst = find_files(arena, invocation, &check->files);
    if (check->files.list.n == 0)
        return worst;
    check->seen = map_in(arena);
    check->record = &record;
    find_roots(arena, invocation, &check->files);
    bool has_file = invocation->output && strcmp(invocation->output, "-") != 0;
    report_init(&record, folder_of(arena, has_file ? invocation->output : "x"));
    record.is_elsewhere = true;
    for (size_t i = 0; i < check->files.list.n; i++) {
        enum exit_status status = check_file(check, &check->files.list.at[i]);
        worst = status > worst ? status : worst;
    }
    if (worst == STATUS_FINE) {
        struct strbuf text = strbuf_in(arena);
        baseline_write(&record, &text);
        if (!write_output(invocation->output, strbuf_str(&text)))
            worst = STATUS_TROUBLE;
    }
    report_free(&record);
    return worst;
}

enum exit_status command_baseline(struct invocation *invocation)
{
    struct check check = {.invocation = invocation};
    struct arena *arena = &check.reports.report.arena;
    enum exit_status worst = STATUS_USAGE;
    if (settings_read(arena, invocation, &check.settings))
        worst = record_files(&check);
    arena_free(arena);
    return worst;
}
