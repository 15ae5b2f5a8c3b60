/* Who looks names up: one resolver for each row of the tables and each worker. */
#include "proxy/resolvers.h"

#include <stdio.h>
#include <stdlib.h>

#include "dialtone/proxy.h"
#include "net/resolve.h"
#include "proxy/core.h"
#include "proxy/worker.h"

static const struct dt_dns_engine *engine;

void dt_proxy_use_dns(const struct dt_dns_engine *chosen)
{
    engine = chosen;
}

static struct resolver *open_row(struct worker *worker, const struct dt_resolver *row)
{
    const struct dt_tables *tables = worker->core->tables;
    struct strbuf servers = strbuf_in(worker->core->arena);
    for (uint32_t i = 0; i < row->addresses.n; i++) {
        if (i > 0)
            strbuf_add_char(&servers, ',');
        strbuf_add(&servers, table_text(tables, tables->texts[row->addresses.first + i]));
    }
    return engine->open(worker->loop, strbuf_cstr(&servers), row->uses_tcp);
}

bool resolvers_open(struct worker *worker)
{
    const struct core *core = worker->core;
    const struct dt_tables *tables = core->tables;
    bool has_system = dt_needs_system_dns(tables);
    if (!dt_needs_dns(tables))
        return true;
    if (!engine) {
        fprintf(stderr, "%s: linked without a library for DNS\n", core->name);
        return false;
    }
    worker->resolvers = calloc(tables->n_resolvers + 1, sizeof(*worker->resolvers));
    if (!worker->resolvers)
        abort();
    for (uint32_t i = 0; i < tables->n_resolvers; i++)
        worker->resolvers[i] = open_row(worker, &tables->resolvers[i]);
    if (has_system)
        worker->resolvers[tables->n_resolvers] = engine->open(worker->loop, NULL, false);
    for (uint32_t i = 0; i < tables->n_resolvers + has_system; i++)
        if (!worker->resolvers[i]) {
            fprintf(stderr, "%s: the DNS resolver cannot be set up\n", core->name);
            return false;
        }
    return true;
}

void resolvers_close(struct worker *worker)
{
    for (uint32_t i = 0; worker->resolvers && i <= worker->core->tables->n_resolvers; i++)
        if (worker->resolvers[i])
            worker->resolvers[i]->close(worker->resolvers[i]);
    free(worker->resolvers);
    worker->resolvers = NULL;
}
