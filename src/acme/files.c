/* Files of a storage, and what may go wrong with them. */
#include "acme/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

enum { FILE_BYTES_MAX = 1 << 20, READ_BYTES = 4096 };

bool acme_file_failed(struct arena *arena, const char *path, struct str *error)
{
    *error = str_printf(arena, "%s: %s", path, strerror(errno));
    return false;
}

bool acme_folders_make(struct arena *arena, const char *path, struct str *error)
{
    char *part = arena_strndup(arena, path, strlen(path));
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) && errno != EEXIST)
            return acme_file_failed(arena, part, error);
        *slash = '/';
    }
    return true;
}

bool acme_write_fully(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text = str_slice(text, (size_t)n, text.len);
    }
    return fsync(fd) == 0;
}

static bool write_beside(struct arena *arena, const char *path, struct str text, struct str *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return acme_file_failed(arena, path, error);
    bool written = acme_write_fully(fd, text);
    int reason = errno;
    if (close(fd) != 0 && written) {
        written = false;
        reason = errno;
    }
    errno = reason;
    return written || acme_file_failed(arena, path, error);
}

/* What belongs together takes its place only when all of it is on the disk: a key without its
 * certificate would spoil the pair that is there. */
bool acme_files_save(struct arena *arena, const struct acme_file *files, size_t n,
                     struct str *error)
{
    char **passing = arena_array(arena, char *, n);
    size_t made = 0;
    bool is_fine = true;
    for (; is_fine && made < n; made++) {
        /* another process may write the same */
        passing[made] = arena_printf(arena, "%s.%ld.new", files[made].path, (long)getpid());
        is_fine = acme_folders_make(arena, files[made].path, error) &&
                  write_beside(arena, passing[made], files[made].text, error);
    }
    for (size_t i = 0; is_fine && i < n; i++)
        if (rename(passing[i], files[i].path) != 0)
            is_fine = acme_file_failed(arena, files[i].path, error);
    for (size_t i = 0; !is_fine && i < made; i++)
        unlink(passing[i]);
    return is_fine;
}

bool acme_file_load(struct arena *arena, const char *path, struct str *text)
{
    struct strbuf in = strbuf_in(arena);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* it may be no file */
    ssize_t n = 1;
    if (fd < 0)
        return false;
    while (n > 0 && in.len < FILE_BYTES_MAX) {
        strbuf_reserve(&in, READ_BYTES);
        n = read(fd, in.ptr + in.len, READ_BYTES);
        if (n > 0)
            in.len += (size_t)n;
    }
    close(fd);
    *text = strbuf_str(&in);
    return n == 0;
}
