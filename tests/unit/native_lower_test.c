/* What plain Caddy JSON becomes, where no Caddyfile can say it: refusals in their own words, port
 * ranges, and the host index against a walk over all routes. */
#include "native/lower.h"

#include "base/arena.h"
#include "dialtone/tables.h"
#include "json/document.h"
#include "native/layout.h"
#include "syntax/diag.h"
#include "test.h"

struct lowered {
    struct arena arena;
    struct document document;
    struct diags diags;
    struct dt_tables tables;
    bool is_there;
};

static void lower_text(struct lowered *lowered, struct str json)
{
    *lowered = (struct lowered){0};
    struct arena *arena = &lowered->arena;
    struct sources sources = sources_in(arena, NULL);
    lowered->diags = diags_in(arena);
    document_init(&lowered->document, arena);
    struct source *source = source_add(&sources, STR("caddy.json"), json);
    struct lower_options options = {&sources, source->path};
    lowered->document.root = document_parse(&lowered->document, source, &lowered->diags);
    lowered->is_there = lowered->document.root && lower(arena, &lowered->diags, &lowered->document,
                                                        &options, &lowered->tables);
    CHECK(!lowered->is_there || tables_are_sound(&lowered->tables));
}

static void free_lowered(struct lowered *lowered)
{
    arena_free(&lowered->arena);
}

static struct str in_server(struct arena *arena, const char *members)
{
    return str_printf(
        arena, "{\"apps\":{\"http\":{\"servers\":{\"s\":{\"listen\":[\":80\"],%s}}}}}", members);
}

/* ---- refusals ---- */

static void test_refusals(void)
{
    static const struct {
        const char *members, *message;
    } rows[] = {
        {"\"nonsense\":1", "the proxy core does not know 'nonsense' in a server"},
        {"\"metrics\":{\"otlp\":true}", "the proxy core cannot do 'otlp' of metrics yet"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"vars\",\"access_logger_names\":[1]}]}]",
         "the name of a logger must be a string"},
        {"\"idle_timeout\":\"soon\"", "'idle_timeout' is not a duration"},
        {"\"max_header_bytes\":-1", "'max_header_bytes' is out of range"},
        {"\"max_header_bytes\":\"1\"", "'max_header_bytes' must be a whole number"},
        {"\"routes\":{}", "the routes must be a list"},
        {"\"routes\":[1]", "a route must be an object"},
        {"\"routes\":[{\"handle\":[{}]}]", "a handler must say which one it is"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"templates\"}]}]",
         "the proxy core does not run the handler 'templates': its files are programs in Go's "
         "template language"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"a_plugin\"}]}]",
         "the proxy core cannot run the handler 'a_plugin' yet"},
        {"\"routes\":[{\"match\":[{\"a_plugin\":{}}]}]",
         "the proxy core cannot run the matcher 'a_plugin' yet"},
        {"\"routes\":[{\"match\":[{\"url_pattern\":{\"pattern\":\"/a{b\"}}]}]",
         "the pattern '/a{b' has a '{' that is never closed"},
        {"\"routes\":[{\"match\":[{\"url_pattern\":{\"pattern\":\"/a}b\"}}]}]",
         "the pattern '/a}b' has a '}', '?' or '+' that belongs to nothing"},
        {"\"routes\":[{\"match\":[{\"url_pattern\":{\"pattern\":\"/:id/:id\"}}]}]",
         "the pattern '/:id/:id' has two groups of one name"},
        {"\"routes\":[{\"match\":[{\"url_pattern\":{\"pattern\":\"/:\"}}]}]",
         "the pattern '/:' has a ':' without a name, a '(' without its end, or a '\\' at its end"},
        {"\"routes\":[{\"match\":[{\"url_pattern\":{\"pattern\":\"http://a b/\"}}]}]",
         "the pattern 'http://a b/' has a component that no URL can have"},
        {"\"routes\":[{\"match\":[{\"url_pattern\":{\"pattern\":\"/x\",\"base_url\":\"nowhere\"}}]}]",
         "the pattern '/x' has a base that is no URL"},
        {"\"routes\":[{\"match\":[{\"url_pattern\":{\"pattern\":\"/(a|*)\"}}]}]",
         "an expression in the pattern '/(a|*)' has nothing before it that it could "
         "repeat"},
        {"\"routes\":[{\"match\":[{\"path_regexp\":{\"pattern\":\"a(\"}}]}]",
         "the expression 'a(' is never closed"},
        {"\"routes\":[{\"match\":[{\"remote_ip\":{\"ranges\":[\"nowhere\"]}}]}]",
         "'nowhere' is no IP address or range"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"authentication\",\"providers\":{\"http_basic\":"
         "{\"accounts\":[{\"username\":\"a\",\"password\":\"$2a$\"},{\"username\":\"a\","
         "\"password\":\"$2a$\"}]}}}]}]",
         "there are two accounts of the name 'a'"},
        {"\"trusted_proxies\":{\"source\":\"static\",\"ranges\":[\"{env.RANGE}\"]}",
         "placeholders are not expanded in trusted proxies"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"static_response\",\"status_code\":7}]}]",
         "a status must have three digits"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"static_response\",\"headers\":{\"A\":[\"b\\nc\"]}"
         "}]}]",
         "a header's value cannot hold line breaks"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"invoke\",\"name\":\"x\"}]}]",
         "there is no named route 'x'"},
        {"\"named_routes\":{\"x\":{\"handle\":[{\"handler\":\"invoke\",\"name\":\"x\"}]}},"
         "\"routes\":[{\"handle\":[{\"handler\":\"invoke\",\"name\":\"x\"}]}]",
         "the named route 'x' invokes itself"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\",\"upstreams\":[{\"dial\":\"a\"}]}"
         "]"
         "}]",
         "the upstream 'a' has no port"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\",\"upstreams\":[{\"dial\":"
         "\"a:1-2\"}]}]}]",
         "the upstream 'a:1-2' is more than one socket"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\",\"upstreams\":[{\"dial\":"
         "\"fd/3\"}]}]}]",
         "the upstream 'fd/3' is a file descriptor, which cannot be dialed"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\",\"transport\":{\"protocol\":"
         "\"a_plugin\"}}]}]",
         "the proxy core cannot run the transport 'a_plugin' yet"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\",\"transport\":{\"protocol\":"
         "\"fastcgi\",\"split_path\":[\".php\",\".ph\xc3\xbc\"]}}]}]",
         "paths cannot be split at '.ph\xc3\xbc', which is not ASCII"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\",\"transport\":{\"protocol\":"
         "\"fastcgi\",\"env\":{\"A\":1}}}]}]",
         "the variable 'A' must be text"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\",\"transport\":{\"protocol\":"
         "\"fastcgi\",\"env\":[\"A\"]}}]}]",
         "the variables of scripts must be an object"},
        {"\"routes\":[{\"handle\":[{\"handler\":\"reverse_proxy\",\"transport\":{\"protocol\":"
         "\"fastcgi\",\"a_key\":true}}]}]",
         "the proxy core does not know 'a_key' in the transport fastcgi"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lowered lowered;
        lower_text(&lowered, in_server(&arena, rows[i].members));
        CHECK(!lowered.is_there);
        CHECK(lowered.diags.first != NULL);
        if (lowered.diags.first) {
            CHECK_STR(lowered.diags.first->message, rows[i].message);
            CHECK(lowered.diags.first->span.end > lowered.diags.first->span.begin);
        }
        free_lowered(&lowered);
    }
    arena_free(&arena);
}

static void test_all_in_one_run(void)
{
    struct arena arena = ARENA_INIT;
    struct lowered lowered;
    lower_text(&lowered, in_server(&arena, "\"a\":1,\"b\":2,\"routes\":[{\"c\":3,\"handle\":[{"
                                           "\"handler\":\"push\"},{\"handler\":\"tracing\"}]}]"));
    CHECK_INT(lowered.diags.n_errors, 5);
    free_lowered(&lowered);
    arena_free(&arena);
}

/* ---- listeners ---- */

static void test_port_ranges(void)
{
    struct lowered lowered;
    lower_text(&lowered, STR("{\"apps\":{\"http\":{\"servers\":{\"s\":{\"listen\":["
                             "\"tcp6/[fe80::1%eth0]:8000-8002\",\"unix//run/x|0600\"]}}}}}"));
    CHECK(lowered.is_there);
    CHECK_INT(lowered.tables.n_listeners, 4);
    const struct dt_listener *last = &lowered.tables.listeners[2];
    CHECK_INT(last->port, 8002);
    CHECK_STR(str_make(dt_chars(&lowered.tables, last->address), last->address.len),
              "tcp6/[fe80::1%eth0]:8002");
    CHECK_STR(str_make(dt_chars(&lowered.tables, last->zone), last->zone.len), "eth0");
    CHECK_INT(lowered.tables.listeners[3].unix_mode, 0600);
    free_lowered(&lowered);
}

static void test_one_socket_two_servers(void)
{
    struct lowered lowered;
    lower_text(&lowered, STR("{\"apps\":{\"http\":{\"servers\":{\"a\":{\"listen\":[\":80\"]},"
                             "\"b\":{\"listen\":[\":80\"]}}}}}"));
    CHECK(!lowered.is_there);
    CHECK_STR(lowered.diags.first->message, "two servers listen on ':80'");
    free_lowered(&lowered);
}

/* ---- the host index ---- */

static bool text_is(const struct dt_tables *tables, struct dt_text text, struct str want)
{
    return str_eq(str_make(dt_chars(tables, text), text.len), want);
}

static struct dt_range indexed(const struct dt_tables *tables, struct str host)
{
    const struct dt_host_index *index = &tables->host_indexes[tables->servers[0].host_index];
    char starred[64];
    ptrdiff_t dot = str_index(host, '.');
    snprintf(starred, sizeof(starred), "*" STR_FMT,
             STR_ARG(dot < 0 ? STR("") : str_slice(host, (size_t)dot, host.len)));
    struct str names[] = {host, str_from(starred)};
    for (int i = 0; i < 2; i++) {
        uint32_t slot = dt_hash(names[i].ptr, (uint32_t)names[i].len) & (index->slots.n - 1);
        for (;; slot = (slot + 1) & (index->slots.n - 1)) {
            const struct dt_host_entry *entry = &tables->host_entries[index->slots.first + slot];
            if (entry->host.len == 0)
                break;
            if (text_is(tables, entry->host, names[i]))
                return entry->routes;
        }
    }
    return index->others;
}

static bool is_listed(const struct dt_tables *tables, struct dt_range list, uint32_t route)
{
    for (uint32_t i = 0; i < list.n; i++) {
        if (tables->numbers[list.first + i].value == route)
            return true;
    }
    return false;
}

static void test_host_index(void)
{
    static const char json[] =
        "\"automatic_https\":{\"disable\":true},\"routes\":["
        "{\"match\":[{\"host\":[\"A.example\",\"b.example\"]}]}," /* 0 */
        "{\"match\":[{\"host\":[\"*.example\"]}]},"               /* 1 */
        "{\"match\":[{\"path\":[\"/x\"]},{\"host\":[\"c\"]}]},"   /* 2: any host, by the path */
        "{\"match\":[{\"host\":[\"a.*.example\"]}]},"             /* 3: cannot be looked up */
        "{},"                                                     /* 4 */
        "{\"match\":[{\"host\":[\"*\"]}]},"                       /* 5 */
        "{\"match\":[{\"host\":[\"{env.H}\"]}]}";                 /* 6 */
    static const struct {
        const char *host, *routes; /* those that must be tried, and no others */
    } rows[] = {
        {"a.example", "0 1 2 3 4 6"}, {"b.example", "0 1 2 3 4 6"},
        {"z.example", "1 2 3 4 6"},   {"a.b.example", "2 3 4 6"},
        {"c", "2 3 4 5 6"},           {"single", "2 3 4 5 6"},
        {"other.net", "2 3 4 6"},     {"", "2 3 4 5 6"},
    };
    struct arena arena = ARENA_INIT;
    struct lowered lowered;
    lower_text(&lowered, in_server(&arena, arena_printf(&arena, "%s]", json)));
    CHECK(lowered.is_there);
    for (size_t i = 0; lowered.is_there && i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dt_range list = indexed(&lowered.tables, str_from(rows[i].host));
        struct strbuf got = strbuf_in(&arena);
        for (uint32_t r = 0; r < lowered.tables.servers[0].routes.n; r++) {
            if (is_listed(&lowered.tables, list, lowered.tables.servers[0].routes.first + r))
                strbuf_printf(&got, "%s%u", got.len ? " " : "", r);
        }
        CHECK_STR(strbuf_str(&got), rows[i].routes);
    }
    free_lowered(&lowered);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"refusals", test_refusals},       {"all in one run", test_all_in_one_run},
    {"port ranges", test_port_ranges}, {"one socket, two servers", test_one_socket_two_servers},
    {"host index", test_host_index},
};
TESTS_MAIN(tests)
