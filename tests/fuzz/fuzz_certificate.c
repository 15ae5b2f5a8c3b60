/* Any bytes as a certificate: what placeholders say of it, as a pool's, a leaf's, an own one's with
 * its key, and as the OCSP response of a fine one. The first byte says which. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "net/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A certificate that signed itself, and its key, for nothing but this. */
static const char fine_pem[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIICUTCCAfigAwIBAgILAP7cuph2VDIQ/twwCgYIKoZIzj0EAwIwXzELMAkGA1UE\n"
                               "BhMCREUxDTALBgNVBAoMBEEsIEIxGTAIBgNVBAsMAXgwDQYDVQQDDAYjbGFzdCAx\n"
                               "GjAYBgkqhkiG9w0BCQEWC2FAYi5leGFtcGxlMQowCAYDVQQFEwE3MB4XDTI2MTEy\n"
                               "NzEzMzExNloXDTQ2MTEyMjEzMzExNlowXzELMAkGA1UEBhMCREUxDTALBgNVBAoM\n"
                               "BEEsIEIxGTAIBgNVBAsMAXgwDQYDVQQDDAYjbGFzdCAxGjAYBgkqhkiG9w0BCQEW\n"
                               "C2FAYi5leGFtcGxlMQowCAYDVQQFEwE3MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n"
                               "QgAEYmJsWA70OaXcmto7XXa42luVL43jT5dgPfNZiXUf2U6Uq4oU10l1A6OXvmwI\n"
                               "vEqp25/hNyddEoVw+hohJcA7zaOBmjCBlzAMBgNVHRMEBTADAQH/MFMGA1UdEQRM\n"
                               "MEqCCWEuZXhhbXBsZYILKi5iLmV4YW1wbGWBC2FAYi5leGFtcGxlhwQKAAABhxAA\n"
                               "AAAAAAAAAAAAAAAAAAABhgtodHRwczovL3gveTATBgNVHSUEDDAKBggrBgEFBQcD\n"
                               "AjAdBgNVHQ4EFgQUyXZAkS6FEwww9jCYL2cDJqeGys8wCgYIKoZIzj0EAwIDRwAw\n"
                               "RAIgaDMN6kvTB3nfJjOODdBG47BEX3N88RcFtpXwxTpjtGICIG6LJJK70hjX266E\n"
                               "s2pFgL8A2xNd3HCduQ581stNE/eI\n"
                               "-----END CERTIFICATE-----\n"
                               "-----BEGIN PRIVATE KEY-----\n"
                               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMClZUimY/bc6MTIO\n"
                               "2ef19d8876pjom4eRblefph0vrOhRANCAARiYmxYDvQ5pdya2jtddrjaW5UvjeNP\n"
                               "l2A981mJdR/ZTpSrihTXSXUDo5e+bAi8Sqnbn+E3J10ShXD6GiElwDvN\n"
                               "-----END PRIVATE KEY-----\n";

static struct tls_identity *fine_one(void)
{
    char error[TLS_ERROR_BYTES];
    struct str text = str_from(fine_pem);
    struct tls_identity *identity = tls_identity_parse(text, text, "the fine one", error);
    if (!identity)
        abort();
    return identity;
}

static void read_texts(struct str der)
{
    struct arena arena = ARENA_INIT;
    for (unsigned what = TLS_TEXT_FINGERPRINT; what <= TLS_TEXT_URIS; what++) {
        struct strbuf all = strbuf_in(&arena), one = strbuf_in(&arena);
        tls_certificate_text(der, what, TLS_TEXT_ALL, &all);
        tls_certificate_text(der, what, 1, &one);
        if (what >= TLS_TEXT_DNS_NAMES && (all.len < 2 || one.len > all.len))
            abort();
    }
    arena_free(&arena);
}

static void read_trust(struct str text)
{
    char error[TLS_ERROR_BYTES];
    struct tls_trust *trust = tls_trust_new();
    tls_trust_add_inline(trust, text, error);
    tls_trust_begin_leafs(trust);
    tls_trust_add_leaf_inline(trust, text, error);
    tls_trust_add_leaf_pem(trust, text, error);
    tls_trust_unref(trust);
}

static void read_identity(struct str text)
{
    char error[TLS_ERROR_BYTES];
    struct tls_identity *identity = tls_identity_parse(text, text, "input", error);
    if (identity && tls_identity_facts(identity)->serial.len == 0)
        abort();
    tls_identity_unref(identity);
}

static void read_staple(struct str text)
{
    static struct tls_identity *identity; /* until it has got its response */
    char error[TLS_ERROR_BYTES];
    if (!identity)
        identity = fine_one();
    if (tls_identity_staple(identity, text, error) != TLS_STAPLE_OK)
        return;
    tls_identity_unref(identity);
    identity = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct str text) = {read_texts, read_trust, read_identity,
                                                       read_staple};
    if (size < 2)
        return 0;
    readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](
        str_make((const char *)data + 1, size - 1));
    return 0;
}
