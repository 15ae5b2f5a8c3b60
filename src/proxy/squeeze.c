/* Files that are compressed as a whole, for logs that nobody writes to any more. */

#include "proxy/squeeze.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE_BYTES = 64 * 1024 };

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool squeeze_gzip(int from, int to, char *in)
{
    int fd = dup(to);
    gzFile file = fd < 0 ? NULL : gzdopen(fd, "wb");
    ssize_t n = 0;
    bool is_fine = file != NULL;
    if (!file && fd >= 0)
        close(fd);
    while (is_fine && (n = read(from, in, PIECE_BYTES)) > 0)
        is_fine = gzwrite(file, in, (unsigned)n) == (int)n;
    return file && gzclose(file) == Z_OK && is_fine && n == 0;
}

static bool squeeze_zstd(int from, int to, char *in)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    char out[PIECE_BYTES];
    ssize_t n = 1;
    size_t left = 1;
    bool is_fine = zstd != NULL;
    while (is_fine && n > 0) {
        n = read(from, in, PIECE_BYTES);
        ZSTD_inBuffer input = {in, n > 0 ? (size_t)n : 0, 0};
        ZSTD_EndDirective end = n == 0 ? ZSTD_e_end : ZSTD_e_continue;
        do {
            ZSTD_outBuffer output = {out, sizeof(out), 0};
            left = ZSTD_compressStream2(zstd, &output, &input, end);
            is_fine = n >= 0 && !ZSTD_isError(left) && write_all(to, out, output.pos);
        } while (is_fine && (n == 0 ? left > 0 : input.pos < input.size));
    }
    ZSTD_freeCCtx(zstd);
    return is_fine && n == 0 && left == 0;
}

static bool squeeze_into(const char *name, const char *temporary, enum dt_encoding coding)
{
    int from = open(name, O_RDONLY | O_CLOEXEC), to = -1;
    char *in = malloc(PIECE_BYTES);
    struct stat status;
    bool is_fine = false;
    if (from < 0 || !in || fstat(from, &status) != 0)
        goto close_both;
    to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, status.st_mode & 07777);
    if (to < 0)
        goto close_both;
    is_fine =
        fchmod(to, status.st_mode & 07777) == 0 &&
        (coding == DT_ENCODING_GZIP ? squeeze_gzip(from, to, in) : squeeze_zstd(from, to, in));
    if (fchown(to, status.st_uid, status.st_gid) != 0)
        is_fine &= geteuid() != 0; /* only root can give files away */
close_both:
    if (to >= 0)
        is_fine &= close(to) == 0;
    if (from >= 0)
        close(from);
    free(in);
    return is_fine;
}

bool squeeze_file(const char *name, enum dt_encoding coding)
{
    char target[4096], temporary[4096 + 8];
    struct stat status;
    const char *ending = coding == DT_ENCODING_GZIP ? ".gz" : ".zst";
    if (strlen(name) + sizeof(".zst") > sizeof(target))
        return false;
    snprintf(target, sizeof(target), "%.4000s%s", name, ending);
    snprintf(temporary, sizeof(temporary), "%s.tmp", target);
    /* a process that ended in between had only to remove the old one */
    if (stat(target, &status) == 0 && status.st_size > 0)
        return unlink(name) == 0;
    if (!squeeze_into(name, temporary, coding) || rename(temporary, target) != 0) {
        unlink(temporary);
        return false;
    }
    return unlink(name) == 0;
}
