/* TLS under a stream: one BIO that reads the socket until it is empty and gathers what is written,
 * so that a whole flight leaves in one system call. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/net_private.h"
#include "net/stream.h"
#include "net/tls_private.h"

/* What OpenSSL wants to send; always handed to the socket before the thread does anything else. */
static __thread struct {
    char *bytes; /* owned */
    size_t len, cap;
} outgoing;

static BIO_METHOD *socket_method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static bool looks_like_http(const char *bytes, size_t len)
{
    static const char *const starts[] = {"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"};
    for (size_t i = 0; len >= 5 && i < sizeof(starts) / sizeof(starts[0]); i++)
        if (memcmp(bytes, starts[i], 5) == 0)
            return true;
    return false;
}

static int socket_read(BIO *bio, char *into, int cap)
{
    struct tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->kernel_empty) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t got = recv(session->stream->watch.fd, into, (size_t)cap, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        session->kernel_empty = errno == EAGAIN;
        BIO_set_retry_read(bio);
        return -1;
    }
    if (got > 0) {
        if (got < cap && !session->stream->hangup)
            session->kernel_empty = true;
        if (!session->first_seen)
            session->spoke_http = looks_like_http(into, (size_t)got);
        session->first_seen = true;
    }
    return (int)got;
}

static int socket_write(BIO *bio, const char *bytes, int len)
{
    BIO_clear_retry_flags(bio);
    if (outgoing.len + (size_t)len > outgoing.cap) {
        size_t cap = outgoing.cap ? outgoing.cap * 2 : 32 * 1024;
        while (cap < outgoing.len + (size_t)len)
            cap *= 2;
        char *bigger = realloc(outgoing.bytes, cap);
        if (!bigger)
            return -1;
        outgoing.bytes = bigger;
        outgoing.cap = cap;
    }
    memcpy(outgoing.bytes + outgoing.len, bytes, (size_t)len);
    outgoing.len += (size_t)len;
    return len;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static void make_method(void)
{
    socket_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BIO_meth_set_read(socket_method, socket_read);
    BIO_meth_set_write(socket_method, socket_write);
    BIO_meth_set_ctrl(socket_method, socket_control);
}

void tls_scratch_free(void)
{
    free(outgoing.bytes);
    outgoing.bytes = NULL;
    outgoing.len = outgoing.cap = 0;
}

static struct tls_session *session_new(SSL_CTX *context)
{
    pthread_once(&method_once, make_method);
    struct tls_session *session = calloc(1, sizeof(*session));
    BIO *bio = BIO_new(socket_method);
    SSL *ssl = SSL_new(context);
    if (!session || !bio || !ssl) {
        free(session);
        BIO_free(bio);
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, session);
    session->ssl = ssl;
    return session;
}

struct tls_session *tls_accept(struct tls_server *server, const struct address *peer,
                               struct stream *stream)
{
    struct tls_session *session = session_new(server->context);
    if (!session)
        return NULL;
    session->server = server;
    session->peer = peer;
    session->stream = stream;
    SSL_set_accept_state(session->ssl);
    return session;
}

struct tls_session *tls_connect(struct tls_client *client, struct str name,
                                struct tls_ticket *ticket)
{
    char host[256];
    pthread_mutex_lock(&client->lock);
    struct tls_session *session = session_new(client->context);
    unsigned generation = client->generation;
    pthread_mutex_unlock(&client->lock);
    if (!session)
        return NULL;
    session->ticket = ticket;
    session->generation = generation;
    /* who was trusted when the session began may not be any more */
    if (ticket && ticket->generation != generation) {
        tls_ticket_free(ticket);
        ticket->generation = generation;
    }
    SSL_set_connect_state(session->ssl);
    X509_VERIFY_PARAM *verify = SSL_get0_param(session->ssl);
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (tls_name_is_ip(name, host)) {
        X509_VERIFY_PARAM_set1_ip_asc(verify, host);
    } else {
        if (name.len && name.ptr[name.len - 1] == '.')
            name.len--;
        if (name.len >= sizeof(host) || memchr(name.ptr, '\0', name.len))
            name.len = 0;
        memcpy(host, name.ptr, name.len);
        host[name.len] = '\0';
        if (name.len)
            SSL_set_tlsext_host_name(session->ssl, host);
        /* Without a name nothing can be verified, so an empty one must not match anything. */
        X509_VERIFY_PARAM_set1_host(verify, name.len ? host : "invalid.", 0);
    }
    if (ticket && ticket->session)
        SSL_set_session(session->ssl, ticket->session);
    return session;
}

void tls_offer(struct tls_session *session, const char *protocol)
{
    unsigned char wire[64];
    size_t len = strlen(protocol);
    if (len >= sizeof(wire))
        return;
    wire[0] = (unsigned char)len;
    memcpy(wire + 1, protocol, len);
    SSL_set_alpn_protos(session->ssl, wire, (unsigned)len + 1);
}

void tls_ticket_free(struct tls_ticket *ticket)
{
    SSL_SESSION_free(ticket->session);
    ticket->session = NULL;
}

void tls_session_free(struct tls_session *session)
{
    SSL_free(session->ssl);
    tls_identity_unref(session->identity);
    tls_trust_unref(session->trust);
    free(session->server_name);
    free(session->error);
    free(session);
}

void tls_session_attach(struct tls_session *session, struct stream *stream)
{
    session->stream = stream;
}

void tls_session_readable(struct tls_session *session)
{
    session->kernel_empty = false;
}

/* Sends what the last call into OpenSSL has written. */
static int send_outgoing(struct stream *stream)
{
    struct iovec piece = {outgoing.bytes, outgoing.len};
    outgoing.len = 0;
    return piece.iov_len ? stream_send_raw(stream, &piece, 1) : 0;
}

char *tls_session_error(struct tls_session *session)
{
    if (session->error)
        return NULL;
    session->error = malloc(TLS_ERROR_BYTES);
    return session->error;
}

static void note_failure(struct tls_session *session)
{
    long verified = SSL_get_verify_result(session->ssl);
    session->failed = true;
    char *error = tls_session_error(session);
    if (!error)
        return;
    if (verified != X509_V_OK) {
        snprintf(error, TLS_ERROR_BYTES, "certificate: %s",
                 X509_verify_cert_error_string(verified));
        ERR_clear_error();
    } else if (ERR_peek_last_error()) {
        tls_error_describe(NULL, error);
    } else {
        snprintf(error, TLS_ERROR_BYTES, "connection closed by the peer");
    }
}

ssize_t tls_read(struct stream *stream, char *into, size_t cap)
{
    struct tls_session *session = stream->tls;
    size_t total = 0;
    if (session->failed)
        return -EPROTO;
    ERR_clear_error();
    while (total < cap) {
        int got = SSL_read(session->ssl, into + total, (int)(cap - total));
        if (got > 0) {
            total += (size_t)got;
            continue;
        }
        int problem = SSL_get_error(session->ssl, got);
        int sent = send_outgoing(stream);
        if (sent < 0)
            return total ? (ssize_t)total : sent;
        if (problem == SSL_ERROR_WANT_READ) {
            stream->readable = !session->kernel_empty;
            return total ? (ssize_t)total : STREAM_AGAIN;
        }
        if (problem == SSL_ERROR_ZERO_RETURN)
            return (ssize_t)total;
        note_failure(session);
        return total ? (ssize_t)total : -EPROTO;
    }
    send_outgoing(stream);
    return (ssize_t)total;
}

int tls_handshake(struct stream *stream)
{
    struct tls_session *session = stream->tls;
    if (session->failed)
        return -EPROTO;
    ERR_clear_error();
    int status = SSL_do_handshake(session->ssl);
    int problem = SSL_get_error(session->ssl, status);
    int sent = send_outgoing(stream);
    if (status == 1)
        return sent < 0 ? sent : 1;
    if (problem == SSL_ERROR_WANT_READ && sent == 0) {
        stream->readable = !session->kernel_empty;
        return 0;
    }
    note_failure(session);
    return sent < 0 ? sent : -EPROTO;
}

int tls_encrypt(struct stream *stream, const struct iovec *pieces, int n, struct iovec *out)
{
    struct tls_session *session = stream->tls;
    if (session->failed)
        return -EPROTO;
    ERR_clear_error();
    for (int i = 0; i < n; i++) {
        if (pieces[i].iov_len == 0)
            continue;
        if (SSL_write(session->ssl, pieces[i].iov_base, (int)pieces[i].iov_len) <= 0) {
            note_failure(session);
            outgoing.len = 0;
            return -EPROTO;
        }
    }
    *out = (struct iovec){outgoing.bytes, outgoing.len};
    outgoing.len = 0;
    return 0;
}

void tls_close_notify(struct stream *stream)
{
    struct tls_session *session = stream->tls;
    if (session->failed || !SSL_is_init_finished(session->ssl))
        return;
    ERR_clear_error();
    SSL_shutdown(session->ssl);
    send_outgoing(stream);
}

bool tls_info(const struct stream *stream, struct tls_info *out)
{
    if (!stream->tls || !SSL_is_init_finished(stream->tls->ssl))
        return false;
    SSL *ssl = stream->tls->ssl;
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    const unsigned char *alpn;
    unsigned alpn_len;
    SSL_get0_alpn_selected(ssl, &alpn, &alpn_len);
    const char *name = stream->tls->server_name;
    *out = (struct tls_info){
        .version = (uint16_t)SSL_version(ssl),
        .cipher = cipher ? (uint16_t)SSL_CIPHER_get_protocol_id(cipher) : 0,
        .cipher_name = cipher ? SSL_CIPHER_standard_name(cipher) : "",
        .server_name = str_from(name ? name : ""),
        .alpn = str_make((const char *)alpn, alpn_len),
        .resumed = SSL_session_reused(ssl),
    };
    return true;
}

bool tls_speaks(const struct stream *stream, const char *protocol)
{
    const unsigned char *alpn;
    unsigned len;
    if (!stream->tls || !SSL_is_init_finished(stream->tls->ssl))
        return false;
    SSL_get0_alpn_selected(stream->tls->ssl, &alpn, &len);
    return len == strlen(protocol) && memcmp(alpn, protocol, len) == 0;
}

struct str tls_error_text(const struct stream *stream)
{
    return str_from(stream->tls && stream->tls->error ? stream->tls->error : "");
}

bool tls_peer_spoke_http(const struct stream *stream)
{
    return stream->tls && stream->tls->spoke_http;
}
