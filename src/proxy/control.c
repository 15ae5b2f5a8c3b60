/* From "serving" to the end: what signals, the admin endpoint and the service manager ask for, and
 * how one process takes the place of another. */

#include "proxy/control.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/loop.h"
#include "net/timer.h"
#include "proxy/admin.h"
#include "proxy/core.h"
#include "proxy/handover.h"
#include "proxy/log.h"
#include "proxy/notify.h"
#include "proxy/sockets.h"
#include "proxy/tls_setup.h"
#include "proxy/worker.h"

static const int64_t SUCCESSOR_TIMEOUT_NS = 60000000000;
static const int64_t LAST_REQUEST_NS = 5000000000; /* for clients of a process that was replaced */
enum { PROBLEM_BYTES = 256 };

enum control_state {
    CONTROL_SERVING,
    CONTROL_DELAYING, /* the end is announced but has not begun */
    CONTROL_DRAINING, /* until the last request is answered, or the grace period is over */
};

/* Whether a worker's loop still turns. */
struct pulse {
    struct task task;
    _Atomic bool is_awaited;
};

/* A message to a worker and back. */
struct notice {
    struct task there, back;
    struct worker *worker;
    bool expects_copies;
};

struct control {
    struct core *core;
    struct loop *loop;
    struct watch signals;
    enum control_state state;
    struct timer end; /* of the delay, or of the grace period */
    struct timer upkeep; /* of certificates */
    struct timer watchdog;
    int64_t watchdog_ns;
    struct pulse *pulses; /* owned; of workers */
    unsigned n_ended;     /* workers */
    struct admin *admin;  /* owned; or NULL */
    bool was_replaced;
    int pid_file; /* -1 */
    const char *pid_file_path;
    /* A replacement begins when all workers know that descriptors are going to be copied. */
    struct notice *notices; /* owned; of workers */
    unsigned n_notices;     /* under way */
    bool expects_copies;
    /* A successor that is not ready yet; pid 0: none. */
    struct successor successor;
    struct watch successor_watch;
    struct timer successor_timer;
    void (*told)(const char *problem, void *ctx);
    void *told_ctx;
};

#define CONTAINER(pointer, member)                                                                 \
    ((struct control *)((char *)(pointer) - offsetof(struct control, member)))

void control_say(struct core *core, enum dt_log_level level, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    log_line(core, NULL, level, STR(""), str_from(text), NULL, 0);
}

/* --- the pid file --- */

static bool pid_file_open(struct control *control, const char *path)
{
    control->pid_file = -1;
    control->pid_file_path = path;
    if (!path)
        return true;
    control->pid_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (control->pid_file >= 0)
        return true;
    fprintf(stderr, "%s: pid file %s: %s\n", control->core->name, path, strerror(errno));
    return false;
}

static void pid_file_write(struct control *control)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (control->pid_file < 0)
        return;
    if (pwrite(control->pid_file, text, (size_t)len, 0) != len ||
        ftruncate(control->pid_file, len) != 0)
        control_say(control->core, DT_LOG_WARN, "pid file %s: %s", control->pid_file_path,
                    strerror(errno));
}

static void pid_file_close(struct control *control)
{
    char text[32] = "";
    if (control->pid_file < 0)
        return;
    /* Whoever replaced this process has written it anew. */
    if (pread(control->pid_file, text, sizeof(text) - 1, 0) > 0 &&
        strtol(text, NULL, 10) == (long)getpid())
        unlink(control->pid_file_path);
    close(control->pid_file);
    control->pid_file = -1;
}

/* --- the end --- */

static void stop_now(struct control *control)
{
    loop_stop(control->loop);
}

static void end_is_due(struct timer *timer);

static void drain(struct control *control)
{
    struct core *core = control->core;
    const struct http_drain how = {
        .leaves_queue = control->was_replaced,
        .idle_ns = control->was_replaced ? LAST_REQUEST_NS : 0,
    };
    control->state = CONTROL_DRAINING;
    admin_close(control->admin);
    control->admin = NULL;
    sockets_close(core, control->was_replaced);
    for (unsigned i = 0; i < core->n_workers; i++)
        worker_drain(&core->workers[i], &how);
    if (core->tables->application.grace_period_ns > 0)
        timer_start(control->loop, &control->end, core->tables->application.grace_period_ns);
    else
        timer_stop(&control->end);
}

static void end_is_due(struct timer *timer)
{
    struct control *control = CONTAINER(timer, end);
    if (control->state == CONTROL_DELAYING) {
        drain(control);
        return;
    }
    control_say(control->core, DT_LOG_WARN, "the grace period is over; running requests end now");
    stop_now(control);
}

static void stop_gracefully(struct control *control)
{
    struct core *core = control->core;
    int64_t delay_ns = core->tables->application.shutdown_delay_ns;
    if (control->state != CONTROL_SERVING) {
        control_say(core, DT_LOG_WARN, "asked to stop once more; running requests end now");
        stop_now(control);
        return;
    }
    control_say(core, DT_LOG_INFO, "shutting down");
    notify_say("STOPPING=1\nSTATUS=Answering the last requests");
    if (delay_ns <= 0) {
        drain(control);
        return;
    }
    control->state = CONTROL_DELAYING;
    atomic_store(&core->shutdown_at_ns, loop_wall_ns(control->loop) + delay_ns);
    timer_start(control->loop, &control->end, delay_ns);
}

static void worker_ended(struct task *task)
{
    struct worker *worker = (struct worker *)((char *)task - offsetof(struct worker, ended));
    struct control *control = worker->core->control;
    if (++control->n_ended == worker->core->n_workers)
        stop_now(control);
}

void control_worker_ended(struct worker *worker)
{
    worker->ended.run = worker_ended;
    loop_post(worker->core->control->loop, &worker->ended);
}

/* --- replacement --- */

static void tell(struct control *control, const char *problem)
{
    void (*told)(const char *, void *) = control->told;
    control->told = NULL;
    if (told)
        told(problem, control->told_ctx);
}

static void start_successor(struct control *control);

static void notice_answered(struct task *task)
{
    struct notice *notice = (struct notice *)((char *)task - offsetof(struct notice, back));
    struct control *control = notice->worker->core->control;
    if (--control->n_notices == 0 && control->expects_copies)
        start_successor(control);
}

static void notice_read(struct task *task)
{
    struct notice *notice = (struct notice *)((char *)task - offsetof(struct notice, there));
    struct control *control = notice->worker->core->control;
    loop_expect_copies(notice->worker->loop, notice->expects_copies);
    loop_post(control->loop, &notice->back);
}

/* Tells all loops whether closing a descriptor is not the end of it. */
static void expect_copies(struct control *control, bool are_expected)
{
    struct core *core = control->core;
    control->expects_copies = are_expected;
    control->n_notices = core->n_workers;
    loop_expect_copies(control->loop, are_expected);
    for (unsigned i = 0; i < core->n_workers; i++) {
        struct notice *notice = &control->notices[i];
        *notice = (struct notice){{.run = notice_read}, {.run = notice_answered},
                                  &core->workers[i], are_expected};
        loop_post(core->workers[i].loop, &notice->there);
    }
}

static void forget_successor(struct control *control)
{
    loop_unwatch(control->loop, &control->successor_watch);
    timer_stop(&control->successor_timer);
    close(control->successor.channel);
    expect_copies(control, false);
}

static void successor_failed(struct control *control, const char *why)
{
    char problem[PROBLEM_BYTES];
    forget_successor(control);
    int status = successor_end(&control->successor);
    if (WIFEXITED(status))
        snprintf(problem, sizeof(problem), "%s (exit status %d)", why, WEXITSTATUS(status));
    else
        snprintf(problem, sizeof(problem), "%s (signal %d)", why, WTERMSIG(status));
    control_say(control->core, DT_LOG_ERROR, "not replaced: %s; serving on", problem);
    notify_say("READY=1\nSTATUS=Serving; the last replacement failed");
    tell(control, problem);
}

static void successor_readable(struct watch *watch, unsigned events)
{
    struct control *control = CONTAINER(watch, successor_watch);
    int status = successor_ask(&control->successor);
    (void)events;
    if (status == 0)
        return;
    if (status < 0) {
        successor_failed(control, "the new process ended before it was ready");
        return;
    }
    long pid = (long)control->successor.pid;
    forget_successor(control);
    control->successor.pid = 0;
    control->was_replaced = true;
    control_say(control->core, DT_LOG_INFO, "replaced by process %ld; answering the last requests",
                pid);
    notify_say("MAINPID=%ld\nREADY=1\nSTATUS=Serving", pid);
    tell(control, NULL);
    drain(control);
}

static void not_replaced(struct control *control, const char *problem)
{
    control_say(control->core, DT_LOG_ERROR, "not replaced: %s; serving on", problem);
    tell(control, problem);
}

static void successor_is_late(struct timer *timer)
{
    struct control *control = CONTAINER(timer, successor_timer);
    if (control->successor.pid > 0) {
        successor_failed(control, "the new process was not ready in time");
        return;
    }
    control->expects_copies = false; /* a successor is not started any more */
    not_replaced(control, "a worker does not answer");
}

static void start_successor(struct control *control)
{
    int status = successor_start(control->core, &control->successor);
    if (status < 0) {
        control->successor.pid = 0;
        timer_stop(&control->successor_timer);
        expect_copies(control, false);
        not_replaced(control, strerror(-status));
        return;
    }
    notify_reloading();
    control_say(control->core, DT_LOG_INFO, "process %ld is to replace this one",
                (long)control->successor.pid);
    control->successor_watch = (struct watch){.fd = control->successor.channel,
                                              .ready = successor_readable};
    loop_watch_level(control->loop, &control->successor_watch);
}

static void abandon_replacement(struct control *control)
{
    static const char why[] = "this process was asked to stop";
    if (control->successor.pid > 0) {
        successor_failed(control, why);
    } else if (control->expects_copies) {
        control->expects_copies = false; /* notice_answered starts none any more */
        timer_stop(&control->successor_timer);
        not_replaced(control, why);
    }
}

/* False: one is under way, or the end has begun. */
static bool replace(struct control *control, void (*done)(const char *problem, void *ctx),
                    void *ctx)
{
    if (control->state != CONTROL_SERVING || control->successor.pid > 0 || control->n_notices > 0)
        return false;
    control->told = done;
    control->told_ctx = ctx;
    if (getpid() == 1) { /* a container ends with it */
        not_replaced(control, "process 1 cannot be replaced; run it under an init");
        return true;
    }
    control->successor_timer.fire = successor_is_late;
    timer_start(control->loop, &control->successor_timer, SUCCESSOR_TIMEOUT_NS);
    expect_copies(control, true);
    return true;
}

/* --- orders --- */

static void reload(struct control *control)
{
    struct core *core = control->core;
    notify_reloading();
    bool is_fine = tls_reload(core);
    log_reopen(core);
    if (is_fine)
        control_say(core, DT_LOG_INFO, "certificates and logs read again");
    else
        control_say(core, DT_LOG_ERROR, "logs opened again; certificates stay as they were");
    notify_say("READY=1");
}

bool control_order(struct core *core, enum control_order order,
                   void (*done)(const char *problem, void *ctx), void *ctx)
{
    struct control *control = core->control;
    switch (order) {
    case CONTROL_STOP:
        abandon_replacement(control);
        stop_gracefully(control);
        return true;
    case CONTROL_REPLACE:
        return replace(control, done, ctx);
    case CONTROL_RELOAD:
        reload(control);
        return true;
    }
    return false;
}

bool control_is_ending(const struct core *core)
{
    return core->control->state != CONTROL_SERVING;
}

static const struct signal_row {
    int signal;
    enum control_order order;
} signal_rows[] = {
    {SIGTERM, CONTROL_STOP},
    {SIGINT, CONTROL_STOP},
    {SIGUSR2, CONTROL_REPLACE},
    {SIGHUP, CONTROL_RELOAD},
};

static void signals_readable(struct watch *watch, unsigned events)
{
    struct control *control = CONTAINER(watch, signals);
    struct signalfd_siginfo info;
    (void)events;
    while (read(watch->fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGQUIT)
            stop_now(control);
        for (size_t i = 0; i < sizeof(signal_rows) / sizeof(signal_rows[0]); i++)
            if ((int)info.ssi_signo == signal_rows[i].signal &&
                !control_order(control->core, signal_rows[i].order, NULL, NULL))
                control_say(control->core, DT_LOG_WARN, "not replaced: %s",
                            control->state == CONTROL_SERVING ? "a replacement is under way"
                                                              : "the end has begun");
    }
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGQUIT);
    for (size_t i = 0; i < sizeof(signal_rows) / sizeof(signal_rows[0]); i++)
        sigaddset(&set, signal_rows[i].signal);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* --- the watchdog --- */

static void pulse_felt(struct task *task)
{
    atomic_store(&((struct pulse *)((char *)task - offsetof(struct pulse, task)))->is_awaited,
                 false);
}

/* The service manager hears that we are well as long as every worker's loop turns. */
static void watchdog_is_due(struct timer *timer)
{
    struct control *control = CONTAINER(timer, watchdog);
    struct core *core = control->core;
    bool all_well = true;
    for (unsigned i = 0; i < core->n_workers; i++)
        all_well &= core->workers[i].is_over || !atomic_load(&control->pulses[i].is_awaited);
    if (all_well)
        notify_say("WATCHDOG=1");
    for (unsigned i = 0; i < core->n_workers; i++) {
        struct pulse *pulse = &control->pulses[i];
        if (core->workers[i].is_over || atomic_exchange(&pulse->is_awaited, true))
            continue;
        pulse->task.run = pulse_felt;
        loop_post(core->workers[i].loop, &pulse->task);
    }
    timer_start(control->loop, timer, control->watchdog_ns);
}

static void upkeep_is_due(struct timer *timer)
{
    struct control *control = CONTAINER(timer, upkeep);
    timer_start(control->loop, timer, tls_maintain(control->core) * 1000000000);
}

/* --- beginning and end --- */

bool control_open(struct core *core, const char *pid_file)
{
    struct control *control = calloc(1, sizeof(*control));
    if (!control)
        return false;
    core->control = control;
    control->core = core;
    control->loop = loop_new();
    control->pulses = calloc(core->n_workers, sizeof(*control->pulses));
    control->notices = calloc(core->n_workers, sizeof(*control->notices));
    control->signals = (struct watch){.fd = open_signals(), .ready = signals_readable};
    control->end.fire = end_is_due;
    control->upkeep.fire = upkeep_is_due;
    control->watchdog.fire = watchdog_is_due;
    control->watchdog_ns = notify_watchdog_ns(core->handover.has_predecessor);
    control->successor_watch.fd = -1;
    if (!control->loop || !control->pulses || !control->notices || control->signals.fd < 0 ||
        loop_watch_level(control->loop, &control->signals) < 0) {
        fprintf(stderr, "%s: cannot wait for signals: %s\n", core->name, strerror(errno));
        return false;
    }
    return pid_file_open(control, pid_file);
}

void control_run(struct core *core)
{
    struct control *control = core->control;
    int admin = sockets_of_admin(core);
    handover_close_unused(core);
    if (admin >= 0)
        control->admin = admin_open(core, control->loop, admin);
    pid_file_write(control);
    handover_ready(core);
    notify_say("READY=1\nSTATUS=Serving");
    upkeep_is_due(&control->upkeep);
    if (control->watchdog_ns > 0)
        timer_start(control->loop, &control->watchdog, 0);
    loop_run(control->loop);
    abandon_replacement(control);
}

void control_close(struct core *core)
{
    struct control *control = core->control;
    if (!control)
        return;
    sockets_close(core, control->was_replaced);
    pid_file_close(control);
    admin_close(control->admin);
    if (control->signals.fd >= 0)
        close(control->signals.fd);
    if (control->loop)
        loop_free(control->loop);
    free(control->pulses);
    free(control->notices);
    free(control);
    core->control = NULL;
}
