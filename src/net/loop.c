/* The event loop: epoll, the end-of-event work, and the door for other threads. */
#include "net/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/buffer.h"
#include "net/net_private.h"

enum { EVENTS_PER_ROUND = 512 };

static void read_clocks(struct loop *loop)
{
    loop->now_ns = clock_monotonic_ns();
    loop->wall_ns = clock_wall_ns();
}

static int add(struct loop *loop, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) == 0)
        return 0;
    if (errno == EEXIST && epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) == 0)
        return 0;
    return -errno;
}

static void run_posted(struct watch *watch, unsigned events)
{
    (void)events;
    struct loop *loop = CONTAINER_OF(watch, struct loop, wake);
    uint64_t count;
    if (read(watch->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        return;
    pthread_mutex_lock(&loop->post_lock);
    struct task *task = loop->posted;
    loop->posted = NULL;
    loop->posted_end = &loop->posted;
    pthread_mutex_unlock(&loop->post_lock);
    while (task) {
        struct task *next = task->next;
        task->queued = false;
        task->run(task);
        loop_settle(loop);
        task = next;
    }
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return NULL;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->wake.ready = run_posted;
    loop->deferred_end = &loop->deferred;
    loop->at_round_end_last = &loop->at_round_end;
    loop->posted_end = &loop->posted;
    loop->date_second = -1;
    loop->pass_pipe[0] = loop->pass_pipe[1] = -1;
    pthread_mutex_init(&loop->post_lock, NULL);
    read_clocks(loop);
    loop->wheel.tick = loop->now_ns >> WHEEL_TICK_BITS;
    if (loop->epoll_fd < 0 || loop->wake.fd < 0 || loop_watch_level(loop, &loop->wake) < 0) {
        loop_free(loop);
        return NULL;
    }
    return loop;
}

static void bury(struct loop *loop)
{
    for (size_t i = 0; i < loop->graves.n; i++)
        free(loop->graves.at[i]);
    loop->graves.n = 0;
}

void loop_thread_over(void)
{
    buffer_pool_free();
    tls_scratch_free();
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    loop_settle(loop);
    bury(loop);
    free(loop->graves.at);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->wake.fd >= 0)
        close(loop->wake.fd);
    pass_pipe_close(loop);
    pthread_mutex_destroy(&loop->post_lock);
    loop_thread_over();
    free(loop);
}

void loop_settle(struct loop *loop)
{
    gather_flush_any(loop);
    while (loop->deferred) {
        struct task *task = loop->deferred;
        loop->deferred = task->next;
        if (!loop->deferred)
            loop->deferred_end = &loop->deferred;
        task->queued = false;
        task->run(task);
        gather_flush_any(loop);
    }
}

static void end_round(struct loop *loop)
{
    struct task *task = loop->at_round_end;
    if (!task)
        return;
    /* They stay in a list of the loop, where they can be taken back, until they run. */
    *loop->at_round_end_last = loop->deferred;
    if (!loop->deferred)
        loop->deferred_end = loop->at_round_end_last;
    loop->deferred = task;
    loop->at_round_end = NULL;
    loop->at_round_end_last = &loop->at_round_end;
    loop_settle(loop);
}

_Static_assert((unsigned)WATCH_READABLE == EPOLLIN && (unsigned)WATCH_WRITABLE == EPOLLOUT &&
                   (unsigned)WATCH_ERROR == (EPOLLHUP | EPOLLERR) &&
                   (unsigned)WATCH_HANGUP == (EPOLLRDHUP | EPOLLHUP | EPOLLERR),
               "epoll's bits");

void loop_run(struct loop *loop)
{
    struct epoll_event events[EVENTS_PER_ROUND];
    read_clocks(loop);
    loop_settle(loop);
    end_round(loop);
    bury(loop);
    while (!atomic_load_explicit(&loop->stopping, memory_order_relaxed)) {
        int timeout_ms = loop->at_round_end ? 0 : wheel_timeout_ms(loop);
        loop->round++;
        int n = epoll_wait(loop->epoll_fd, events, EVENTS_PER_ROUND, timeout_ms);
        read_clocks(loop);
        for (int i = 0; i < n; i++) {
            struct watch *watch = events[i].data.ptr;
            if (watch->fd < 0)
                continue;
            watch->ready(watch, events[i].events);
            loop_settle(loop);
        }
        wheel_advance(loop);
        end_round(loop);
        bury(loop);
    }
    atomic_store(&loop->stopping, false);
    loop_thread_over();
}

void loop_stop(struct loop *loop)
{
    int saved = errno;
    uint64_t one = 1;
    atomic_store(&loop->stopping, true);
    ssize_t written = write(loop->wake.fd, &one, sizeof(one));
    (void)written; /* a full counter wakes as well */
    errno = saved;
}

int64_t loop_now_ns(const struct loop *loop)
{
    return loop->now_ns;
}

int64_t loop_wall_ns(const struct loop *loop)
{
    return loop->wall_ns;
}

const char *loop_http_date(struct loop *loop)
{
    int64_t second = loop->wall_ns / 1000000000;
    if (second == loop->date_second)
        return loop->date;
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t when = (time_t)second;
    struct tm tm;
    gmtime_r(&when, &tm);
    snprintf(loop->date, sizeof(loop->date), "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
             days + tm.tm_wday * 3, (unsigned)tm.tm_mday % 100, months + tm.tm_mon * 3,
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
    loop->date_second = second;
    return loop->date;
}

int loop_watch(struct loop *loop, struct watch *watch)
{
    return add(loop, watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int loop_watch_level(struct loop *loop, struct watch *watch)
{
    return add(loop, watch, EPOLLIN);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
    if (watch->fd >= 0)
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->fd = -1;
}

void loop_detach(struct watch *watch)
{
    watch->fd = -1;
}

void loop_close(struct loop *loop, struct watch *watch)
{
    int fd = watch->fd;
    if (fd < 0)
        return;
    if (loop->expects_copies)
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    watch->fd = -1;
    close(fd);
}

void loop_expect_copies(struct loop *loop, bool are_expected)
{
    loop->expects_copies = are_expected;
}

static void queue(struct task ***end, struct task *task)
{
    if (task->queued)
        return;
    task->queued = true;
    task->next = NULL;
    **end = task;
    *end = &task->next;
}

void loop_defer(struct loop *loop, struct task *task)
{
    queue(&loop->deferred_end, task);
}

void loop_defer_round(struct loop *loop, struct task *task)
{
    queue(&loop->at_round_end_last, task);
}

/* Takes the task out of a list, where it is in it. */
static void unqueue(struct task **link, struct task ***end, struct task *task)
{
    while (*link && *link != task)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = task->next;
    if (!*link)
        *end = link;
}

void loop_undefer(struct loop *loop, struct task *task)
{
    if (!task->queued)
        return;
    task->queued = false;
    unqueue(&loop->deferred, &loop->deferred_end, task);
    unqueue(&loop->at_round_end, &loop->at_round_end_last, task);
}

void loop_free_later(struct loop *loop, void *memory)
{
    struct graves *graves = &loop->graves;
    if (graves->n == graves->cap) {
        size_t cap = graves->cap ? graves->cap * 2 : 64;
        void **bigger = realloc(graves->at, cap * sizeof(*bigger));
        if (!bigger) {
            fputs("dialtone: out of memory\n", stderr);
            abort();
        }
        graves->at = bigger;
        graves->cap = cap;
    }
    graves->at[graves->n++] = memory;
}

void loop_post(struct loop *loop, struct task *task)
{
    pthread_mutex_lock(&loop->post_lock);
    task->queued = true;
    task->next = NULL;
    *loop->posted_end = task;
    loop->posted_end = &task->next;
    pthread_mutex_unlock(&loop->post_lock);
    uint64_t one = 1;
    ssize_t written = write(loop->wake.fd, &one, sizeof(one));
    (void)written; /* a full counter wakes as well */
}

char *loop_read_buffer(struct loop *loop)
{
    return loop->read_buffer;
}
