/* What has to be so before a proxy can serve: rows that this core can run, ports that are free,
 * interfaces that exist. */

#include "proxy/check.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "net/listen.h"
#include "proxy/balance.h"
#include "proxy/handlers.h"
#include "proxy/match.h"
#include "proxy/tls_setup.h"
#include "proxy/worker.h"

void check_say(const struct core *core, uint32_t origin, const char *what,
               const char *why)
{
    const struct dt_tables *tables = core->tables;
    fprintf(stderr, "%s: ", core->name);
    if (origin < tables->n_origins)
        fprintf(stderr, "%s:%u: ", dt_chars(tables, tables->origins[origin].file),
                tables->origins[origin].line);
    fprintf(stderr, "%s: %s\n", what, why);
}

bool check_tables(const struct core *core)
{
    const struct dt_tables *tables = core->tables;
    bool is_fine = true;
    uint32_t row;
    if (tables->abi != DT_TABLES_ABI || tables->size != sizeof(*tables)) {
        fprintf(stderr, "%s: made for tables of version %u, not %u\n", core->name, DT_TABLES_ABI,
                tables->abi);
        return false;
    }
    row = match_find_unknown(tables);
    if (row != DT_NONE) {
        check_say(core, tables->matchers[row].origin, "matcher", "of a kind that this core cannot run");
        is_fine = false;
    }
    row = handler_find_unknown(tables);
    if (row != DT_NONE) {
        check_say(core, tables->handlers[row].origin, "handler", "of a kind that this core cannot run");
        is_fine = false;
    }
    row = balance_find_unknown(tables);
    if (row != DT_NONE) {
        fprintf(stderr, "%s: a selection policy that this core cannot run\n", core->name);
        is_fine = false;
    }
    for (uint32_t i = 0; i < tables->n_transports; i++) {
        const struct dt_transport *transport = &tables->transports[i];
        const char *why = NULL;
        if (transport->versions == DT_PROTOCOL_H3)
            why = "HTTP/3 is not spoken to upstreams";
        if (why)
            check_say(core, transport->origin, "transport", why);
        is_fine &= why == NULL;
    }
    return is_fine;
}

/* --- sockets --- */

static unsigned check_ports(const struct core *core)
{
    const struct dt_tables *tables = core->tables;
    unsigned n = 0;
    for (uint32_t i = 0; i < tables->n_listeners; i++) {
        const struct dt_listener *listener = &tables->listeners[i];
        struct listen_target target = listener_target(tables, listener);
        if (listener->network == DT_NETWORK_UNIX || listener->network == DT_NETWORK_FD)
            continue;
        int fd = listen_open(&target);
        if (fd >= 0) {
            close(fd);
            continue;
        }
        check_say(core, listener->origin, dt_chars(tables, listener->address), strerror(-fd));
        n++;
    }
    return n;
}

/* --- zones --- */

static bool zone_exists(const char *zone)
{
    char name[IF_NAMESIZE];
    int64_t index;
    if (if_nametoindex(zone) != 0)
        return true;
    return parse_go_int(str_from(zone), &index) == PARSE_OK && index > 0 && index <= UINT32_MAX &&
           if_indextoname((unsigned)index, name) != NULL;
}

static unsigned check_zones(const struct core *core)
{
    const struct dt_tables *tables = core->tables;
    unsigned n = 0;
    for (uint32_t i = 0; i < tables->n_listeners; i++) {
        const struct dt_listener *listener = &tables->listeners[i];
        if (listener->zone.len == 0 || zone_exists(dt_chars(tables, listener->zone)))
            continue;
        check_say(core, listener->origin, dt_chars(tables, listener->address), "no such interface");
        n++;
    }
    for (uint32_t i = 0; i < tables->n_upstreams; i++) {
        const struct dt_upstream *upstream = &tables->upstreams[i];
        if (upstream->zone.len == 0 || zone_exists(dt_chars(tables, upstream->zone)))
            continue;
        check_say(core, upstream->origin, dt_chars(tables, upstream->dial), "no such interface");
        n++;
    }
    return n;
}

unsigned check_surroundings(struct core *core)
{
    unsigned n = !tls_setup(core);
    tls_teardown(core);
    return n + check_ports(core) + check_zones(core);
}
