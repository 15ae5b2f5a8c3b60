/* {http.request.tls.*}: what the handshake came to, and who the client says it is. */

#include "proxy/tls_value.h"

#include "net/tls.h"

static const struct {
    uint16_t id;
    const char *name;
} cipher_names[] = {
    {0x1301, "TLS_AES_128_GCM_SHA256"},
    {0x1302, "TLS_AES_256_GCM_SHA384"},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
    {0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
    {0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
};

static struct str cipher_name(struct transaction *tx, uint16_t id)
{
    for (size_t i = 0; i < sizeof(cipher_names) / sizeof(cipher_names[0]); i++)
        if (cipher_names[i].id == id)
            return str_from(cipher_names[i].name);
    return str_printf(tx->arena, "0x%04X", id);
}

static struct str handshake_value(struct transaction *tx, const struct tls_info *info,
                                  enum dt_part_kind kind)
{
    switch ((unsigned)kind) {
    case DT_PART_TLS_VERSION:
        return info->version == 0x0304   ? STR("tls1.3")
               : info->version == 0x0303 ? STR("tls1.2")
                                         : str_printf(tx->arena, "%#x", info->version);
    case DT_PART_TLS_CIPHER_SUITE:
        return cipher_name(tx, info->cipher);
    case DT_PART_TLS_RESUMED:
        return info->resumed ? STR("true") : STR("false");
    case DT_PART_TLS_PROTO:
        return info->alpn;
    case DT_PART_TLS_PROTO_MUTUAL:
        return STR("true");
    case DT_PART_TLS_ECH:
        return STR("false");
    default:
        return info->server_name;
    }
}

/* --- the client's certificate; without one, Caddy tells of an empty one --- */

static const struct {
    uint32_t kind; /* enum dt_part_kind */
    enum tls_certificate_text what;
    bool is_one; /* of a list */
} certificate_texts[] = {
    {DT_PART_TLS_CLIENT_FINGERPRINT, TLS_TEXT_FINGERPRINT, false},
    {DT_PART_TLS_CLIENT_PEM, TLS_TEXT_PEM, false},
    {DT_PART_TLS_CLIENT_DER, TLS_TEXT_BASE64, false},
    {DT_PART_TLS_CLIENT_PUBLIC_KEY, TLS_TEXT_PUBLIC_KEY, false},
    {DT_PART_TLS_CLIENT_PUBLIC_KEY_SHA256, TLS_TEXT_PUBLIC_KEY_SHA256, false},
    {DT_PART_TLS_CLIENT_ISSUER, TLS_TEXT_ISSUER, false},
    {DT_PART_TLS_CLIENT_SERIAL, TLS_TEXT_SERIAL, false},
    {DT_PART_TLS_CLIENT_SUBJECT, TLS_TEXT_SUBJECT, false},
    {DT_PART_TLS_CLIENT_DNS_NAMES, TLS_TEXT_DNS_NAMES, false},
    {DT_PART_TLS_CLIENT_DNS_NAME, TLS_TEXT_DNS_NAMES, true},
    {DT_PART_TLS_CLIENT_EMAILS, TLS_TEXT_EMAILS, false},
    {DT_PART_TLS_CLIENT_EMAIL, TLS_TEXT_EMAILS, true},
    {DT_PART_TLS_CLIENT_IPS, TLS_TEXT_IPS, false},
    {DT_PART_TLS_CLIENT_IP, TLS_TEXT_IPS, true},
    {DT_PART_TLS_CLIENT_URIS, TLS_TEXT_URIS, false},
    {DT_PART_TLS_CLIENT_URI, TLS_TEXT_URIS, true},
};

void tls_value(struct transaction *tx, const struct dt_part *part, struct str *out)
{
    const struct stream *stream = http_connection_stream(tx->request->connection);
    struct tls_info info;
    *out = STR("");
    if (!http_connection_is_tls(tx->request->connection) || !tls_info(stream, &info))
        return;
    for (size_t i = 0; i < sizeof(certificate_texts) / sizeof(certificate_texts[0]); i++) {
        if (certificate_texts[i].kind != part->kind)
            continue;
        struct strbuf text = strbuf_in(tx->arena);
        tls_certificate_text(tls_peer_certificate(stream), certificate_texts[i].what,
                             certificate_texts[i].is_one ? part->number : TLS_TEXT_ALL, &text);
        *out = strbuf_str(&text);
        return;
    }
    *out = handshake_value(tx, &info, part->kind);
}
