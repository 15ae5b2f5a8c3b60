#ifndef DIALTONE_NET_TLS_H
#define DIALTONE_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "net/address.h"

struct arena;
struct stream;
struct tls_session;

/* On failure those that take <error> return NULL or false and describe the reason in it. */
enum { TLS_ERROR_BYTES = 256 };

/* ---- Certificates with their keys: const, shared by all threads, counted. */

struct tls_identity;
struct local_ca;

/* From PEM files. The key's may be the certificate's. */
struct tls_identity *tls_identity_load(const char *certificate_file, const char *key_file,
                                       char error[TLS_ERROR_BYTES]);
/* From PEM text; <what> names it in <error>. */
struct tls_identity *tls_identity_parse(struct str certificate, struct str key, const char *what,
                                        char error[TLS_ERROR_BYTES]);
/* What a leaf of a local CA is to be. */
struct tls_issue {
    struct str name;           /* a DNS name or an IP literal */
    struct str key_type;       /* ed25519, p256, p384, rsa2048, rsa4096; empty: p256 */
    int64_t lifetime_ns;       /* 0: 12 hours; never longer than its issuer's */
    unsigned renewal_permille; /* how much of it is left when it is renewed */
    bool signs_with_root;
};
/* Makes key and certificate at once: takes a while where the key is an RSA one. */
struct tls_identity *tls_identity_issue(struct local_ca *ca, const struct tls_issue *issue,
                                        char error[TLS_ERROR_BYTES]);
struct tls_identity *tls_identity_ref(struct tls_identity *identity);
void tls_identity_unref(struct tls_identity *identity); /* NULL is fine */

struct tls_identity_facts {
    const struct str
        *names; /* as Caddy finds it by: lower case; common name and alternative names */
    size_t n_names;
    const struct str *organizations;
    size_t n_organizations;
    struct str serial; /* decimal */
    enum tls_key_algorithm { TLS_KEY_OTHER, TLS_KEY_RSA, TLS_KEY_DSA, TLS_KEY_ECDSA } algorithm;
    int64_t not_before, not_after; /* seconds since 1970 */
    int64_t renew_at;              /* the same; 0: it is not ours to renew */
};
const struct tls_identity_facts *tls_identity_facts(const struct tls_identity *identity);
/* The same chain. */
bool tls_identity_same(const struct tls_identity *a, const struct tls_identity *b);

enum tls_staple_result { TLS_STAPLE_OK, TLS_STAPLE_STALE, TLS_STAPLE_BAD };
/* Before it is shared: sends the OCSP response (DER) to those who ask, as long as it is fresh.
 * STALE where it is not even now. */
enum tls_staple_result tls_identity_staple(struct tls_identity *identity, struct str response,
                                           char error[TLS_ERROR_BYTES]);

/* ---- A local authority; for one thread. */

struct local_ca_config {
    const char *directory; /* of root.crt, root.key, intermediate.crt, intermediate.key */
    const char *root_name, *intermediate_name; /* common names of new ones */
    const char *root_certificate, *root_key;   /* files instead of those; NULL: none */
    const char *intermediate_certificate, *intermediate_key;
    int64_t intermediate_lifetime_ns;
    unsigned renewal_permille; /* how much of its life is left when the intermediate is renewed */
};
/* Opens the authority, creating what is missing. <config> is not kept. */
struct local_ca *local_ca_open(const struct local_ca_config *config, char error[TLS_ERROR_BYTES]);
void local_ca_free(struct local_ca *ca);
/* Renews the intermediate where that is due; false where it fails. */
bool local_ca_maintain(struct local_ca *ca, char error[TLS_ERROR_BYTES]);
/* When that is due next, in seconds since 1970; 0: never. */
int64_t local_ca_due(const struct local_ca *ca);

/* ---- Whom to believe: const once it is in use, shared by all threads, counted. */

struct tls_trust;

struct tls_trust *tls_trust_new(void);
struct tls_trust *tls_trust_ref(struct tls_trust *trust);
void tls_trust_unref(struct tls_trust *trust); /* NULL is fine */
bool tls_trust_add_system(struct tls_trust *trust, char error[TLS_ERROR_BYTES]);
bool tls_trust_add_file(struct tls_trust *trust, const char *pem_file, char error[TLS_ERROR_BYTES]);
/* One certificate in base64 of DER, as Caddy's `inline` pool has it. */
bool tls_trust_add_inline(struct tls_trust *trust, struct str der_base64,
                          char error[TLS_ERROR_BYTES]);
/* The authority's root, or its intermediates. */
void tls_trust_add_authority(struct tls_trust *trust, const struct local_ca *ca, bool is_root);
/* Beside that, a peer's own certificate must be one of a list; with several lists, of each. What is
 * added goes into the newest. */
void tls_trust_begin_leafs(struct tls_trust *trust);
bool tls_trust_add_leaf_file(struct tls_trust *trust, const char *pem_file,
                             char error[TLS_ERROR_BYTES]);
bool tls_trust_add_leaf_pem(struct tls_trust *trust, struct str pem, char error[TLS_ERROR_BYTES]);
bool tls_trust_add_leaf_inline(struct tls_trust *trust, struct str der_base64,
                               char error[TLS_ERROR_BYTES]);

/* ---- The server side. */

/* Keys of session tickets, shared by all servers and threads: the newest seals, the <max> newest
 * open. */
struct tls_tickets;
struct tls_tickets *tls_tickets_new(unsigned max, int64_t rotation_ns);
void tls_tickets_free(struct tls_tickets *tickets);
/* The newest keys that fit, and their age, as bytes, for another process of the same machine that
 * takes this one's place: what was sealed here opens there. Whoever has the bytes can read
 * connections; they belong into memory only, and are to be cleansed. Gives their number; 0: no
 * room, or no key yet. */
size_t tls_tickets_save(struct tls_tickets *tickets, void *bytes, size_t size);
/* Takes the newest of them that there is room for, before the first handshake; what is no such
 * bytes, or of the future, is passed over: false. */
bool tls_tickets_take(struct tls_tickets *tickets, const void *bytes, size_t len);

/* Settings of one kind of handshake on the server side (a connection policy). Shared, const. */
struct tls_policy {
    const char *const *alpn;      /* in order of preference; NULL-terminated, NULL for none */
    int min_version, max_version; /* 0: 1.2 and 1.3; else 0x0303, 0x0304 */
    const char *ciphers;          /* TLS 1.2 list in OpenSSL's names, NULL for the default */
    const char *groups;           /* NULL for the default */
    enum tls_client_auth {
        TLS_CLIENT_AUTH_NONE,
        TLS_CLIENT_AUTH_REQUEST,
        TLS_CLIENT_AUTH_REQUIRE, /* any certificate */
        TLS_CLIENT_AUTH_VERIFY_IF_GIVEN,
        TLS_CLIENT_AUTH_REQUIRE_AND_VERIFY,
    } client_auth;
    int secrets_fd; /* where the secrets of handshakes are written; -1: nowhere */
};

/* The library has this key exchange, by its own name. */
bool tls_knows_group(const char *group);

/* What the client offers. */
struct tls_hello {
    struct str server_name; /* lower case, empty where the client sent none */
    const uint8_t *alpn;    /* as on the wire: length byte and name, repeated */
    size_t alpn_len;
    const struct address *peer;
    const struct stream *stream; /* the connection */
    void *inside;                /* the library's */
};
/* What Go calls SupportsCertificate: the certificate is for the name, and the client knows how to
 * verify what its key signs. */
bool tls_hello_supports(const struct tls_hello *hello, const struct tls_policy *policy,
                        const struct tls_identity *identity);

/* The choice for one handshake; a NULL identity ends it with an alert. References of identity and
 * trust are handed over. */
struct tls_choice {
    const struct tls_policy *policy;
    struct tls_identity *identity;
    struct tls_trust
        *trust; /* of clients; NULL: nobody is asked for a certificate to be verified */
};

/* All of one listener's TLS: chooses by the client's hello. */
struct tls_server_config {
    struct tls_choice (*choose)(const struct tls_hello *hello, void *ctx);
    void *ctx;
    struct tls_tickets *tickets; /* borrowed; NULL: sessions are not resumed */
};
struct tls_server *tls_server_new(const struct tls_server_config *config);
void tls_server_free(struct tls_server *server);

/* The client side of connections to one kind of upstream. */
struct tls_client_config {
    struct tls_trust *trust;       /* borrowed; NULL: the system's */
    struct tls_identity *identity; /* client certificate, or NULL; borrowed */
    const char *const *alpn;
    const char *groups;
    int min_version, max_version;
    bool insecure_skip_verify;
};
struct tls_client *tls_client_new(const struct tls_client_config *config,
                                  char error[TLS_ERROR_BYTES]);
void tls_client_free(struct tls_client *client);
/* <client> gets what <fresh> has, and frees that. Connections that are dialed from now on know the
 * new settings, and resume no sessions of the old; those that are open stay. While other threads
 * dial. */
void tls_client_take(struct tls_client *client, struct tls_client *fresh);

/* Sessions for new connections; hand them to stream_use_tls. */
struct tls_session *tls_accept(struct tls_server *server, const struct address *peer,
                               struct stream *stream);
/* <name> is the dial host without zone, or the override: an IP literal is verified as such and not
 * sent as SNI. <ticket> keeps the last session for resumption; zero it once. */
struct tls_ticket {
    void *session;       /* owned */
    unsigned generation; /* of the client's settings that it was got with */
};
struct tls_session *tls_connect(struct tls_client *client, struct str name,
                                struct tls_ticket *ticket);
void tls_ticket_free(struct tls_ticket *ticket);
/* Offers this protocol alone, whatever the client's settings say; before the handshake. */
void tls_offer(struct tls_session *session, const char *protocol);

/* Facts about a finished handshake. */
struct tls_info {
    uint16_t version, cipher; /* as on the wire */
    const char *cipher_name;
    struct str server_name, alpn;
    bool resumed;
};
/* False while the handshake is under way, or for a plain stream. */
bool tls_info(const struct stream *stream, struct tls_info *out);
/* The handshake is finished and has agreed on this protocol (ALPN). */
bool tls_speaks(const struct stream *stream, const char *protocol);
/* The client's certificate in DER, empty where there is none; valid with the stream. */
struct str tls_peer_certificate(const struct stream *stream);
/* Common name and serial number (in decimal) of the client's certificate; false where there is
 * none. */
bool tls_peer_names(const struct stream *stream, struct arena *arena, struct str *common_name,
                    struct str *serial);
/* What placeholders say of a certificate, in Go's forms. */
enum tls_certificate_text {
    TLS_TEXT_FINGERPRINT, /* SHA-256, hexadecimal */
    TLS_TEXT_PEM,
    TLS_TEXT_BASE64,     /* DER */
    TLS_TEXT_PUBLIC_KEY, /* hexadecimal: the point, or the raw key; nothing for RSA */
    TLS_TEXT_PUBLIC_KEY_SHA256,
    TLS_TEXT_ISSUER,
    TLS_TEXT_SERIAL,
    TLS_TEXT_SUBJECT,
    TLS_TEXT_DNS_NAMES, /* lists: all as [a b], or one */
    TLS_TEXT_EMAILS,
    TLS_TEXT_IPS,
    TLS_TEXT_URIS,
};
enum { TLS_TEXT_ALL = UINT32_MAX };
/* Appends; for an empty <der>, what Go says of a certificate without anything in it. */
void tls_certificate_text(struct str der, enum tls_certificate_text what, uint32_t index,
                          struct strbuf *out);
/* Why the handshake or the record layer failed. */
struct str tls_error_text(const struct stream *stream);
/* The first bytes were not TLS but an HTTP request. */
bool tls_peer_spoke_http(const struct stream *stream);
/* Goes on with a handshake (reading does so by itself): 1 when it is finished, 0 when it waits for
 * the peer, or -errno. */
int tls_handshake(struct stream *stream);

#endif
