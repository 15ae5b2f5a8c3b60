/* Upstream addresses: what is dialled, and what is said of those that cannot be. */
#include "directives/upstream_address.h"

#include "adapt/adapter.h"
#include "base/arena.h"
#include "syntax/diag.h"
#include "test.h"

struct world {
    struct arena arena;
    struct diags diags;
    struct document document;
    struct adapter adapter;
    struct scope scope;
    struct token token;
};

static void begin(struct world *world, const char *text, bool no_normalize)
{
    *world = (struct world){0};
    world->diags = diags_in(&world->arena);
    document_init(&world->document, &world->arena);
    world->adapter = (struct adapter){
        .arena = &world->arena,
        .diags = &world->diags,
        .options = {.no_normalize = no_normalize},
        .document = &world->document,
    };
    world->scope = (struct scope){
        .adapter = &world->adapter,
        .arena = &world->arena,
        .diags = &world->diags,
        .document = &world->document,
    };
    world->token = (struct token){
        .text = str_from(text),
        .span = {100, 100 + (uint32_t)strlen(text)},
    };
}

static void end(struct world *world)
{
    arena_free(&world->arena);
}

/* Scheme and dial addresses with blanks between them; empty after an error. */
static struct str dials(struct world *world)
{
    struct upstream_address upstream;
    json_t *list = document_array(&world->document, NULL);
    if (!upstream_read(&world->scope, &world->token, 0, world->token.text, &upstream) ||
        !upstream_add(&world->scope, &world->token, &upstream, list))
        return STR("");
    struct strbuf out = strbuf_in(&world->arena);
    strbuf_add(&out, upstream.scheme);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *dial = json_object_get(json_array_get(list, i), "dial");
        strbuf_printf(&out, " %s", dial ? json_string_value(dial) : "-");
    }
    return strbuf_str(&out);
}

struct row {
    const char *text, *dials;
};

static void check_rows(const struct row *rows, size_t n, bool no_normalize)
{
    for (size_t i = 0; i < n; i++) {
        struct world world;
        begin(&world, rows[i].text, no_normalize);
        CHECK_STR(dials(&world), rows[i].dials);
        CHECK_INT(world.diags.n_errors > 0, rows[i].dials[0] == '\0');
        end(&world);
    }
}

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static void test_without_zone(void)
{
    static const struct row rows[] = {
        {"localhost", " localhost:80"},
        {"localhost:8080", " localhost:8080"},
        {":9000", " :9000"},
        {"::1", " [::1]:80"},
        {"[::1", " [::1]:80"},
        {"[2001:DB8::1]:81", " [2001:DB8::1]:81"},
        {"TCP/localhost:80", " tcp/localhost:80"},
        {"localhost:8001-8003", " localhost:8001 localhost:8002 localhost:8003"},
        {"tcp6/[::1]:8001-8002", " [::1]:8001 [::1]:8002"},
        {"unix//run/a.sock|0222", " unix//run/a.sock|0222"},
        {"unix+h2c//run/a.sock", "h2c unix//run/a.sock"},
        {"{env.HOST}", " {env.HOST}"},
        {"localhost:{env.PORT}", " localhost:{env.PORT}"},
        {"", " :80"},
        {"http://a", "http a:80"},
        {"HTTPS://A", "https A:443"},
        {"https://user:pw@[2001:db8::1]:444", "https [2001:db8::1]:444"},
        {"https://h:1-2", "https h:1 h:2"},
        {"h2c://a:b:80", "h2c [a:b]:80"},
        {"http://h%C3%A9", "http h\xc3\xa9:80"},
        {"http:b://c", "http :80"},
        {"https://a:80", ""},
        {"http://a:443", ""},
        {"http://a/", ""},
        {"http://a?b", ""},
        {"http://a b", ""},
        {"http://{env.HOST}", ""},
        {"http://::1", ""},
        {"http://[1.2.3.4]", ""},
        {"://a", ""},
        {"localhost:65536", ""},
        {"localhost:3-1", ""},
        {"[::1]x", ""},
        {"unix//run/a.sock|0400", ""},
    };
    check_rows(ROWS(rows), false);
    check_rows(ROWS(rows), true);
}

static void test_zone(void)
{
    static const struct row rows[] = {
        {"https://[fe80::1%eth0]", "https tcp6/[fe80::1%eth0]:443"},
        {"https://[fe80::1%25eth0]:8443", "https tcp6/[fe80::1%eth0]:8443"},
        {"http://[fe80::1%eth0]", "http tcp6/[fe80::1%eth0]:80"},
        {"[fe80::1%eth0]", " tcp6/[fe80::1%eth0]:80"},
        {"[fe80::1%eth0]:80", " tcp6/[fe80::1%eth0]:80"},
        {"tcp6/[fe80::1%eth0]:80", " tcp6/[fe80::1%eth0]:80"},
        {"h2c://[fe80::1%eth0]:9000", "h2c tcp6/[fe80::1%eth0]:9000"},
        {"tcp/[fe80::1%3]:80", " tcp6/[fe80::1%3]:80"},
        {"[fe80::1%25eth0]:80", " tcp6/[fe80::1%eth0]:80"},
        {"[fe80::1%253]:80", " tcp6/[fe80::1%253]:80"},
        {"[fe80::1%{env.IFACE}]:80", " tcp6/[fe80::1%{env.IFACE}]:80"},
        {"[fe80::1%eth0]:{env.PORT}", " tcp6/[fe80::1%eth0]:{env.PORT}"},
        {"https://[FE80:0::1%eth0]:1-2", "https tcp6/[fe80::1%eth0]:1 tcp6/[fe80::1%eth0]:2"},
        {"[2001:db8::1%eth0]:80", " tcp6/[2001:db8::1%eth0]:80"},
        {"udp/[fe80::1%eth0]:53", " udp/[fe80::1%eth0]:53"},
        {"https://[fe80::1%eth0]:80", ""},
        {"https://[fe80::1%eth0]/x", ""},
        {"[fe80::1%eth0]:99999", ""},
    };
    check_rows(ROWS(rows), false);
}

static void test_caddys_spelling(void)
{
    static const struct row rows[] = {
        {"[fe80::1%eth0]", " [fe80::1%eth0]:80"},
        {"tcp/[FE80::1%eth0]:81", " tcp/[FE80::1%eth0]:81"},
        {"https://[fe80::1%25eth0]", "https [fe80::1%eth0]:443"},
        /* Caddy refuses it, so there is no spelling to keep. */
        {"https://[fe80::1%eth0]", "https tcp6/[fe80::1%eth0]:443"},
    };
    check_rows(ROWS(rows), true);
}

/* The code, and the very characters. */
static void test_problems(void)
{
    static const struct {
        const char *text;
        enum diag_code code;
        uint32_t begin, end;
        const char *replacement;
    } rows[] = {
        {"https://[fe80::1]", DIAG_ZONE_MISSING, 9, 16, "https://[fe80::1%eth0]"},
        {"fe80::1", DIAG_ZONE_MISSING, 0, 7, "[fe80::1%eth0]"},
        {"[fe80::1%]", DIAG_ZONE_EMPTY, 8, 9, "[fe80::1%eth0]"},
        {"[fe80::1%25]:80", DIAG_ZONE_EMPTY, 8, 11, "[fe80::1%eth0]:80"},
        {"[fe80::1%enp0s31f6vlan123]", DIAG_ZONE_INVALID, 9, 25, "[fe80::1%eth0]"},
        {"[fe80::1%a/b]:80", DIAG_ZONE_INVALID, 10, 11, "[fe80::1%eth0]:80"},
        {"[fe80::1%a b]:80", DIAG_ZONE_INVALID, 10, 11, "[fe80::1%eth0]:80"},
        {"127.0.0.1%eth0", DIAG_ZONE_ON_IPV4, 9, 14, "127.0.0.1"},
        {"host%eth0", DIAG_ZONE_ON_HOST, 4, 9, "host"},
        {"fe80::1%eth0:81", DIAG_ZONE_UNBRACKETED, 0, 12, "[fe80::1%eth0]:81"},
        {"tcp4/[fe80::1%eth0]:80", DIAG_ZONE_NETWORK, 0, 4, "tcp6/[fe80::1%eth0]:80"},
        {"[fe80::1%eth0:80", DIAG_BRACKET_UNCLOSED, 0, 1, "[fe80::1%eth0]:80"},
        {"[2001:db8::1%eth0]:80", DIAG_ZONE_ON_GLOBAL, 12, 17, "[2001:db8::1]:80"},
        {"https://[fe80::1%25eth0]", DIAG_ZONE_ESCAPED, 16, 19, "https://[fe80::1%eth0]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        begin(&world, rows[i].text, false);
        dials(&world);
        const struct diag *diag = world.diags.first;
        CHECK(diag && diag->next == NULL);
        if (diag) {
            CHECK_INT(diag->code, rows[i].code);
            CHECK_INT(diag->span.begin, 100 + rows[i].begin);
            CHECK_INT(diag->span.end, 100 + rows[i].end);
            const struct diag_note *note = diag->notes;
            while (note && note->kind != NOTE_HELP)
                note = note->next;
            CHECK(note != NULL);
            if (note)
                CHECK_STR(note->replacement, rows[i].replacement);
        }
        end(&world);
    }
}

/* Quotes count; where the text is not what was typed, the whole token is meant. */
static void test_ranges_in_tokens(void)
{
    struct world world;
    begin(&world, "[fe80::1%]", false);
    world.token.quote = QUOTE_DOUBLE;
    world.token.span.end += 2;
    dials(&world);
    CHECK_INT(world.diags.first->span.begin, 109);
    end(&world);

    begin(&world, "[fe80::1%]", false);
    world.token.span.end += 9;
    dials(&world);
    CHECK_INT(world.diags.first->span.begin, 100);
    CHECK_INT(world.diags.first->span.end, world.token.span.end);
    end(&world);
}

static const struct test tests[] = {
    {"without a zone", test_without_zone},       {"with a zone", test_zone},
    {"Caddy's spelling", test_caddys_spelling},  {"problems", test_problems},
    {"ranges in tokens", test_ranges_in_tokens},
};
TESTS_MAIN(tests)
