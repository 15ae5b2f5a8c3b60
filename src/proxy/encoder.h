#ifndef DIALTONE_PROXY_ENCODER_H
#define DIALTONE_PROXY_ENCODER_H

#include <stdbool.h>

#include "base/str.h"
#include "dialtone/tables.h"

struct encoder;
struct worker;

/* Compressors of bodies. Each worker keeps those that it has made, for their memory is large. */

enum encoder_mode {
    ENCODER_MORE,
    ENCODER_FLUSH, /* what was given so far can be read by the client */
    ENCODER_END,
};

/* One for a gzip or zstd body; NULL where there is no memory. */
struct encoder *encoder_take(struct worker *worker, const struct dt_encoder *settings,
                             enum dt_encoding coding);
/* Hands what comes out to <out>, in pieces that are valid during the call. */
void encoder_run(struct encoder *encoder, struct str data, enum encoder_mode mode,
                 void (*out)(void *ctx, struct str data), void *ctx);
void encoder_give_back(struct worker *worker, struct encoder *encoder);
/* Frees those that the worker keeps. */
void encoders_free(struct worker *worker);

#endif
