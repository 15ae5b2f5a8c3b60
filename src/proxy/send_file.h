#ifndef DIALTONE_PROXY_SEND_FILE_H
#define DIALTONE_PROXY_SEND_FILE_H

#include "proxy/transaction.h"

/* A piece of a body: text, then bytes of the file. */
struct file_segment {
    struct str text;
    int64_t offset, len;
};

/* Sends <head> and the segments (in the transaction's arena) of the file as its body, as fast as the
 * client takes them. Takes over <fd>, which may be -1 where there are no bytes of it. */
void send_file(struct transaction *tx, struct http_head *head, int fd,
               const struct file_segment *segments, uint32_t n);
/* The client takes more. */
void send_file_drained(struct transaction *tx);
/* The request is over. */
void send_file_cancel(struct transaction *tx);

#endif
