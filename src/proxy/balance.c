/* Selection policies: which upstream gets the next attempt. Unavailable ones (down or full) are
 * passed over by all. The table of policies is at the end. */

#include "proxy/balance.h"

#include "proxy/digest.h"
#include "proxy/template.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

typedef uint32_t policy_function(struct proxying *proxying, const struct dt_policy *policy);

static uint32_t choose(struct proxying *proxying, uint32_t policy);

static bool is_available(const struct proxying *proxying, uint32_t i)
{
    return upstream_is_available(proxying->pool, proxying->candidates[i]);
}

static uint32_t requests_of(const struct proxying *proxying, uint32_t i)
{
    return proxying->candidates[i]->state->requests;
}

/* --- without a key --- */

static uint32_t choose_random(struct proxying *proxying, const struct dt_policy *policy)
{
    uint32_t best = DT_NONE, n_available = 0;
    (void)policy;
    for (uint32_t i = 0; i < proxying->n_candidates; i++) {
        if (!is_available(proxying, i))
            continue;
        n_available++;
        if (n_available == 1 || worker_random(proxying->tx->worker, n_available) == 0)
            best = i;
    }
    return best;
}

enum { MAX_CHOICES = 64 };

/* Samples some of the available ones; of these the one with the fewest requests. */
static uint32_t choose_of_some(struct proxying *proxying, const struct dt_policy *policy)
{
    uint32_t sample[MAX_CHOICES], n = 0, n_available = 0, best = DT_NONE, n_equal = 0;
    uint32_t wanted = policy->choose < MAX_CHOICES ? policy->choose : MAX_CHOICES;
    struct worker *worker = proxying->tx->worker;
    for (uint32_t i = 0; i < proxying->n_candidates; i++) {
        if (!is_available(proxying, i))
            continue;
        n_available++;
        if (n < wanted) {
            sample[n++] = i;
            continue;
        }
        uint32_t at = worker_random(worker, n_available);
        if (at < wanted)
            sample[at] = i;
    }
    for (uint32_t k = 0; k < n; k++) {
        uint32_t requests = requests_of(proxying, sample[k]);
        if (best == DT_NONE || requests < requests_of(proxying, best))
            n_equal = 0;
        else if (requests > requests_of(proxying, best))
            continue;
        if (worker_random(worker, ++n_equal) == 0)
            best = sample[k];
    }
    return best;
}

static uint32_t choose_least_requests(struct proxying *proxying, const struct dt_policy *policy)
{
    uint32_t best = DT_NONE, fewest = 0, n_equal = 0;
    (void)policy;
    for (uint32_t i = 0; i < proxying->n_candidates; i++) {
        if (!is_available(proxying, i))
            continue;
        uint32_t requests = requests_of(proxying, i);
        if (best == DT_NONE || requests < fewest) {
            fewest = requests;
            n_equal = 0;
        }
        if (requests == fewest && worker_random(proxying->tx->worker, ++n_equal) == 0)
            best = i;
    }
    return best;
}

static uint32_t next_robin(struct proxying *proxying)
{
    return atomic_fetch_add(&proxying->tx->core->pools[proxying->pool_row].robin, 1) + 1;
}

/* The counter starts at 1, as Caddy's does. */
static uint32_t choose_round_robin(struct proxying *proxying, const struct dt_policy *policy)
{
    uint32_t n = proxying->n_candidates;
    (void)policy;
    for (uint32_t tries = 0; tries < n; tries++) {
        uint32_t i = next_robin(proxying) % n;
        if (is_available(proxying, i))
            return i;
    }
    return DT_NONE;
}

/* Caddy: the turn falls on a weight above 0; its number counts among the available upstreams. */
static uint32_t choose_weighted(struct proxying *proxying, const struct dt_policy *policy)
{
    const struct dt_number *weights = &proxying->tx->tables->numbers[policy->weights.first];
    uint32_t n = proxying->n_candidates, total = 0, n_weights = 0, turn = 0, n_available = 0;
    if (policy->weights.n < 2)
        return n ? 0 : DT_NONE;
    for (uint32_t i = 0; i < policy->weights.n; i++) {
        total += weights[i].value;
        n_weights += weights[i].value > 0;
    }
    uint32_t current = next_robin(proxying) % (total ? total : 1), sum = 0;
    for (uint32_t i = 0, k = 0; i < policy->weights.n; i++) {
        if (weights[i].value == 0)
            continue;
        sum += weights[i].value;
        if (current < sum) {
            turn = k;
            break;
        }
        k++;
    }
    for (int pass = 0; pass < 2; pass++) {
        uint32_t seen = 0;
        for (uint32_t i = 0; i < n && i < policy->weights.n && seen < n_weights; i++) {
            if (weights[i].value == 0 || !is_available(proxying, i))
                continue;
            if (pass == 1 && seen == turn % n_available)
                return i;
            seen++;
        }
        if (seen == 0)
            return DT_NONE;
        n_available = seen;
    }
    return DT_NONE;
}

static uint32_t choose_first(struct proxying *proxying, const struct dt_policy *policy)
{
    (void)policy;
    for (uint32_t i = 0; i < proxying->n_candidates; i++)
        if (is_available(proxying, i))
            return i;
    return DT_NONE;
}

/* --- by a key: rendezvous hashing --- */

static uint32_t choose_by_hash(struct proxying *proxying, struct str key)
{
    uint32_t best = DT_NONE;
    uint64_t highest = 0;
    for (uint32_t i = 0; i < proxying->n_candidates; i++) {
        if (!is_available(proxying, i))
            continue;
        uint64_t hash = digest_xxh64(proxying->candidates[i]->dial, key);
        if (hash > highest) {
            highest = hash;
            best = i;
        }
    }
    return best;
}

static uint32_t choose_by_peer(struct proxying *proxying, const struct dt_policy *policy)
{
    (void)policy;
    return choose_by_hash(proxying, transaction_peer(proxying->tx));
}

static uint32_t choose_by_client(struct proxying *proxying, const struct dt_policy *policy)
{
    (void)policy;
    return choose_by_hash(proxying, transaction_client_ip(proxying->tx));
}

static uint32_t choose_by_uri(struct proxying *proxying, const struct dt_policy *policy)
{
    (void)policy;
    return choose_by_hash(proxying, proxying->uri);
}

static uint32_t choose_by_query(struct proxying *proxying, const struct dt_policy *policy)
{
    struct transaction *tx = proxying->tx;
    struct dt_part part = {.kind = DT_PART_QUERY_VALUE, .text = policy->key};
    struct str value = {0};
    template_value(tx, &part, &value);
    return value.len ? choose_by_hash(proxying, value) : choose(proxying, policy->fallback);
}

static uint32_t choose_by_header(struct proxying *proxying, const struct dt_policy *policy)
{
    const struct core *core = proxying->tx->core;
    struct str value = {0};
    if (core->header_ids[policy->number] == HEADER_HOST)
        value = proxying->host;
    for (uint32_t i = 0; value.len == 0 && i < proxying->prepared.n; i++)
        if (field_is(core, &proxying->prepared.at[i], policy->number)) {
            value = proxying->prepared.at[i].value;
            break;
        }
    return value.len ? choose_by_hash(proxying, value) : choose(proxying, policy->fallback);
}

/* --- by a cookie --- */

static bool is_https_for_client(struct transaction *tx)
{
    if (http_connection_is_tls(tx->request->connection))
        return true;
    transaction_client_ip(tx);
    struct str proto = {0};
    for (uint32_t i = 0; tx->is_from_trusted_proxy && i < tx->headers.n; i++)
        if (tx->headers.at[i].id == HEADER_X_FORWARDED_PROTO)
            proto = tx->headers.at[i].value;
    return str_eq(proto, STR("https"));
}

static void set_cookie(struct proxying *proxying, const struct dt_policy *policy, struct str value)
{
    struct transaction *tx = proxying->tx;
    struct strbuf out = strbuf_in(tx->arena);
    strbuf_add(&out, table_text(tx->tables, policy->key));
    strbuf_add_char(&out, '=');
    strbuf_add(&out, value);
    strbuf_puts(&out, "; Path=/");
    if (policy->max_age_ns >= 1000000000)
        strbuf_printf(&out, "; Max-Age=%lld", (long long)(policy->max_age_ns / 1000000000));
    strbuf_puts(&out, is_https_for_client(tx) ? "; HttpOnly; Secure; SameSite=None"
                                              : "; HttpOnly; SameSite=Lax");
    headers_add(&tx->response, HEADER_SET_COOKIE, strbuf_str(&out));
}

static struct str cookie_for(struct proxying *proxying, const struct dt_policy *policy, uint32_t i)
{
    const struct dt_tables *tables = proxying->tx->tables;
    char *hex = arena_alloc(proxying->tx->arena, DIGEST_HEX_BYTES);
    digest_hmac_sha256_hex(table_text(tables, policy->secret), proxying->candidates[i]->dial, hex);
    return str_make(hex, DIGEST_HEX_BYTES);
}

static uint32_t choose_by_cookie(struct proxying *proxying, const struct dt_policy *policy)
{
    struct dt_part part = {.kind = DT_PART_COOKIE, .text = policy->key};
    struct str value = {0};
    template_value(proxying->tx, &part, &value);
    for (uint32_t i = 0; value.len > 0 && i < proxying->n_candidates; i++)
        if (is_available(proxying, i) && str_eq(cookie_for(proxying, policy, i), value))
            return i;
    uint32_t chosen = choose(proxying, policy->fallback);
    if (chosen != DT_NONE)
        set_cookie(proxying, policy, cookie_for(proxying, policy, chosen));
    return chosen;
}

/* --- the table --- */

static policy_function *const policies[DT_N_POLICY_KINDS] = {
    [DT_POLICY_RANDOM] = choose_random,
    [DT_POLICY_RANDOM_CHOOSE] = choose_of_some,
    [DT_POLICY_LEAST_CONN] = choose_least_requests,
    [DT_POLICY_ROUND_ROBIN] = choose_round_robin,
    [DT_POLICY_WEIGHTED_ROUND_ROBIN] = choose_weighted,
    [DT_POLICY_FIRST] = choose_first,
    [DT_POLICY_IP_HASH] = choose_by_peer,
    [DT_POLICY_CLIENT_IP_HASH] = choose_by_client,
    [DT_POLICY_URI_HASH] = choose_by_uri,
    [DT_POLICY_QUERY] = choose_by_query,
    [DT_POLICY_HEADER] = choose_by_header,
    [DT_POLICY_COOKIE] = choose_by_cookie,
};

/* The chosen one's place in the pool. */
static uint32_t choose(struct proxying *proxying, uint32_t policy)
{
    if (policy == DT_NONE)
        return choose_random(proxying, NULL);
    const struct dt_policy *row = &proxying->tx->tables->policies[policy];
    return policies[row->kind](proxying, row);
}

static bool takes_any(const struct proxying *proxying)
{
    uint32_t policy = proxying->pool->policy;
    return policy == DT_NONE || proxying->tx->tables->policies[policy].kind == DT_POLICY_RANDOM;
}

const struct backend *balance_choose(struct proxying *proxying)
{
    if (proxying->n_candidates == 1 && takes_any(proxying)) /* the usual pool */
        return is_available(proxying, 0) ? proxying->candidates[0] : NULL;
    uint32_t i = choose(proxying, proxying->pool->policy);
    return i == DT_NONE ? NULL : proxying->candidates[i];
}

uint32_t balance_find_unknown(const struct dt_tables *tables)
{
    for (uint32_t i = 0; i < tables->n_policies; i++) {
        uint32_t kind = tables->policies[i].kind;
        if (kind >= DT_N_POLICY_KINDS || !policies[kind])
            return i;
    }
    return DT_NONE;
}
