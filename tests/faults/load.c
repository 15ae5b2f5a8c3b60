/* Clients that count every failure: load [--tls PORT] [--plain PORT] [--unix PATH] [--seconds N]
 * [--threads N]. Half of the threads of each kind keep their connections, half open one for every
 * request. Every request carries a nonce that the answer's body must be. A connection that is kept
 * may end only where an answer said so ("Connection: close") or where it was idle: a request that
 * was sent and got no whole answer is a failure. Ends with "N requests, N failed, N connections". */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TARGETS = 8, TIMEOUT_SECONDS = 20, SHOWN = 20, REQUESTS_PER_CONNECTION = 5000 };

struct target {
    bool is_tls;
    int port;         /* 0: <path> */
    const char *path; /* of a unix socket */
};

struct client {
    pthread_t thread;
    const struct target *target;
    unsigned number;
    bool keeps_alive;
    int fd;
    SSL *ssl;
    unsigned long requests, failed, connections;
    struct timespec asked;
};

static atomic_bool is_over;
static atomic_int shown;
static SSL_CTX *tls;

static void say(const struct client *client, const char *what)
{
    struct timespec now;
    const char *kind = client->target->is_tls ? "tls" : client->target->port ? "plain" : "unix";
    clock_gettime(CLOCK_REALTIME, &now);
    double waited = (double)(now.tv_sec - client->asked.tv_sec) +
                    (double)(now.tv_nsec - client->asked.tv_nsec) / 1e9;
    if (atomic_fetch_add(&shown, 1) < SHOWN)
        fprintf(stderr, "%ld.%06ld %s, %s connection, request %u.%lu after %.6f s: %s (%s)\n",
                (long)now.tv_sec, now.tv_nsec / 1000, kind,
                client->keeps_alive ? "kept" : "new", client->number, client->requests, waited,
                what, strerror(errno));
}

static void hang_up(struct client *client)
{
    if (client->ssl) {
        SSL_shutdown(client->ssl);
        SSL_free(client->ssl);
    }
    client->ssl = NULL;
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static bool connect_to(struct client *client)
{
    const struct target *target = client->target;
    struct timeval wait = {.tv_sec = TIMEOUT_SECONDS};
    int on = 1, status;
    client->connections++;
    client->fd = socket(target->port ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    if (target->port) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target->port)};
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        status = connect(client->fd, (struct sockaddr *)&to, sizeof(to));
    } else {
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        snprintf(to.sun_path, sizeof(to.sun_path), "%s", target->path);
        status = connect(client->fd, (struct sockaddr *)&to, sizeof(to));
    }
    if (status != 0) {
        say(client, "cannot connect");
        return false;
    }
    if (!target->is_tls)
        return true;
    client->ssl = SSL_new(tls);
    SSL_set_fd(client->ssl, client->fd);
    SSL_set_tlsext_host_name(client->ssl, "localhost");
    if (SSL_connect(client->ssl) == 1)
        return true;
    say(client, "the handshake failed");
    return false;
}

static ssize_t put(struct client *client, const char *bytes, size_t len)
{
    if (client->ssl)
        return SSL_write(client->ssl, bytes, (int)len);
    return send(client->fd, bytes, len, MSG_NOSIGNAL);
}

static ssize_t get(struct client *client, char *into, size_t cap)
{
    if (client->ssl)
        return SSL_read(client->ssl, into, (int)cap);
    return recv(client->fd, into, cap, 0);
}

/* The whole answer with its Content-Length; false after saying what is missing. */
static bool read_answer(struct client *client, const char *nonce, bool *closes)
{
    char answer[4096];
    size_t len = 0;
    for (;;) {
        ssize_t got = get(client, answer + len, sizeof(answer) - 1 - len);
        if (got <= 0) {
            say(client, len ? "the answer broke off" : "no answer");
            return false;
        }
        len += (size_t)got;
        answer[len] = '\0';
        char *body = strstr(answer, "\r\n\r\n"), *field = strcasestr(answer, "content-length:");
        if (!body)
            continue;
        body += 4;
        size_t want = field && field < body ? strtoul(field + 15, NULL, 10) : 0;
        if (len < (size_t)(body - answer) + want)
            continue;
        char *close_field = strcasestr(answer, "connection: close");
        *closes = close_field && close_field < body;
        if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0) {
            answer[strcspn(answer, "\r")] = '\0';
            say(client, answer);
            return false;
        }
        if (strcmp(body, nonce) == 0)
            return true;
        say(client, "the answer is another request's");
        return false;
    }
}

static bool ask(struct client *client)
{
    char request[512], nonce[64];
    bool closes = true;
    snprintf(nonce, sizeof(nonce), "%d-%u-%lu", getpid(), client->number, client->requests);
    int len = snprintf(request, sizeof(request),
                       "GET /%s HTTP/1.1\r\nHost: localhost\r\nX-Nonce: %s\r\n%s\r\n", nonce, nonce,
                       client->keeps_alive ? "" : "Connection: close\r\n");
    client->requests++;
    clock_gettime(CLOCK_REALTIME, &client->asked);
    if (client->fd < 0 && !connect_to(client)) {
        hang_up(client);
        return false;
    }
    if (put(client, request, (size_t)len) != len) {
        say(client, "cannot send");
        hang_up(client);
        return false;
    }
    bool is_fine = read_answer(client, nonce, &closes);
    if (!is_fine || closes || client->requests % REQUESTS_PER_CONNECTION == 0)
        hang_up(client);
    return is_fine;
}

static void *run(void *arg)
{
    struct client *client = arg;
    while (!atomic_load(&is_over))
        client->failed += !ask(client);
    hang_up(client);
    return NULL;
}

static void stop(int signal)
{
    (void)signal;
    atomic_store(&is_over, true);
}

int main(int argc, char **argv)
{
    static struct target targets[MAX_TARGETS];
    unsigned n_targets = 0, seconds = 10, threads = 4, n = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seconds") == 0)
            seconds = (unsigned)atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--threads") == 0)
            threads = (unsigned)atoi(argv[i + 1]);
        else if (n_targets < MAX_TARGETS && strcmp(argv[i], "--unix") == 0)
            targets[n_targets++] = (struct target){.path = argv[i + 1]};
        else if (n_targets < MAX_TARGETS)
            targets[n_targets++] = (struct target){.is_tls = strcmp(argv[i], "--tls") == 0,
                                                   .port = atoi(argv[i + 1])};
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, stop);
    signal(SIGALRM, stop);
    tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    struct client *clients = calloc((size_t)n_targets * threads + 1, sizeof(*clients));
    alarm(seconds);
    for (unsigned t = 0; t < n_targets; t++)
        for (unsigned i = 0; i < threads; i++, n++) {
            clients[n] = (struct client){.target = &targets[t], .number = n, .keeps_alive = i % 2,
                                         .fd = -1};
            pthread_create(&clients[n].thread, NULL, run, &clients[n]);
        }
    unsigned long requests = 0, failed = 0, connections = 0;
    for (unsigned i = 0; i < n; i++) {
        pthread_join(clients[i].thread, NULL);
        requests += clients[i].requests;
        failed += clients[i].failed;
        connections += clients[i].connections;
    }
    SSL_CTX_free(tls);
    free(clients);
    printf("%lu requests, %lu failed, %lu connections\n", requests, failed, connections);
    return failed != 0 || requests == 0;
}
