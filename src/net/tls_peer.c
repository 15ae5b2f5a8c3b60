/* The client's certificate: its bytes, and what placeholders say of it, as Go prints it. */
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "net/stream.h"
#include "net/tls_private.h"

/* ---- The bytes, once per certificate. */

static int certificate_index = -1;
static pthread_once_t certificate_once = PTHREAD_ONCE_INIT;

static void free_der(void *parent, void *der, CRYPTO_EX_DATA *data, int index, long number,
                     void *pointer)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)pointer;
    OPENSSL_free(der);
}

static void make_certificate_index(void)
{
    certificate_index =
        CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509, 0, NULL, NULL, NULL, free_der);
}

struct str tls_peer_certificate(const struct stream *stream)
{
    struct str none = {"", 0};
    X509 *certificate = stream->tls ? SSL_get0_peer_certificate(stream->tls->ssl) : NULL;
    if (!certificate)
        return none;
    pthread_once(&certificate_once, make_certificate_index);
    unsigned char *der = X509_get_ex_data(certificate, certificate_index);
    int len = i2d_X509(certificate, der ? NULL : &der);
    if (len <= 0)
        return none;
    X509_set_ex_data(certificate, certificate_index, der);
    return str_make((const char *)der, (size_t)len);
}

/* ---- The bytes as text. */

static void add_hex(struct strbuf *out, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        strbuf_printf(out, "%02x", bytes[i]);
}

static void add_digest(struct strbuf *out, const void *bytes, size_t len)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes ? bytes : "", len, digest);
    add_hex(out, digest, sizeof(digest));
}

static void add_base64(struct strbuf *out, struct str der)
{
    strbuf_reserve(out, der.len / 3 * 4 + 8);
    if (der.len)
        out->len += (size_t)EVP_EncodeBlock((unsigned char *)out->ptr + out->len,
                                            (const unsigned char *)der.ptr, (int)der.len);
}

static void add_pem(struct strbuf *out, struct str der)
{
    enum { LINE = 64 };
    struct strbuf base64 = strbuf_in(out->arena);
    add_base64(&base64, der);
    strbuf_puts(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t at = 0; at < base64.len; at += LINE) {
        strbuf_add(out, str_slice(strbuf_str(&base64), at, at + LINE));
        strbuf_add_char(out, '\n');
    }
    strbuf_puts(out, "-----END CERTIFICATE-----\n");
}

/* ---- Distinguished names. */

/* The attributes that Go knows, in the order in which it puts them together (from the last to the
 * first in its text). */
static const struct {
    int nid;
    const char *name;
    bool is_single; /* the last value alone */
} attributes[] = {
    {NID_countryName, "C", false},
    {NID_stateOrProvinceName, "ST", false},
    {NID_localityName, "L", false},
    {NID_streetAddress, "STREET", false},
    {NID_postalCode, "POSTALCODE", false},
    {NID_organizationName, "O", false},
    {NID_organizationalUnitName, "OU", false},
    {NID_commonName, "CN", true},
    {NID_serialNumber, "SERIALNUMBER", true},
};
enum { N_ATTRIBUTES = sizeof(attributes) / sizeof(attributes[0]) };

static void add_escaped(struct strbuf *out, struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool is_end = i == 0 || i == value.len - 1;
        if ((c && strchr(",+\"\\<>;", c)) || (c == ' ' && is_end) || (c == '#' && i == 0))
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, c);
    }
}

static bool is_printable(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') &&
            (!c || !strchr("'()+,-./ :=?", c)))
            return false;
    }
    return true;
}

/* One that Go has no name for: its number, and the value as it encodes it. */
static void add_unknown(struct strbuf *out, const ASN1_OBJECT *type, struct str value)
{
    char number[128];
    OBJ_obj2txt(number, sizeof(number), type, 1);
    strbuf_printf(out, "%s=#%02x", number, is_printable(value) ? 0x13 : 0x0c);
    if (value.len < 0x80)
        strbuf_printf(out, "%02zx", value.len);
    else if (value.len < 0x100)
        strbuf_printf(out, "81%02zx", value.len);
    else
        strbuf_printf(out, "82%04zx", value.len & 0xffff);
    for (size_t i = 0; i < value.len; i++)
        strbuf_printf(out, "%02x", (unsigned char)value.ptr[i]);
}

static void add_value(struct strbuf *out, const X509_NAME_ENTRY *entry, const char *name,
                      bool is_first)
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    struct str value = str_make((char *)utf8, len > 0 ? (size_t)len : 0);
    if (!is_first)
        strbuf_add_char(out, name ? '+' : ',');
    if (name) {
        strbuf_printf(out, "%s=", name);
        add_escaped(out, value);
    } else {
        add_unknown(out, X509_NAME_ENTRY_get_object(entry), value);
    }
    OPENSSL_free(utf8);
}

static bool is_known(const X509_NAME_ENTRY *entry)
{
    int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    for (size_t i = 0; i < N_ATTRIBUTES; i++)
        if (attributes[i].nid == nid)
            return true;
    return false;
}

static void add_attribute(struct strbuf *out, X509_NAME *name, size_t row)
{
    int last = -1;
    bool is_first = true;
    for (int i = -1; (i = X509_NAME_get_index_by_NID(name, attributes[row].nid, i)) >= 0;)
        last = i;
    if (last < 0)
        return;
    if (attributes[row].is_single &&
        ASN1_STRING_length(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last))) == 0)
        return;
    if (out->len)
        strbuf_add_char(out, ',');
    for (int i = attributes[row].is_single ? last - 1 : -1;
         (i = X509_NAME_get_index_by_NID(name, attributes[row].nid, i)) >= 0;) {
        add_value(out, X509_NAME_get_entry(name, i), attributes[row].name, is_first);
        is_first = false;
    }
}

/* Go's pkix.Name.String: known attributes by kind, whatever their order was; the others behind. */
static void add_name(struct strbuf *whole, X509_NAME *name)
{
    struct strbuf out = strbuf_in(whole->arena);
    for (size_t row = N_ATTRIBUTES; row-- > 0;)
        add_attribute(&out, name, row);
    for (int i = X509_NAME_entry_count(name); i-- > 0;)
        if (!is_known(X509_NAME_get_entry(name, i)))
            add_value(&out, X509_NAME_get_entry(name, i), NULL, out.len == 0);
    strbuf_add(whole, strbuf_str(&out));
}

/* ---- Keys and numbers. */

/* Go: the point of an elliptic curve, the raw key of Ed25519; it encodes no RSA keys here. */
static void add_public_key(struct strbuf *out, X509 *certificate, bool is_digest)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    unsigned char bytes[256];
    size_t len = 0;
    int id = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
    if (id == EVP_PKEY_ED25519) {
        len = sizeof(bytes);
        if (EVP_PKEY_get_raw_public_key(key, bytes, &len) != 1)
            len = 0;
    } else if (id == EVP_PKEY_EC) {
        unsigned char *point = NULL;
        len = EVP_PKEY_get1_encoded_public_key(key, &point);
        if (len <= sizeof(bytes) && len)
            memcpy(bytes, point, len);
        else
            len = 0;
        OPENSSL_free(point);
    }
    if (len && is_digest)
        add_digest(out, bytes, len);
    else
        add_hex(out, bytes, len);
}

static void add_serial(struct strbuf *out, const X509 *certificate)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    char *decimal = number ? BN_bn2dec(number) : NULL;
    strbuf_puts(out, decimal ? decimal : "");
    OPENSSL_free(decimal);
    BN_free(number);
}

static struct str common_name_of(const X509 *certificate, struct arena *arena)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    struct str name = STR("");
    unsigned char *text;
    int len, last = -1;
    /* the last one counts, as in Go */
    for (int at; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0;)
        last = at;
    if (last < 0)
        return name;
    len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
    if (len < 0)
        return name;
    name = str_dup(arena, str_make((const char *)text, (size_t)len));
    OPENSSL_free(text);
    return name;
}

bool tls_peer_names(const struct stream *stream, struct arena *arena, struct str *common_name,
                    struct str *serial)
{
    X509 *certificate = stream->tls ? SSL_get0_peer_certificate(stream->tls->ssl) : NULL;
    struct strbuf number = strbuf_in(arena);
    if (!certificate)
        return false;
    add_serial(&number, certificate);
    *common_name = common_name_of(certificate, arena);
    *serial = strbuf_str(&number);
    return true;
}

/* ---- Alternative names. */

static void add_alternative_name(struct strbuf *out, const GENERAL_NAME *name)
{
    char text[ADDRESS_TEXT_BYTES];
    struct address address = {.family = AF_UNSPEC};
    if (name->type != GEN_IPADD) {
        const ASN1_IA5STRING *value = name->d.ia5;
        strbuf_add(out, str_make((const char *)ASN1_STRING_get0_data(value),
                                 (size_t)ASN1_STRING_length(value)));
        return;
    }
    if (ASN1_STRING_length(name->d.iPAddress) == 4) {
        address.in = (struct sockaddr_in){.sin_family = AF_INET};
        memcpy(&address.in.sin_addr, ASN1_STRING_get0_data(name->d.iPAddress), 4);
    } else if (ASN1_STRING_length(name->d.iPAddress) == 16) {
        address.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
        memcpy(&address.in6.sin6_addr, ASN1_STRING_get0_data(name->d.iPAddress), 16);
    } else {
        return;
    }
    strbuf_add(out, str_make(text, address_host(&address, false, text)));
}

static void add_alternative_names(struct strbuf *out, X509 *certificate, int type, uint32_t index)
{
    GENERAL_NAMES *names =
        certificate ? X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL) : NULL;
    uint32_t n = 0;
    if (index == TLS_TEXT_ALL)
        strbuf_add_char(out, '[');
    for (int i = 0; i < (names ? sk_GENERAL_NAME_num(names) : 0); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != type)
            continue;
        if (index == TLS_TEXT_ALL && n > 0)
            strbuf_add_char(out, ' ');
        if (index == TLS_TEXT_ALL || index == n)
            add_alternative_name(out, name);
        n++;
    }
    if (index == TLS_TEXT_ALL)
        strbuf_add_char(out, ']');
    GENERAL_NAMES_free(names);
}

void tls_certificate_text(struct str der, enum tls_certificate_text what, uint32_t index,
                          struct strbuf *out)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *certificate = der.len ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    switch (what) {
    case TLS_TEXT_FINGERPRINT:
        add_digest(out, der.ptr, der.len);
        break;
    case TLS_TEXT_PEM:
        add_pem(out, der);
        break;
    case TLS_TEXT_BASE64:
        add_base64(out, der);
        break;
    case TLS_TEXT_PUBLIC_KEY:
    case TLS_TEXT_PUBLIC_KEY_SHA256:
        if (certificate)
            add_public_key(out, certificate, what == TLS_TEXT_PUBLIC_KEY_SHA256);
        break;
    case TLS_TEXT_ISSUER:
        if (certificate)
            add_name(out, X509_get_issuer_name(certificate));
        break;
    case TLS_TEXT_SUBJECT:
        if (certificate)
            add_name(out, X509_get_subject_name(certificate));
        break;
    case TLS_TEXT_SERIAL:
        if (certificate)
            add_serial(out, certificate);
        else
            strbuf_puts(out, "<nil>");
        break;
    case TLS_TEXT_DNS_NAMES:
        add_alternative_names(out, certificate, GEN_DNS, index);
        break;
    case TLS_TEXT_EMAILS:
        add_alternative_names(out, certificate, GEN_EMAIL, index);
        break;
    case TLS_TEXT_IPS:
        add_alternative_names(out, certificate, GEN_IPADD, index);
        break;
    case TLS_TEXT_URIS:
        add_alternative_names(out, certificate, GEN_URI, index);
        break;
    }
    X509_free(certificate);
}
