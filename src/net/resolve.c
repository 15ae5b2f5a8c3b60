/* getaddrinfo in one helper thread, so that nsswitch and hosts files work and no loop waits. */
#include "net/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net_private.h"

struct system_resolution {
    struct resolution public;
    struct task task; /* posted back to the loop */
    struct system_resolution *next;
    struct loop *loop;
    resolved_addresses *done;
    void *ctx;
    int family;
    uint16_t port;
    bool cancelled; /* under lock */
    char host[RESOLVE_NAME_BYTES];
    struct resolved result;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static struct system_resolution *queue, **queue_end = &queue; /* under lock */
static bool running;

static void deliver(struct task *task)
{
    struct system_resolution *resolution = CONTAINER_OF(task, struct system_resolution, task);
    if (!resolution->cancelled)
        resolution->done(resolution->ctx, &resolution->result);
    free(resolution);
}

static void look_up(struct system_resolution *resolution)
{
    struct addrinfo hints = {.ai_family = resolution->family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[8];
    snprintf(service, sizeof(service), "%u", resolution->port);
    resolution->result.error = getaddrinfo(resolution->host, service, &hints, &found);
    for (struct addrinfo *one = found; one && resolution->result.n < RESOLVE_ADDRESSES;
         one = one->ai_next)
        if (one->ai_family == AF_INET || one->ai_family == AF_INET6)
            resolution->result.addresses[resolution->result.n++] =
                address_from(one->ai_addr, one->ai_addrlen);
    if (found)
        freeaddrinfo(found);
    if (resolution->result.n == 0 && resolution->result.error == 0)
        resolution->result.error = EAI_NONAME;
}

static void *helper(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (!queue)
            pthread_cond_wait(&wanted, &lock);
        struct system_resolution *resolution = queue;
        queue = resolution->next;
        if (!queue)
            queue_end = &queue;
        bool cancelled = resolution->cancelled;
        if (!cancelled) {
            pthread_mutex_unlock(&lock);
            look_up(resolution);
            pthread_mutex_lock(&lock);
            cancelled = resolution->cancelled;
        }
        if (cancelled)
            free(resolution);
        else
            loop_post(resolution->loop, &resolution->task);
    }
    return NULL;
}

static void start_helper(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    running = pthread_create(&thread, &attributes, helper, NULL) == 0;
    pthread_attr_destroy(&attributes);
}

static void cancel(struct resolution *public)
{
    pthread_mutex_lock(&lock);
    CONTAINER_OF(public, struct system_resolution, public)->cancelled = true;
    pthread_mutex_unlock(&lock);
}

struct resolution *resolve_start(struct loop *loop, struct resolver *resolver, struct str host,
                                 uint16_t port, int family, resolved_addresses *done, void *ctx)
{
    if (resolver)
        return resolver->addresses(resolver, host, port, family, done, ctx);
    struct system_resolution *resolution = calloc(1, sizeof(*resolution));
    if (!resolution || host.len >= sizeof(resolution->host) ||
        memchr(host.ptr, '\0', host.len)) {
        free(resolution);
        return NULL;
    }
    resolution->public.cancel = cancel;
    resolution->task.run = deliver;
    resolution->loop = loop;
    resolution->done = done;
    resolution->ctx = ctx;
    resolution->family = family;
    resolution->port = port;
    memcpy(resolution->host, host.ptr, host.len);
    pthread_mutex_lock(&lock);
    if (!running)
        start_helper();
    *queue_end = resolution;
    queue_end = &resolution->next;
    pthread_cond_signal(&wanted);
    pthread_mutex_unlock(&lock);
    return &resolution->public;
}

void resolve_cancel(struct resolution *resolution)
{
    resolution->cancel(resolution);
}
