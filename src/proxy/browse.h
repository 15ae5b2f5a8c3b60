#ifndef DIALTONE_PROXY_BROWSE_H
#define DIALTONE_PROXY_BROWSE_H

#include <time.h>

#include "proxy/transaction.h"

/* Listings of directories. */

struct listing_item {
    struct str name; /* of a directory with '/' */
    struct str lower;
    struct str target; /* of a symbolic link, where that is to be shown */
    int64_t size;
    struct timespec modified;
    uint32_t mode; /* st_mode of the entry itself */
    bool is_directory, is_link;
};

struct listing {
    struct str path; /* as the client sees it */
    struct listing_item *items;
    uint32_t n;
    struct timespec modified; /* the newest of all */
    uint32_t n_directories, n_files;
    struct str sort, order;
};

/* Sorts, and cuts down to what the request asks for. */
void listing_arrange(struct transaction *tx, const struct dt_browse *browse,
                     struct listing *listing);
/* The listing in one of the forms that Caddy has. */
void listing_as_json(const struct listing *listing, struct strbuf *out);
void listing_as_text(const struct listing *listing, struct strbuf *out);
/* <nonce> is the one that the page's policy lets its style have. */
void listing_as_html(struct transaction *tx, const struct listing *listing, struct str nonce,
                     struct strbuf *out);

#endif
