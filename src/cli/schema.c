/* schema: the vocabulary, for people and for programs. */
#include <stdio.h>

#include "cli/cli.h"
#include "schema/schema.h"
#include "schema/text.h"

/* What is known of each of the names on the command line. */
static bool describe(const struct invocation *invocation, const struct vocabulary *vocabulary,
                     struct strbuf *out)
{
    bool ok = true;
    for (size_t i = 0; i < invocation->n_files; i++) {
        struct str nearest, name = str_from(invocation->files[i]);
        if (schema_describe(vocabulary, name, out, &nearest))
            continue;
        ok = false;
        fprintf(stderr, "dialtone schema: nothing is called '" STR_FMT "'", STR_ARG(name));
        if (nearest.len)
            fprintf(stderr, ", did you mean '" STR_FMT "'?", STR_ARG(nearest));
        fputc('\n', stderr);
    }
    return ok;
}

static enum exit_status print_schema(const struct invocation *invocation,
                                     const struct vocabulary *vocabulary, struct arena *arena)
{
    struct strbuf out = strbuf_in(arena);
    bool found = true;
    if (invocation->json)
        schema_json(vocabulary, &out);
    else if (invocation->n_files)
        found = describe(invocation, vocabulary, &out);
    else
        schema_list(vocabulary, &out);
    if (!write_output(invocation->output, strbuf_str(&out)))
        return STATUS_TROUBLE;
    return found ? STATUS_FINE : STATUS_FINDINGS;
}

enum exit_status command_schema(struct invocation *invocation)
{
    if (invocation->json && invocation->n_files) {
        fputs("dialtone schema: --json prints everything; leave the names out\n", stderr);
        return STATUS_USAGE;
    }
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    invocation->no_project = true; /* there is no file to look beside */
    enum exit_status status = load_plugins(&pipeline, invocation, false);
    if (status == STATUS_FINE)
        status = print_schema(invocation, pipeline.vocabulary, &pipeline.arena);
    else
        print_diagnostics(&pipeline, invocation, stderr);
    pipeline_free(&pipeline);
    return status;
}
