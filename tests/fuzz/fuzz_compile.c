/* Any bytes as a Caddyfile, all passes down to JSON text, twice: nothing crashes, and the result is
 * the same both times. */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_nothing(void *user, struct arena *arena, const char *path, struct str *text)
{
    (void)user, (void)arena, (void)text;
    (void)path;
    return -2; /* ENOENT */
}

static const char *get_env(void *user, const char *name)
{
    (void)user;
    return strcmp(name, "HOST") == 0 ? "example.com" : NULL;
}

static const struct source_hooks hooks = {.read_file = read_nothing, .get_env = get_env};

static char *compile(const uint8_t *data, size_t size)
{
    struct pipeline pipeline;
    pipeline_init(&pipeline, &hooks);
    char *json = NULL;
    if (pipeline_load_text(&pipeline, "Caddyfile", str_make((const char *)data, size)) &&
        pipeline_adapt(&pipeline, (struct adapt_options){0})) {
        struct strbuf out = strbuf_in(&pipeline.arena);
        document_write(pipeline.document.root, false, &out);
        json = strdup(strbuf_cstr(&out));
    }
    pipeline_free(&pipeline);
    return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = compile(data, size), *second = compile(data, size);
    if (!first != !second || (first && strcmp(first, second) != 0))
        abort();
    free(first);
    free(second);
    return 0;
}
