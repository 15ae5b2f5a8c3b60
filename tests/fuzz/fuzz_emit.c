/* Any bytes as the strings of a configuration → tables → C: the tables are sound, and the C holds
 * nothing that was not meant. A scanner of our own reads it as a C compiler would: trigraphs, line
 * splices, comments and strings; outside of strings and comments only the words of emit_c may
 * stand.
 *
 * The input is one text after another, cut at newlines; the first byte chooses a configuration that
 * puts them everywhere a text can be. Input that begins with '{' is a configuration itself. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "json/document.h"
#include "native/dump.h"
#include "native/emit_c.h"
#include "native/layout.h"
#include "native/lower.h"
#include "syntax/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the configuration ---- */

/* '@' stands for the next text. */
static const char *const shapes[] = {
    "{\"apps\":{\"http\":{\"servers\":{@:{\"listen\":[\":80\"],\"routes\":[{\"group\":@,\"match\":["
    "{"
    "\"path\":[@,@],\"host\":[@],\"method\":[@],\"header\":{@:[@]},\"query\":{@:[@]},"
    "\"vars\":{@:[@]}}],\"handle\":[{\"handler\":\"static_response\",\"body\":@,\"headers\":{@:[@]}"
    ","
    "\"status_code\":@}]}],\"logs\":{\"logger_names\":{@:[@]},\"skip_hosts\":[@]},"
    "\"automatic_https\":{\"disable\":true}}}}}}",
    "{\"logging\":{\"logs\":{@:{\"include\":[@],\"writer\":{\"output\":\"file\",\"filename\":@}}}},"
    "\"storage\":{\"module\":\"file_system\",\"root\":@},\"apps\":{\"http\":{\"servers\":{\"s\":{"
    "\"listen\":[\":80\"],\"routes\":[{\"handle\":[{\"handler\":\"rewrite\",\"uri\":@,\"method\":@,"
    "\"strip_path_prefix\":@,\"uri_substring\":[{\"find\":@,\"replace\":@}],"
    "\"query\":{\"set\":[{\"key\":@,\"val\":@}]}},{\"handler\":\"vars\",@:@},"
    "{\"handler\":\"error\",\"error\":@},{\"handler\":\"headers\",\"request\":{\"set\":{@:[@,@]},"
    "\"delete\":[@],\"replace\":{@:[{\"search\":@,\"replace\":@}]}}}]}]}}}}}",
    "{\"apps\":{\"tls\":{\"certificates\":{\"load_pem\":[{\"certificate\":@,\"key\":@}]}},\"http\":"
    "{"
    "\"servers\":{\"s\":{\"listen\":[\":443\"],\"tls_connection_policies\":[{\"match\":{\"sni\":[@]"
    "},"
    "\"alpn\":[@],\"default_sni\":@}],\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\","
    "\"upstreams\":[{\"dial\":@},{\"dial\":\"a:1\"}],\"transport\":{\"protocol\":\"http\",\"tls\":{"
    "\"server_name\":@,\"root_ca_pool\":[@]}},\"load_balancing\":{\"selection_policy\":{"
    "\"policy\":\"cookie\",\"name\":@,\"secret\":@}},\"health_checks\":{\"active\":{\"uri\":@,"
    "\"headers\":{@:[@]}}}}]}]}}}}}",
};

static void add_json_string(struct strbuf *out, struct str text)
{
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c == '"' || c == '\\' || c >= 0x7f)
            strbuf_printf(out, "\\u%04x", c);
        else
            strbuf_add_char(out, (char)c);
    }
    strbuf_add_char(out, '"');
}

static struct str configuration(struct arena *arena, struct str input)
{
    struct strbuf out = strbuf_in(arena);
    size_t n = sizeof(shapes) / sizeof(shapes[0]);
    const char *shape = shapes[(unsigned char)input.ptr[0] % n];
    struct str rest = str_slice(input, 1, input.len), text;
    for (; *shape; shape++) {
        if (*shape != '@') {
            strbuf_add_char(&out, *shape);
            continue;
        }
        str_cut(rest, STR("\n"), &text, &rest);
        add_json_string(&out, text);
    }
    return strbuf_str(&out);
}

/* ---- the scanner ---- */

static void fail(const char *why, struct str at)
{
    fprintf(stderr, "%s at: " STR_FMT "\n", why, STR_ARG(str_slice(at, 0, 80)));
    abort();
}

static size_t skip_string(struct str code, size_t at)
{
    for (at++; at < code.len && code.ptr[at] != '"'; at++) {
        unsigned char c = (unsigned char)code.ptr[at];
        if (c < ' ' || c > '~')
            fail("a byte that must be escaped", str_slice(code, at, code.len));
        if (c == '?' && code.ptr[at - 1] == '?')
            fail("a trigraph", str_slice(code, at - 1, code.len));
        if (c == '\\' && !strchr("\"\\?01234567", code.ptr[++at]))
            fail("an escape that was not meant", str_slice(code, at, code.len));
    }
    return at + 1;
}

static size_t skip_comment(struct str code, size_t at)
{
    for (at += 2; at + 1 < code.len && !(code.ptr[at] == '*' && code.ptr[at + 1] == '/'); at++) {
        unsigned char c = (unsigned char)code.ptr[at];
        if (c < ' ' || c > '~' || c == '\\' || c == '?' || c == '*')
            fail("a byte that no comment may have", str_slice(code, at, code.len));
    }
    return at + 2;
}

static bool is_known_word(struct str word)
{
    static const char *const words[] = {
        "static",
        "const",
        "struct",
        "char",
        "int",
        "main",
        "argc",
        "argv",
        "return",
        "sizeof",
        "tables",
        "strings",
        "abi",
        "size",
        "build",
        "source",
        "digest",
        "version",
        "_Static_assert",
        "dt_proxy_main",
        "application",
        "storage",
        "grace_period_ns",
        "shutdown_delay_ns",
        "http_port",
        "https_port",
        "is_debug",
        "ticket_rotation_ns",
        "max_ticket_keys",
        "admin_mode",
        "admin",
        "n_states",
        "strings_len",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_is(word, words[i]))
            return true;
    }
    if (str_has_prefix(word, STR("DT_")) || str_has_prefix(word, STR("INT64_")) ||
        str_has_prefix(word, STR("at_")) || str_has_prefix(word, STR("dt_")) ||
        str_has_prefix(word, STR("n_")))
        return true;
    for (size_t a = 1; a <= N_LAYOUTS; a++) {
        const struct layout *layout = layout_of((enum array)a);
        if (str_is(word, layout->name))
            return true;
        for (size_t c = 0; c < layout->n_columns; c++) {
            if (str_is(word, layout->columns[c].name))
                return true;
        }
    }
    return false;
}

static size_t skip_word(struct str code, size_t at)
{
    size_t end = at;
    while (end < code.len && (isalnum((unsigned char)code.ptr[end]) || code.ptr[end] == '_'))
        end++;
    struct str word = str_slice(code, at, end);
    if (!isdigit((unsigned char)word.ptr[0]) && !is_known_word(word))
        fail("a word that was not meant", word);
    return end;
}

static void scan(struct str code)
{
    size_t at = 0, depth = 0;
    while (at < code.len) {
        unsigned char c = (unsigned char)code.ptr[at];
        bool starts_line = at == 0 || code.ptr[at - 1] == '\n';
        if (c == '#' && starts_line && depth == 0) {
            while (code.ptr[at] != '\n')
                at++;
        } else if (c == '"') {
            at = skip_string(code, at);
        } else if (c == '/' && code.ptr[at + 1] == '*') {
            at = skip_comment(code, at);
        } else if (isalnum(c) || c == '_') {
            at = skip_word(code, at);
        } else if (strchr("{}()[];,.=*&- \n", c) && c) {
            depth += c == '{';
            depth -= c == '}';
            at++;
        } else {
            fail("a byte that stands nowhere in C", str_slice(code, at, code.len));
        }
    }
    if (depth != 0)
        fail("braces that do not match", code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct str input = str_make((const char *)data, size);
    struct document document;
    struct sources sources = sources_in(&arena, NULL);
    struct diags diags = diags_in(&arena);
    if (size == 0)
        return 0;
    document_init(&document, &arena);
    /* the file's name is hostile too */
    struct str name = str_slice(input, 0, 40);
    struct str json = data[0] == '{' ? input : configuration(&arena, input);
    struct source *source = source_add(&sources, name, json);
    struct lower_options options = {&sources, name};
    struct dt_tables tables;
    document.root = document_parse(&document, source, &diags);
    if (document.root && lower(&arena, &diags, &document, &options, &tables)) {
        struct strbuf code = strbuf_in(&arena), text = strbuf_in(&arena);
        if (!tables_are_sound(&tables))
            fail("tables that are not sound", json);
        emit_c(&tables, &code);
        scan(strbuf_str(&code));
        dump_tables(&tables, &text);
    }
    arena_free(&arena);
    return 0;
}
