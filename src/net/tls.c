/* OpenSSL contexts: choosing by the client's hello, and the client's side. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/net_private.h"
#include "net/stream.h"
#include "net/tls_private.h"

/* Caddy's choice for TLS 1.2, and Go's order in both. */
static const char DEFAULT_CIPHERS[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

enum { SESSION_SECONDS = 7 * 24 * 3600 }; /* as Go: what a ticket is good for at most */

void tls_error_describe(const char *what, char error[TLS_ERROR_BYTES])
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(error, TLS_ERROR_BYTES, "%s%s%s", what ? what : "", what ? ": " : "",
             reason ? reason : "failed");
    ERR_clear_error();
}

bool tls_name_is_ip(struct str name, char out[ADDRESS_TEXT_BYTES])
{
    struct address address;
    ptrdiff_t zone = str_index(name, '%');
    if (zone >= 0)
        name.len = (size_t)zone;
    if (!address_parse(name, &address))
        return false;
    address_host(&address, false, out);
    return true;
}

SSL_CTX *tls_context_new(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_cipher_list(context, DEFAULT_CIPHERS);
    SSL_CTX_set_ciphersuites(
        context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
    if (!SSL_CTX_set1_groups_list(context, "X25519MLKEM768:X25519:P-256"))
        SSL_CTX_set1_groups_list(context, "X25519:P-256");
    ERR_clear_error();
    return context;
}

bool tls_knows_group(const char *group)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    bool is_known = context && SSL_CTX_set1_groups_list(context, group) == 1;
    SSL_CTX_free(context);
    ERR_clear_error();
    return is_known;
}

/* ---- The server's side. */

static struct str hello_server_name(SSL *ssl, char out[256])
{
    const unsigned char *data;
    size_t len;
    /* A list of one: list length (2), type 0, name length (2), name. */
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &len) || len < 5 ||
        data[2] != 0)
        return str_make("", 0);
    size_t name_len = (size_t)data[3] << 8 | data[4];
    if (name_len > len - 5 || name_len > 255)
        return str_make("", 0);
    for (size_t i = 0; i < name_len; i++) {
        char c = (char)data[5 + i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return str_make(out, name_len);
}

/* As the client wrote it, for those who ask what it was. */
static void keep_server_name(struct tls_session *session, struct str name)
{
    const unsigned char *data;
    size_t len;
    if (name.len == 0 ||
        !SSL_client_hello_get0_ext(session->ssl, TLSEXT_TYPE_server_name, &data, &len))
        return;
    session->server_name = malloc(name.len + 1);
    if (!session->server_name)
        return;
    memcpy(session->server_name, data + 5, name.len);
    session->server_name[name.len] = '\0';
}

static int accept_any_certificate(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

static void apply_client_auth(SSL *ssl, const struct tls_policy *policy,
                              const struct tls_trust *trust)
{
    int mode = SSL_VERIFY_PEER;
    bool needs_one = trust && trust->leafs; /* no certificate is none of the list */
    switch (policy->client_auth) {
    case TLS_CLIENT_AUTH_NONE:
        return;
    case TLS_CLIENT_AUTH_REQUEST:
    case TLS_CLIENT_AUTH_VERIFY_IF_GIVEN:
        break;
    case TLS_CLIENT_AUTH_REQUIRE:
    case TLS_CLIENT_AUTH_REQUIRE_AND_VERIFY:
        needs_one = true;
        break;
    }
    SSL_set_verify(ssl, needs_one ? mode | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : mode, NULL);
    if (trust) {
        SSL_set1_verify_cert_store(ssl, trust->store);
        SSL_set_client_CA_list(ssl, SSL_dup_CA_list(trust->names));
    }
    /* Caddy: a resumed session would not show its certificate again. */
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
}

static void apply_policy(SSL *ssl, const struct tls_policy *policy, const struct tls_trust *trust)
{
    if (policy->min_version)
        SSL_set_min_proto_version(ssl, policy->min_version);
    if (policy->max_version)
        SSL_set_max_proto_version(ssl, policy->max_version);
    if (policy->ciphers)
        SSL_set_cipher_list(ssl, policy->ciphers);
    if (policy->groups)
        SSL_set1_groups_list(ssl, policy->groups);
    apply_client_auth(ssl, policy, trust);
    ERR_clear_error();
}

static int on_hello(SSL *ssl, int *alert, void *unused)
{
    (void)unused;
    struct tls_session *session = SSL_get_app_data(ssl);
    struct tls_server *server = session->server;
    char name[256];
    struct tls_hello hello = {.server_name = hello_server_name(ssl, name),
                              .peer = session->peer,
                              .stream = session->stream,
                              .inside = ssl};
    const unsigned char *alpn;
    size_t alpn_len;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &alpn,
                                  &alpn_len) &&
        alpn_len > 2) {
        hello.alpn = alpn + 2;
        hello.alpn_len = alpn_len - 2;
    }
    keep_server_name(session, hello.server_name);
    struct tls_choice choice = server->config.choose(&hello, server->config.ctx);
    session->policy = choice.policy;
    session->identity = choice.identity;
    session->trust = choice.trust;
    if (!choice.identity) {
        char *error = tls_session_error(session);
        if (error)
            snprintf(error, TLS_ERROR_BYTES, "no certificate for \"%.*s\"",
                     (int)hello.server_name.len, hello.server_name.ptr);
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
    }
    SSL_set_SSL_CTX(ssl, choice.identity->context);
    if (choice.policy)
        apply_policy(ssl, choice.policy, choice.trust);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* Our order of preference; no common protocol ends the handshake, but for a client that offers
 * http/1.1 to a server that would speak h2 only (Go does the same). */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *offered, unsigned offered_len, void *unused)
{
    (void)unused;
    const struct tls_session *session = SSL_get_app_data(ssl);
    const char *const *alpn = session->policy ? session->policy->alpn : NULL;
    bool offers_http1 = false, ours_h2 = false;
    if (!alpn || !alpn[0])
        return SSL_TLSEXT_ERR_NOACK;
    for (; *alpn; alpn++) {
        size_t len = strlen(*alpn);
        ours_h2 |= strcmp(*alpn, "h2") == 0;
        for (unsigned at = 0; at < offered_len; at += 1u + offered[at]) {
            unsigned name_len = offered[at];
            if (name_len > offered_len - at - 1)
                break;
            offers_http1 |= name_len == 8 && memcmp(offered + at + 1, "http/1.1", 8) == 0;
            if (name_len == len && memcmp(offered + at + 1, *alpn, len) == 0) {
                *out = offered + at + 1;
                *out_len = (unsigned char)len;
                return SSL_TLSEXT_ERR_OK;
            }
        }
    }
    return ours_h2 && offers_http1 ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void write_secret(const SSL *ssl, const char *line)
{
    const struct tls_session *session = SSL_get_app_data(ssl);
    if (!session || !session->policy || session->policy->secrets_fd < 0)
        return;
    char text[512];
    int len = snprintf(text, sizeof(text), "%s\n", line);
    if (len > 0 && (size_t)len < sizeof(text) &&
        write(session->policy->secrets_fd, text, (size_t)len) < 0)
        return; /* a full disk must not end connections */
}

void tls_context_server_setup(SSL_CTX *context)
{
    static const unsigned char session_context[] = "dialtone";
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, SESSION_SECONDS);
    SSL_CTX_set_cert_verify_callback(context, tls_verify_client, NULL);
    SSL_CTX_set_keylog_callback(context, write_secret);
    SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context) - 1);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_alpn_select_cb(context, select_alpn, NULL);
}

struct tls_server *tls_server_new(const struct tls_server_config *config)
{
    struct tls_server *server = calloc(1, sizeof(*server));
    SSL_CTX *context = tls_context_new(TLS_server_method());
    if (!server || !context) {
        free(server);
        SSL_CTX_free(context);
        return NULL;
    }
    tls_context_server_setup(context);
    if (config->tickets)
        tls_tickets_use(context);
    else
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    if (!config->tickets)
        SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_client_hello_cb(context, on_hello, NULL);
    server->context = context;
    server->config = *config;
    return server;
}

void tls_server_free(struct tls_server *server)
{
    if (!server)
        return;
    SSL_CTX_free(server->context);
    free(server);
}

/* ---- The client's side. */

static int keep_ticket(SSL *ssl, SSL_SESSION *fresh)
{
    struct tls_session *session = SSL_get_app_data(ssl);
    if (!session || !session->ticket || session->ticket->generation != session->generation)
        return 0;
    SSL_SESSION_free(session->ticket->session);
    session->ticket->session = fresh;
    return 1; /* the reference is ours now */
}

static bool set_alpn(SSL_CTX *context, const char *const *alpn)
{
    unsigned char wire[256];
    unsigned len = 0;
    for (; alpn && *alpn; alpn++) {
        size_t name_len = strlen(*alpn);
        if (name_len > 255 || len + 1 + name_len > sizeof(wire))
            return false;
        wire[len++] = (unsigned char)name_len;
        memcpy(wire + len, *alpn, name_len);
        len += (unsigned)name_len;
    }
    return len == 0 || SSL_CTX_set_alpn_protos(context, wire, len) == 0;
}

static bool client_setup(SSL_CTX *context, const struct tls_client_config *config,
                         char error[TLS_ERROR_BYTES])
{
    if (config->min_version)
        SSL_CTX_set_min_proto_version(context, config->min_version);
    if (config->max_version)
        SSL_CTX_set_max_proto_version(context, config->max_version);
    if (!set_alpn(context, config->alpn)) {
        tls_error_describe("ALPN", error);
        return false;
    }
    if (config->groups && !SSL_CTX_set1_groups_list(context, config->groups)) {
        tls_error_describe("key exchange groups", error);
        return false;
    }
    const struct credentials *own = config->identity ? &config->identity->credentials : NULL;
    if (own && SSL_CTX_use_cert_and_key(context, own->leaf, own->key, own->chain, 1) != 1) {
        tls_error_describe("client certificate", error);
        return false;
    }
    if (config->insecure_skip_verify) {
        SSL_CTX_set_cert_verify_callback(context, accept_any_certificate, NULL);
        return true;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (config->trust) {
        SSL_CTX_set1_cert_store(context, config->trust->store);
    } else if (!SSL_CTX_set_default_verify_paths(context)) {
        tls_error_describe("loading the system's certificates", error);
        return false;
    }
    return true;
}

static SSL_CTX *client_context(const struct tls_client_config *config, char error[TLS_ERROR_BYTES])
{
    SSL_CTX *context = tls_context_new(TLS_client_method());
    if (!context || !client_setup(context, config, error)) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_ticket);
    return context;
}

struct tls_client *tls_client_new(const struct tls_client_config *config,
                                  char error[TLS_ERROR_BYTES])
{
    struct tls_client *client = calloc(1, sizeof(*client));
    if (!client)
        return NULL;
    pthread_mutex_init(&client->lock, NULL);
    client->context = client_context(config, error);
    if (!client->context) {
        tls_client_free(client);
        return NULL;
    }
    return client;
}

void tls_client_take(struct tls_client *client, struct tls_client *fresh)
{
    SSL_CTX *before;
    pthread_mutex_lock(&client->lock);
    before = client->context;
    client->context = fresh->context;
    client->generation++;
    pthread_mutex_unlock(&client->lock);
    fresh->context = before;
    tls_client_free(fresh);
}

void tls_client_free(struct tls_client *client)
{
    if (!client)
        return;
    SSL_CTX_free(client->context);
    pthread_mutex_destroy(&client->lock);
    free(client);
}
