#ifndef DIALTONE_PROXY_FILE_CONTENT_H
#define DIALTONE_PROXY_FILE_CONTENT_H

#include "proxy/transaction.h"

/* A file to answer with; its ETag and type are in the transaction's response headers. */
struct file_content {
    int fd; /* taken over */
    int64_t size;
    int64_t modified_s;   /* 0: not known */
    unsigned status;      /* instead of what the conditions say; 0: none */
};

/* Answers the request with the file, all or ranges of it, as its conditions ask (RFC 9110 13, 14). */
void file_content_reply(struct transaction *tx, const struct file_content *content);

#endif
