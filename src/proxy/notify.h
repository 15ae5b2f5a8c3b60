#ifndef DIALTONE_PROXY_NOTIFY_H
#define DIALTONE_PROXY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Messages to the service manager that started the process (systemd's protocol: a datagram of
 * NAME=VALUE lines to $NOTIFY_SOCKET). Without one nothing happens. */
void notify_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends with notify_say("READY=1"). */
void notify_reloading(void);
/* How often "WATCHDOG=1" is to be said; 0: never. <inherits>: another process's is ours. */
int64_t notify_watchdog_ns(bool inherits);

#endif
