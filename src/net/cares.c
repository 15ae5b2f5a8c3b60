/* Questions of DNS by c-ares. Its sockets are watched by the loop; it is told when one of them is
 * ready, and when its time is over. */
#include "net/cares.h"

/* queries by the older calls, which all versions have */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "net/net_private.h"
#include "net/resolve.h"

enum { CLASS_IN = 1, TYPE_SRV = 33 }; /* RFC 1035, RFC 2782 */
enum {
    TRY_MS = 5000, /* Go's and resolv.conf's defaults */
    TRIES = 2,
    MOST_READS = 64, /* of one socket in a row */
};

struct cares_socket {
    struct watch watch;
    struct cares *cares;
    struct cares_socket *next;
};

struct cares {
    struct resolver public;
    struct loop *loop;
    ares_channel channel;
    struct cares_socket *sockets; /* owned */
    struct timer timer;
    struct question *answered, *running; /* owned; in no order */
    struct task deliver;
};

/* One question; c-ares cannot forget one, so a cancelled one lives until its answer. */
struct question {
    struct resolution public;
    struct question *next, **link;
    struct cares *cares;
    resolved_addresses *addresses_done; /* or */
    resolved_services *services_done;
    void *ctx;
    uint16_t port;
    bool cancelled;
    struct resolved addresses;
    struct services services;
};

static void move_to(struct question *question, struct question **list)
{
    if (question->link) {
        *question->link = question->next;
        if (question->next)
            question->next->link = question->link;
    }
    question->next = *list;
    question->link = list;
    if (question->next)
        question->next->link = &question->next;
    *list = question;
}

static void question_free(struct question *question)
{
    struct question *nowhere = NULL;
    move_to(question, &nowhere);
    free(question->services.at);
    free(question);
}

/* --- sockets and time --- */

static void start_timer(struct cares *cares)
{
    struct timeval left;
    if (!ares_timeout(cares->channel, NULL, &left)) {
        timer_stop(&cares->timer);
        return;
    }
    timer_start(cares->loop, &cares->timer,
                (int64_t)left.tv_sec * 1000000000 + (int64_t)left.tv_usec * 1000);
}

static void time_over(struct timer *timer)
{
    struct cares *cares = CONTAINER_OF(timer, struct cares, timer);
    ares_process_fd(cares->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    start_timer(cares);
}

static struct cares_socket **find_socket(struct cares *cares, int fd)
{
    struct cares_socket **link = &cares->sockets;
    while (*link && (*link)->watch.fd != fd)
        link = &(*link)->next;
    return link;
}

static void socket_ready(struct watch *watch, unsigned events)
{
    struct cares *cares = CONTAINER_OF(watch, struct cares_socket, watch)->cares;
    struct pollfd pollfd = {.fd = watch->fd, .events = POLLIN};
    int fd = watch->fd;
    bool may_read = events & (WATCH_READABLE | WATCH_HANGUP | WATCH_ERROR);
    bool may_write = events & (WATCH_WRITABLE | WATCH_ERROR);
    ares_process_fd(cares->channel, may_read ? fd : ARES_SOCKET_BAD,
                    may_write ? fd : ARES_SOCKET_BAD);
    /* the loop tells of what is new only, and c-ares may leave some of it */
    for (int i = 0; i < MOST_READS && may_read && *find_socket(cares, fd) &&
                    poll(&pollfd, 1, 0) > 0;
         i++)
        ares_process_fd(cares->channel, fd, ARES_SOCKET_BAD);
    start_timer(cares);
}

/* What c-ares wants to know of a socket; nothing: it is about to close it. */
static void socket_wanted(void *ctx, ares_socket_t fd, int reads, int writes)
{
    struct cares *cares = ctx;
    struct cares_socket **link = find_socket(cares, fd), *one = *link;
    if (!reads && !writes) {
        if (!one)
            return;
        *link = one->next;
        loop_unwatch(cares->loop, &one->watch);
        loop_free_later(cares->loop, one);
        return;
    }
    if (!one) {
        one = calloc(1, sizeof(*one));
        if (!one)
            abort();
        one->cares = cares;
        one->watch = (struct watch){.fd = fd, .ready = socket_ready};
        one->next = cares->sockets;
        cares->sockets = one;
    }
    (void)loop_watch(cares->loop, &one->watch); /* again: asks for what is ready by now */
}

/* --- answers --- */

static int error_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return 0;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
        return EAI_NONAME;
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
    case ARES_ESERVFAIL:
        return EAI_AGAIN;
    case ARES_ENOMEM:
        return EAI_MEMORY;
    default:
        return EAI_FAIL;
    }
}

static void answered(struct question *question)
{
    struct cares *cares = question->cares;
    move_to(question, &cares->answered);
    loop_defer(cares->loop, &cares->deliver);
}

static void deliver(struct task *task)
{
    struct cares *cares = CONTAINER_OF(task, struct cares, deliver);
    while (cares->answered) {
        struct question *question = cares->answered, *alone = NULL;
        move_to(question, &alone);
        if (question->cancelled)
            ;
        else if (question->services_done)
            question->services_done(question->ctx, &question->services);
        else
            question->addresses_done(question->ctx, &question->addresses);
        question_free(question);
    }
}

static void have_addresses(void *ctx, int status, int timeouts, struct ares_addrinfo *found)
{
    struct question *question = ctx;
    struct resolved *result = &question->addresses;
    (void)timeouts;
    for (struct ares_addrinfo_node *node = found ? found->nodes : NULL;
         node && result->n < RESOLVE_ADDRESSES; node = node->ai_next) {
        struct address address = address_from(node->ai_addr, (socklen_t)node->ai_addrlen);
        if (address.family == AF_INET)
            address.in.sin_port = htons(question->port);
        else if (address.family == AF_INET6)
            address.in6.sin6_port = htons(question->port);
        else
            continue;
        result->addresses[result->n++] = address;
    }
    if (result->n == 0)
        result->error = status == ARES_SUCCESS ? EAI_NONAME : error_of(status);
    ares_freeaddrinfo(found);
    answered(question);
}

/* As Go has it: a name that could not be one is left out. */
static bool is_domain_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= RESOLVE_NAME_BYTES - 1)
        return len == 0; /* the root: there is no such service */
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

static void have_services(void *ctx, int status, int timeouts, unsigned char *answer, int len)
{
    struct question *question = ctx;
    struct services *result = &question->services;
    struct ares_srv_reply *found = NULL;
    (void)timeouts;
    if (status == ARES_SUCCESS)
        status = ares_parse_srv_reply(answer, len, &found);
    result->at = found ? calloc(RESOLVE_SERVICES, sizeof(*result->at)) : NULL;
    for (struct ares_srv_reply *one = found; one && result->at && result->n < RESOLVE_SERVICES;
         one = one->next) {
        size_t host_len = strlen(one->host);
        if (host_len > 0 && one->host[host_len - 1] == '.')
            one->host[host_len - 1] = '\0';
        if (!is_domain_name(one->host))
            continue;
        struct service *service = &result->at[result->n++];
        service->priority = one->priority;
        service->weight = one->weight;
        service->port = one->port;
        memcpy(service->target, one->host, strlen(one->host) + 1);
    }
    if (result->n == 0)
        result->error = status == ARES_SUCCESS ? EAI_NONAME : error_of(status);
    if (found)
        ares_free_data(found);
    answered(question);
}

/* --- questions --- */

static void cancel(struct resolution *public)
{
    CONTAINER_OF(public, struct question, public)->cancelled = true;
}

/* <text> with a NUL behind it goes to <name>. */
static struct question *ask(struct cares *cares, struct str text, char name[RESOLVE_NAME_BYTES],
                            void *ctx)
{
    if (text.len >= RESOLVE_NAME_BYTES || memchr(text.ptr, '\0', text.len))
        return NULL;
    struct question *question = calloc(1, sizeof(*question));
    if (!question)
        return NULL;
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    question->public.cancel = cancel;
    question->cares = cares;
    question->ctx = ctx;
    move_to(question, &cares->running);
    return question;
}

static struct resolution *addresses(struct resolver *resolver, struct str host, uint16_t port,
                                    int family, resolved_addresses *done, void *ctx)
{
    struct cares *cares = CONTAINER_OF(resolver, struct cares, public);
    struct ares_addrinfo_hints hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    char name[RESOLVE_NAME_BYTES];
    struct question *question = ask(cares, host, name, ctx);
    if (!question)
        return NULL;
    question->addresses_done = done;
    question->port = port;
    ares_getaddrinfo(cares->channel, name, NULL, &hints, have_addresses, question);
    start_timer(cares);
    return &question->public;
}

static struct resolution *services(struct resolver *resolver, struct str host,
                                   resolved_services *done, void *ctx)
{
    struct cares *cares = CONTAINER_OF(resolver, struct cares, public);
    char name[RESOLVE_NAME_BYTES];
    struct question *question = ask(cares, host, name, ctx);
    if (!question)
        return NULL;
    question->services_done = done;
    ares_search(cares->channel, name, CLASS_IN, TYPE_SRV, have_services, question);
    start_timer(cares);
    return &question->public;
}

/* --- the channel --- */

static void close_cares(struct resolver *resolver)
{
    struct cares *cares = CONTAINER_OF(resolver, struct cares, public);
    ares_destroy(cares->channel);
    timer_remove(&cares->timer);
    loop_undefer(cares->loop, &cares->deliver);
    while (cares->answered)
        question_free(cares->answered);
    while (cares->running)
        question_free(cares->running);
    free(cares);
}

struct resolver *cares_open(struct loop *loop, const char *servers, bool uses_tcp)
{
    static bool is_ready; /* of the thread that opens */
    struct cares *cares = calloc(1, sizeof(*cares));
    if (!is_ready)
        is_ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
    if (!cares || !is_ready) {
        free(cares);
        return NULL;
    }
    struct ares_options options = {
        .flags = uses_tcp ? ARES_FLAG_USEVC : 0,
        .timeout = TRY_MS,
        .tries = TRIES,
        .sock_state_cb = socket_wanted,
        .sock_state_cb_data = cares,
    };
    int mask = ARES_OPT_SOCK_STATE_CB;
    if (uses_tcp)
        mask |= ARES_OPT_FLAGS;
    if (servers)
        mask |= ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_ROTATE;
    cares->public = (struct resolver){addresses, services, close_cares};
    cares->loop = loop;
    cares->timer.fire = time_over;
    cares->deliver.run = deliver;
    if (ares_init_options(&cares->channel, &options, mask) != ARES_SUCCESS) {
        free(cares);
        return NULL;
    }
    if (servers && ares_set_servers_ports_csv(cares->channel, servers) != ARES_SUCCESS) {
        close_cares(&cares->public);
        return NULL;
    }
    return &cares->public;
}
