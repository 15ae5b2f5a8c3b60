/* The reports of `dialtone check`: which formats go where. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/settings.h"

static bool is_stdout(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

/* "FORMAT:FILE" into an output; false after a message. */
static bool output_read(struct reports *reports, const char *text)
{
    struct output *output = &reports->at[reports->n];
    struct str format, file;
    bool has_file = str_cut(str_from(text), STR(":"), &format, &file) && file.len;
    output->format = report_format_find(format);
    if (output->format && has_file) {
        output->path = file.ptr;
        reports->n++;
        return true;
    }
    fprintf(stderr, "dialtone check: --output takes FORMAT:FILE, not '%s' (FORMAT is one of " STR_FMT ")\n",
            text, STR_ARG(report_format_names(&reports->report.arena)));
    return false;
}

/* What standard output gets unless an output names it. */
static bool add_stdout(struct reports *reports, const struct invocation *invocation)
{
    unsigned n = invocation->format != NULL;
    for (size_t i = 0; i < reports->n; i++)
        n += is_stdout(reports->at[i].path);
    if (n > 1) {
        fputs("dialtone check: standard output takes one report, the others need a file\n", stderr);
        return false;
    }
    if (n == 1 && !invocation->format)
        return true;
    const char *name = invocation->format    ? invocation->format
                       : invocation->compact ? "compact"
                                             : "human";
    reports->at[reports->n++] = (struct output){.format = report_format_find(str_from(name))};
    return true;
}

bool reports_open(struct reports *reports, const struct invocation *invocation)
{
    char *folder = getcwd(NULL, 0);
    if (!folder && errno == ENOMEM)
        arena_exhausted();
    report_init(&reports->report, folder);
    free(folder);
    reports->n = 0;
    reports->people = fixes_stdin(invocation) ? stderr : stdout;
    reports->at = arena_array(&reports->report.arena, struct output, invocation->outputs.n + 1);
    for (size_t i = 0; i < invocation->outputs.n; i++)
        if (!output_read(reports, invocation->outputs.at[i]))
            return false;
    if (!add_stdout(reports, invocation))
        return false;
    for (size_t i = 0; i < reports->n; i++) {
        struct output *output = &reports->at[i];
        reports->collects |= output->format->write != NULL;
        if (output->format->write || is_stdout(output->path))
            continue;
        output->stream = open_memstream(&output->text, &output->size);
        if (!output->stream)
            arena_exhausted();
    }
    return true;
}

/* Text for people, as much of it as they are shown. */
static void add_text(const struct reports *reports, struct output *output,
                     const struct invocation *invocation, const struct pipeline *pipeline)
{
    const struct diags *diags = &pipeline->diags;
    FILE *out = output->stream ? output->stream : reports->people;
    struct diag_style style = output->stream ? (struct diag_style){.at_least = SEVERITY_INFO}
                                             : style_of(invocation, out);
    uint32_t limit = settings_shown(pipeline, invocation), shown = 0;
    style.compact = output->format->is_compact;
    style.at_most = limit ? limit - output->shown : 0;
    if (!limit || output->shown < limit)
        shown = diags_print(diags, &pipeline->sources, style, out);
    output->shown += shown;
    output->hidden += diags->n_errors + diags->n_warnings + diags->n_infos - shown;
}

static void add_count(const struct reports *reports, const struct output *output)
{
    if (output->hidden)
        fprintf(output->stream ? output->stream : reports->people,
                "… and %u more (--max-findings 0 shows all)\n", output->hidden);
}

void reports_add(struct reports *reports, const struct invocation *invocation, const char *file,
                 const struct pipeline *pipeline, bool was_loaded)
{
    if (reports->collects)
        report_add(&reports->report, file, &pipeline->diags, &pipeline->sources);
    for (size_t i = 0; i < reports->n; i++)
        if (!reports->at[i].format->write && (reports->at[i].stream || was_loaded))
            add_text(reports, &reports->at[i], invocation, pipeline); /* standard error has it otherwise */
}

bool reports_write(struct reports *reports)
{
    bool fine = true;
    for (size_t i = 0; i < reports->n; i++) {
        struct output *output = &reports->at[i];
        add_count(reports, output);
        if (output->format->write) {
            struct strbuf text = strbuf_in(&reports->report.arena);
            output->format->write(&reports->report, &text);
            fine &= write_output(output->path, strbuf_str(&text));
        } else if (output->stream) {
            if (fflush(output->stream) != 0 || ferror(output->stream))
                arena_exhausted(); /* nothing else can fail in memory */
            fine &= write_output(output->path, str_make(output->text, output->size));
        }
    }
    return fine;
}

void reports_close(struct reports *reports)
{
    for (size_t i = 0; i < reports->n; i++)
        if (reports->at[i].stream) {
            fclose(reports->at[i].stream);
            free(reports->at[i].text);
        }
    report_free(&reports->report);
}
