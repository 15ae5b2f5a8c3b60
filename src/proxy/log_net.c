/* Lines to a peer, by a thread of its own: workers leave lines in a queue of bounded length and
 * never wait. While the peer is away lines go to stderr and, as in Caddy, it is tried again at most
 * every ten seconds. */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "proxy/core.h"
#include "proxy/log_output.h"

enum { MAX_QUEUED_BYTES = 4 * 1024 * 1024, CLOSE_SECONDS = 2, POLL_MS = 100 };
static const int64_t redial_ns = 10 * (int64_t)1000000000;

static const struct network {
    const char *name;
    int family, type;
} networks[] = {
    {"tcp", AF_UNSPEC, SOCK_STREAM},         {"tcp4", AF_INET, SOCK_STREAM},
    {"tcp6", AF_INET6, SOCK_STREAM},         {"udp", AF_UNSPEC, SOCK_DGRAM},
    {"udp4", AF_INET, SOCK_DGRAM},           {"udp6", AF_INET6, SOCK_DGRAM},
    {"unix", AF_UNIX, SOCK_STREAM},          {"unixgram", AF_UNIX, SOCK_DGRAM},
    {"unixpacket", AF_UNIX, SOCK_SEQPACKET},
};

/* Lines in a row, each behind its length: what is one line for a datagram stays one. */
struct queue {
    char *bytes; /* owned */
    size_t len, cap;
};

struct log_peer {
    const struct dt_log *row;
    struct network network;
    char *host; /* owned; or the path of a socket */

    pthread_t thread;
    _Atomic int fd;     /* -1 while there is no connection; the thread's */
    int64_t dialled_ns; /* monotonic; 0: not yet again */
    _Atomic bool is_closing;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    struct queue queue;
    uint64_t n_lost;
};

/* --- dialling --- */

/* 0 or -errno; gives up when <until_ns> has come (0: never) or the process ends. */
static int connect_until(struct log_peer *peer, int fd, const struct sockaddr *address,
                         socklen_t len, int64_t until_ns)
{
    int error = 0;
    socklen_t size = sizeof(error);
    if (connect(fd, address, len) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EAGAIN)
        return -errno;
    for (;;) {
        struct pollfd poller = {.fd = fd, .events = POLLOUT};
        int n = poll(&poller, 1, POLL_MS);
        if (n > 0)
            break;
        if ((until_ns > 0 && clock_monotonic_ns() >= until_ns) || peer->is_closing)
            return -ETIMEDOUT;
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return -error;
}

static int dial_address(struct log_peer *peer, int family, const struct sockaddr *address,
                        socklen_t len, int64_t until_ns)
{
    int fd = socket(family, peer->network.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = connect_until(peer, fd, address, len, until_ns);
    if (error < 0) {
        close(fd);
        return error;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

static int dial_path(struct log_peer *peer, int64_t until_ns)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(peer->host);
    if (len >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, peer->host, len);
    if (peer->host[0] == '@')
        address.sun_path[0] = '\0';
    else
        len++;
    return dial_address(peer, AF_UNIX, (struct sockaddr *)&address,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len), until_ns);
}

/* A descriptor or -errno. */
static int dial(struct log_peer *peer)
{
    struct addrinfo hints = {.ai_family = peer->network.family, .ai_socktype = peer->network.type};
    struct addrinfo *list = NULL;
    char port[16];
    int64_t timeout = peer->row->dial_timeout_ns;
    int64_t until = timeout > 0 ? clock_monotonic_ns() + timeout : 0;
    int fd = -EHOSTUNREACH;
    if (peer->network.family == AF_UNIX)
        return dial_path(peer, until);
    snprintf(port, sizeof(port), "%u", peer->row->port);
    if (getaddrinfo(*peer->host ? peer->host : NULL, port, &hints, &list) != 0)
        return fd;
    for (struct addrinfo *one = list; one && fd < 0; one = one->ai_next)
        fd = dial_address(peer, one->ai_family, one->ai_addr, one->ai_addrlen, until);
    freeaddrinfo(list);
    return fd;
}

/* --- the thread --- */

static bool send_all(int fd, struct str data)
{
    while (data.len > 0) {
        ssize_t n = send(fd, data.ptr, data.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data = str_slice(data, (size_t)n, data.len);
    }
    return true;
}

static void hang_up(struct log_peer *peer)
{
    int fd = atomic_exchange(&peer->fd, -1);
    if (fd >= 0)
        close(fd);
}

static void deliver(struct log_peer *peer, struct str line)
{
    if (peer->fd >= 0 && send_all(peer->fd, line))
        return;
    hang_up(peer);
    int64_t now = clock_monotonic_ns();
    if (peer->dialled_ns == 0 || now - peer->dialled_ns > redial_ns) {
        peer->dialled_ns = now;
        int fd = dial(peer);
        if (fd >= 0)
            peer->fd = fd;
        if (fd >= 0 && send_all(fd, line))
            return;
    }
    if (write(STDERR_FILENO, line.ptr, line.len) < 0)
        hang_up(peer);
}

/* All that is queued, in exchange for <empty>; false where the process ends and nothing is left. */
static bool take_queue(struct log_peer *peer, struct queue *empty, uint64_t *n_lost)
{
    pthread_mutex_lock(&peer->lock);
    while (peer->queue.len == 0 && !peer->is_closing)
        pthread_cond_wait(&peer->wake, &peer->lock);
    struct queue full = peer->queue;
    empty->len = 0;
    peer->queue = *empty;
    *empty = full;
    *n_lost = peer->n_lost;
    peer->n_lost = 0;
    pthread_mutex_unlock(&peer->lock);
    return empty->len > 0;
}

static void *run(void *arg)
{
    struct log_peer *peer = arg;
    struct queue mine = {0};
    uint64_t n_lost;
    while (take_queue(peer, &mine, &n_lost)) {
        for (size_t at = 0; at < mine.len;) {
            uint32_t len;
            memcpy(&len, mine.bytes + at, sizeof(len));
            deliver(peer, str_make(mine.bytes + at + sizeof(len), len));
            at += sizeof(len) + len;
        }
        if (n_lost > 0)
            fprintf(stderr, "[ERROR] net log writer is too slow: %llu lines are lost\n",
                    (unsigned long long)n_lost);
    }
    free(mine.bytes);
    return NULL;
}

/* --- the rest --- */

/* <lock> is held. */
static void enqueue(struct log_peer *peer, struct str line)
{
    struct queue *queue = &peer->queue;
    uint32_t len = (uint32_t)line.len;
    size_t needed = queue->len + sizeof(len) + line.len;
    if (needed > MAX_QUEUED_BYTES) {
        peer->n_lost++;
        return;
    }
    if (needed > queue->cap) {
        size_t cap = queue->cap ? queue->cap : 64 * 1024;
        while (cap < needed)
            cap *= 2;
        char *bytes = realloc(queue->bytes, cap);
        if (!bytes) {
            peer->n_lost++;
            return;
        }
        queue->bytes = bytes;
        queue->cap = cap;
    }
    memcpy(queue->bytes + queue->len, &len, sizeof(len));
    memcpy(queue->bytes + queue->len + sizeof(len), line.ptr, line.len);
    queue->len = needed;
}

void log_peer_write(struct log_peer *peer, struct str lines, struct str line_ending)
{
    bool is_stream = peer->network.type == SOCK_STREAM;
    pthread_mutex_lock(&peer->lock);
    while (lines.len > 0) {
        ptrdiff_t end = is_stream ? -1 : str_find(lines, line_ending);
        struct str line = end < 0 ? lines : str_slice(lines, 0, (size_t)end + line_ending.len);
        enqueue(peer, line);
        lines = str_slice(lines, line.len, lines.len);
    }
    pthread_cond_signal(&peer->wake);
    pthread_mutex_unlock(&peer->lock);
}

struct log_peer *log_peer_open(const struct log_output_config *config, int *error)
{
    const struct dt_log *row = config->row;
    struct log_peer *peer = calloc(1, sizeof(*peer));
    *error = -ENOMEM;
    if (!peer)
        return NULL;
    peer->row = row;
    peer->fd = -1;
    peer->host = strdup(dt_chars(config->tables, row->host));
    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
        if (str_is(table_text(config->tables, row->network), networks[i].name))
            peer->network = networks[i];
    if (!peer->host)
        goto release;
    int fd = dial(peer);
    if (fd < 0 && !row->is_soft_start) {
        *error = fd;
        goto release;
    }
    if (fd < 0)
        fprintf(stderr,
                "[ERROR] net log writer failed to connect: %s (will retry connection and print "
                "errors here in the meantime)\n",
                strerror(-fd));
    peer->fd = fd < 0 ? -1 : fd;
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->wake, NULL);
    *error = -pthread_create(&peer->thread, NULL, run, peer);
    if (*error == 0)
        return peer;
    hang_up(peer);
release:
    free(peer->host);
    free(peer);
    return NULL;
}

void log_peer_close(struct log_peer *peer)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLOSE_SECONDS;
    pthread_mutex_lock(&peer->lock);
    peer->is_closing = true;
    pthread_cond_signal(&peer->wake);
    pthread_mutex_unlock(&peer->lock);
    if (pthread_timedjoin_np(peer->thread, NULL, &until) != 0) {
        /* the peer does not read, or its name is still looked up: the end of the process ends it */
        pthread_detach(peer->thread);
        return;
    }
    hang_up(peer);
    free(peer->queue.bytes);
    free(peer->host);
    free(peer);
}
