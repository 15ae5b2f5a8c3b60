/* Hosts that requests ask for: their name, and the routes that the host index has for it. */

#include "proxy/seen_host.h"

#include <stdlib.h>

#include "base/bytes8.h"
#include "proxy/core.h"
#include "proxy/url.h"
#include "proxy/worker.h"

/* --- the host index --- */

static const struct dt_host_entry *index_find(const struct dt_tables *tables,
                                              const struct dt_host_index *index, struct str host)
{
    uint32_t hash = dt_hash(host.ptr, (uint32_t)host.len), mask = index->slots.n - 1;
    for (uint32_t i = hash & mask, n = 0; n <= mask; i = (i + 1) & mask, n++) {
        const struct dt_host_entry *entry = &tables->host_entries[index->slots.first + i];
        if (entry->host.len == 0)
            return NULL;
        if (entry->hash == hash && str_eq(table_text(tables, entry->host), host))
            return entry;
    }
    return NULL;
}

enum { MAX_INDEXED_HOST = 255 };

/* The routes that may match the host of this name. */
static struct dt_range index_look_up(const struct dt_tables *tables,
                                     const struct dt_host_index *index, struct str name)
{
    const struct dt_host_entry *entry = NULL;
    char lower[MAX_INDEXED_HOST + 1];
    if (index->slots.n == 0 || name.len == 0 || name.len > MAX_INDEXED_HOST)
        return index->others;
    memcpy(lower, name.ptr, name.len);
    bytes_lower(lower, name.len);
    entry = index_find(tables, index, str_make(lower, name.len));
    ptrdiff_t dot = str_index(name, '.');
    if (!entry && dot > 0) {
        lower[dot - 1] = '*';
        entry = index_find(tables, index, str_make(lower + dot - 1, name.len - (size_t)dot + 1));
    }
    return entry ? entry->routes : index->others;
}

/* --- what is remembered --- */

enum { PLACE_BITS = 8, PLACES = 1 << PLACE_BITS };

struct seen_host *seen_hosts_new(void)
{
    /* the last one is for what is not remembered */
    return calloc(PLACES + 1, sizeof(struct seen_host));
}

/* The place of a host, by its length and both its ends. */
static uint32_t place_of(struct str host)
{
    char begin[8] = {0};
    uint64_t ends;
    if (host.len >= sizeof(begin)) {
        ends = bytes8_load(host.ptr) + 31 * bytes8_load(host.ptr + host.len - sizeof(begin));
    } else {
        memcpy(begin, host.ptr, host.len);
        ends = bytes8_load(begin);
    }
    return (uint32_t)((ends + host.len) * UINT64_C(0x9E3779B97F4A7C15) >> (64 - PLACE_BITS));
}

/* As Caddy: what has no port may still have brackets. */
static struct str name_of(struct str host)
{
    struct str name, port;
    if (url_split_host_port(host, &name, &port))
        return name;
    return str_trim_suffix(str_trim_prefix(host, STR("[")), STR("]"));
}

/* Puts what follows from <host> there. */
static struct seen_host *find_out(const struct worker *worker, const struct dt_server *server,
                                  struct str host, struct seen_host *seen)
{
    const struct dt_tables *tables = worker->core->tables;
    struct str name = name_of(host);
    bool is_kept = seen != &worker->seen_hosts[PLACES];
    *seen = (struct seen_host){
        .server = is_kept ? server : NULL,
        .name_at = name.len > 0 ? (uint32_t)(name.ptr - host.ptr) : 0,
        .name_len = (uint32_t)name.len,
    };
    if (server->host_index != DT_NONE)
        seen->routes = index_look_up(tables, &tables->host_indexes[server->host_index], name);
    if (is_kept) {
        memcpy(seen->text, host.ptr, host.len);
        seen->len = (uint32_t)host.len;
    }
    return seen;
}

struct seen_host *seen_host_find(struct worker *worker, const struct dt_server *server,
                                 struct str host)
{
    struct seen_host *all = worker->seen_hosts;
    if (host.len == 0 || host.len > sizeof(all->text))
        return find_out(worker, server, host, &all[PLACES]);
    struct seen_host *seen = &all[place_of(host)];
    if (seen->server == server && seen->len == host.len &&
        bytes_equal(seen->text, host.ptr, host.len))
        return seen;
    return find_out(worker, server, host, seen);
}
