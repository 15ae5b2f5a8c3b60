/* What the kernel alone takes for a request through a proxy: bytes that come on a connection go out
 * on its partner, by an edge-triggered epoll loop with one shared buffer; what is longer than the
 * buffer goes through a pipe, and clients' connections are not paced, as in the proxy. Nothing is
 * parsed, matched, rewritten or logged, so no proxy that takes bytes as they come costs less:
 *
 *     floor PORT UPSTREAM…    (each the port or the socket of one upstream; they get PORT, PORT +
 * 1, …)
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BUFFER = 64 << 10, PIECE = 128 << 10, EVENTS = 512, BACKLOG = 4096 };

/* One end; what its partner sent and the kernel did not take yet waits in <rest>. A listener has
 * nothing but an upstream for what it accepts. */
typedef struct End End;
struct End {
    const char *upstream;
    End *partner;
    char *rest;
    size_t n_rest;
    int fd;
    bool is_closed;
};

static char buffer[BUFFER];
static int pipe_ends[2];
static End *closed[2 * EVENTS];
static int n_closed;

static void end_close(End *end)
{
    if (end->is_closed)
        return;
    end->is_closed = true;
    close(end->fd);
    free(end->rest);
    closed[n_closed++] = end;
    end_close(end->partner);
}

/* Sends to <end>, and keeps what does not go; false where the connection is gone. */
static bool end_send(End *end, const char *data, size_t n)
{
    ssize_t sent = send(end->fd, data, n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return false;
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    if (taken == n)
        return true;
    char *rest = malloc(n - taken);
    if (!rest)
        return false;
    memcpy(rest, data + taken, n - taken);
    free(end->rest);
    end->rest = rest;
    end->n_rest = n - taken;
    return true;
}

/* What the partner did not take is read out of the pipe, and kept; false where that fails. */
static bool end_keep(End *end, size_t n)
{
    end->rest = malloc(n);
    end->n_rest = 0;
    while (end->rest && end->n_rest < n) {
        ssize_t got = read(pipe_ends[0], end->rest + end->n_rest, n - end->n_rest);
        if (got <= 0)
            return false;
        end->n_rest += (size_t)got;
    }
    return end->rest != NULL;
}

/* As end_forward, through the pipe. */
static bool end_pass(End *end)
{
    while (!end->partner->rest) {
        ssize_t n = splice(end->fd, NULL, pipe_ends[1], NULL, PIECE, SPLICE_F_NONBLOCK);
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        while (n > 0) {
            ssize_t sent =
                splice(pipe_ends[0], NULL, end->partner->fd, NULL, (size_t)n, SPLICE_F_NONBLOCK);
            if (sent <= 0) {
                bool is_full = errno == EAGAIN;
                return end_keep(end->partner, (size_t)n) && is_full;
            }
            n -= sent;
        }
    }
    return true;
}

/* Reads from <end> until a read is short or the partner is full; false where it is gone. */
static bool end_forward(End *end)
{
    while (!end->partner->rest) {
        ssize_t n = recv(end->fd, buffer, sizeof buffer, 0);
        if (n < 0)
            return errno == EAGAIN;
        if (n == 0 || !end_send(end->partner, buffer, (size_t)n))
            return false;
        if ((size_t)n < sizeof buffer)
            break;
        if (!end->partner->rest)
            return end_pass(end);
    }
    return true;
}

/* Sends what waits for <end>, and then what its partner may have sent meanwhile. */
static bool end_send_rest(End *end)
{
    char *rest = end->rest;
    end->rest = NULL;
    bool is_sent = end_send(end, rest, end->n_rest);
    free(rest);
    return is_sent && end_forward(end->partner);
}

/* What <events> ask for; false where the connection is over. */
static bool end_serve(End *end, uint32_t events)
{
    if (events & EPOLLOUT && end->rest && !end_send_rest(end))
        return false;
    return !(events & EPOLLRDHUP) && (!(events & EPOLLIN) || end_forward(end));
}

static int upstream_connect(const char *upstream)
{
    bool is_unix = *upstream == '/';
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in inet = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)atoi(upstream)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    snprintf(local.sun_path, sizeof local.sun_path, "%s", upstream);
    int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *address = is_unix ? (struct sockaddr *)&local : (struct sockaddr *)&inet;
    if (fd < 0 || connect(fd, address, is_unix ? sizeof local : sizeof inet) < 0) {
        perror(upstream);
        exit(1);
    }
    if (!is_unix)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void add(int epoll, End *end, int fd)
{
    end->fd = fd;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = end};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

static void accept_one(int epoll, const End *listener)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    End *both = calloc(2, sizeof *both);
    if (!both) {
        close(fd);
        return;
    }
    both[0].partner = &both[1];
    both[1].partner = &both[0];
    int up = upstream_connect(listener->upstream);
    add(epoll, &both[0], fd);
    add(epoll, &both[1], up);
}

static void serve(int epoll)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
        End *end = events[i].data.ptr;
        if (end->upstream)
            accept_one(epoll, end);
        else if (!end->is_closed && !end_serve(end, events[i].events))
            end_close(end);
    }
    while (n_closed > 0) {
        n_closed -= 2;
        End *one = closed[n_closed], *other = closed[n_closed + 1];
        free(one < other ? one : other);
    }
}

static void listen_at(int epoll, End *listener, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    setsockopt(listener->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(listener->fd, IPPROTO_TCP, TCP_CONGESTION, "reno", sizeof "reno" - 1);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = listener};
    if (listener->fd < 0 || bind(listener->fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener->fd, BACKLOG) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener->fd, &event) < 0) {
        fprintf(stderr, "port %d: %s\n", port, strerror(errno));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static End listeners[8];
    int epoll = epoll_create1(EPOLL_CLOEXEC), n = argc - 2;
    if (epoll < 0 || n < 1 || n > (int)(sizeof listeners / sizeof *listeners)) {
        fprintf(stderr, "usage: %s PORT UPSTREAM...\n", argv[0]);
        return 2;
    }
    if (pipe2(pipe_ends, O_NONBLOCK | O_CLOEXEC) < 0) {
        perror("pipe");
        return 1;
    }
    fcntl(pipe_ends[1], F_SETPIPE_SZ, 2 * PIECE);
    signal(SIGPIPE, SIG_IGN); /* splice has no MSG_NOSIGNAL */
    for (int i = 0; i < n; i++) {
        listeners[i].upstream = argv[2 + i];
        listen_at(epoll, &listeners[i], atoi(argv[1]) + i);
    }
    for (;;)
        serve(epoll);
}
