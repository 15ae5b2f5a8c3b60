/* PEM blocks: what is one, what is skipped. */
#include "directives/tls_pem.h"

#include "base/arena.h"
#include "test.h"

static struct arena arena;

static void test_blocks(void)
{
    struct str type, base64,
        text = STR("junk\n"
                   "-----BEGIN CERTIFICATE-----\n"
                   "QUJD\r\nRA==  \n"
                   "-----END CERTIFICATE-----\n"
                   "between\n"
                   "-----BEGIN RSA PRIVATE KEY-----\n"
                   "Proc-Type: 4,ENCRYPTED\n"
                   "DEK-Info: AES\n"
                   "\n"
                   "QUJD\n"
                   "-----END RSA PRIVATE KEY-----");
    CHECK(tls_pem_next(&arena, &text, &type, &base64));
    CHECK_STR(type, "CERTIFICATE");
    CHECK_STR(base64, "QUJDRA==");
    CHECK(tls_pem_next(&arena, &text, &type, &base64));
    CHECK_STR(type, "RSA PRIVATE KEY");
    CHECK_STR(base64, "QUJD");
    CHECK(!tls_pem_next(&arena, &text, &type, &base64));
}

static void test_normalized(void)
{
    /* bits that no byte needs are cleared, as decoding and encoding again does */
    struct str type, base64,
        text = STR("-----BEGIN X-----\nRB==\n-----END X-----\n"
                   "-----BEGIN X-----\nQUJ=\n-----END X-----\n");
    CHECK(tls_pem_next(&arena, &text, &type, &base64));
    CHECK_STR(base64, "RA==");
    CHECK(tls_pem_next(&arena, &text, &type, &base64));
    CHECK_STR(base64, "QUI=");
}

static void test_malformed(void)
{
    static const char *const rows[] = {
        "",
        "-----BEGIN X-----",
        "-----BEGIN X-----\nQUJD\n",
        "-----BEGIN X-----\nQUJD\n-----END Y-----\n",
        "-----BEGIN X-----\nQUJ\n-----END X-----\n",
        "-----BEGIN X-----\nQU*D\n-----END X-----\n",
        "-----BEGIN X-----\nQ===\n-----END X-----\n",
        "-----BEGIN X-----\nQUJD\n-----END X-----trailing\n",
        " -----BEGIN X-----\nQUJD\n-----END X-----\n",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str type, base64, text = str_from(rows[i]);
        CHECK(!tls_pem_next(&arena, &text, &type, &base64));
    }
}

static const struct test tests[] = {
    {"blocks", test_blocks},
    {"normalized", test_normalized},
    {"malformed", test_malformed},
};
TESTS_MAIN(tests)
