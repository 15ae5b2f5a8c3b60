/* Counters by dial string. The lock is taken when an answer of a look-up comes, not for requests. */
#include "proxy/hosts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/core.h"

enum { BUCKETS = 1024, MOST_HOSTS = 65536 };
static const int64_t HOUR_NS = 3600 * (int64_t)1000000000;

struct host {
    struct upstream_state state;
    struct host *next;        /* in its bucket; under the lock */
    _Atomic uint32_t holders; /* 0 becomes 1 under the lock only */
    _Atomic int64_t seen_ns;  /* when it was last given back */
    size_t dial_len;
    char dial[];
};

struct hosts {
    pthread_mutex_t lock;
    struct host *buckets[BUCKETS];
    size_t n;
    int64_t swept_ns;
};

static struct host *host_of(struct upstream_state *state)
{
    return (struct host *)((char *)state - offsetof(struct host, state));
}

struct hosts *hosts_new(void)
{
    struct hosts *hosts = calloc(1, sizeof(*hosts));
    if (!hosts)
        abort();
    pthread_mutex_init(&hosts->lock, NULL);
    return hosts;
}

/* Forgets what nobody has held since <before_ns>. */
static void sweep(struct hosts *hosts, int64_t before_ns)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct host **link = &hosts->buckets[i]; *link;) {
            struct host *host = *link;
            if (atomic_load(&host->holders) || atomic_load(&host->seen_ns) >= before_ns) {
                link = &host->next;
                continue;
            }
            *link = host->next;
            free(host);
            hosts->n--;
        }
    }
}

void hosts_free(struct hosts *hosts)
{
    if (!hosts)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (hosts->buckets[i]) {
            struct host *host = hosts->buckets[i];
            hosts->buckets[i] = host->next;
            free(host);
        }
    pthread_mutex_destroy(&hosts->lock);
    free(hosts);
}

static struct host *add(struct hosts *hosts, struct host **bucket, struct str dial)
{
    size_t size = (sizeof(struct host) + dial.len + 63) / 64 * 64;
    struct host *host = aligned_alloc(64, size);
    if (!host)
        abort();
    memset(host, 0, size);
    host->dial_len = dial.len;
    memcpy(host->dial, dial.ptr, dial.len);
    host->next = *bucket;
    *bucket = host;
    hosts->n++;
    return host;
}

struct upstream_state *hosts_take(struct hosts *hosts, struct str dial, int64_t now_ns)
{
    struct host **bucket = &hosts->buckets[dt_hash(dial.ptr, (uint32_t)dial.len) % BUCKETS];
    pthread_mutex_lock(&hosts->lock);
    struct host *host = *bucket;
    while (host && !str_eq(str_make(host->dial, host->dial_len), dial))
        host = host->next;
    if (!host) {
        if (now_ns - hosts->swept_ns > HOUR_NS || hosts->n >= MOST_HOSTS) {
            sweep(hosts, hosts->n >= MOST_HOSTS ? now_ns : now_ns - HOUR_NS);
            hosts->swept_ns = now_ns;
        }
        if (hosts->n < MOST_HOSTS)
            host = add(hosts, bucket, dial);
    }
    if (host)
        atomic_fetch_add(&host->holders, 1);
    pthread_mutex_unlock(&hosts->lock);
    return host ? &host->state : NULL;
}

void hosts_hold(struct upstream_state *state)
{
    atomic_fetch_add(&host_of(state)->holders, 1);
}

void hosts_release(struct upstream_state *state, int64_t now_ns)
{
    struct host *host = host_of(state);
    atomic_store(&host->seen_ns, now_ns);
    atomic_fetch_sub(&host->holders, 1);
}
