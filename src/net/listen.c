/* Listening sockets: a port shared by threads, one family or both, unix paths, inherited ones. */
#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/net_private.h"

enum {
    BACKLOG = 4096,
    ACCEPTS_PER_EVENT = 64,
    KEEP_ALIVE_SECONDS = 15,
    KEEP_ALIVE_PROBES = 9,
    DEFAULT_UNIX_MODE = 0200,
    REST_NS = 100 * 1000 * 1000,
};

/* Go rounds up to seconds. */
static void set_seconds(int fd, int option, int64_t ns)
{
    int seconds = ns ? (int)((ns + 999999999) / 1000000000) : KEEP_ALIVE_SECONDS;
    if (ns >= 0)
        setsockopt(fd, IPPROTO_TCP, option, &seconds, sizeof(seconds));
}

/* Accepted sockets inherit all of these, so none costs a call per connection. */
static void set_connection_options(int fd, const struct listen_target *target)
{
    int on = 1;
    int probes = target->keepalive_count ? target->keepalive_count : KEEP_ALIVE_PROBES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (target->keepalive_interval_ns < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    set_seconds(fd, TCP_KEEPIDLE, target->keepalive_idle_ns);
    set_seconds(fd, TCP_KEEPINTVL, target->keepalive_interval_ns);
    if (probes > 0)
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static void set_options(int fd, int family, const struct listen_target *target)
{
    int on = 1, v6_only = target->network == LISTEN_TCP6;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
    set_connection_options(fd, target);
}

/* Closes the socket; the error of the call before as -errno. */
static int give_up(int fd)
{
    int error = errno;
    close(fd);
    return -error;
}

/* Nobody can connect yet. */
static int bind_socket(const struct sockaddr *sa, socklen_t len, const struct listen_target *target)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (sa->sa_family != AF_UNIX)
        set_options(fd, sa->sa_family, target);
    loopback_unpace(fd, sa, len);
    return bind(fd, sa, len) == 0 ? fd : give_up(fd);
}

static int bind_and_listen(const struct sockaddr *sa, socklen_t len,
                           const struct listen_target *target)
{
    int fd = bind_socket(sa, len, target);
    return fd < 0 || listen(fd, BACKLOG) == 0 ? fd : give_up(fd);
}

static int open_any(const struct listen_target *target)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(target->port)};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(target->port)};
    if (target->network == LISTEN_TCP4)
        return bind_and_listen((struct sockaddr *)&in, sizeof(in), target);
    bool only_v6 = target->network == LISTEN_TCP6;
    int fd = bind_and_listen((struct sockaddr *)&in6, sizeof(in6), target);
    if ((fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) && !only_v6)
        fd = bind_and_listen((struct sockaddr *)&in, sizeof(in), target);
    return fd;
}

static int open_literal(const struct listen_target *target, struct address address)
{
    bool is_v6 = address.family == AF_INET6;
    if ((target->network == LISTEN_TCP4 && is_v6) || (target->network == LISTEN_TCP6 && !is_v6))
        return -EAFNOSUPPORT;
    if (!is_v6) {
        address.in.sin_port = htons(target->port);
        return bind_and_listen((struct sockaddr *)&address.in, sizeof(address.in), target);
    }
    unsigned scope = target->zone.len ? address_zone_index(target->zone) : 0;
    if (target->zone.len && !scope)
        return -ENODEV;
    address.in6.sin6_port = htons(target->port);
    address.in6.sin6_scope_id = scope;
    /* Caddy: "[::]" under "tcp" takes both families. */
    return bind_and_listen((struct sockaddr *)&address.in6, sizeof(address.in6), target);
}

static int open_name(const struct listen_target *target)
{
    int family = target->network == LISTEN_TCP4   ? AF_INET
                 : target->network == LISTEN_TCP6 ? AF_INET6
                                                  : AF_UNSPEC;
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[256], service[8];
    if (target->host.len >= sizeof(host))
        return -ENAMETOOLONG;
    memcpy(host, target->host.ptr, target->host.len);
    host[target->host.len] = '\0';
    snprintf(service, sizeof(service), "%u", target->port);
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -EADDRNOTAVAIL;
    /* Go prefers an IPv4 address of a name to listen on. */
    struct addrinfo *best = found;
    for (struct addrinfo *one = found; one; one = one->ai_next)
        if (one->ai_family == AF_INET) {
            best = one;
            break;
        }
    int fd = bind_and_listen(best->ai_addr, best->ai_addrlen, target);
    freeaddrinfo(found);
    return fd;
}

static int open_unix(const struct listen_target *target)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct str path = target->host;
    if (path.len == 0 || path.len >= sizeof(sa.sun_path))
        return -ENAMETOOLONG;
    memcpy(sa.sun_path, path.ptr, path.len);
    size_t len = offsetof(struct sockaddr_un, sun_path) + path.len;
    if (path.ptr[0] == '@') {
        sa.sun_path[0] = '\0';
        return bind_and_listen((struct sockaddr *)&sa, (socklen_t)len, target);
    }
    struct stat found;
    if (lstat(sa.sun_path, &found) == 0 && S_ISSOCK(found.st_mode))
        unlink(sa.sun_path);
    /* who may connect is settled before anybody can, whatever umask is */
    mode_t mode = target->unix_mode ? target->unix_mode : DEFAULT_UNIX_MODE;
    int fd = bind_socket((struct sockaddr *)&sa, (socklen_t)len + 1, target);
    if (fd < 0)
        return fd;
    return chmod(sa.sun_path, mode) == 0 && listen(fd, BACKLOG) == 0 ? fd : give_up(fd);
}

static bool find_file(const struct listen_target *target, char path[108], struct stat *found)
{
    struct str name = target->host;
    if (target->network != LISTEN_UNIX || name.len == 0 || name.len >= 108 || name.ptr[0] == '@')
        return false;
    memcpy(path, name.ptr, name.len);
    path[name.len] = '\0';
    return lstat(path, found) == 0 && S_ISSOCK(found->st_mode);
}

struct listen_file listen_file_of(const struct listen_target *target)
{
    char path[108];
    struct stat found;
    if (!find_file(target, path, &found))
        return (struct listen_file){0};
    return (struct listen_file){found.st_dev, found.st_ino};
}

void listen_file_remove(const struct listen_target *target, const struct listen_file *file)
{
    char path[108];
    struct stat found;
    if (file->inode && find_file(target, path, &found) && found.st_dev == file->device &&
        found.st_ino == file->inode)
        unlink(path);
}

int listen_open(const struct listen_target *target)
{
    struct address address;
    if (target->network == LISTEN_UNIX)
        return open_unix(target);
    if (target->network == LISTEN_FD) {
        int fd = fcntl(target->fd, F_DUPFD_CLOEXEC, 0);
        return fd < 0 ? -errno : fd;
    }
    if (target->host.len == 0)
        return open_any(target);
    if (address_parse(target->host, &address))
        return open_literal(target, address);
    return open_name(target);
}

/* --- sockets of others --- */

static bool is_option(int fd, int option, int wanted)
{
    int value = -1;
    socklen_t len = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

static bool unix_matches(const struct listen_target *target, const struct sockaddr_un *sa,
                         socklen_t len)
{
    size_t path_len = len - offsetof(struct sockaddr_un, sun_path);
    struct str path = target->host;
    if (path.len == 0 || len <= offsetof(struct sockaddr_un, sun_path))
        return false;
    if (path.ptr[0] == '@')
        return sa->sun_path[0] == '\0' && path_len == path.len &&
               memcmp(sa->sun_path + 1, path.ptr + 1, path.len - 1) == 0;
    return str_eq(path, str_make(sa->sun_path, strnlen(sa->sun_path, path_len)));
}

static bool same_host(const struct address *a, const struct address *b)
{
    if (a->family != b->family)
        return false;
    if (a->family == AF_INET)
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0 &&
           a->in6.sin6_scope_id == b->in6.sin6_scope_id;
}

static bool name_matches(const struct listen_target *target, const struct address *bound)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char host[256];
    bool fits = false;
    if (target->host.len >= sizeof(host))
        return false;
    memcpy(host, target->host.ptr, target->host.len);
    host[target->host.len] = '\0';
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    for (struct addrinfo *one = found; one && !fits; one = one->ai_next) {
        struct address address = address_from(one->ai_addr, one->ai_addrlen);
        fits = same_host(&address, bound);
    }
    freeaddrinfo(found);
    return fits;
}

static bool is_any(const struct address *bound)
{
    if (bound->family == AF_INET)
        return bound->in.sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&bound->in6.sin6_addr);
}

bool listen_matches(const struct listen_target *target, int fd)
{
    struct sockaddr_storage sa;
    struct address wanted;
    socklen_t len = sizeof(sa);
    if (target->network == LISTEN_FD || !is_option(fd, SO_TYPE, SOCK_STREAM) ||
        !is_option(fd, SO_ACCEPTCONN, 1) || getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
        return false;
    if (target->network == LISTEN_UNIX)
        return sa.ss_family == AF_UNIX &&
               unix_matches(target, (const struct sockaddr_un *)&sa, len);
    struct address bound = address_from((struct sockaddr *)&sa, len);
    bool is_v6 = bound.family == AF_INET6;
    if ((!is_v6 && bound.family != AF_INET) || address_port(&bound) != target->port ||
        (target->network == LISTEN_TCP4 && is_v6) || (target->network == LISTEN_TCP6 && !is_v6))
        return false;
    if (target->host.len == 0)
        return is_any(&bound);
    if (!address_parse(target->host, &wanted))
        return name_matches(target, &bound);
    if (is_v6 && target->zone.len)
        wanted.in6.sin6_scope_id = address_zone_index(target->zone);
    return same_host(&wanted, &bound);
}

void listen_adopt(int fd, const struct listen_target *target)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    if (!is_option(fd, SO_DOMAIN, AF_UNIX))
        set_connection_options(fd, target);
    if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
        loopback_unpace(fd, (struct sockaddr *)&sa, len);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); /* inherited ones may block */
}

/* --- accepting --- */

static void accept_again(struct timer *timer)
{
    struct listener *listener = CONTAINER_OF(timer, struct listener, rest);
    if (listener->watch.fd >= 0)
        loop_watch_level(listener->loop, &listener->watch);
}

void listener_wake(struct listener *listener)
{
    if (!timer_running(&listener->rest))
        return;
    timer_stop(&listener->rest);
    accept_again(&listener->rest);
}

/* No room: the queue waits until some connections are closed, instead of waking us all the time. */
static void rest_a_while(struct listener *listener)
{
    int fd = listener->watch.fd;
    int saved = errno;
    loop_unwatch(listener->loop, &listener->watch);
    listener->watch.fd = fd;
    timer_start(listener->loop, &listener->rest, REST_NS);
    errno = saved;
}

static bool accept_one(struct listener *listener)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof(from);
    int fd = accept4(listener->watch.fd, (struct sockaddr *)&from, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
        rest_a_while(listener);
    if (fd < 0)
        return errno == ECONNABORTED || errno == EINTR;
    struct accepted connection = {.fd = fd};
    connection.peer = address_from((struct sockaddr *)&from, len);
    if (listener->is_unix)
        connection.peer.family = AF_UNIX;
    listener->accepted(listener, &connection);
    return true;
}

static void accept_batch(struct watch *watch, unsigned events)
{
    (void)events;
    struct listener *listener = CONTAINER_OF(watch, struct listener, watch);
    for (int i = 0; i < ACCEPTS_PER_EVENT && watch->fd >= 0; i++) {
        if (listener->has_room && !listener->has_room(listener)) {
            rest_a_while(listener);
            return;
        }
        if (!accept_one(listener))
            return;
    }
}

int listener_start(struct listener *listener, struct loop *loop, int fd)
{
    listener->is_unix = is_option(fd, SO_DOMAIN, AF_UNIX);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); /* inherited ones may block */
    listener->loop = loop;
    listener->watch.fd = fd;
    listener->watch.ready = accept_batch;
    listener->rest.fire = accept_again;
    return loop_watch_level(loop, &listener->watch);
}

void listener_close(struct listener *listener, bool leaves_queue)
{
    int fd = listener->watch.fd;
    if (fd < 0)
        return;
    for (int i = 0; !leaves_queue && i < BACKLOG; i++)
        if (!accept_one(listener))
            break;
    timer_remove(&listener->rest);
    loop_unwatch(listener->loop, &listener->watch);
    close(fd);
}
