/* schema: the vocabulary, for people and for programs. */
#include <stdio.h>

#include "cli/cli.h"
#include "directives/vocabulary.h"
#include "schema/schema.h"

enum exit_status command_schema(struct invocation *invocation)
{
    struct arena arena = {0};
    struct strbuf out = strbuf_in(&arena);
    schema_json(caddy_vocabulary(), &out);
    bool ok = write_output(invocation->output, strbuf_str(&out));
    arena_free(&arena);
    return ok ? STATUS_FINE : STATUS_TROUBLE;
}
