/* Output of the commands: files are written whole or not at all. */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

static const char *pending; /* the temporary file there is now */

void output_abandon(void)
{
    if (pending)
        unlink(pending);
}

/* As far as the system lets us: the owner and the group, or the group alone. */
static void give_away(int fd, const struct stat *old)
{
    bool is_given = fchown(fd, old->st_uid, old->st_gid) == 0 ||
                    fchown(fd, (uid_t)-1, old->st_gid) == 0;
    (void)is_given;
}

/* A temporary file with the owner and the permissions that the old one has. */
static void open_beside(struct output_file *output)
{
    struct stat old;
    output->destination = realpath(output->path, NULL); /* so that a symbolic link stays one */
    if (!output->destination && errno != ENOMEM)
        output->destination = strdup(output->path);
    if (!output->destination ||
        asprintf(&output->temporary, "%s.%ld.tmp", output->destination, (long)getpid()) < 0)
        arena_exhausted();
    output->fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (output->fd < 0)
        return;
    pending = output->temporary;
    if (stat(output->destination, &old) != 0)
        return;
    give_away(output->fd, &old);
    (void)fchmod(output->fd, old.st_mode & 07777); /* behind fchown, which takes bits away */
}

void output_begin(struct output_file *output, const char *path)
{
    struct stat target;
    *output = (struct output_file){.path = path && strcmp(path, "-") != 0 ? path : NULL};
    if (!output->path)
        return;
    if (stat(path, &target) == 0 && !S_ISREG(target.st_mode))
        output->fd = open(path, O_WRONLY | O_CLOEXEC); /* a device or pipe cannot be replaced */
    else
        open_beside(output);
    if (output->fd < 0)
        output->error = errno;
}

void output_add(void *user, struct str text)
{
    struct output_file *output = user;
    if (output->error)
        return;
    if (!output->path) {
        if (text.len && fwrite(text.ptr, 1, text.len, stdout) != text.len)
            output->error = errno ? errno : EIO;
        return;
    }
    while (text.len) {
        ssize_t n = write(output->fd, text.ptr, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            output->error = n < 0 ? errno : EIO;
            return;
        }
        text = str_slice(text, (size_t)n, text.len);
    }
}

/* Remembers <failed>'s errno unless something went wrong before. */
static void note(struct output_file *output, bool failed)
{
    if (failed && !output->error)
        output->error = errno;
}

static void close_file(struct output_file *output)
{
    bool is_beside = output->temporary != NULL;
    if (output->fd >= 0) {
        note(output, !output->error && is_beside && fsync(output->fd) != 0);
        note(output, close(output->fd) != 0);
    }
    if (is_beside && !output->error)
        note(output, rename(output->temporary, output->destination) != 0);
    if (is_beside && output->error && pending)
        unlink(output->temporary);
    pending = NULL;
    free(output->destination);
    free(output->temporary);
}

bool output_end(struct output_file *output)
{
    if (!output->path) {
        if (!output->error && fflush(stdout) == 0)
            return true;
        fputs("dialtone: cannot write to standard output\n", stderr);
        return false;
    }
    close_file(output);
    if (output->error)
        fprintf(stderr, "dialtone: cannot write %s: %s\n", output->path, strerror(output->error));
    return output->error == 0;
}

void output_cancel(struct output_file *output)
{
    output->error = ECANCELED;
    close_file(output);
}

bool write_output(const char *path, struct str text)
{
    struct output_file output;
    output_begin(&output, path);
    output_add(&output, text);
    return output_end(&output);
}
