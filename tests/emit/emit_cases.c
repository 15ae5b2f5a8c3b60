/* Writes what the cases emit, and the dumps of the tables in memory: emit_cases FOLDER FILE…
 *
 * A case is a file of the corpus, up to its line of dashes, or one of tests/twin, up to its first
 * section. Of the Nth that the proxy core can run FOLDER/N.c is the C, with a main of the name
 * emitted_N, and FOLDER/N.want the dump; FOLDER/all.c calls them. */
#include <stdio.h>
#include <stdlib.h>

#include "pipeline.h"

struct one_case {
    struct arena arena;
    struct str text;
};

static int read_disk(void *user, struct arena *arena, const char *path, struct str *text)
{
    (void)user;
    FILE *file = fopen(path, "rb");
    if (!file)
        return -2; /* ENOENT, whatever the reason: cases are plain files */
    struct strbuf buf = strbuf_in(arena);
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        strbuf_add(&buf, str_make(chunk, n));
    fclose(file);
    *text = strbuf_str(&buf);
    return 0;
}

/* `# env: NAME=value` in the case; any other is a port. */
static const char *get_env(void *user, const char *name)
{
    struct one_case *one = user;
    struct str left = one->text, line, before, value;
    while (left.len) {
        str_cut(left, STR("\n"), &line, &left);
        if (str_has_prefix(line, STR("# env: ")) &&
            str_cut(str_slice(line, 7, line.len), STR("="), &before, &value) &&
            str_eq(before, str_from(name)))
            return str_dup(&one->arena, value).ptr;
    }
    return "18080";
}

static void write_file(const char *folder, unsigned number, const char *suffix, struct str text)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%u%s", folder, number, suffix);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(text.ptr, 1, text.len, file) != text.len || fclose(file) != 0) {
        fprintf(stderr, "emit_cases: cannot write %s\n", path);
        exit(1);
    }
}

static struct str case_text(struct arena *arena, struct str whole)
{
    struct str text, rest;
    if (!str_cut(whole, STR("\n----------\n"), &text, &rest))
        str_cut(whole, STR("\n=== "), &text, &rest);
    text = STR_JOIN(arena, text, STR("\n"));
    if (str_has_prefix(text, STR("{\"")))
        text = str_replace(arena, text, STR("{$PORT}"), STR("18080"));
    return text;
}

/* False where the case is not for the proxy core. */
static bool emit_case(const char *folder, unsigned number, const char *path)
{
    struct one_case one = {0};
    struct source_hooks hooks = {.user = &one, .read_file = read_disk, .get_env = get_env};
    struct pipeline pipeline;
    struct str whole;
    bool is_lowered = false;
    pipeline_init(&pipeline, &hooks);
    if (read_disk(NULL, &one.arena, path, &whole) == 0) {
        one.text = case_text(&one.arena, whole);
        pipeline_load_text(&pipeline, path, one.text);
        is_lowered = pipeline_adapt(&pipeline, (struct adapt_options){0}) &&
                     pipeline_lower(&pipeline);
    }
    if (is_lowered) {
        struct strbuf c = strbuf_in(&one.arena), dump = strbuf_in(&one.arena);
        strbuf_printf(&c, "#define main emitted_%u\n#define dt_proxy_main emitted_dump\n", number);
        pipeline_emit_c(&pipeline, &c);
        pipeline_dump(&pipeline, &dump);
        write_file(folder, number, ".c", strbuf_str(&c));
        write_file(folder, number, ".want", strbuf_str(&dump));
    }
    pipeline_free(&pipeline);
    arena_free(&one.arena);
    return is_lowered;
}

int main(int argc, char **argv)
{
    unsigned n = 0;
    char path[4096];
    for (int i = 2; i < argc; i++)
        n += emit_case(argv[1], n, argv[i]);
    snprintf(path, sizeof(path), "%s/all.c", argv[1]);
    FILE *file = fopen(path, "wb");
    if (!file)
        return 1;
    for (unsigned i = 0; i < n; i++)
        fprintf(file, "int emitted_%u(int argc, char **argv);\n", i);
    fputs("int (*const emitted[])(int, char **) = {\n", file);
    for (unsigned i = 0; i < n; i++)
        fprintf(file, "    emitted_%u,\n", i);
    fputs("    0};\n", file);
    return fclose(file) != 0;
}
