/* check, adapt, emit, tables: commands that read one configuration and print what came of it. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "lint/lint.h"

static bool fails(const struct diags *diags, const char *fail_on)
{
    switch (fail_on[0]) {
    case 'e':
        return diags->n_errors > 0;
    case 'w':
        return diags->n_errors + diags->n_warnings > 0;
    case 'i':
        return diags->n_errors + diags->n_warnings + diags->n_infos > 0;
    }
    return false;
}

static bool severity_read(struct str name, struct lint_severity *severity)
{
    static const char *const names[] = {"off", "info", "warning", "error"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_is(name, names[i])) {
            severity->severity = (enum severity)i;
            return true;
        }
    return false;
}

/* "DT404=error,DT9=off" into the settings; false after a message. */
static bool rules_read(struct arena *arena, const char *text, struct lint_settings *settings)
{
    struct str left = str_from(text), item, rule, severity;
    settings->severities = map_in(arena);
    while (left.len) {
        struct lint_severity *set = arena_new(arena, struct lint_severity);
        str_cut(left, STR(","), &item, &left);
        if (!str_cut(item, STR("="), &rule, &severity) || !severity_read(severity, set) || !rule.len) {
            fprintf(stderr,
                    "dialtone check: --rules takes RULE=off|info|warning|error, not '" STR_FMT "'\n",
                    STR_ARG(item));
            return false;
        }
        bool is_id = str_has_prefix(str_upper(arena, rule), STR("DT"));
        map_put(&settings->severities, is_id ? str_upper(arena, rule) : rule, set);
    }
    return true;
}

/* The place of a word in "a|b|c", from 1; 0 for none. */
static unsigned place_in(const char *words, const char *word)
{
    struct str left = str_from(words), name;
    for (unsigned i = 1; word && left.len; i++) {
        str_cut(left, STR("|"), &name, &left);
        if (str_is(name, word))
            return i;
    }
    return 0;
}

/* The linter's settings from the command line; false after a message. */
static bool settings_read(struct arena *arena, const struct invocation *invocation,
                          struct lint_settings *settings)
{
    *settings = (struct lint_settings){
        .profile = (enum lint_profile)place_in("caddy-compat|recommended|production|strict",
                                               invocation->profile),
        .environment =
            (enum lint_environment)place_in("host|container|dev", invocation->environment),
        .ignores_comments = invocation->no_ignore,
    };
    if (invocation->target &&
        !lint_version_read(str_from(invocation->target), &settings->target)) {
        fprintf(stderr, "dialtone check: --target takes a version such as 2.11 or 2.7.6, not '%s'\n",
                invocation->target);
        return false;
    }
    return !invocation->rules || rules_read(arena, invocation->rules, settings);
}

/* One run of `check`. */
struct check {
    struct invocation *invocation;
    struct lint_settings settings;
    struct reports reports;
    struct map seen; /* place, rule and message → anything: a file that several import */
    uint32_t n_findings;
    struct fixable fixable;
};

/* What an earlier file of the run has brought already is not reported again. */
static void hide_repeated(struct check *check, struct pipeline *pipeline)
{
    struct arena *arena = &check->reports.report.arena;
    if (check->invocation->n_files < 2)
        return;
    for (struct diag *diag = pipeline->diags.first; diag; diag = diag->next) {
        struct position position = source_position(&pipeline->sources, diag->span.begin);
        if (!position.line || diag->severity == SEVERITY_NONE)
            continue;
        struct str key = str_printf(arena, "%s:" STR_FMT ":%u:%u:" STR_FMT, diag->info->id,
                                    STR_ARG(position.path), position.line, position.column,
                                    STR_ARG(diag->message));
        if (map_get(&check->seen, key))
            diag_set_severity(&pipeline->diags, diag, SEVERITY_NONE);
        else
            map_put(&check->seen, key, check);
    }
}

static void run_check(struct check *check, struct pipeline *pipeline, bool no_normalize)
{
    struct adapt_options options = {.no_normalize = no_normalize,
                                    .skip_unknown = check->invocation->skip_unknown,
                                    .only_checks = !check->invocation->native};
    if (pipeline_adapt(pipeline, options) && check->invocation->native)
        pipeline_lower(pipeline);
    lint_run(pipeline, &check->settings);
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

static enum exit_status check_file(struct check *check, const char *file)
{
    struct invocation *invocation = check->invocation;
    bool is_stdin = strcmp(file, "-") == 0;
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    enum exit_status status = STATUS_TROUBLE;
    bool is_loaded = load_input(&pipeline, invocation, file);
    if (is_loaded) {
        status = load_plugins(&pipeline, invocation, true);
        if (status == STATUS_FINE)
            run_check(check, &pipeline, invocation->no_normalize);
        else
            lint_run(&pipeline, &check->settings);
        diags_sort(&pipeline.diags);
        hide_repeated(check, &pipeline);
        check->n_findings +=
            pipeline.diags.n_errors + pipeline.diags.n_warnings + pipeline.diags.n_infos;
        fixable_count(&check->fixable, &pipeline.diags);
        if (status == STATUS_FINE && fails(&pipeline.diags, invocation->fail_on))
            status = STATUS_FINDINGS;
    }
    reports_add(&check->reports, invocation, is_stdin ? invocation->stdin_filename : file, &pipeline,
                is_loaded);
    pipeline_free(&pipeline);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Corrects what can be corrected, then reports on what is left. */
static enum exit_status check_files(struct check *check)
{
    struct invocation *invocation = check->invocation;
    struct arena *arena = &check->reports.report.arena;
    struct fix_request request = {.least = invocation->unsafe_fixes ? FIX_UNSAFE : FIX_SAFE,
                                  .user = check,
                                  .prepare = prepare_for_fixes,
                                  .check = check_for_fixes};
    enum exit_status worst = STATUS_FINE;
    uint32_t n_fixed = 0;
    check->seen = map_in(arena);
    /* the report does not depend on the order of the arguments */
    qsort(invocation->files, invocation->n_files, sizeof(*invocation->files), by_name);
    if (invocation->fix || invocation->diff)
        worst = apply_fixes(arena, invocation, request, &n_fixed);
    if (invocation->diff)
        return worst;
    for (size_t i = 0; i < invocation->n_files; i++) {
        enum exit_status status = check_file(check, invocation->files[i]);
        worst = status > worst ? status : worst;
    }
    if (!reports_write(&check->reports))
        worst = STATUS_TROUBLE;
    print_fix_summary(invocation, n_fixed, check->n_findings, check->fixable);
    return worst;
}

enum exit_status command_check(struct invocation *invocation)
{
    const char *mistake = invocation->n_files ? fixes_misuse(invocation)
                                              : "which files? (`-` is standard input)";
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

static bool write_document(struct pipeline *pipeline, const struct invocation *invocation)
{
    struct output_file output;
    output_begin(&output, invocation->output);
    if (invocation->source_map) {
        struct strbuf text = strbuf_in(&pipeline->arena);
        document_write_source_map(&pipeline->document, &pipeline->sources, &text);
        output_add(&output, strbuf_str(&text));
    } else {
        pipeline_write_to(pipeline, invocation->pretty, output_add, &output);
        output_add(&output, STR("\n"));
    }
    return output_end(&output);
}

enum exit_status command_adapt(struct invocation *invocation)
{
    const char *file = single_file(invocation);
    if (!file)
        return STATUS_USAGE;
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    enum exit_status status = STATUS_TROUBLE;
    if (load_input(&pipeline, invocation, file)) {
        struct adapt_options options = {.no_normalize = invocation->no_normalize,
                                        .skip_unknown = invocation->skip_unknown};
        status = load_plugins(&pipeline, invocation, false);
        bool adapted = status == STATUS_FINE && pipeline_adapt(&pipeline, options);
        diags_sort(&pipeline.diags);
        print_diagnostics(&pipeline, invocation, stderr);
        if (status == STATUS_FINE)
            status = STATUS_FINDINGS;
        if (adapted)
            status = write_document(&pipeline, invocation) ? STATUS_FINE : STATUS_TROUBLE;
    }
    pipeline_free(&pipeline);
    return status;
}

enum exit_status compile_tables(struct pipeline *pipeline, const struct invocation *invocation)
{
    const char *file = single_file(invocation);
    if (!file)
        return STATUS_USAGE;
    if (!load_input(pipeline, invocation, file))
        return STATUS_TROUBLE;
    struct adapt_options options = {.skip_unknown = invocation->skip_unknown};
    enum exit_status status = load_plugins(pipeline, invocation, false);
    if (status == STATUS_FINE && !(pipeline_adapt(pipeline, options) && pipeline_lower(pipeline)))
        status = STATUS_FINDINGS;
    diags_sort(&pipeline->diags);
    print_diagnostics(pipeline, invocation, stderr);
    return status;
}

/* Compiles, then prints one view of the tables. */
static enum exit_status print_tables(struct invocation *invocation,
                                     void (*print)(const struct pipeline *, struct strbuf *))
{
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    enum exit_status status = compile_tables(&pipeline, invocation);
    if (status == STATUS_FINE) {
        struct strbuf text = strbuf_in(&pipeline.arena);
        print(&pipeline, &text);
        if (!write_output(invocation->output, strbuf_str(&text)))
            status = STATUS_TROUBLE;
    }
    pipeline_free(&pipeline);
    return status;
}

enum exit_status command_emit(struct invocation *invocation)
{
    if (invocation->n_files < 1 || strcmp(invocation->files[0], "c") != 0) {
        fputs("dialtone emit: emit what? (`dialtone emit c FILE`)\n", stderr);
        return STATUS_USAGE;
    }
    invocation->files++;
    invocation->n_files--;
    return print_tables(invocation, pipeline_emit_c);
}

enum exit_status command_tables(struct invocation *invocation)
{
    return print_tables(invocation, pipeline_dump);
}
