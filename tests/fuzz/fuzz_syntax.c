/* Any bytes as a Caddyfile, with and without its imports followed: nothing crashes, every word lies
 * in the text, every node holds its children's tokens. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "syntax/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two files that can be imported; all others do not exist. */
static int read_file(void *user, struct arena *arena, const char *path, struct str *text)
{
    (void)user, (void)arena;
    if (strstr(path, "one"))
        *text = STR("respond {args[0]}\n{block}\n");
    else if (strstr(path, "two"))
        *text = STR("(s) {\n\theader {args[:]}\n\timport one x\n}\n");
    else
        return -2; /* ENOENT */
    return 0;
}

static const char *get_env(void *user, const char *name)
{
    (void)user;
    return strcmp(name, "A") == 0 ? "a {\n b\n}" : NULL;
}

static bool visit(const struct node *node, void *user)
{
    const struct sources *sources = user;
    for (uint32_t i = 0; i < node->n_words; i++)
        if (node->words[i]->span.end && !source_of(sources, node->words[i]->span))
            abort();
    for (const struct node *child = node->body; child; child = child->next)
        if (child->parent != node)
            abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct source_hooks hooks = {.read_file = read_file, .get_env = get_env};
    for (int expand = 0; expand < 2; expand++) {
        struct arena arena = ARENA_INIT;
        struct sources sources = sources_in(&arena, &hooks);
        struct diags diags = diags_in(&arena);
        const struct source *source =
            source_add(&sources, STR("Caddyfile"), str_make((const char *)data, size));
        if (source) {
            struct node *file = parse_caddyfile(&arena, &sources, &diags, source, expand);
            if (!file)
                abort();
            node_walk(file, visit, &sources);
        }
        arena_free(&arena);
    }
    return 0;
}
