/* Connecting: literals with zones, names by both families, unix sockets; one deadline for all. */
#include "net/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/net_private.h"
#include "net/resolve.h"

/* Go: only the time between probes can be chosen */
enum { KEEP_ALIVE_IDLE_SECONDS = 15, KEEP_ALIVE_SECONDS = 30, KEEP_ALIVE_PROBES = 9 };
static const int64_t SECOND_NS = 1000000000;
static const int64_t DEFAULT_TIMEOUT_NS = 3000000000;
static const int64_t FALLBACK_NS = 300000000;
static const int64_t SHORTEST_STEP_NS = 2000000000;

static void stop(struct dial *dial)
{
    for (int i = 0; i < 2; i++) {
        struct dial_attempt *attempt = &dial->attempts[i];
        timer_remove(&attempt->step);
        loop_close(dial->loop, &attempt->watch);
    }
    timer_remove(&dial->timeout);
    timer_remove(&dial->fallback);
    if (dial->resolution)
        resolve_cancel(dial->resolution);
    dial->resolution = NULL;
    free(dial->addresses);
    dial->addresses = NULL;
}

static void finish(struct task *task)
{
    struct dial *dial = CONTAINER_OF(task, struct dial, finish);
    stop(dial);
    dial->done(dial);
}

static void end_with(struct dial *dial, enum dial_failure failure, int error)
{
    dial->failure = failure;
    dial->error = error;
    loop_defer(dial->loop, &dial->finish);
}

static void connected(struct dial_attempt *attempt)
{
    struct dial *dial = attempt->dial;
    dial->fd = attempt->watch.fd;
    loop_detach(&attempt->watch);
    end_with(dial, DIAL_OK, 0);
}

static void set_options(int fd, const struct dial_options *options)
{
    int on = 1, idle = KEEP_ALIVE_IDLE_SECONDS, seconds = KEEP_ALIVE_SECONDS;
    int probes = KEEP_ALIVE_PROBES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (options->probe_ns < 0)
        return;
    if (options->probe_ns > 0)
        seconds = (int)((options->probe_ns + SECOND_NS - 1) / SECOND_NS);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static socklen_t address_len(const struct address *address)
{
    return address->family == AF_INET ? sizeof(address->in) : sizeof(address->in6);
}

/* 0, or -errno. */
static int bind_local(int fd, const struct dial_options *options)
{
    struct address local = options->local;
    int on = 1;
    if (local.family == AF_UNSPEC)
        return 0;
    if (options->local_zone.len) {
        local.in6.sin6_scope_id = address_zone_index(options->local_zone);
        if (!local.in6.sin6_scope_id)
            return -ENODEV;
    }
    /* the port is chosen when the peer is known, so that many may share it */
    if (address_port(&local) == 0)
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    else
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return bind(fd, (const struct sockaddr *)&local.in, address_len(&local)) == 0 ? 0 : -errno;
}

static void attempt_ready(struct watch *watch, unsigned events);

/* 1 connected, 0 under way, -errno. */
static int connect_to(struct dial_attempt *attempt, const struct sockaddr *sa, socklen_t len)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    attempt->watch.fd = fd;
    attempt->watch.ready = attempt_ready;
    int status = 0;
    if (sa->sa_family != AF_UNIX) {
        set_options(fd, &attempt->dial->options);
        loopback_unpace(fd, sa, len);
        status = bind_local(fd, &attempt->dial->options);
    }
    if (status == 0)
        status = connect(fd, sa, len) == 0 ? 1 : -errno;
    if (status == -EINPROGRESS)
        status = loop_watch(attempt->dial->loop, &attempt->watch);
    if (status < 0)
        loop_close(attempt->dial->loop, &attempt->watch);
    return status;
}

static bool attempt_runs(const struct dial_attempt *attempt)
{
    return attempt->watch.fd >= 0 || attempt->next < attempt->end;
}

/* Tries the attempt's next addresses until one is under way. */
static void attempt_next(struct dial_attempt *attempt)
{
    struct dial *dial = attempt->dial;
    struct dial_attempt *other = &dial->attempts[attempt == &dial->attempts[0]];
    while (attempt->next < attempt->end) {
        const struct address *address = &dial->addresses[attempt->next++];
        int status =
            connect_to(attempt, (const struct sockaddr *)&address->in, address_len(address));
        if (status < 0) {
            dial->error = -status;
            continue;
        }
        dial->peer = *address;
        if (status == 1) {
            connected(attempt);
        } else if (attempt->next < attempt->end) {
            int64_t share = (dial->deadline_ns - loop_now_ns(dial->loop)) /
                            (attempt->end - attempt->next + 1);
            timer_start(dial->loop, &attempt->step,
                        share > SHORTEST_STEP_NS ? share : SHORTEST_STEP_NS);
        }
        return;
    }
    if (other->watch.fd >= 0)
        return; /* it may still connect */
    if (attempt_runs(other)) {
        timer_stop(&dial->fallback);
        attempt_next(other);
        return;
    }
    end_with(dial, DIAL_REFUSED, dial->error);
}

static void attempt_ready(struct watch *watch, unsigned events)
{
    struct dial_attempt *attempt = CONTAINER_OF(watch, struct dial_attempt, watch);
    struct dial *dial = attempt->dial;
    if (dial->finish.queued || !(events & (WATCH_WRITABLE | WATCH_ERROR)))
        return;
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    timer_stop(&attempt->step);
    if (error == 0) {
        if (dial->addresses)
            dial->peer = dial->addresses[attempt->next - 1];
        connected(attempt);
        return;
    }
    loop_close(dial->loop, watch);
    dial->error = error;
    attempt_next(attempt);
}

static void step_over(struct timer *timer)
{
    struct dial_attempt *attempt = CONTAINER_OF(timer, struct dial_attempt, step);
    if (attempt->dial->finish.queued)
        return;
    loop_close(attempt->dial->loop, &attempt->watch);
    attempt->dial->error = ETIMEDOUT;
    attempt_next(attempt);
}

static void timed_out(struct timer *timer)
{
    struct dial *dial = CONTAINER_OF(timer, struct dial, timeout);
    if (!dial->finish.queued)
        end_with(dial, DIAL_TIMEOUT, ETIMEDOUT);
}

static void start_fallback(struct timer *timer)
{
    struct dial *dial = CONTAINER_OF(timer, struct dial, fallback);
    if (!dial->finish.queued)
        attempt_next(&dial->attempts[1]);
}

/* Whether it can be reached from where the dial is to come from. */
static bool suits(const struct dial *dial, const struct address *address)
{
    sa_family_t local = dial->options.local.family;
    return local == AF_UNSPEC || local == address->family;
}

/* The first address's family goes first; the other one joins in after a while. */
static void try_addresses(struct dial *dial, const struct resolved *result)
{
    unsigned n = 0;
    sa_family_t first = AF_UNSPEC;
    bool is_serial = dial->options.fallback_ns < 0;
    dial->addresses = malloc(sizeof(*dial->addresses) * RESOLVE_ADDRESSES);
    if (!dial->addresses) {
        end_with(dial, DIAL_REFUSED, ENOMEM);
        return;
    }
    for (unsigned i = 0; i < result->n; i++) {
        const struct address *address = &result->addresses[i];
        if (!suits(dial, address))
            continue;
        if (first == AF_UNSPEC)
            first = address->family;
        if (is_serial || address->family == first)
            dial->addresses[n++] = *address;
    }
    dial->attempts[0].end = dial->attempts[1].next = n;
    for (unsigned i = 0; i < result->n && !is_serial; i++)
        if (suits(dial, &result->addresses[i]) && result->addresses[i].family != first)
            dial->addresses[n++] = result->addresses[i];
    dial->attempts[1].end = n;
    if (n == 0) {
        end_with(dial, DIAL_BAD_ADDRESS, EAFNOSUPPORT);
        return;
    }
    if (dial->attempts[1].next < n)
        timer_start(dial->loop, &dial->fallback,
                    dial->options.fallback_ns ? dial->options.fallback_ns : FALLBACK_NS);
    attempt_next(&dial->attempts[0]);
}

static void name_resolved(void *ctx, const struct resolved *result)
{
    struct dial *dial = ctx;
    dial->resolution = NULL;
    if (result->n == 0)
        end_with(dial, DIAL_NOT_FOUND, result->error);
    else
        try_addresses(dial, result);
}

static void dial_literal(struct dial *dial, struct address address)
{
    struct dial_target *target = &dial->target;
    sa_family_t wanted = target->network == DIAL_TCP4   ? AF_INET
                         : target->network == DIAL_TCP6 ? AF_INET6
                                                        : address.family;
    if (address.family != wanted || (target->zone.len && address.family != AF_INET6)) {
        end_with(dial, DIAL_BAD_ADDRESS, EAFNOSUPPORT);
        return;
    }
    if (address.family == AF_INET) {
        address.in.sin_port = htons(target->port);
    } else {
        address.in6.sin6_port = htons(target->port);
        if (target->zone.len) {
            address.in6.sin6_scope_id = address_zone_index(target->zone);
            if (!address.in6.sin6_scope_id) {
                end_with(dial, DIAL_NO_ZONE, ENODEV);
                return;
            }
        }
    }
    struct resolved one = {.n = 1};
    one.addresses[0] = address;
    try_addresses(dial, &one);
}

static void dial_unix(struct dial *dial)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct str path = dial->target.host;
    if (path.len == 0 || path.len >= sizeof(sa.sun_path)) {
        end_with(dial, DIAL_BAD_ADDRESS, ENAMETOOLONG);
        return;
    }
    memcpy(sa.sun_path, path.ptr, path.len);
    size_t len = offsetof(struct sockaddr_un, sun_path) + path.len;
    if (path.ptr[0] == '@')
        sa.sun_path[0] = '\0';
    else
        len++;
    dial->peer.family = AF_UNIX;
    int status = connect_to(&dial->attempts[0], (struct sockaddr *)&sa, (socklen_t)len);
    if (status < 0)
        end_with(dial, DIAL_REFUSED, -status);
    else if (status == 1)
        connected(&dial->attempts[0]);
}

void dial_start(struct dial *dial, struct loop *loop, const struct dial_target *target,
                const struct dial_options *options)
{
    int64_t timeout_ns = options->timeout_ns > 0 ? options->timeout_ns : DEFAULT_TIMEOUT_NS;
    void (*done)(struct dial *) = dial->done;
    void *ctx = dial->ctx;
    memset(dial, 0, sizeof(*dial));
    dial->done = done;
    dial->ctx = ctx;
    dial->loop = loop;
    dial->target = *target;
    dial->options = *options;
    dial->fd = -1;
    dial->finish.run = finish;
    dial->timeout.fire = timed_out;
    dial->fallback.fire = start_fallback;
    for (int i = 0; i < 2; i++) {
        dial->attempts[i].dial = dial;
        dial->attempts[i].watch.fd = -1;
        dial->attempts[i].step.fire = step_over;
    }
    dial->deadline_ns = loop_now_ns(loop) + timeout_ns;
    timer_start(loop, &dial->timeout, timeout_ns);
    struct address address;
    if (target->network == DIAL_UNIX) {
        dial_unix(dial);
    } else if (address_parse(target->host, &address)) {
        dial_literal(dial, address);
    } else {
        int family = target->network == DIAL_TCP4   ? AF_INET
                     : target->network == DIAL_TCP6 ? AF_INET6
                                                    : AF_UNSPEC;
        dial->resolution =
            resolve_start(loop, options->resolver, target->host, target->port, family,
                          name_resolved, dial);
        if (!dial->resolution)
            end_with(dial, DIAL_NOT_FOUND, EAI_NONAME);
    }
}

void dial_cancel(struct dial *dial)
{
    if (!dial->loop)
        return;
    if (dial->finish.queued) {
        loop_undefer(dial->loop, &dial->finish);
        if (dial->failure == DIAL_OK && dial->fd >= 0)
            loop_close(dial->loop, &(struct watch){.fd = dial->fd});
        dial->fd = -1;
    }
    stop(dial);
}

struct str dial_target_text(const struct dial_target *target, char out[static 320])
{
    static const char *const networks[] = {"tcp", "tcp4", "tcp6", "unix"};
    const char *network = networks[target->network];
    int len;
    if (target->network == DIAL_UNIX)
        len = snprintf(out, 320, "%s %.*s", network, (int)target->host.len, target->host.ptr);
    else if (memchr(target->host.ptr, ':', target->host.len))
        len = snprintf(out, 320, "%s [%.*s%s%.*s]:%u", network, (int)target->host.len,
                       target->host.ptr, target->zone.len ? "%" : "", (int)target->zone.len,
                       target->zone.ptr ? target->zone.ptr : "", target->port);
    else
        len = snprintf(out, 320, "%s %.*s:%u", network, (int)target->host.len, target->host.ptr,
                       target->port);
    return str_make(out, len < 320 ? (size_t)len : 319);
}

struct str dial_failure_text(enum dial_failure failure, int error, char out[static 160])
{
    switch (failure) {
    case DIAL_OK:
        return STR("connected");
    case DIAL_TIMEOUT:
        return STR("i/o timeout");
    case DIAL_NO_ZONE:
        return STR("no such network interface");
    case DIAL_NOT_FOUND:
        snprintf(out, 160, "lookup: %s", gai_strerror(error));
        return str_from(out);
    case DIAL_BAD_ADDRESS:
        return error == ENAMETOOLONG ? STR("socket path empty or too long")
                                     : STR("no suitable address for this network");
    case DIAL_REFUSED:
        break;
    }
    snprintf(out, 160, "connect: %s", strerrordesc_np(error) ? strerrordesc_np(error) : "failed");
    return str_from(out);
}
