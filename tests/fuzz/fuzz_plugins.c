/* Any bytes as a project file with descriptions of plugins, and a Caddyfile that uses what they may
 * describe: the second part of the input, behind a line of dashes. */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_file(void *user, struct arena *arena, const char *path, struct str *text)
{
    (void)arena;
    if (strcmp(path, "/.dialtone") != 0)
        return -2; /* ENOENT */
    *text = *(struct str *)user;
    return 0;
}

static const char *get_env(void *user, const char *name)
{
    (void)user, (void)name;
    return NULL;
}

static char *compile(struct str project, struct str caddyfile, struct adapt_options options)
{
    struct source_hooks hooks = {.user = &project, .read_file = read_file, .get_env = get_env};
    struct plugin_settings settings = {.has_project = true};
    struct pipeline pipeline;
    char *json = NULL;
    pipeline_init(&pipeline, &hooks);
    if (pipeline_load_text(&pipeline, "/Caddyfile", caddyfile) &&
        pipeline_use_plugins(&pipeline, &settings) && pipeline_adapt(&pipeline, options)) {
        struct strbuf out = strbuf_in(&pipeline.arena);
        document_write(pipeline.document.root, false, &out);
        json = strdup(strbuf_cstr(&out));
    }
    pipeline_free(&pipeline);
    return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str project, caddyfile;
    str_cut(str_make((const char *)data, size), STR("\n----------\n"), &project, &caddyfile);
    struct adapt_options skipping = {.skip_unknown = true}, checking = {.only_checks = true};
    char *first = compile(project, caddyfile, skipping);
    char *second = compile(project, caddyfile, skipping);
    if (!first != !second || (first && strcmp(first, second) != 0))
        abort();
    free(first);
    free(second);
    free(compile(project, caddyfile, checking));
    return 0;
}
