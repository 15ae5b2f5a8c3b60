/* Upstreams that are found by look-ups while requests come. Each worker has its own answers; an
 * answer is used until it is too old, then the next request asks again and waits, together with all
 * that come meanwhile. */
#include "proxy/sources.h"

#include <netdb.h>
#include <stdlib.h>

#include "net/loop.h"
#include "net/resolve.h"
#include "proxy/hosts.h"
#include "proxy/log.h"
#include "proxy/template.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

struct found_upstream {
    struct backend backend;
    unsigned holders; /* answers and runs of this worker */
    struct destination where;
    struct str problem;            /* why it is nowhere; empty: all is well */
    struct http_pool *connections; /* held; NULL before they are needed */
    struct arena text;
};

/* What a source has under one name. */
struct finding {
    struct finding *next; /* in the source's list */
    struct worker *worker;
    const struct dt_source *source;
    struct str name;
    struct str port;           /* A: what goes behind addresses */
    const struct backend **at; /* owned; held */
    uint32_t n;
    int64_t fresh_until_ns;
    bool was_found;               /* and not forgotten since */
    struct resolution *question;  /* while it is being asked */
    struct source_wait *waiting;  /* for the answer */
    struct source_wait *to_tell;  /* of those who waited when it came */
    bool is_telling;
    struct arena text;
};

enum { MOST_FINDINGS = 100 }; /* Caddy's limit, of all sources together */

struct sources {
    struct worker *worker;
    struct finding **findings; /* of sources */
    unsigned *n_findings;
};

/* --- upstreams --- */

void found_hold(struct found_upstream *found)
{
    found->holders++;
}

void found_release(struct worker *worker, struct found_upstream *found)
{
    if (--found->holders > 0)
        return;
    if (found->connections)
        http_pool_release(found->connections);
    hosts_release(found->backend.state, loop_now_ns(worker->loop));
    arena_free(&found->text);
    loop_free_later(worker->loop, found);
}

bool found_resolve(const struct found_upstream *found, struct arena *arena,
                   struct destination *out, struct str *problem)
{
    out->address = str_dup(arena, found->where.address);
    out->hostport = str_dup(arena, found->where.hostport);
    out->host = str_dup(arena, found->where.host);
    out->port = found->where.port;
    out->target = found->where.target;
    *problem = str_dup(arena, found->problem);
    return found->problem.len == 0;
}

struct http_pool **found_connections(struct found_upstream *found)
{
    return &found->connections;
}

/* The one the old answer has under this dial string, or a new one; held. NULL: there are too many. */
static struct found_upstream *found_for(struct finding *finding, struct str dial)
{
    struct worker *worker = finding->worker;
    for (uint32_t i = 0; i < finding->n; i++)
        if (str_eq(finding->at[i]->dial, dial)) {
            found_hold(finding->at[i]->found);
            return finding->at[i]->found;
        }
    struct upstream_state *state =
        hosts_take(worker->core->hosts, dial, loop_now_ns(worker->loop));
    if (!state)
        return NULL;
    struct found_upstream *found = calloc(1, sizeof(*found));
    if (!found)
        abort();
    found->holders = 1;
    found->backend = (struct backend){
        .dial = str_dup(&found->text, dial),
        .state = state,
        .found = found,
        .row = DT_NONE,
    };
    (void)upstream_parse_dial(&found->text, found->backend.dial, &found->where, &found->problem);
    return found;
}

/* --- answers --- */

static void forget(struct finding *finding)
{
    for (uint32_t i = 0; i < finding->n; i++)
        found_release(finding->worker, finding->at[i]->found);
    free(finding->at);
    finding->at = NULL;
    finding->n = 0;
    finding->was_found = false;
    finding->fresh_until_ns = 0;
}

static const struct dt_pool *pool_of(const struct finding *finding)
{
    const struct dt_tables *tables = finding->worker->core->tables;
    uint32_t row = (uint32_t)(finding->source - tables->sources);
    for (uint32_t i = 0; i < tables->n_pools; i++)
        if (row - tables->pools[i].sources.first < tables->pools[i].sources.n)
            return &tables->pools[i];
    return NULL;
}

/* A new answer takes the old one's place. */
static void replace(struct finding *finding, const struct str *dials, uint32_t n)
{
    const struct backend **at = calloc(n + 1, sizeof(*at));
    uint32_t n_found = 0, max_requests = pool_of(finding)->max_requests;
    if (!at)
        abort();
    for (uint32_t i = 0; i < n; i++) {
        struct found_upstream *found = found_for(finding, dials[i]);
        if (!found)
            continue;
        found->backend.max_requests = max_requests;
        at[n_found++] = &found->backend;
    }
    forget(finding);
    finding->at = at;
    finding->n = n_found;
    finding->was_found = true;
    finding->fresh_until_ns =
        loop_now_ns(finding->worker->loop) + finding->source->refresh_ns;
}

/* "host:port" as Go joins them. */
static struct str join(struct arena *arena, struct str host, struct str port)
{
    bool is_v6 = memchr(host.ptr, ':', host.len) != NULL;
    return str_printf(arena, is_v6 ? "[" STR_FMT "]:" STR_FMT : STR_FMT ":" STR_FMT, STR_ARG(host),
                      STR_ARG(port));
}

static void tell(struct finding *finding, int error);

static void have_addresses(void *ctx, const struct resolved *result)
{
    struct finding *finding = ctx;
    struct arena text = ARENA_INIT;
    struct str dials[RESOLVE_ADDRESSES];
    char host[ADDRESS_TEXT_BYTES];
    finding->question = NULL;
    for (unsigned i = 0; i < result->n; i++) {
        size_t len = address_host(&result->addresses[i], false, host);
        dials[i] = join(&text, str_make(host, len), finding->port);
    }
    if (result->n > 0)
        replace(finding, dials, result->n);
    arena_free(&text);
    tell(finding, result->n > 0 ? 0 : result->error);
}

/* RFC 2782: by priority; those of one priority by chance, which their weights change. */
static void sort_services(struct worker *worker, struct services *services)
{
    struct service *at = services->at;
    for (unsigned i = 1; i < services->n; i++) {
        struct service one = at[i];
        unsigned k = i;
        for (; k > 0 && (at[k - 1].priority > one.priority ||
                         (at[k - 1].priority == one.priority && at[k - 1].weight > one.weight));
             k--)
            at[k] = at[k - 1];
        at[k] = one;
    }
    for (unsigned first = 0; first < services->n; first++) {
        uint32_t sum = 0, passed = 0;
        unsigned end = first;
        for (; end < services->n && at[end].priority == at[first].priority; end++)
            sum += at[end].weight;
        if (sum == 0)
            continue; /* in the order they have */
        uint32_t drawn = worker_random(worker, sum);
        for (unsigned i = first; i < end; i++) {
            passed += at[i].weight;
            if (passed <= drawn)
                continue;
            struct service chosen = at[i];
            memmove(&at[first + 1], &at[first], (i - first) * sizeof(*at));
            at[first] = chosen;
            break;
        }
    }
}

/* The field of a line that says why a name was not found. */
static struct log_pair lookup_error(struct arena *arena, int error)
{
    struct str text = str_printf(arena, "lookup: %s", gai_strerror(error));
    return (struct log_pair){STR("error"), LOG_TEXT_OF(text)};
}

static void have_services(void *ctx, struct services *result)
{
    struct finding *finding = ctx;
    struct worker *worker = finding->worker;
    struct str network = table_text(worker->core->tables, finding->source->network);
    struct arena text = ARENA_INIT;
    struct str dials[RESOLVE_SERVICES];
    int error = result->error;
    finding->question = NULL;
    sort_services(worker, result);
    for (unsigned i = 0; i < result->n; i++) {
        struct str port = str_printf(&text, "%u", result->at[i].port);
        /* Go: names of DNS end in its root */
        struct str host = str_printf(&text, "%s.", result->at[i].target);
        dials[i] = join(&text, host, port);
        if (network.len > 0)
            dials[i] = str_printf(&text, STR_FMT "/" STR_FMT, STR_ARG(network), STR_ARG(dials[i]));
    }
    if (result->n > 0) {
        replace(finding, dials, result->n);
    } else if (finding->source->grace_period_ns > 0) {
        error = 0; /* Caddy: as if there was what there is, be it nothing */
        finding->fresh_until_ns = loop_now_ns(worker->loop) + finding->source->grace_period_ns;
        const struct log_pair field = lookup_error(&text, result->error);
        log_line(worker->core, worker, DT_LOG_ERROR, STR("http.reverse_proxy.upstreams.srv"),
                 STR("SRV lookup failed; using previously cached"), &field, 1);
    }
    arena_free(&text);
    tell(finding, error);
}

/* --- questions --- */

/* False where it could not be asked. */
static bool ask(struct finding *finding)
{
    static const int families[] = {[4] = AF_INET, [6] = AF_INET6};
    struct worker *worker = finding->worker;
    const struct dt_source *source = finding->source;
    struct resolver *resolver = worker_resolver(worker, source->resolver);
    if (finding->question)
        return true;
    if (source->kind == DT_SOURCE_A) {
        int family = source->families ? families[source->families] : AF_UNSPEC;
        finding->question =
            resolve_start(worker->loop, resolver, finding->name, 0, family, have_addresses, finding);
    } else {
        if (!resolver)
            resolver = worker->resolvers[worker->core->tables->n_resolvers];
        finding->question = resolver->services(resolver, finding->name, have_services, finding);
    }
    return finding->question != NULL;
}

static void wait_for(struct source_wait *wait, struct finding *finding)
{
    wait->finding = finding;
    wait->next = finding->waiting;
    wait->link = &finding->waiting;
    if (wait->next)
        wait->next->link = &wait->next;
    finding->waiting = wait;
}

static void stop_waiting(struct source_wait *wait)
{
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    wait->finding = NULL;
}

/* --- findings --- */

static void finding_free(struct finding *finding)
{
    if (finding->question)
        resolve_cancel(finding->question);
    forget(finding);
    arena_free(&finding->text);
    free(finding);
}

/* Makes room by dropping the oldest that nobody waits for. */
static bool drop_one(struct sources *sources, uint32_t row)
{
    struct finding **oldest = NULL;
    for (struct finding **link = &sources->findings[row]; *link; link = &(*link)->next)
        if (!(*link)->question && !(*link)->waiting && !(*link)->is_telling)
            oldest = link;
    if (!oldest)
        return false;
    struct finding *finding = *oldest;
    *oldest = finding->next;
    finding_free(finding);
    sources->n_findings[row]--;
    return true;
}

/* What the row has under the names that the request gives; NULL: there are too many. */
static struct finding *finding_for(struct proxying *proxying, uint32_t row)
{
    struct transaction *tx = proxying->tx;
    struct sources *sources = tx->worker->sources;
    const struct dt_source *source = &tx->tables->sources[row];
    struct str name = template_expand(tx, source->name);
    struct str port = template_expand(tx, source->port);
    if (source->service != DT_NONE) {
        struct str service = template_expand(tx, source->service);
        struct str proto = template_expand(tx, source->proto);
        name = str_printf(tx->arena, "_" STR_FMT "._" STR_FMT "." STR_FMT, STR_ARG(service),
                          STR_ARG(proto), STR_ARG(name));
    }
    struct finding *finding = sources->findings[row];
    while (finding && !(str_eq(finding->name, name) && str_eq(finding->port, port)))
        finding = finding->next;
    if (finding)
        return finding;
    if (sources->n_findings[row] >= MOST_FINDINGS && !drop_one(sources, row))
        return NULL;
    finding = calloc(1, sizeof(*finding));
    if (!finding)
        abort();
    finding->worker = tx->worker;
    finding->source = source;
    finding->name = str_dup(&finding->text, name);
    finding->port = str_dup(&finding->text, port);
    finding->next = sources->findings[row];
    sources->findings[row] = finding;
    sources->n_findings[row]++;
    return finding;
}

/* --- runs --- */

static void take(struct proxying *proxying, const struct finding *finding)
{
    struct source_wait *wait = &proxying->wait;
    if (!proxying->pool->merges_sources) {
        proxying->candidates = finding->at;
        proxying->n_candidates = finding->n;
        return;
    }
    const struct backend **merged = arena_array(proxying->tx->arena, const struct backend *,
                                                wait->n_merged + finding->n);
    for (uint32_t i = 0; i < wait->n_merged; i++)
        merged[i] = wait->merged[i];
    for (uint32_t i = 0; i < finding->n; i++) {
        merged[wait->n_merged + i] = finding->at[i];
        found_hold(finding->at[i]->found); /* other sources may be waited for */
    }
    wait->merged = merged;
    wait->n_merged += finding->n;
}

/* Caddy: a source alone gives way to the upstreams that are named, one of several to the others. */
static void do_without(struct proxying *proxying, int error)
{
    struct transaction *tx = proxying->tx;
    bool is_alone = !proxying->pool->merges_sources;
    const struct log_pair field = lookup_error(tx->arena, error);
    log_line(tx->core, tx->worker, DT_LOG_ERROR,
             is_alone ? STR("http.handlers.reverse_proxy")
                      : STR("http.reverse_proxy.upstreams.multi"),
             is_alone ? STR("failed getting dynamic upstreams; falling back to static upstreams")
                      : STR("upstream source returned error"),
             &field, 1);
    if (!is_alone)
        return;
    proxying->candidates = tx->core->backends + proxying->pool->upstreams.first;
    proxying->n_candidates = proxying->pool->upstreams.n;
}

static void drop_merged(struct proxying *proxying)
{
    struct source_wait *wait = &proxying->wait;
    for (uint32_t i = 0; i < wait->n_merged; i++)
        found_release(proxying->tx->worker, wait->merged[i]->found);
    wait->n_merged = 0;
}

/* Goes through the sources that are left; false where it has to wait for one. */
static bool collect(struct proxying *proxying)
{
    struct source_wait *wait = &proxying->wait;
    const struct dt_pool *pool = proxying->pool;
    int64_t now_ns = loop_now_ns(proxying->tx->worker->loop);
    for (; wait->at < pool->sources.n; wait->at++) {
        struct finding *finding = finding_for(proxying, pool->sources.first + wait->at);
        if (finding && finding->was_found && !finding->question && now_ns < finding->fresh_until_ns) {
            take(proxying, finding);
        } else if (!finding || !ask(finding)) {
            do_without(proxying, finding ? EAI_NONAME : EAI_AGAIN);
        } else {
            wait_for(wait, finding);
            return false;
        }
    }
    if (pool->merges_sources) {
        proxying->candidates = wait->merged;
        proxying->n_candidates = wait->n_merged;
    }
    return true;
}

/* Those who waited when the answer came go on; each may do anything, also ask again. */
static void tell(struct finding *finding, int error)
{
    finding->to_tell = finding->waiting;
    finding->waiting = NULL;
    if (finding->to_tell)
        finding->to_tell->link = &finding->to_tell;
    finding->is_telling = true;
    while (finding->to_tell) {
        struct source_wait *wait = finding->to_tell;
        struct proxying *proxying =
            (struct proxying *)((char *)wait - offsetof(struct proxying, wait));
        stop_waiting(wait);
        if (error)
            do_without(proxying, error);
        else
            take(proxying, finding);
        wait->at++;
        if (collect(proxying))
            proxying_found(proxying);
    }
    finding->is_telling = false;
}

void sources_cancel(struct proxying *proxying)
{
    if (proxying->wait.finding)
        stop_waiting(&proxying->wait);
    drop_merged(proxying);
}

bool sources_find(struct proxying *proxying)
{
    const struct dt_pool *pool = proxying->pool;
    drop_merged(proxying);
    proxying->wait = (struct source_wait){0};
    if (proxying->retries > 0 && !pool->merges_sources &&
        proxying->tx->tables->sources[pool->sources.first].kind == DT_SOURCE_SRV) {
        /* Caddy: after a failure the name is looked up again */
        struct finding *finding = finding_for(proxying, pool->sources.first);
        if (finding && !finding->question)
            forget(finding);
    }
    return collect(proxying);
}

/* --- the worker's --- */

struct sources *sources_open(struct worker *worker)
{
    uint32_t n = worker->core->tables->n_sources;
    if (n == 0)
        return NULL;
    struct sources *sources = calloc(1, sizeof(*sources));
    if (!sources)
        abort();
    sources->worker = worker;
    sources->findings = calloc(n, sizeof(*sources->findings));
    sources->n_findings = calloc(n, sizeof(*sources->n_findings));
    if (!sources->findings || !sources->n_findings)
        abort();
    return sources;
}

void sources_close(struct sources *sources)
{
    if (!sources)
        return;
    for (uint32_t i = 0; i < sources->worker->core->tables->n_sources; i++)
        while (sources->findings[i]) {
            struct finding *finding = sources->findings[i];
            sources->findings[i] = finding->next;
            finding_free(finding);
        }
    free(sources->findings);
    free(sources->n_findings);
    free(sources);
}
