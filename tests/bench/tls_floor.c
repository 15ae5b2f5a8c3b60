/* What OpenSSL itself keeps for an idle connection of a server, in KB: a proxy cannot keep less,
 * whatever else it keeps. Set up as the proxy sets it up, each connection after its handshake, its
 * ticket and one request; malloc's own bytes count.
 *
 *     tls_floor CERTIFICATE KEY    (PEM files)
 */
#include <malloc.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { WARM = 50, CONNECTIONS = 500 };

static size_t live; /* bytes */

static size_t taken_by(void *block)
{
    return block ? malloc_usable_size(block) + sizeof(size_t) : 0;
}

static void *count_malloc(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    void *block = malloc(n);
    live += taken_by(block);
    return block;
}

static void count_free(void *block, const char *file, int line)
{
    (void)file, (void)line;
    live -= taken_by(block);
    free(block);
}

static void *count_realloc(void *block, size_t n, const char *file, int line)
{
    (void)file, (void)line;
    live -= taken_by(block);
    block = realloc(block, n);
    live += taken_by(block);
    return block;
}

static SSL_CTX *server_new(const char *certificate, const char *key)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set1_groups_list(context, "X25519:P-256");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    if (SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1)
        return context;
    fprintf(stderr, "tls_floor: %s and %s cannot be used\n", certificate, key);
    exit(1);
}

/* Both ends of a connection talk to each other; only the server's remains. */
static bool connect_idle(SSL_CTX *server_context, SSL_CTX *client_context)
{
    char bytes[64];
    BIO *server_end, *client_end;
    SSL *server = SSL_new(server_context), *client = SSL_new(client_context);
    if (!server || !client || BIO_new_bio_pair(&server_end, 0, &client_end, 0) != 1)
        return false;
    SSL_set_bio(server, server_end, server_end);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int i = 0; i < 8 && !(SSL_is_init_finished(server) && SSL_is_init_finished(client)); i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    bool is_served =
        SSL_write(client, "request", 7) == 7 && SSL_read(server, bytes, sizeof bytes) == 7 &&
        SSL_write(server, "answer", 6) == 6 && SSL_read(client, bytes, sizeof bytes) == 6 &&
        SSL_read(server, bytes, sizeof bytes) < 0;
    /* what is between them is no part of a connection over a socket */
    SSL_set_quiet_shutdown(client, 1);
    SSL_free(client);
    SSL_set_bio(server, NULL, NULL);
    return is_served;
}

int main(int argc, char **argv)
{
    if (argc != 3 || CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1) {
        fprintf(stderr, "usage: %s CERTIFICATE KEY\n", argv[0]);
        return 2;
    }
    SSL_CTX *server = server_new(argv[1], argv[2]);
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    size_t before = 0;
    for (int i = 0; i < WARM + CONNECTIONS; i++) {
        if (i == WARM)
            before = live;
        if (!connect_idle(server, client)) {
            fprintf(stderr, "tls_floor: a handshake failed\n");
            return 1;
        }
    }
    printf("%.2f\n", (double)(live - before) / CONNECTIONS / 1024);
    return 0;
}
