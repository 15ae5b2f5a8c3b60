/* The choice for a handshake: the first connection policy that fits, and the certificate that Caddy
 * would take. */
#include <time.h>

#include "http/server.h"
#include "proxy/certificates.h"
#include "proxy/match.h"
#include "proxy/regexp.h"
#include "proxy/tls_state.h"

enum { MAX_NAME = 256 };

/* --- names --- */

/* The pattern's first labels may be stars, each for one label (CertMagic's MatchWildcard). */
static bool name_fits(struct str pattern, struct str name)
{
    struct str want, got;
    if (str_eq_nocase(pattern, name))
        return true;
    while (str_has_prefix(pattern, STR("*"))) {
        bool more_wanted = str_cut(pattern, STR("."), &want, &pattern);
        bool more = str_cut(name, STR("."), &got, &name);
        if (want.len != 1 || more != more_wanted)
            return false;
        if (!more)
            return true;
        if (str_eq_nocase(pattern, name))
            return true;
    }
    return false;
}

static bool sni_fits(const struct dt_tables *tables, struct dt_range patterns, struct str name)
{
    for (uint32_t i = 0; i < patterns.n; i++) {
        struct dt_text text = tables->host_patterns[patterns.first + i].text;
        if (name_fits(table_text(tables, text), name))
            return true;
    }
    return patterns.n == 0;
}

/* --- policies --- */

static struct address local_address(const struct tls_hello *hello)
{
    return http_connection_local(http_connection_of(hello->stream));
}

static bool policy_fits(const struct core *core, const struct dt_connection_policy *policy,
                        const struct tls_hello *hello)
{
    const struct dt_tables *tables = core->tables;
    struct str no_zone = {0};
    if (!sni_fits(tables, policy->sni, hello->server_name))
        return false;
    if (policy->sni_regexp != DT_NONE &&
        !regexp_matches(core, policy->sni_regexp, hello->server_name))
        return false;
    if (policy->remote_ranges.n > 0 &&
        !match_address(tables, policy->remote_ranges, hello->peer, no_zone))
        return false;
    if (policy->remote_not_ranges.n > 0 &&
        match_address(tables, policy->remote_not_ranges, hello->peer, no_zone))
        return false;
    if (policy->local_ranges.n == 0)
        return true;
    struct address local = local_address(hello);
    return match_address(tables, policy->local_ranges, &local, no_zone);
}

/* The row of connection_policies; DT_NONE where none is for the client. */
static uint32_t find_policy(const struct server_tls *tls, const struct tls_hello *hello)
{
    const struct dt_tables *tables = tls->core->tables;
    struct dt_range rows = tls->server->connection_policies;
    for (uint32_t row = rows.first; row < rows.first + rows.n; row++) {
        if (policy_fits(tls->core, &tables->connection_policies[row], hello))
            return row;
    }
    return DT_NONE;
}

/* --- certificates --- */

struct choosing {
    const struct tls_set *set;
    const struct tls_hello *hello;
    const struct tls_policy *policy;
    const bool *chosen; /* by the policy's selection; NULL: it has none */
};

/* What a client can do with, and is valid now, before what it only can do with, before the first.
 */
static struct tls_identity *best_of(const struct choosing *choosing, const uint32_t *rows, size_t n)
{
    const struct tls_set *set = choosing->set;
    struct tls_identity *best = NULL, *only = NULL;
    int64_t now = (int64_t)time(NULL);
    size_t n_chosen = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = rows ? rows[i] : (uint32_t)i;
        if (choosing->chosen && !choosing->chosen[row])
            continue;
        if (n_chosen++ == 0)
            only = set->entries.at[row].identity;
    }
    for (size_t i = 0; i < n && n_chosen > 1; i++) {
        uint32_t row = rows ? rows[i] : (uint32_t)i;
        struct tls_identity *identity = set->entries.at[row].identity;
        if ((choosing->chosen && !choosing->chosen[row]) ||
            !tls_hello_supports(choosing->hello, choosing->policy, identity))
            continue;
        const struct tls_identity_facts *facts = tls_identity_facts(identity);
        best = identity;
        if (now >= facts->not_before && now <= facts->not_after)
            break;
    }
    return best ? best : only;
}

/* A selection falls back on all certificates there are; without one, only the name counts. */
static struct tls_identity *named(const struct choosing *choosing, struct str name)
{
    const struct tls_entry_list *list = map_get(&choosing->set->names, name);
    if (list)
        return best_of(choosing, list->at.at, list->at.n);
    return choosing->chosen ? best_of(choosing, NULL, choosing->set->entries.n) : NULL;
}

/* a.b.c, then *.b.c, *.*.c, *.*.* */
static struct tls_identity *named_or_wild(const struct choosing *choosing, struct str name)
{
    char text[MAX_NAME * 2];
    size_t stars = 0;
    struct tls_identity *identity = named(choosing, name);
    struct str label, rest = name;
    for (bool more = true; !identity && more && name.len < MAX_NAME;) {
        more = str_cut(rest, STR("."), &label, &rest);
        memcpy(text + stars, more ? "*." : "*", more ? 2 : 1);
        stars += more ? 2 : 1;
        if (more)
            memcpy(text + stars, rest.ptr, rest.len);
        identity = named(choosing, str_make(text, stars + (more ? rest.len : 0)));
    }
    return identity;
}

static struct str lowered(struct str name, char out[MAX_NAME])
{
    if (name.len > MAX_NAME)
        name.len = MAX_NAME;
    for (size_t i = 0; i < name.len; i++)
        out[i] =
            name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? (char)(name.ptr[i] | 0x20) : name.ptr[i];
    return str_make(out, name.len);
}

static struct tls_identity *choose_identity(const struct choosing *choosing,
                                            const struct dt_tables *tables,
                                            const struct dt_connection_policy *policy)
{
    struct tls_identity *identity = NULL;
    char text[MAX_NAME];
    struct str name = str_trim(choosing->hello->server_name);
    if (name.len > 0) {
        identity = named_or_wild(choosing, name);
    } else {
        char host[ADDRESS_TEXT_BYTES];
        struct address local = local_address(choosing->hello);
        identity = named(choosing, str_make(host, address_host(&local, false, host)));
        if (!identity && policy->default_sni.len > 0)
            identity = named(choosing, lowered(table_text(tables, policy->default_sni), text));
    }
    if (!identity && policy->fallback_sni.len > 0)
        identity = named(choosing, lowered(table_text(tables, policy->fallback_sni), text));
    return identity;
}

struct tls_choice tls_choose(const struct tls_hello *hello, void *ctx)
{
    const struct server_tls *tls = ctx;
    const struct dt_tables *tables = tls->core->tables;
    struct tls_state *state = tls->core->tls;
    struct tls_choice choice = {0};
    if (certificates_choose(tls->core, hello, &choice))
        return choice;
    uint32_t row = find_policy(tls, hello);
    if (row == DT_NONE || tables->connection_policies[row].drops)
        return choice;
    choice.policy = &state->policies[row];
    pthread_rwlock_rdlock(&state->lock);
    struct choosing choosing = {state->set, hello, choice.policy, state->set->chosen[row]};
    choice.identity =
        tls_identity_ref(choose_identity(&choosing, tables, &tables->connection_policies[row]));
    choice.trust = tls_trust_ref(state->set->trust[row]);
    pthread_rwlock_unlock(&state->lock);
    return choice;
}
