/* fmt: formats Caddyfiles: prints them, says which are not formatted, shows what would change, or
 * writes them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/line_diff.h"
#include "cli/find.h"
#include "syntax/format.h"
#include "syntax/import_files.h"
#include "syntax/import_list.h"
#include "syntax/parser.h"

/* One run of the command over all its files. */
struct formatting {
    const struct invocation *invocation;
    struct arena *arena;
    struct map seen; /* absolute paths that were dealt with */
    enum exit_status worst;
};

static void note_status(struct formatting *run, enum exit_status status)
{
    if (status > run->worst)
        run->worst = status;
}

/* Says why a file stays as it is. */
static enum exit_status report_refusal(struct formatting *run, struct pipeline *pipeline,
                                       const struct source *source)
{
    struct span begin = {source->base, source->base + 1};
    pipeline->diags = diags_in(&pipeline->arena); /* of this file alone */
    parse_caddyfile(&pipeline->arena, &pipeline->sources, &pipeline->diags, source, false);
    struct diag *diag = diag_at(&pipeline->diags, DIAG_FORMAT_REFUSED, begin, NULL,
                                "the file is left as it is: every layout of it would change a word");
    diag_note(&pipeline->diags, diag,
              "put quotes around words that hold quotes, backslashes or <<, and around {$NAME:default}");
    diags_sort(&pipeline->diags);
    print_diagnostics(pipeline, run->invocation, stderr);
    return STATUS_FINDINGS;
}

static void print_difference(struct formatting *run, const struct source *source,
                             struct str formatted)
{
    struct str text = source->raw, name = shown_path(run->arena, source->path);
    if (!run->invocation->diff) {
        printf(STR_FMT ":%u: not formatted\n", STR_ARG(name),
               format_first_difference(text, formatted));
        return;
    }
    struct strbuf out = strbuf_in(run->arena);
    line_diff(&out, name, text, name, formatted);
    fwrite(out.ptr, 1, out.len, stdout);
}

static void format_one(struct formatting *run, struct pipeline *pipeline,
                       const struct source *source)
{
    const struct invocation *invocation = run->invocation;
    struct str formatted, text = source->raw;
    if (format_caddyfile(&pipeline->arena, text, &formatted) == FORMAT_REFUSED) {
        note_status(run, report_refusal(run, pipeline, source));
        return;
    }
    bool is_formatted = str_eq(text, formatted);
    if (invocation->check || invocation->diff) {
        if (!is_formatted) {
            print_difference(run, source, formatted);
            note_status(run, STATUS_FINDINGS);
        }
    } else if (!invocation->write) {
        if (!write_output(NULL, formatted))
            note_status(run, STATUS_TROUBLE);
    } else if (!is_formatted && !write_output(source->path.ptr, formatted)) {
        note_status(run, STATUS_TROUBLE);
    }
}

static void format_file(struct formatting *run, const char *file)
{
    const struct invocation *invocation = run->invocation;
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    if (!load_input(&pipeline, invocation, file)) {
        note_status(run, STATUS_TROUBLE);
    } else if (pipeline_holds_json(&pipeline)) {
        fprintf(stderr, "dialtone fmt: %s is JSON, not a Caddyfile\n", pipeline.source->path.ptr);
        note_status(run, STATUS_FINDINGS);
    } else {
        if (invocation->imports) {
            import_list_load(&pipeline.arena, &pipeline.sources, &pipeline.diags, pipeline.source);
            print_diagnostics(&pipeline, invocation, stderr);
            if (pipeline.diags.n_errors)
                note_status(run, STATUS_FINDINGS);
        }
        for (uint32_t i = 0; i < pipeline.sources.n; i++) {
            const struct source *source = pipeline.sources.at[i];
            struct str path = str_dup(run->arena, path_absolute(run->arena, source->path));
            if (strcmp(file, "-") != 0 && map_put(&run->seen, path, run))
                continue;
            format_one(run, &pipeline, source);
        }
    }
    pipeline_free(&pipeline);
}

static const char *misuse(const struct invocation *invocation)
{
    if (invocation->write && (invocation->check || invocation->diff))
        return "--write goes with neither --check nor --diff";
    if (invocation->imports && !invocation->write && !invocation->check && !invocation->diff)
        return "--imports goes with --write, --check or --diff";
    for (size_t i = 0; invocation->write && i < invocation->n_files; i++)
        if (strcmp(invocation->files[i], "-") == 0)
            return "--write needs a file, not standard input";
    return NULL;
}

enum exit_status command_fmt(struct invocation *invocation)
{
    const char *mistake = misuse(invocation);
    if (mistake) {
        fprintf(stderr, "dialtone fmt: %s\n", mistake);
        return STATUS_USAGE;
    }
    struct arena arena = ARENA_INIT;
    struct found_files files;
    struct formatting run = {.invocation = invocation, .arena = &arena, .seen = map_in(&arena)};
    run.worst = find_files(&arena, invocation, &files);
    bool prints = !invocation->write && !invocation->check && !invocation->diff;
    for (size_t i = 0; i < files.list.n; i++) {
        if (files.list.at[i].is_in_folder && prints) {
            fputs("dialtone fmt: folders go with --write, --check or --diff\n", stderr);
            run.worst = STATUS_USAGE;
            break;
        }
        format_file(&run, files.list.at[i].path);
    }
    arena_free(&arena);
    return run.worst;
}
