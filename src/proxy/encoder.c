/* gzip by zlib and zstd by libzstd, behind one interface. */

#include "proxy/encoder.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "proxy/worker.h"

enum {
    OUTPUT_BYTES = 16 * 1024,
    GZIP_WINDOW = 15 + 16, /* zlib: with gzip's own head and tail */
    GZIP_MEMORY = 8,
    ZSTD_WINDOW_LOG = 17, /* 128 KiB, which every client has to take */
};

struct encoder {
    struct encoder *next; /* of those that are kept */
    enum dt_encoding coding;
    uint32_t level;
    z_stream gzip;
    ZSTD_CCtx *zstd; /* owned */
};

static void encoder_free(struct encoder *encoder)
{
    if (encoder->coding == DT_ENCODING_GZIP)
        deflateEnd(&encoder->gzip);
    ZSTD_freeCCtx(encoder->zstd);
    free(encoder);
}

static bool open_gzip(struct encoder *encoder)
{
    return deflateInit2(&encoder->gzip, (int)encoder->level, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                        Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool open_zstd(struct encoder *encoder, const struct dt_encoder *settings)
{
    encoder->zstd = ZSTD_createCCtx();
    return encoder->zstd &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(encoder->zstd, ZSTD_c_compressionLevel,
                                                (int)encoder->level)) &&
           !ZSTD_isError(
               ZSTD_CCtx_setParameter(encoder->zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(encoder->zstd, ZSTD_c_checksumFlag,
                                                settings->zstd_has_checksum));
}

struct encoder *encoder_take(struct worker *worker, const struct dt_encoder *settings,
                             enum dt_encoding coding)
{
    uint32_t level = coding == DT_ENCODING_GZIP ? settings->gzip_level : settings->zstd_level;
    for (struct encoder **link = &worker->encoders; *link; link = &(*link)->next) {
        struct encoder *encoder = *link;
        if (encoder->coding != coding || encoder->level != level)
            continue;
        *link = encoder->next;
        worker->n_encoders--;
        return encoder;
    }
    struct encoder *encoder = calloc(1, sizeof(*encoder));
    if (!encoder)
        return NULL;
    encoder->level = level;
    if (coding == DT_ENCODING_GZIP ? open_gzip(encoder) : open_zstd(encoder, settings)) {
        encoder->coding = coding;
        return encoder;
    }
    encoder_free(encoder);
    return NULL;
}

static void run_gzip(struct encoder *encoder, struct str data, int flush,
                     void (*out)(void *ctx, struct str data), void *ctx)
{
    unsigned char output[OUTPUT_BYTES];
    z_stream *gzip = &encoder->gzip;
    gzip->next_in = (unsigned char *)(uintptr_t)data.ptr;
    gzip->avail_in = (unsigned)data.len;
    do {
        gzip->next_out = output;
        gzip->avail_out = sizeof(output);
        deflate(gzip, flush);
        size_t n = sizeof(output) - gzip->avail_out;
        if (n > 0)
            out(ctx, str_make((char *)output, n));
    } while (gzip->avail_out == 0);
}

static void run_zstd(struct encoder *encoder, struct str data, ZSTD_EndDirective directive,
                     void (*out)(void *ctx, struct str data), void *ctx)
{
    char output[OUTPUT_BYTES];
    ZSTD_inBuffer in = {data.ptr, data.len, 0};
    for (;;) {
        ZSTD_outBuffer to = {output, sizeof(output), 0};
        size_t left = ZSTD_compressStream2(encoder->zstd, &to, &in, directive);
        if (to.pos > 0)
            out(ctx, str_make(output, to.pos));
        bool is_done = directive == ZSTD_e_continue ? in.pos == in.size : left == 0;
        if (is_done || ZSTD_isError(left))
            return;
    }
}

void encoder_run(struct encoder *encoder, struct str data, enum encoder_mode mode,
                 void (*out)(void *ctx, struct str data), void *ctx)
{
    static const int flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    static const ZSTD_EndDirective directives[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    if (data.len == 0 && mode == ENCODER_MORE)
        return;
    if (encoder->coding == DT_ENCODING_GZIP)
        run_gzip(encoder, data, flushes[mode], out, ctx);
    else
        run_zstd(encoder, data, directives[mode], out, ctx);
}

enum { MAX_KEPT = 16 };

void encoder_give_back(struct worker *worker, struct encoder *encoder)
{
    bool is_fine = encoder->coding == DT_ENCODING_GZIP
                       ? deflateReset(&encoder->gzip) == Z_OK
                       : !ZSTD_isError(ZSTD_CCtx_reset(encoder->zstd, ZSTD_reset_session_only));
    if (!is_fine || worker->n_encoders >= MAX_KEPT) {
        encoder_free(encoder);
        return;
    }
    encoder->next = worker->encoders;
    worker->encoders = encoder;
    worker->n_encoders++;
}

void encoders_free(struct worker *worker)
{
    while (worker->encoders) {
        struct encoder *encoder = worker->encoders;
        worker->encoders = encoder->next;
        encoder_free(encoder);
    }
}
