#ifndef DIALTONE_PROXY_URL_H
#define DIALTONE_PROXY_URL_H

#include "base/str.h"

struct arena;

/* The target of a request, as Go's net/url keeps it: the decoded path, and beside it the spelling
 * that came where that is not the default one. */
struct url {
    struct str path;
    struct str raw_path; /* empty: the default encoding of <path> */
    struct str query;    /* without '?', still encoded */
    bool force_query;    /* the target ended in a bare '?' */
    bool is_plain;       /* <path> needs no encoding at all */
};

/* From the encoded path and the query of a target, which are borrowed; false where a %-escape is
 * malformed. */
bool url_read(struct url *url, struct str path, struct str query, bool has_query,
              struct arena *arena);
/* The path as it goes on the wire. */
struct str url_escaped_path(const struct url *url, struct arena *arena);
/* Path and query as they go on the wire; an empty path is "/". */
struct str url_request_uri(const struct url *url, struct arena *arena);
/* Replaces the path by a decoded one; its spelling becomes the default one. */
void url_set_path(struct url *url, struct str path);

/* What is kept as it is when text is encoded. */
enum url_encoding {
    URL_PATH,
    URL_PATH_SEGMENT,
    URL_QUERY, /* a query component: blank becomes '+' */
};
struct str url_escape(struct str text, enum url_encoding encoding, struct arena *arena);
/* False where a %-escape is malformed. In queries '+' is a blank. */
bool url_unescape(struct str text, enum url_encoding encoding, struct arena *arena,
                  struct str *out);

/* Walks the pairs of a query: <*rest> starts as the whole of it. Malformed pairs are passed over
 * and noted in <*bad>. */
bool url_query_next(struct str *rest, struct arena *arena, struct str *key, struct str *value,
                    bool *bad);

/* Host of "host:port", "[v6]:port", "host"; <port> is empty where there is none. False where the
 * text does not end in a port, as Go's SplitHostPort sees it; <host> is then all of it. */
bool url_split_host_port(struct str hostport, struct str *host, struct str *port);

#endif
