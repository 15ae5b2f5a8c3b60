#ifndef DIALTONE_PROXY_HANDLERS_H
#define DIALTONE_PROXY_HANDLERS_H

#include "proxy/transaction.h"

/* Runs one row of handlers. */
enum step handler_run(struct transaction *tx, const struct dt_handler *handler);
/* The first row of handlers that this core has no function for, or DT_NONE. */
uint32_t handler_find_unknown(const struct dt_tables *tables);

/* One function per kind; <row> is what DT_HANDLERS says. */
enum step handle_respond(struct transaction *tx, const struct dt_handler *handler);
enum step handle_headers(struct transaction *tx, const struct dt_handler *handler);
enum step handle_rewrite(struct transaction *tx, const struct dt_handler *handler);
enum step handle_proxy(struct transaction *tx, const struct dt_handler *handler);
enum step handle_files(struct transaction *tx, const struct dt_handler *handler);
enum step handle_encode(struct transaction *tx, const struct dt_handler *handler);
enum step handle_copy_answer(struct transaction *tx, const struct dt_handler *handler);
enum step handle_copy_fields(struct transaction *tx, const struct dt_handler *handler);
enum step handle_metrics(struct transaction *tx, const struct dt_handler *handler);
enum step handle_log_append(struct transaction *tx, const struct dt_handler *handler);
enum step handle_login(struct transaction *tx, const struct dt_handler *handler);

enum step handle_map(struct transaction *tx, const struct dt_handler *handler);
/* What the first map with this row of mapped gives; false where none has run. */
bool map_value(struct transaction *tx, uint32_t mapped, struct str *out);

/* Header operations on a list: of a request (where Host is one of them, and ends in <*host>) or of
 * a response (<host> NULL). False where a field got a name or a value that may not be sent on. */
bool headers_edit(struct transaction *tx, struct dt_range ops, struct http_headers *headers,
                  struct str *host);

/* A row of rewrites on a method and a target. */
void rewrite_apply(struct transaction *tx, uint32_t row, struct str *method, struct url *url);

#endif
