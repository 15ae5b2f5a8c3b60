/* Emitted C, compiled by a C compiler without a warning and loaded again, is the same tables; and
 * nothing a configuration says gets out of its string or comment. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "json/document.h"
#include "native/dump.h"
#include "native/emit_c.h"
#include "native/layout.h"
#include "native/lower.h"
#include "syntax/diag.h"
#include "test.h"

static const char hostile[] =
    "{\"apps\":{\"http\":{\"servers\":{\"s\\\"*/\\n#include "
    "<x>\":{\"listen\":[\":80\"],\"routes\":[{"
    "\"match\":[{\"path\":[\"/*/\",\"/\\\\\"]}],\"handle\":[{\"handler\":\"static_response\","
    "\"body\":\"\\\"; system(\\\"x\\\"); /* */ ?\?/ ?\?= \\u0000 \\r\\n\\\\ \\u00e9\\u2028 %s "
    "0\\u00011\","
    "\"headers\":{\"X-A\":[\"*/ int x; /*\"]}},"
    "{\"handler\":\"reverse_proxy\",\"upstreams\":[{\"dial\":\"[fe80::1%eth0]:80\"}],"
    "\"transport\":{\"protocol\":\"http\",\"tls\":{}}}]}]}}}}}";

static const char usual[] =
    "{\"apps\":{\"http\":{\"servers\":{\"srv0\":{\"listen\":[\":443\"],\"routes\":[{\"match\":[{"
    "\"host\":[\"a.localhost\",\"*.b.internal\"]}],\"handle\":[{\"handler\":\"subroute\","
    "\"routes\":"
    "[{\"handle\":[{\"handler\":\"rewrite\",\"uri\":\"/x{http.request.uri.path}?a={env.B}\"},"
    "{\"handler\":\"headers\",\"response\":{\"delete\":[\"X-*\"],\"deferred\":true}},"
    "{\"handler\":\"vars\",\"v\":1.5,\"w\":true},"
    "{\"handler\":\"error\",\"status_code\":404}]}]}],\"terminal\":true}],"
    "\"trusted_proxies\":{\"source\":\"static\",\"ranges\":[\"10.0.0.0/8\"]},\"logs\":{}}}}}}";

struct lowered {
    struct arena arena;
    struct document document;
    struct dt_tables tables;
    bool is_there;
};

static void lower_text(struct lowered *lowered, struct str json)
{
    *lowered = (struct lowered){0};
    struct arena *arena = &lowered->arena;
    struct sources sources = sources_in(arena, NULL);
    struct diags diags = diags_in(arena);
    document_init(&lowered->document, arena);
    struct source *source = source_add(&sources, STR("dir/\"*/\n\\"), json);
    struct lower_options options = {&sources, source->path};
    lowered->document.root = document_parse(&lowered->document, source, &diags);
    lowered->is_there = lowered->document.root &&
                        lower(arena, &diags, &lowered->document, &options, &lowered->tables);
    if (!lowered->is_there)
        diags_print(&diags, &sources, (struct diag_style){.compact = true}, stderr);
}

static void free_lowered(struct lowered *lowered)
{
    arena_free(&lowered->arena);
}

static struct str dumped(struct arena *arena, const struct dt_tables *tables)
{
    struct strbuf out = strbuf_in(arena);
    dump_tables(tables, &out);
    return strbuf_str(&out);
}

/* Compiles with every warning an error; the main of the emitted program is kept out of the way. */
static bool compile(struct str code, const char *folder, const char *compiler)
{
    char command[1024], path[256];
    snprintf(path, sizeof(path), "%s/tables.c", folder);
    FILE *file = fopen(path, "wb");
    fwrite(code.ptr, 1, code.len, file);
    fputs("const struct dt_tables *const exported = &tables;\n", file);
    fclose(file);
    snprintf(command, sizeof(command),
             "%s -std=c11 -Wall -Wextra -pedantic -Werror -Iinclude -Dmain=emitted_main -shared "
             "-fPIC -Wl,--unresolved-symbols=ignore-all -o %s/tables.so %s",
             compiler, folder, path);
    return system(command) == 0;
}

static void check_round_trip(const char *json, const char *compiler)
{
    char folder[] = "/tmp/native_emit_XXXXXX", path[256];
    struct lowered lowered;
    lower_text(&lowered, str_from(json));
    CHECK(lowered.is_there);
    CHECK(mkdtemp(folder) != NULL);
    if (lowered.is_there) {
        struct strbuf code = strbuf_in(&lowered.arena);
        emit_c(&lowered.tables, &code);
        CHECK(tables_are_sound(&lowered.tables));
        CHECK(compile(strbuf_str(&code), folder, compiler));
        snprintf(path, sizeof(path), "%s/tables.so", folder);
        void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
        CHECK(library != NULL);
        const struct dt_tables *const *loaded = library ? dlsym(library, "exported") : NULL;
        CHECK(loaded != NULL);
        if (loaded) {
            CHECK(tables_are_sound(*loaded));
            CHECK(str_eq(dumped(&lowered.arena, *loaded), dumped(&lowered.arena, &lowered.tables)));
            CHECK_INT((*loaded)->strings_len, lowered.tables.strings_len);
            CHECK(memcmp((*loaded)->strings, lowered.tables.strings, lowered.tables.strings_len) ==
                  0);
        }
        if (library)
            dlclose(library);
    }
    snprintf(path, sizeof(path), "rm -rf %s", folder);
    CHECK_INT(system(path), 0);
    free_lowered(&lowered);
}

static void test_round_trip(void)
{
    check_round_trip(usual, "cc");
    check_round_trip(hostile, "cc");
    if (system("command -v clang >/dev/null") == 0)
        check_round_trip(hostile, "clang");
}

/* A text longer than compilers must take, and one that is as long as they may. */
static void test_long_texts(void)
{
    static const size_t lengths[] = {3999, 4000, 4001, 70000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct strbuf json = strbuf_in(&arena);
        strbuf_puts(&json,
                    "{\"apps\":{\"http\":{\"servers\":{\"s\":{\"listen\":[\":80\"],\"routes\":"
                    "[{\"handle\":[{\"handler\":\"static_response\",\"body\":\"");
        for (size_t n = 0; n < lengths[i]; n++)
            strbuf_add_char(&json, "abc?"[n % 4]);
        strbuf_puts(&json, "\"}]}]}}}}}");
        check_round_trip(strbuf_cstr(&json), "cc");
        arena_free(&arena);
    }
}

static void test_same_text_twice(void)
{
    struct lowered one, two;
    lower_text(&one, str_from(usual));
    lower_text(&two, str_from(usual));
    struct strbuf first = strbuf_in(&one.arena), second = strbuf_in(&two.arena);
    emit_c(&one.tables, &first);
    emit_c(&two.tables, &second);
    CHECK(str_eq(strbuf_str(&first), strbuf_str(&second)));
    free_lowered(&one);
    free_lowered(&two);
}

static const struct test tests[] = {
    {"round trip", test_round_trip},
    {"long texts", test_long_texts},
    {"same text twice", test_same_text_twice},
};
TESTS_MAIN(tests)
