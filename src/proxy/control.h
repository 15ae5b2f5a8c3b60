#ifndef DIALTONE_PROXY_CONTROL_H
#define DIALTONE_PROXY_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "dialtone/tables.h"

struct core;
struct worker;

/* The main thread while workers serve: signals, orders of the admin endpoint, the service manager,
 * a successor, and the end. */
struct control;

/* One more order is ignored while a replacement runs or the end has begun. */
enum control_order { CONTROL_STOP, CONTROL_REPLACE, CONTROL_RELOAD };

/* Before the workers run; false after saying why. <pid_file> may be NULL. */
bool control_open(struct core *core, const char *pid_file);
/* Says that everything is ready; returns when the workers are to be stopped. */
void control_run(struct core *core);
/* After the workers were joined. */
void control_close(struct core *core);

/* In the main thread. False: it is ignored. <done> (or NULL) is told how a replacement went: NULL,
 * or why it failed. */
bool control_order(struct core *core, enum control_order order,
                   void (*done)(const char *problem, void *ctx), void *ctx);
bool control_is_ending(const struct core *core);
/* In a worker's thread, as the last thing it does. */
void control_worker_ended(struct worker *worker);

/* A line about the process in the log. */
void control_say(struct core *core, enum dt_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
