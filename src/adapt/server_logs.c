/* Loggers: which one writes what of a server, and the list of all. */
#include "adapt/server_logs.h"

#include <stdlib.h>

#include "adapt/adapter.h"
#include "base/parse.h"

static int compare_texts(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static struct str text_of(const json_t *value)
{
    return str_make(json_string_value(value), json_string_length(value));
}

/* An array's strings in order, without duplicates if <unique>. */
static json_t *sorted_strings(struct adapter *adapter, const json_t *array, bool unique)
{
    size_t n = json_array_size(array);
    struct str *texts = arena_array(adapter->arena, struct str, n + 1);
    for (size_t i = 0; i < n; i++)
        texts[i] = text_of(json_array_get(array, i));
    qsort(texts, n, sizeof(*texts), compare_texts);
    json_t *sorted = document_array(adapter->document, NULL);
    for (size_t i = 0; i < n; i++)
        if (!unique || i == 0 || !str_eq(texts[i], texts[i - 1]))
            document_add(adapter->document, sorted,
                         document_string(adapter->document, texts[i], NULL));
    return sorted;
}

void server_logs_begin(struct adapter *adapter, struct server *server)
{
    for (size_t i = 0; i < server->n_sites; i++)
        if (server->sites[i].results[RESULT_CUSTOM_LOG].n)
            document_object_at(adapter->document, server->json, "logs",
                               server->sites[i].results[RESULT_CUSTOM_LOG].at[0].origin);
}

static void log_host(struct adapter *adapter, json_t *logs, struct str host, json_t *name)
{
    struct document *document = adapter->document;
    json_t *names = document_object_at(document, logs, "logger_names", NULL);
    json_t *list = json_object_find(names, host.len ? host.ptr : "", host.len);
    if (!list) {
        list = document_array(document, NULL);
        document_set_str(document, names, host, list, NULL);
    }
    document_add(document, list, name);
}

static void add_logger(struct adapter *adapter, json_t *logs, const struct site *site,
                       const json_t *logger)
{
    struct document *document = adapter->document;
    json_t *name = json_object_get(logger, "name"), *hosts = json_object_get(logger, "hostnames");
    if (!name)
        name = document_text(document, "", NULL);
    if (json_is_true(json_object_get(logger, "no_hostname")))
        return;
    for (size_t i = 0; i < json_array_size(hosts); i++)
        log_host(adapter, logs, text_of(json_array_get(hosts, i)), name);
    if (json_array_size(hosts))
        return;
    if (site_has_catch_all_key(site)) {
        document_set(document, logs, "default_logger_name", name);
        return;
    }
    struct str_list own = site_log_hosts(adapter->arena, site);
    for (size_t i = 0; i < own.n; i++) {
        struct str host = own.at[i], port;
        split_host_port(own.at[i], &host, &port);
        log_host(adapter, logs, host, name);
    }
}

void server_logs_add_site(struct adapter *adapter, struct server *server, const struct site *site)
{
    struct document *document = adapter->document;
    json_t *logs = json_object_get(server->json, "logs");
    const struct results *loggers = &site->results[RESULT_CUSTOM_LOG];
    for (size_t i = 0; i < loggers->n; i++)
        add_logger(adapter, logs, site, loggers->at[i].value);
    if (!logs || loggers->n)
        return;
    if (site_hosts(adapter->arena, site).n == 0)
        document_set(document, logs, "skip_unmapped_hosts", document_bool(true));
    struct str_list own = site_log_hosts(adapter->arena, site);
    for (size_t i = 0; i < own.n; i++)
        document_add(document, document_array_at(document, logs, "skip_hosts", NULL),
                     document_string(document, own.at[i], NULL));
}

void server_logs_order(struct adapter *adapter, json_t *logs)
{
    document_order(adapter->document, logs,
                   "default_logger_name logger_names skip_hosts skip_unmapped_hosts "
                   "should_log_credentials trace");
}

static json_t *sorted_keys(struct adapter *adapter, json_t *object)
{
    size_t n = 0;
    struct str *keys = arena_array(adapter->arena, struct str, json_object_size(object) + 1);
    for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i))
        keys[n++] = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
    qsort(keys, n, sizeof(*keys), compare_texts);
    json_t *sorted = document_object(adapter->document, NULL);
    for (size_t i = 0; i < n; i++)
        document_set_str(adapter->document, sorted, keys[i],
                         json_object_find(object, keys[i].ptr, keys[i].len), NULL);
    return sorted;
}

void server_logs_end(struct adapter *adapter, struct server *server)
{
    struct document *document = adapter->document;
    json_t *logs = json_object_get(server->json, "logs");
    if (!logs)
        return;
    json_t *names = json_object_get(logs, "logger_names");
    json_t *skipped = json_object_get(logs, "skip_hosts");
    if (names)
        document_set(document, logs, "logger_names", sorted_keys(adapter, names));
    if (skipped)
        document_set(document, logs, "skip_hosts", sorted_strings(adapter, skipped, false));
    if (document_is_empty(json_object_get(logs, "default_logger_name")))
        document_remove(logs, "default_logger_name");
    server_logs_order(adapter, logs);
}

/* All loggers, in the order Caddy looks at them: <loggers> holds {"name", "log"?} objects. */
static void add_to_list(struct adapter *adapter, json_t *loggers, json_t *logger)
{
    json_t *log = json_object_get(logger, "log");
    if (document_is_empty(json_object_get(logger, "name")))
        return;
    if (log && adapter_global(adapter, "debug") && !json_object_get(log, "level"))
        document_set(adapter->document, log, "level",
                     document_text(adapter->document, "DEBUG", NULL));
    document_add(adapter->document, loggers, logger);
}

static bool is_default(const json_t *logger)
{
    return str_is(text_of(json_object_get(logger, "name")), "default");
}

static json_t *all_loggers(struct adapter *adapter, const struct servers *servers)
{
    struct document *document = adapter->document;
    json_t *loggers = document_array(document, NULL), *global = adapter_global(adapter, "log");
    bool has_default = false;
    for (size_t i = 0; i < json_array_size(global); i++) {
        add_to_list(adapter, loggers, json_array_get(global, i));
        has_default = has_default || is_default(json_array_get(global, i));
    }
    if (!has_default && adapter_global(adapter, "debug")) {
        json_t *logger = document_object(document, NULL);
        document_set(document, logger, "name", document_text(document, "default", NULL));
        document_object_at(document, logger, "log", NULL);
        add_to_list(adapter, loggers, logger);
    }
    for (size_t i = 0; i < servers->n; i++)
        for (size_t j = 0; j < servers->at[i].n_sites; j++) {
            const struct results *own = &servers->at[i].sites[j].results[RESULT_CUSTOM_LOG];
            for (size_t k = 0; k < own->n; k++)
                add_to_list(adapter, loggers, own->at[k].value);
        }
    return loggers;
}

/* What has a logger of its own stays out of the default one. */
static void exclude_from_default(struct adapter *adapter, json_t *logs, const json_t *include)
{
    struct document *document = adapter->document;
    json_t *log = document_object_at(document, logs, "default", NULL);
    json_t *exclude = document_array_at(document, log, "exclude", NULL);
    for (size_t i = 0; i < json_array_size(include); i++)
        document_add(document, exclude, json_array_get(include, i));
}

json_t *logging_build(struct adapter *adapter, const struct servers *servers)
{
    struct document *document = adapter->document;
    json_t *loggers = all_loggers(adapter, servers), *logs = document_object(document, NULL);
    size_t n = json_array_size(loggers);
    bool has_excluded = false;
    for (size_t i = 0; i < n; i++) {
        json_t *logger = json_array_get(loggers, i), *log = json_object_get(logger, "log");
        if (is_default(logger) && log) {
            document_set(document, logs, "default", log);
            break;
        }
    }
    for (size_t i = 0; i < n; i++) {
        json_t *logger = json_array_get(loggers, i), *log = json_object_get(logger, "log");
        json_t *include = json_object_get(log, "include");
        if (!log || is_default(logger))
            continue;
        document_set_str(document, logs, text_of(json_object_get(logger, "name")), log, NULL);
        if (json_array_size(include)) {
            exclude_from_default(adapter, logs, include);
            has_excluded = true;
        }
    }
    if (has_excluded) {
        json_t *log = json_object_get(logs, "default"), *exclude = json_object_get(log, "exclude");
        document_set(document, log, "exclude", sorted_strings(adapter, exclude, true));
    }
    if (json_object_size(logs) == 0)
        return NULL;
    logs = sorted_keys(adapter, logs);
    for (void *i = json_object_iter(logs); i; i = json_object_iter_next(logs, i))
        document_order(document, json_object_iter_value(i),
                       "writer encoder core level sampling include exclude");
    json_t *logging = document_object(document, NULL);
    document_set(document, logging, "logs", logs);
    return logging;
}
