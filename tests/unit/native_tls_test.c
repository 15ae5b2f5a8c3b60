/* What Caddy's JSON says of TLS: refusals in their own words, and what the tables then hold. */
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

static struct str with_tls(struct arena *arena, const char *policy, const char *app)
{
    return str_printf(arena,
                      "{\"apps\":{\"http\":{\"servers\":{\"s\":{\"listen\":[\":8443\"],"
                      "\"automatic_https\":{\"disable\":true},"
                      "\"tls_connection_policies\":[{%s}]}}},\"tls\":{%s},\"pki\":{"
                      "\"certificate_authorities\":{\"own\":{\"name\":\"Own\"}}}}}",
                      policy, app);
}

/* ---- refusals ---- */

static void test_refusals(void)
{
    static const struct {
        const char *policy, *app, *message;
    } rows[] = {
        {"\"client_authentication\":{\"mode\":\"maybe\"}", "",
         "'maybe' is no mode of client authentication"},
        {"\"client_authentication\":{\"ca\":{\"provider\":\"http\",\"endpoints\":[\"https://x\"]}}",
         "", "the proxy core asks nobody for CA certificates: save them to a file"},
        {"\"client_authentication\":{\"ca\":{\"provider\":\"a_plugin\"}}", "",
         "the proxy core cannot take CA certificates from 'a_plugin'"},
        {"\"client_authentication\":{\"ca\":{\"provider\":\"file\",\"pem_files\":[\"x\"]},"
         "\"trusted_ca_certs\":[\"x\"]}",
         "", "CA certificates are given in two ways"},
        {"\"client_authentication\":{\"ca\":{\"provider\":\"pki_root\",\"authority\":[\"none\"]}}",
         "", "there is no certificate authority 'none'"},
        {"\"client_authentication\":{\"ca\":{\"provider\":\"combined\",\"sources\":[{\"provider\":"
         "\"system\"}]}}",
         "", "the system's certificates cannot be combined with others"},
        {"\"client_authentication\":{\"verifiers\":[{\"verifier\":\"a_plugin\"}]}", "",
         "the proxy core cannot verify client certificates by 'a_plugin'"},
        {"\"client_authentication\":{\"verifiers\":[{\"verifier\":\"leaf\",\"leaf_certs_loaders\":"
         "[{\"loader\":\"a_plugin\"}]}]}",
         "", "the proxy core cannot load leaf certificates by 'a_plugin'"},
        {"\"certificate_selection\":{\"public_key_algorithm\":\"ed25519\"}", "",
         "'ed25519' is no algorithm of a key: rsa, dsa or ecdsa"},
        {"\"protocol_min\":\"tls1.1\"", "", "'tls1.1' is none of tls1.2 and tls1.3"},
        {"\"protocol_min\":\"tls1.3\",\"protocol_max\":\"tls1.2\"", "",
         "the lowest TLS version is above the highest"},
        {"\"match\":{\"sni\":[\"{env.NAME}\"]}", "",
         "the proxy core cannot expand placeholders in a server name of TLS"},
        {"\"match\":{\"sni_regexp\":{\"pattern\":\"{env.NAME}\"}}", "",
         "the proxy core cannot expand placeholders in an expression for server names"},
        {"\"match\":{\"sni_regexp\":{\"pattern\":\"a(\"}}", "",
         "the expression 'a(' is never closed"},
        {"\"match\":{\"a_plugin\":{}}", "",
         "the proxy core does not know 'a_plugin' in a handshake matcher"},
        {"\"match\":{\"remote_ip\":{\"ranges\":[\"{env.RANGE}\"]}}", "",
         "placeholders are not expanded in the addresses of handshakes"},
        {"\"handshake_context\":{\"module\":\"x\"}", "",
         "the proxy core cannot do 'handshake_context' of a connection policy yet"},
        {"", "\"automation\":{\"policies\":[{\"on_demand\":true}]}",
         "the proxy core has all certificates before it serves: it cannot get them on demand yet"},
        {"", "\"automation\":{\"policies\":[{\"key_type\":\"p224\"}]}",
         "'p224' is no type of a key"},
        {"", "\"automation\":{\"policies\":[{\"renewal_window_ratio\":\"half\"}]}", NULL},
        {"", "\"session_tickets\":{\"key_source\":{\"provider\":\"distributed\"}}",
         "the proxy core keeps the keys of session tickets in memory, not in 'distributed'"},
        {"", "\"session_tickets\":{\"rotation_interval\":-1}",
         "keys of session tickets cannot be rotated backwards"},
        {"", "\"certificates\":{\"load_folders\":[\"\"]}",
         "a folder of certificates needs its path"},
        {"",
         "\"certificates\":{\"load_files\":[{\"certificate\":\"a\",\"key\":\"b\",\"format\":"
         "\"der\"}]}",
         "the proxy core reads certificates only as PEM"},
        {"", "\"encrypted_client_hello\":{}",
         "the proxy core cannot do 'encrypted_client_hello' of the tls app yet"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lowered lowered;
        lower_text(&lowered, with_tls(&arena, rows[i].policy, rows[i].app));
        CHECK(lowered.is_there == (rows[i].message == NULL));
        CHECK((lowered.diags.first != NULL) == (rows[i].message != NULL));
        if (lowered.diags.first && rows[i].message) {
            CHECK_STR(lowered.diags.first->message, rows[i].message);
            CHECK(lowered.diags.first->span.end > lowered.diags.first->span.begin);
        }
        free_lowered(&lowered);
    }
    arena_free(&arena);
}

static void test_authorities_refused(void)
{
    static const struct {
        const char *authority, *message;
    } rows[] = {
        {"\"intermediate_lifetime\":\"3600d\"",
         "an intermediate certificate must live shorter than its root (3600 days)"},
        {"\"root\":{\"certificate\":\"a\",\"private_key\":\"b\",\"format\":\"der\"}",
         "'der' is no format of a certificate: pem_file is the only one"},
        {"\"root\":{\"certificate\":\"a\"}",
         "a root certificate without its key needs an intermediate one"},
        {"\"intermediate\":{\"certificate\":\"a\"}",
         "an intermediate certificate without its key signs nothing"},
        {"\"intermediate\":{\"private_key\":\"a\"}",
         "a certificate authority's certificate needs its file"},
        {"\"storage\":{\"module\":\"file_system\"}",
         "the proxy core cannot do 'storage' of a certificate authority yet"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lowered lowered;
        lower_text(&lowered, str_printf(&arena,
                                        "{\"apps\":{\"pki\":{\"certificate_authorities\":{"
                                        "\"own\":{%s}}}}}",
                                        rows[i].authority));
        CHECK(!lowered.is_there);
        CHECK(lowered.diags.first != NULL);
        if (lowered.diags.first)
            CHECK_STR(lowered.diags.first->message, rows[i].message);
        free_lowered(&lowered);
    }
    arena_free(&arena);
}

/* ---- tables ---- */

static void test_pools_are_put_together(void)
{
    struct arena arena = ARENA_INIT;
    struct lowered lowered;
    lower_text(&lowered,
               with_tls(&arena,
                        "\"client_authentication\":{\"ca\":{\"provider\":\"combined\",\"sources\":["
                        "{\"provider\":\"file\",\"pem_files\":[\"a\",\"b\"]},"
                        "{\"provider\":\"combined\",\"sources\":["
                        "{\"provider\":\"file\",\"pem_files\":[\"c\"]},"
                        "{\"provider\":\"pki_root\",\"authority\":[\"own\",\"local\"]}]},"
                        "{\"provider\":\"storage\",\"pem_keys\":[\"d\"]}]}}",
                        ""));
    CHECK(lowered.is_there);
    CHECK_INT(lowered.tables.n_trust_pools, 1);
    const struct dt_trust_pool *pool = &lowered.tables.trust_pools[0];
    CHECK_INT(pool->files.n, 3);
    CHECK_INT(pool->stored.n, 1);
    CHECK_INT(pool->roots.n, 2);
    CHECK_INT(pool->intermediates.n, 0);
    CHECK_INT(lowered.tables.n_authorities, 2);
    CHECK_INT(lowered.tables.connection_policies[0].client_auth, DT_CLIENT_AUTH_REQUIRE_AND_VERIFY);
    CHECK_INT(lowered.tables.servers[0].is_strict_sni_host, 1);
    free_lowered(&lowered);
    arena_free(&arena);
}

static void test_tickets(void)
{
    static const struct {
        const char *app;
        int64_t rotation_ns;
        uint32_t max_keys;
    } rows[] = {
        {"", INT64_C(43200000000000), 4},
        {"\"session_tickets\":{\"rotation_interval\":\"1h\",\"max_keys\":9}",
         INT64_C(3600000000000), 9},
        {"\"session_tickets\":{\"disabled\":true}", INT64_C(43200000000000), 0},
        {"\"session_tickets\":{\"disable_rotation\":true}", INT64_C(86400000000000), 7},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lowered lowered;
        lower_text(&lowered, with_tls(&arena, "", rows[i].app));
        CHECK(lowered.is_there);
        CHECK(lowered.tables.application.ticket_rotation_ns == rows[i].rotation_ns);
        CHECK_INT(lowered.tables.application.max_ticket_keys, rows[i].max_keys);
        free_lowered(&lowered);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"refusals", test_refusals},
    {"authorities refused", test_authorities_refused},
    {"pools are put together", test_pools_are_put_together},
    {"tickets", test_tickets},
};
TESTS_MAIN(tests)
