/* Log files, which are rolled when they have grown, at times of the day or after a while. What is
 * done with rolled files (compressing them, removing old ones) is a thread's, so that nobody who
 * writes a line waits for it. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/go_time.h"
#include "proxy/core.h"
#include "proxy/log_output.h"
#include "proxy/squeeze.h"

enum { NEW_FILE_MODE = 0600, MODE_BITS = 07777, MAX_NAME_ATTEMPTS = 10000, DAY_MINUTES = 1440 };
static const int64_t second_ns = 1000000000;

struct log_file {
    const struct dt_log *row;
    const struct dt_tables *tables;
    struct str path;   /* NUL-terminated */
    struct str layout; /* of the time in names of rolled files */

    pthread_mutex_t lock; /* of what follows */
    int fd;
    int64_t size;      /* bytes */
    int64_t rolled_ns; /* wall clock: since when the file is in use, for the rolls by time */

    pthread_t keeper;
    bool has_keeper;
    bool is_closing;
    bool has_work; /* rolled files are to be looked after */
    pthread_cond_t wake;
};

/* --- opening --- */

/* Who may read a directory may enter it. */
static mode_t with_entry(mode_t mode)
{
    return mode | (mode & 0444) >> 2;
}

static mode_t directory_mode(const struct log_file *file, const char *directory)
{
    char parent[4096];
    struct stat status;
    switch ((enum dt_log_directory)file->row->directory) {
    case DT_LOG_DIRECTORY_PRIVATE:
        break;
    case DT_LOG_DIRECTORY_MODE:
        return file->row->directory_mode;
    case DT_LOG_DIRECTORY_FILE:
        return with_entry(file->row->file_mode & 0777) | 0200;
    case DT_LOG_DIRECTORY_INHERIT:
        snprintf(parent, sizeof(parent), "%s", directory);
        while (stat(parent, &status) != 0 && strcmp(parent, "/") != 0 && strcmp(parent, ".") != 0)
            memmove(parent, dirname(parent), strlen(dirname(parent)) + 1);
        if (stat(parent, &status) == 0 && S_ISDIR(status.st_mode))
            return with_entry(status.st_mode & 0777);
        break;
    }
    return 0700;
}

static void make_directories(const struct log_file *file)
{
    char path[4096];
    if (file->path.len >= sizeof(path))
        return;
    memcpy(path, file->path.ptr, file->path.len + 1);
    char *last = strrchr(path, '/');
    if (!last || last == path)
        return;
    *last = '\0';
    mode_t mode = directory_mode(file, path);
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, mode);
        *slash = '/';
    }
    mkdir(path, mode);
}

static int open_file(struct log_file *file)
{
    mode_t mode = file->row->file_mode;
    struct stat status;
    make_directories(file);
    int fd = open(file->path.ptr, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                  mode ? mode : NEW_FILE_MODE);
    if (fd < 0)
        return -errno;
    bool is_known = fstat(fd, &status) == 0;
    file->size = is_known ? status.st_size : 0;
    /* one that is there already gets the permissions too, whatever umask is */
    if (mode && is_known && (status.st_mode & 0777) != (mode & 0777))
        fchmod(fd, mode);
    return fd;
}

/* --- names of rolled files: DIRECTORY/PREFIX-TIME-REASON.EXTENSION --- */

struct name_parts {
    struct str directory, prefix,
        extension; /* the prefix with its '-', the extension with its '.' */
};

static struct name_parts parts_of(struct str path)
{
    ptrdiff_t slash = str_last_index(path, '/');
    struct str base = str_slice(path, (size_t)(slash + 1), path.len);
    ptrdiff_t dot = str_last_index(base, '.');
    return (struct name_parts){
        .directory = slash < 0    ? STR(".")
                     : slash == 0 ? STR("/")
                                  : str_slice(path, 0, (size_t)slash),
        .prefix = dot < 0 ? base : str_slice(base, 0, (size_t)dot),
        .extension = dot < 0 ? STR("") : str_slice(base, (size_t)dot, base.len),
    };
}

static bool is_taken(struct arena *arena, struct str path)
{
    static const char *const endings[] = {"", ".gz", ".zst"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        struct stat status;
        if (stat(str_printf(arena, STR_FMT "%s", STR_ARG(path), endings[i]).ptr, &status) == 0)
            return true;
    }
    return false;
}

/* A name that no file has, or empty. */
static struct str rolled_name(const struct log_file *file, struct arena *arena, const char *reason)
{
    struct name_parts parts = parts_of(file->path);
    struct strbuf when = strbuf_in(arena);
    go_time_format(&when, file->layout, clock_wall_ns(), file->row->roll_local_time);
    for (int i = 0; i <= MAX_NAME_ATTEMPTS; i++) {
        struct str number = i ? str_printf(arena, "_%d", i) : STR("");
        struct str path = str_printf(arena, STR_FMT "/" STR_FMT "-" STR_FMT "-%s" STR_FMT STR_FMT,
                                     STR_ARG(parts.directory), STR_ARG(parts.prefix), (int)when.len,
                                     when.ptr, reason, STR_ARG(number), STR_ARG(parts.extension));
        if (!is_taken(arena, path))
            return path;
    }
    return STR("");
}

/* --- rolling --- */

/* Gives the file another name and begins a new one with its permissions and owner. <lock> is held.
 */
static bool roll(struct log_file *file, const char *reason)
{
    struct arena arena = ARENA_INIT;
    struct stat status;
    bool is_rolled = false;
    struct str name = rolled_name(file, &arena, reason);
    if (name.len == 0 || fstat(file->fd, &status) != 0 || rename(file->path.ptr, name.ptr) != 0)
        goto release;
    mode_t mode = file->row->file_mode ? file->row->file_mode : status.st_mode & MODE_BITS;
    int fd = open(file->path.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, mode);
    if (fd < 0) {
        rename(name.ptr, file->path.ptr);
        goto release;
    }
    fchmod(fd, mode);
    if (fchown(fd, status.st_uid, status.st_gid) != 0 && geteuid() == 0)
        fprintf(stderr, "log file " STR_FMT ": %s\n", STR_ARG(file->path), strerror(errno));
    close(file->fd);
    file->fd = fd;
    file->size = 0;
    file->has_work = true;
    pthread_cond_signal(&file->wake);
    is_rolled = true;
release:
    arena_free(&arena);
    return is_rolled;
}

/* The moment at which <minute> of the day of <ns> begins. */
static int64_t minute_of_day(const struct log_file *file, int64_t ns, uint32_t minute, int days)
{
    time_t seconds = (time_t)(ns / second_ns);
    struct tm tm;
    if (file->row->roll_local_time)
        localtime_r(&seconds, &tm);
    else
        gmtime_r(&seconds, &tm);
    tm.tm_mday += days;
    tm.tm_hour = (int)(minute / 60);
    tm.tm_min = (int)(minute % 60);
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    return (int64_t)(file->row->roll_local_time ? mktime(&tm) : timegm(&tm)) * second_ns;
}

/* The first time to roll behind <ns>; 0: there is none. */
static int64_t next_roll(const struct log_file *file, int64_t ns)
{
    struct dt_range times = file->row->roll_at;
    for (int day = 0; day <= 2; day++)
        for (uint32_t i = 0; i < times.n; i++) {
            int64_t at = minute_of_day(file, ns, file->tables->numbers[times.first + i].value, day);
            if (at > ns)
                return at;
        }
    return 0;
}

static void roll_by_time(struct log_file *file)
{
    int64_t now = clock_wall_ns(), interval = file->row->roll_interval_ns;
    if (interval > 0 && now - file->rolled_ns >= interval && roll(file, "time"))
        file->rolled_ns = now;
    if (file->row->roll_at.n == 0)
        return;
    int64_t due = next_roll(file, file->rolled_ns);
    if (due > 0 && due <= now && roll(file, "time"))
        file->rolled_ns = now;
}

static void write_now(struct log_file *file, struct str data)
{
    while (data.len > 0) {
        ssize_t n = write(file->fd, data.ptr, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        file->size += n;
        data = str_slice(data, (size_t)n, data.len);
    }
}

/* The lines at the begin that <room> bytes hold. */
static struct str lines_that_fit(struct str lines, int64_t room, struct str line_ending)
{
    char last = line_ending.ptr[line_ending.len - 1];
    if (room <= 0)
        return STR("");
    if ((int64_t)lines.len <= room)
        return lines;
    struct str fitting = str_slice(lines, 0, (size_t)room);
    for (;;) {
        ptrdiff_t end = str_last_index(fitting, last);
        if (end < 0)
            return STR("");
        fitting.len = (size_t)end + 1;
        if (str_has_suffix(fitting, line_ending))
            return fitting;
        fitting.len--;
    }
}

/* The first line. */
static struct str first_line(struct str lines, struct str line_ending)
{
    ptrdiff_t end = str_find(lines, line_ending);
    return end < 0 ? lines : str_slice(lines, 0, (size_t)end + line_ending.len);
}

void log_file_write(struct log_file *file, struct str lines, struct str line_ending)
{
    int64_t limit = (int64_t)file->row->roll_megabytes * 1024 * 1024;
    pthread_mutex_lock(&file->lock);
    if (limit == 0) {
        write_now(file, lines);
        lines.len = 0;
    } else {
        roll_by_time(file);
    }
    while (lines.len > 0) {
        struct str fitting = lines_that_fit(lines, limit - file->size, line_ending);
        if (fitting.len == 0 && (file->size == 0 || !roll(file, "size")))
            fitting = first_line(lines, line_ending); /* nothing else is to be done with it */
        write_now(file, fitting);
        lines = str_slice(lines, fitting.len, lines.len);
    }
    pthread_mutex_unlock(&file->lock);
}

/* --- rolled files --- */

struct rolled {
    char *name; /* in the keeper's arena */
    int64_t ns;
    bool is_compressed, is_kept;
};

static int newest_first(const void *a, const void *b)
{
    const struct rolled *x = a, *y = b;
    if (x->ns != y->ns)
        return x->ns < y->ns ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* Reads the time out of the name; false where the file is none of the rolled ones. */
static bool is_rolled(const struct log_file *file, const struct name_parts *parts, struct str name,
                      struct rolled *out)
{
    struct str rest = str_trim_suffix(str_trim_suffix(name, STR(".gz")), STR(".zst"));
    out->is_compressed = rest.len < name.len;
    if (!str_has_prefix(rest, parts->prefix) || !str_has_suffix(rest, parts->extension))
        return false;
    rest = str_slice(rest, parts->prefix.len, rest.len - parts->extension.len);
    ptrdiff_t reason = str_last_index(rest, '-');
    if (reason < 1 || rest.ptr[0] != '-')
        return false;
    return go_time_parse(file->layout, str_slice(rest, 1, (size_t)reason),
                         file->row->roll_local_time, &out->ns);
}

static size_t list_rolled(const struct log_file *file, struct arena *arena, struct rolled **out)
{
    struct name_parts parts = parts_of(file->path);
    DIR *directory = opendir(str_dup(arena, parts.directory).ptr);
    struct dirent *entry;
    size_t n = 0, room = 0;
    *out = NULL;
    while (directory && (entry = readdir(directory))) {
        struct rolled one = {.is_kept = true};
        if (!is_rolled(file, &parts, str_from(entry->d_name), &one))
            continue;
        if (n == room) {
            size_t more = room ? room * 2 : 32;
            *out = arena_grow(arena, *out, room * sizeof(**out), more * sizeof(**out));
            room = more;
        }
        one.name = arena_printf(arena, STR_FMT "/%s", STR_ARG(parts.directory), entry->d_name);
        (*out)[n++] = one;
    }
    if (directory)
        closedir(directory);
    if (n > 0)
        qsort(*out, n, sizeof(**out), newest_first);
    return n;
}

/* Moments of rolling are counted, not files. */
static void choose_kept(const struct log_file *file, struct rolled *files, size_t n)
{
    int64_t oldest = clock_wall_ns() - (int64_t)file->row->roll_keep_days * 86400 * second_ns;
    uint32_t moments = 0;
    for (size_t i = 0; i < n; i++) {
        moments += i == 0 || files[i].ns != files[i - 1].ns;
        files[i].is_kept = (file->row->roll_keep == 0 || moments <= file->row->roll_keep) &&
                           (file->row->roll_keep_days == 0 || files[i].ns >= oldest);
    }
}

static void look_after_rolled(const struct log_file *file)
{
    struct arena arena = ARENA_INIT;
    struct rolled *files;
    size_t n = list_rolled(file, &arena, &files);
    choose_kept(file, files, n);
    for (size_t i = 0; i < n; i++) {
        if (!files[i].is_kept)
            unlink(files[i].name);
        else if (!files[i].is_compressed && file->row->roll_coding != DT_ENCODING_NONE)
            squeeze_file(files[i].name, (enum dt_encoding)file->row->roll_coding);
    }
    arena_free(&arena);
}

/* Waits for work or for the next time to roll. <lock> is held. */
static void wait_for_work(struct log_file *file)
{
    int64_t due = next_roll(file, file->rolled_ns);
    if (due == 0) {
        pthread_cond_wait(&file->wake, &file->lock);
        return;
    }
    struct timespec until = {.tv_sec = (time_t)(due / second_ns),
                             .tv_nsec = (long)(due % second_ns)};
    if (pthread_cond_timedwait(&file->wake, &file->lock, &until) == ETIMEDOUT)
        roll_by_time(file);
}

static void *keep(void *arg)
{
    struct log_file *file = arg;
    pthread_mutex_lock(&file->lock);
    while (!file->is_closing || file->has_work) {
        if (!file->has_work) {
            wait_for_work(file);
            continue;
        }
        file->has_work = false;
        pthread_mutex_unlock(&file->lock);
        look_after_rolled(file);
        pthread_mutex_lock(&file->lock);
    }
    pthread_mutex_unlock(&file->lock);
    return NULL;
}

/* --- the whole --- */

struct log_file *log_file_open(const struct log_output_config *config, int *error)
{
    static const struct str caddy_layout = STR_INIT("2006-01-02T15-04-05.000");
    struct log_file *file = arena_new(config->arena, struct log_file);
    *file = (struct log_file){
        .row = config->row,
        .tables = config->tables,
        .path = config->path,
        .layout = table_text(config->tables, config->row->backup_layout),
        .rolled_ns = clock_wall_ns(),
    };
    if (file->layout.len > 0 && !go_time_is_reversible(config->arena, file->layout)) {
        fprintf(stderr,
                "log file " STR_FMT ": times cannot be read from the layout '" STR_FMT
                "'; taking " STR_FMT "\n",
                STR_ARG(file->path), STR_ARG(file->layout), STR_ARG(caddy_layout));
        file->layout.len = 0;
    }
    if (file->layout.len == 0)
        file->layout = caddy_layout;
    pthread_mutex_init(&file->lock, NULL);
    pthread_cond_init(&file->wake, NULL);
    file->fd = open_file(file);
    if (file->fd < 0) {
        *error = file->fd;
        return NULL;
    }
    file->has_work = true; /* what was left when the process ended */
    if (file->row->roll_megabytes > 0)
        file->has_keeper = pthread_create(&file->keeper, NULL, keep, file) == 0;
    return file;
}

void log_file_reopen(struct log_file *file)
{
    pthread_mutex_lock(&file->lock);
    int fd = open_file(file);
    if (fd >= 0) {
        close(file->fd);
        file->fd = fd;
    }
    pthread_mutex_unlock(&file->lock);
}

void log_file_close(struct log_file *file)
{
    pthread_mutex_lock(&file->lock);
    file->is_closing = true;
    pthread_cond_signal(&file->wake);
    pthread_mutex_unlock(&file->lock);
    if (file->has_keeper)
        pthread_join(file->keeper, NULL);
    close(file->fd);
    pthread_cond_destroy(&file->wake);
    pthread_mutex_destroy(&file->lock);
}
