/* The analysis of routes says of some that no request gets there. For random routes and random
 * requests, run by an engine of its own, none ever may: route_analysis [REQUESTS [SEED]]. */
#include <stdio.h>
#include <stdlib.h>

#include "json/document.h"
#include "lint/analysis.h"
#include "property/routes.h"

enum { REQUESTS_PER_SERVER = 250 };

struct totals {
    unsigned long requests, servers, routes, missed, unseen, failed;
    unsigned long by_cause[MISSED_STRIPPED + 1];
};

static bool is_certain(const struct missed *missed)
{
    return missed->cause != MISSED_REWRITTEN && missed->cause != MISSED_STRIPPED;
}

static void complain(const json_t *server, const struct missed *missed, uint64_t seed)
{
    struct arena arena = ARENA_INIT;
    struct strbuf text = strbuf_in(&arena);
    strbuf_printf(&text, "seed %llu: reported as missed (cause %d), but it is run:\n",
                  (unsigned long long)seed, (int)missed->cause);
    document_write(missed->handler ? missed->handler : missed->route, true, &text);
    for (size_t i = 0; i < missed->n_blamed; i++) {
        strbuf_puts(&text, "\nblamed:\n");
        document_write(missed->blamed[i], true, &text);
    }
    strbuf_puts(&text, "\nserver:\n");
    document_write(server, true, &text);
    fprintf(stderr, STR_FMT "\n", STR_ARG(strbuf_str(&text)));
    arena_free(&arena);
}

/* Routes below a value that no request ran, those inside such routes left out. */
static unsigned long count_unseen(const json_t *value, const struct run *run, unsigned long *routes)
{
    unsigned long n = 0;
    if (json_object_get(value, "handle")) {
        ++*routes;
        if (!run_has(&run->routes, value))
            return 1;
    }
    for (size_t i = 0; i < json_object_size(value); i++)
        n += count_unseen(value->as.members[i].value, run, routes);
    for (size_t i = 0; i < json_array_size(value); i++)
        n += count_unseen(json_array_get(value, i), run, routes);
    return n;
}

static void try_server(uint64_t seed, struct totals *totals)
{
    struct arena arena = ARENA_INIT, scratch = ARENA_INIT;
    struct random random = {seed * 7919 + 1};
    random_next(&random);
    json_t *server = random_server(&arena, &random), *servers = json_new(&arena, JSON_OBJECT, NULL);
    json_object_set(&arena, servers, STR("srv0"), server);
    const struct analysis *analysis = analysis_of(&arena, servers);
    struct run run = {.random = &random,
                      .server = server,
                      .routes = map_in(&arena),
                      .handlers = map_in(&arena),
                      .rooted_routes = map_in(&arena),
                      .rooted_handlers = map_in(&arena),
                      .arena = &arena};
    for (int i = 0; i < REQUESTS_PER_SERVER; i++)
        run_request(&run, random_request(&arena, &random));
    for (size_t i = 0; i < analysis->missed.n; i++) {
        const struct missed *missed = &analysis->missed.at[i];
        const struct map *seen = missed->is_left_open
                                     ? missed->handler ? &run.rooted_handlers : &run.rooted_routes
                                 : missed->handler ? &run.handlers
                                                   : &run.routes;
        totals->by_cause[missed->cause]++;
        totals->missed += is_certain(missed);
        if (is_certain(missed) &&
            run_has(seen, missed->handler ? missed->handler : missed->route)) {
            if (totals->failed++ < 3)
                complain(server, missed, seed);
        }
    }
    totals->unseen += count_unseen(server, &run, &totals->routes);
    totals->requests += REQUESTS_PER_SERVER;
    totals->servers++;
    arena_free(&scratch);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    unsigned long requests = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct totals totals = {0};
    while (totals.requests < requests)
        try_server(seed + totals.servers, &totals);
    printf("%lu requests to %lu servers with %lu routes: %lu never run, %lu missed for certain\n",
           totals.requests, totals.servers, totals.routes, totals.unseen, totals.missed);
    printf("by cause: itself %lu, around %lu, set %lu, taken %lu (rewritten %lu, stripped %lu)\n",
           totals.by_cause[MISSED_ITSELF], totals.by_cause[MISSED_AROUND],
           totals.by_cause[MISSED_SET], totals.by_cause[MISSED_TAKEN],
           totals.by_cause[MISSED_REWRITTEN], totals.by_cause[MISSED_STRIPPED]);
    printf("%lu passed, %lu failed\n", totals.missed - totals.failed, totals.failed);
    return totals.failed != 0;
}
