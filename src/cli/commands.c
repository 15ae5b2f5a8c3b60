/* adapt, emit, tables: commands that read one configuration and print what came of it. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"

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
