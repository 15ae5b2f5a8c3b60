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

/* A certificate with its key: from files, or issued (and re-issued while running) by a local CA.
 * Shared by all threads. */
struct tls_identity;
struct local_ca;

/* Settings of one kind of handshake on the server side (a connection policy). Shared, const. */
struct tls_policy {
    const char *const *alpn; /* in order of preference; NULL-terminated, NULL for none */
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
    struct tls_trust *client_trust; /* for the VERIFY modes */
};

/* What the client offers. */
struct tls_hello {
    struct str server_name;  /* lower case, empty where the client sent none */
    const uint8_t *alpn;     /* as on the wire: length byte and name, repeated */
    size_t alpn_len;
    const struct address *peer;
    const struct stream *stream; /* the connection */
};

/* The choice for one handshake; a NULL identity ends it with an alert. */
struct tls_choice {
    const struct tls_policy *policy;
    struct tls_identity *identity;
};

/* All of one listener's TLS: chooses by the client's hello. */
struct tls_server_config {
    struct tls_choice (*choose)(const struct tls_hello *hello, void *ctx);
    void *ctx;
};
struct tls_server *tls_server_new(const struct tls_server_config *config);
void tls_server_free(struct tls_server *server);

/* On failure these return NULL and describe the reason in <error>. */
enum { TLS_ERROR_BYTES = 256 };
struct tls_identity *tls_identity_load(const char *certificate_file, const char *key_file,
                                       char error[TLS_ERROR_BYTES]);
/* For the DNS names and IP literals in <names>; nothing is issued before the first handshake. */
struct tls_identity *tls_identity_issue(struct local_ca *ca, const struct str *names, size_t n,
                                        int64_t lifetime_ns);
void tls_identity_free(struct tls_identity *identity);
/* True where a DNS name or IP SAN of the certificate covers <name>. */
bool tls_identity_covers(struct tls_identity *identity, struct str name);

/* Opens the authority in <directory> (root.crt, root.key, intermediate.crt, intermediate.key),
 * creating what is missing. <common_name> is for new ones; lifetimes of 0 take the defaults
 * (10 years and 7 days). Intermediates are renewed when a leaf would outlive them. */
struct local_ca *local_ca_open(const char *directory, const char *common_name,
                               char error[TLS_ERROR_BYTES]);
void local_ca_free(struct local_ca *ca);

/* Whom to believe. */
struct tls_trust *tls_trust_system(char error[TLS_ERROR_BYTES]);
struct tls_trust *tls_trust_files(const char *const *pem_files, size_t n,
                                  char error[TLS_ERROR_BYTES]);
/* Certificates in base64 DER, as Caddy's `inline` pool and root_ca_certs. */
struct tls_trust *tls_trust_inline(const struct str *der_base64, size_t n,
                                   char error[TLS_ERROR_BYTES]);
void tls_trust_free(struct tls_trust *trust);

/* The client side of connections to one kind of upstream. */
struct tls_client_config {
    struct tls_trust *trust; /* NULL: the system's */
    struct tls_identity *identity; /* client certificate, or NULL */
    const char *const *alpn;
    const char *groups;
    int min_version, max_version;
    bool insecure_skip_verify;
};
struct tls_client *tls_client_new(const struct tls_client_config *config,
                                  char error[TLS_ERROR_BYTES]);
void tls_client_free(struct tls_client *client);

/* Sessions for new connections; hand them to stream_use_tls. */
struct tls_session *tls_accept(struct tls_server *server, const struct address *peer,
                               struct stream *stream);
/* <name> is the dial host without zone, or the override: an IP literal is verified as such and not
 * sent as SNI. <ticket> keeps the last session for resumption; zero it once. */
struct tls_ticket {
    void *session; /* owned */
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
/* Why the handshake or the record layer failed. */
struct str tls_error_text(const struct stream *stream);
/* The first bytes were not TLS but an HTTP request. */
bool tls_peer_spoke_http(const struct stream *stream);
/* Goes on with a handshake (reading does so by itself): 1 when it is finished, 0 when it waits for
 * the peer, or -errno. */
int tls_handshake(struct stream *stream);

#endif
