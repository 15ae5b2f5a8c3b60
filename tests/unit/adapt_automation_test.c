/* Which names can have which certificates; issuers and what fills them in; fewer policies. */
#include "adapt/automation_issuers.h"
#include "adapt/automation_policies.h"
#include "adapt/automation_subjects.h"
#include "base/arena.h"
#include "json/document.h"
#include "syntax/diag.h"
#include "test.h"

static struct arena arena;
static struct document document;

static void test_subjects(void)
{
    static const struct {
        const char *name;
        bool qualifies, publicly, is_internal, is_ip;
    } rows[] = {
        {"example.com", true, true, false, false},
        {"*.example.com", true, true, false, false},
        {"*.com", true, false, false, false},
        {"*", true, false, false, false},
        {"*.*.example.com", true, false, false, false},
        {"a.*.example.com", false, false, false, false},
        {".example.com", false, false, false, false},
        {"example.com.", false, false, false, false},
        {"", false, false, false, false},
        {" ", false, false, false, false},
        {"{env.HOST}", false, false, false, false},
        {"a b", false, false, false, false},
        {"localhost", true, false, true, false},
        {"LOCALHOST", true, false, true, false},
        {"a.localhost", true, false, true, false},
        {"localhost:443", true, false, true, false},
        {"printer.local", true, false, true, false},
        {"x.internal", true, false, true, false},
        {"x.home.arpa", true, false, true, false},
        {"local", true, true, false, false},
        {"127.0.0.1", true, false, true, true},
        {"0.1.0.0", true, true, false, true},
        {"172.32.0.1", true, true, false, true},
        {"172.31.0.1", true, false, true, true},
        {"::1", true, false, true, true},
        {"fe80::1", true, false, true, true},
        {"fd00::1", true, false, true, true},
        {"2001:db8::1", true, true, false, true},
        {"::ffff:10.0.0.1", true, false, true, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str name = str_from(rows[i].name);
        CHECK_INT(subject_qualifies(name), rows[i].qualifies);
        CHECK_INT(subject_qualifies_publicly(name), rows[i].publicly);
        CHECK_INT(subject_is_internal(name), rows[i].is_internal);
        CHECK_INT(subject_is_ip(name), rows[i].is_ip);
    }
    CHECK(subject_is_tailscale(STR("Host.Tail.TS.net")));
    CHECK(!subject_is_tailscale(STR("ts.net")));
    CHECK(!subject_is_public(STR("*.*.example.com"), false));
    CHECK(subject_is_public(STR("*.*.example.com"), true));
}

static void test_wildcards(void)
{
    static const struct {
        const char *name, *wildcard;
        bool matches;
    } rows[] = {
        {"a.example.com", "a.example.com", true},
        {"A.example.com", "a.EXAMPLE.com", true},
        {"a.example.com", "*.example.com", true},
        {"a.b.example.com", "*.example.com", false},
        {"a.b.example.com", "*.*.example.com", true},
        {"a.example.com", "a.*.com", false},
        {"a.example.com", "*.*.*", true},
        {"example.com", "*", false},
        {"localhost", "*", true},
        {"*.example.com", "*.example.com", true},
        {"a..com", "*..com", true},
        {"a..com", "*.*.com", false},
        {"[::1]", "::1", true},
        {"a.com:443", "*.com", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_INT(subject_matches(str_from(rows[i].name), str_from(rows[i].wildcard)),
                  rows[i].matches);
}

static json_t *json(const char *text)
{
    struct sources sources = sources_in(&arena, NULL);
    struct diags diags = diags_in(&arena);
    return document_parse(&document, source_add(&sources, STR("test.json"), str_from(text)),
                          &diags);
}

static struct str text_of(const json_t *value)
{
    struct strbuf out = strbuf_in(&arena);
    document_write(value, false, &out);
    return strbuf_str(&out);
}

static void test_issuers(void)
{
    CHECK_STR(text_of(issuers_default(&document, " ")), "[{\"module\":\"acme\"}]");
    CHECK_STR(text_of(issuers_default(&document, "a@b")),
              "[{\"module\":\"acme\"},{\"module\":\"acme\",\"ca\":"
              "\"https://acme.zerossl.com/v2/DV90\",\"email\":\"a@b\"}]");

    json_t *global = json("[{\"module\":\"internal\"},{\"module\":\"acme\",\"ca\":\"x\","
                          "\"trusted_roots_pem_files\":[\"r\"],\"challenges\":{\"http\":{}}}]");
    json_t *own = json("{\"module\":\"acme\",\"trusted_roots_pem_files\":[\"r\",\"q\"],"
                       "\"challenges\":{\"dns\":{\"ttl\":1}}}");
    CHECK_STR(text_of(issuers_implied(&document, global, own)),
              "[{\"module\":\"acme\",\"ca\":\"x\",\"trusted_roots_pem_files\":[\"r\",\"q\"],"
              "\"challenges\":{\"http\":{},\"dns\":{\"ttl\":1}}}]");
    CHECK_STR(text_of(json_array_get(global, 1)),
              "{\"module\":\"acme\",\"ca\":\"x\",\"trusted_roots_pem_files\":[\"r\"],"
              "\"challenges\":{\"http\":{}}}");
    CHECK_STR(text_of(issuers_implied(&document, NULL, json("{\"ca\":\"y\",\"email\":\"a@b\"}"))),
              "[{\"module\":\"acme\",\"ca\":\"y\",\"email\":\"a@b\"}]");
}

static void test_filling(void)
{
    struct diags diags = diags_in(&arena);
    json_t *issuer = json("{\"module\":\"acme\",\"email\":\"own\"}");
    json_t *globals =
        json("{\"email\":\"theirs\",\"http_port\":81,\"acme_ca_root\":\"/r\",\"default_bind\":"
             "[{\"addresses\":[\"1.2.3.4\",\"::1\"]}],\"cert_lifetime\":0}");
    for (int i = 0; i < 2; i++) /* once more changes nothing */
        CHECK(issuer_fill(&document, &diags, globals, issuer));
    CHECK_STR(text_of(issuer),
              "{\"module\":\"acme\",\"email\":\"own\",\"trusted_roots_pem_files\":[\"/r\"],"
              "\"challenges\":{\"http\":{\"alternate_port\":81},\"bind_host\":\"1.2.3.4\"}}");

    issuer = json("{\"module\":\"acme\"}");
    CHECK(!issuer_fill(&document, &diags, json("{\"acme_dns\":null}"), issuer));
    CHECK_INT(diags.n_errors, 1);
    CHECK(issuer_fill(&document, &diags,
                      json("{\"acme_dns\":null,\"dns\":{\"name\":\"p\"},"
                           "\"https_port\":444,\"tls_resolvers\":[\"9\"]}"),
                      issuer));
    CHECK_STR(text_of(issuer),
              "{\"module\":\"acme\",\"challenges\":{\"dns\":{\"resolvers\":[\"9\"]}}}");

    issuer = json("{\"module\":\"internal\"}");
    CHECK(issuer_fill(&document, &diags, globals, issuer));
    CHECK_STR(text_of(issuer), "{\"module\":\"internal\"}");
}

static struct automation_policy *policy(const char *subjects, const char *encoded)
{
    struct automation_policy *new = arena_new(&arena, struct automation_policy);
    new->subjects = subjects ? json(subjects) : NULL;
    new->encoded = encoded ? json(encoded) : NULL;
    return new;
}

static struct str consolidated(struct automation_policy **list, size_t n)
{
    automation_policies policies = {0};
    for (size_t i = 0; i < n; i++)
        vec_push(&arena, &policies, list[i]);
    automation_consolidate(&document, &policies);
    json_t *array = document_array(&document, NULL);
    for (size_t i = 0; i < policies.n; i++)
        document_add(&document, array, automation_policy_json(&document, policies.at[i]));
    return text_of(array);
}

static void test_policies(void)
{
    static const char acme[] = "[{\"module\":\"acme\"}]";
    static const char internal[] = "[{\"module\":\"internal\"}]";
    struct automation_policy *empty[] = {policy("[\"a.com\"]", NULL), policy("[]", NULL)};
    CHECK_STR(consolidated(empty, 2), "[]");

    struct automation_policy *shadows[] = {policy("[\"*.a.com\"]", internal),
                                           policy("[\"x.a.com\"]", NULL)};
    CHECK_STR(consolidated(shadows, 2),
              "[{\"subjects\":[\"x.a.com\"]},{\"subjects\":[\"*.a.com\"],\"issuers\":"
              "[{\"module\":\"internal\"}]}]");

    struct automation_policy *alike[] = {policy("[\"a.com\"]", acme), policy("[\"b.com\"]", acme)};
    CHECK_STR(consolidated(alike, 2),
              "[{\"subjects\":[\"a.com\",\"b.com\"],\"issuers\":[{\"module\":\"acme\"}]}]");

    struct automation_policy *absorbed[] = {policy(NULL, acme), policy("[\"b.com\"]", acme)};
    CHECK_STR(consolidated(absorbed, 2), "[{\"issuers\":[{\"module\":\"acme\"}]}]");

    /* that an issuer is the internal one may be said or implied */
    struct automation_policy *inside[] = {policy("[\"a.local\"]", internal),
                                          policy("[\"b.local\"]", NULL),
                                          policy("[\"c.com\"]", acme)};
    CHECK_STR(consolidated(inside, 3),
              "[{\"subjects\":[\"a.local\",\"b.local\"],\"issuers\":[{\"module\":\"internal\"}]},"
              "{\"subjects\":[\"c.com\"],\"issuers\":[{\"module\":\"acme\"}]}]");
}

static void test_public_policies(void)
{
    CHECK(automation_is_public(policy(NULL, NULL)));
    CHECK(automation_is_public(policy("[\"a.com\",\"*.b.com\"]", NULL)));
    CHECK(!automation_is_public(policy("[\"a.com\",\"localhost\"]", NULL)));
    CHECK(!automation_is_public(policy("[\"a.ts.net\"]", NULL)));
}

static void start(void)
{
    document_init(&document, &arena);
}

static void finish(void)
{
    arena_free(&arena);
}

static const struct test tests[] = {
    {"start", start},
    {"subjects", test_subjects},
    {"wildcards", test_wildcards},
    {"issuers", test_issuers},
    {"filling", test_filling},
    {"policies", test_policies},
    {"public policies", test_public_policies},
    {"finish", finish},
};

TESTS_MAIN(tests)
