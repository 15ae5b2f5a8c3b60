/* Locks that are files. */
#include "acme/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acme/files.h"
#include "acme/paths.h"
#include "acme/times.h"
#include "base/clock.h"

enum { FRESH_SECONDS = 5, STALE_SECONDS = 2 * FRESH_SECONDS };

struct acme_lock {
    char *path; /* owned */
    int64_t created_ns;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool is_over; /* under mutex */
};

static struct str content(struct arena *arena, int64_t created_ns, int64_t updated_ns)
{
    return str_printf(arena, "{\"created\":\"" STR_FMT "\",\"updated\":\"" STR_FMT "\"}\n",
                      STR_ARG(acme_time_text(arena, created_ns)),
                      STR_ARG(acme_time_text(arena, updated_ns)));
}

/* Says that we live; false where the file is not there any more, or somebody else's. */
static bool refresh(const struct acme_lock *lock)
{
    struct arena arena = ARENA_INIT;
    struct str text, begin = str_printf(&arena, "{\"created\":\"" STR_FMT "\"",
                                        STR_ARG(acme_time_text(&arena, lock->created_ns)));
    bool is_ours = acme_file_load(&arena, lock->path, &text) && str_has_prefix(text, begin);
    int fd = is_ours ? open(lock->path, O_WRONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        /* the new text is as long as the old one, so that nobody finds the file empty */
        text = content(&arena, lock->created_ns, clock_wall_ns());
        (void)!pwrite(fd, text.ptr, text.len, 0); /* what cannot be written grows old */
        fsync(fd);
        close(fd);
    }
    arena_free(&arena);
    return is_ours;
}

static void *keep_fresh(void *ctx)
{
    struct acme_lock *lock = ctx;
    pthread_mutex_lock(&lock->mutex);
    while (!lock->is_over) {
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += FRESH_SECONDS;
        while (!lock->is_over &&
               pthread_cond_timedwait(&lock->ended, &lock->mutex, &end) != ETIMEDOUT)
            continue;
        if (!lock->is_over && !refresh(lock))
            break;
    }
    pthread_mutex_unlock(&lock->mutex);
    return NULL;
}

static struct acme_lock *begin(const char *path, int64_t created_ns)
{
    struct acme_lock *lock = calloc(1, sizeof(*lock));
    pthread_condattr_t attributes;
    if (!lock)
        return NULL;
    lock->path = strdup(path);
    lock->created_ns = created_ns;
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lock->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    if (lock->path && pthread_create(&lock->thread, NULL, keep_fresh, lock) == 0)
        return lock;
    pthread_cond_destroy(&lock->ended);
    pthread_mutex_destroy(&lock->mutex);
    free(lock->path);
    free(lock);
    return NULL;
}

/* The file, made by us; NULL with errno where there is one, or none can be made. */
static struct acme_lock *create(struct arena *arena, const char *path)
{
    int64_t created_ns = clock_wall_ns();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return NULL;
    bool is_written = acme_write_fully(fd, content(arena, created_ns, created_ns));
    int reason = errno;
    close(fd);
    struct acme_lock *lock = is_written ? begin(path, created_ns) : NULL;
    if (lock)
        return lock;
    unlink(path);
    errno = is_written ? ENOMEM : reason;
    return NULL;
}

/* When its owner was last seen, in nanoseconds since 1970; what cannot be read counts from when it
 * was written. */
static int64_t last_seen(struct str text, int64_t written_ns)
{
    json_t *meta = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_DISABLE_EOF_CHECK, NULL);
    int64_t ns = 0;
    if (!acme_time_read(json_string_value(json_object_get(meta, "updated")), &ns) &&
        !acme_time_read(json_string_value(json_object_get(meta, "created")), &ns))
        ns = written_ns;
    json_decref(meta);
    return ns;
}

static bool is_stale(struct arena *arena, const char *path, struct acme_lock_wait *wait)
{
    struct stat status;
    struct str text;
    int64_t monotonic_ms = clock_monotonic_ns() / 1000000;
    if (stat(path, &status) != 0 || !acme_file_load(arena, path, &text))
        return false;
    text = str_slice(text, 0, sizeof(wait->seen));
    if (wait->since_ms == 0 || !str_eq(text, str_make(wait->seen, wait->seen_len))) {
        memcpy(wait->seen, text.ptr ? text.ptr : "", text.len);
        wait->seen_len = text.len;
        wait->since_ms = monotonic_ms;
    }
    int64_t written_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    int64_t age_ns = clock_wall_ns() - last_seen(text, written_ns);
    /* a clock that was set back: somebody who lives would have written by now */
    return age_ns > STALE_SECONDS * INT64_C(1000000000) ||
           (age_ns < 0 && monotonic_ms - wait->since_ms > STALE_SECONDS * 1000);
}

enum acme_lock_state acme_lock_take(struct arena *arena, struct str root, struct str name,
                                    struct acme_lock_wait *wait, struct acme_lock **lock,
                                    struct str *error)
{
    const char *path = acme_lock_path(arena, root, name);
    if (!acme_folders_make(arena, path, error))
        return ACME_LOCK_FAILED;
    for (unsigned tries = 0; tries < 2; tries++) {
        *lock = create(arena, path);
        if (*lock)
            return ACME_LOCK_TAKEN;
        if (errno != EEXIST) {
            acme_file_failed(arena, path, error);
            return ACME_LOCK_FAILED;
        }
        if (!is_stale(arena, path, wait))
            return ACME_LOCK_BUSY;
        if (unlink(path) != 0 && errno != ENOENT) {
            acme_file_failed(arena, path, error);
            return ACME_LOCK_FAILED;
        }
    }
    return ACME_LOCK_BUSY;
}

void acme_lock_release(struct acme_lock *lock)
{
    if (!lock)
        return;
    pthread_mutex_lock(&lock->mutex);
    lock->is_over = true;
    pthread_cond_signal(&lock->ended);
    pthread_mutex_unlock(&lock->mutex);
    pthread_join(lock->thread, NULL);
    if (refresh(lock)) /* somebody may have thought that we are dead */
        unlink(lock->path);
    pthread_cond_destroy(&lock->ended);
    pthread_mutex_destroy(&lock->mutex);
    free(lock->path);
    free(lock);
}
