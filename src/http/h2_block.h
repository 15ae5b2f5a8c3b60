#ifndef DIALTONE_HTTP_H2_BLOCK_H
#define DIALTONE_HTTP_H2_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/message.h"

struct http_request;

/* A block of header fields as HTTP/2 brings it, and the message it becomes. No I/O; whatever is
 * handed in, nothing comes out that could be read in another way where it is sent on as HTTP/1. */

enum h2_problem {
    H2_FINE,
    H2_TOO_LARGE, /* more than the limit; the fields behind it are not kept */
    H2_MALFORMED,
};

enum h2_block_kind { H2_BLOCK_REQUEST, H2_BLOCK_RESPONSE, H2_BLOCK_TRAILERS };

struct h2_block {
    struct http_headers *headers; /* where the fields go; text is copied into their arena */
    struct str method, scheme, authority, path, status;
    struct strbuf cookie; /* the crumbs of a request's cookies, joined */
    uint32_t cookie_at;   /* their place among the headers, from 1 on */
    int64_t content_length;
    size_t bytes, limit;
    bool has_length, has_fields;
    enum h2_block_kind kind;
    enum h2_problem problem;
};

/* <limit> as SETTINGS_MAX_HEADER_LIST_SIZE counts: name, value and 32 for each. */
void h2_block_begin(struct h2_block *block, enum h2_block_kind kind, struct http_headers *headers,
                    size_t limit);
void h2_block_add(struct h2_block *block, struct str name, struct str value);
/* Fills the request; <is_all>: no body follows. */
enum h2_problem h2_block_request(struct h2_block *block, struct http_request *request,
                                 bool is_all);
/* Fills the head, but for its headers. <has_body> is false for answers to HEAD, too. */
enum h2_problem h2_block_response(struct h2_block *block, struct http_head *head, bool is_all);

/* True for fields that mean the connection and are not allowed in HTTP/2 (RFC 9113 8.2.2). */
bool h2_is_connection_field(enum header_id id);
/* A name that can be sent: a token (of either case). */
bool h2_name_is_valid(struct str name);
/* No CR, LF or NUL. */
bool h2_value_is_valid(struct str value);

#endif
