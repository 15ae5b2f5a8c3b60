/* Log outputs: standard streams and files, which are rolled when they have grown. */

#include "proxy/log_sink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_FILE_MODE = 0600, MAX_ROLLED = 1000 };

static int open_file(struct log_sink *sink)
{
    mode_t mode = sink->row->file_mode ? sink->row->file_mode : DEFAULT_FILE_MODE;
    struct stat status;
    for (const char *p = sink->path + 1; *p; p++) {
        if (*p != '/')
            continue;
        char *directory = strndup(sink->path, (size_t)(p - sink->path));
        if (directory)
            mkdir(directory, 0700);
        free(directory);
    }
    int fd = open(sink->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    sink->size = fstat(fd, &status) == 0 ? status.st_size : 0;
    return fd;
}

int log_sink_open(struct log_sink *sink, const struct dt_tables *tables, const struct dt_log *row)
{
    *sink = (struct log_sink){.row = row, .fd = -1};
    pthread_mutex_init(&sink->lock, NULL);
    switch ((enum dt_log_output)row->output) {
    case DT_LOG_STDERR:
        sink->fd = STDERR_FILENO;
        break;
    case DT_LOG_STDOUT:
        sink->fd = STDOUT_FILENO;
        break;
    case DT_LOG_DISCARD:
        break;
    case DT_LOG_FILE:
        sink->path = dt_chars(tables, row->file);
        sink->fd = open_file(sink);
        if (sink->fd < 0)
            return sink->fd;
        break;
    }
    sink->is_json = row->format == DT_LOG_JSON ||
                    (row->format == DT_LOG_AUTOMATIC && !(sink->fd >= 0 && isatty(sink->fd)));
    return 0;
}

void log_sink_reopen(struct log_sink *sink)
{
    if (!sink->path)
        return;
    pthread_mutex_lock(&sink->lock);
    int fd = open_file(sink);
    if (fd >= 0) {
        close(sink->fd);
        sink->fd = fd;
    }
    pthread_mutex_unlock(&sink->lock);
}

/* --- rolling --- */

/* Splits "dir/name.ext" for the names of rolled files: "dir/name-TIME.ext". */
struct log_name {
    char directory[4096];
    char prefix[256], extension[256];
};

static bool name_split(const char *path, struct log_name *name)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t directory_len = slash ? (size_t)(slash - path) : 1;
    size_t prefix_len = dot ? (size_t)(dot - base) : strlen(base);
    if (directory_len >= sizeof(name->directory) || prefix_len + 2 > sizeof(name->prefix) ||
        (dot && strlen(dot) >= sizeof(name->extension)))
        return false;
    memcpy(name->directory, slash ? path : ".", directory_len);
    name->directory[directory_len] = '\0';
    memcpy(name->prefix, base, prefix_len);
    memcpy(name->prefix + prefix_len, "-", 2);
    strcpy(name->extension, dot ? dot : "");
    return true;
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

static bool is_rolled(const struct log_name *name, const char *file)
{
    size_t prefix = strlen(name->prefix), extension = strlen(name->extension), len = strlen(file);
    return len > prefix + extension && strncmp(file, name->prefix, prefix) == 0 &&
           strcmp(file + len - extension, name->extension) == 0 && file[prefix] >= '0' &&
           file[prefix] <= '9';
}

/* Removes rolled files beyond the number and the age that are kept. */
static void remove_old(const struct log_sink *sink, const struct log_name *name)
{
    char *files[MAX_ROLLED];
    size_t n = 0;
    struct dirent *entry;
    DIR *directory = opendir(name->directory);
    if (!directory)
        return;
    while (n < MAX_ROLLED && (entry = readdir(directory)))
        if (is_rolled(name, entry->d_name) && (files[n] = strdup(entry->d_name)))
            n++;
    qsort(files, n, sizeof(files[0]), newest_first);
    time_t oldest = time(NULL) - (time_t)sink->row->roll_keep_days * 86400;
    for (size_t i = 0; i < n; i++) {
        struct stat status;
        bool is_old = sink->row->roll_keep_days > 0 &&
                      fstatat(dirfd(directory), files[i], &status, 0) == 0 &&
                      status.st_mtime < oldest;
        if (is_old || (sink->row->roll_keep > 0 && i >= sink->row->roll_keep))
            unlinkat(dirfd(directory), files[i], 0);
        free(files[i]);
    }
    closedir(directory);
}

static void roll(struct log_sink *sink)
{
    struct log_name name;
    struct timespec now;
    struct tm utc;
    char when[32], path[5000];
    if (!name_split(sink->path, &name))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(when, sizeof(when), "%Y-%m-%dT%H-%M-%S", &utc);
    snprintf(path, sizeof(path), "%s/%s%s.%03d%s", name.directory, name.prefix, when,
             (int)(now.tv_nsec / 1000000), name.extension);
    if (rename(sink->path, path) != 0)
        return;
    int fd = open_file(sink);
    if (fd < 0)
        return;
    close(sink->fd);
    sink->fd = fd;
    remove_old(sink, &name);
}

void log_sink_write(struct log_sink *sink, const char *data, size_t len)
{
    if (sink->fd < 0)
        return;
    pthread_mutex_lock(&sink->lock);
    int64_t limit = (int64_t)sink->row->roll_megabytes * 1024 * 1024;
    if (sink->path && limit > 0 && sink->size > 0 && sink->size + (int64_t)len > limit)
        roll(sink);
    while (len > 0) {
        ssize_t n = write(sink->fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        data += n;
        len -= (size_t)n;
        sink->size += n;
    }
    pthread_mutex_unlock(&sink->lock);
}
