/* Telling a service manager how we are, without its library. */

#include "proxy/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"

enum { MESSAGE_BYTES = 512 };

static bool manager_address(struct sockaddr_un *to, socklen_t *len)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path ? strlen(path) : 0;
    if (n < 2 || n >= sizeof(to->sun_path) || (path[0] != '/' && path[0] != '@'))
        return false;
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(to->sun_path, path, n);
    if (path[0] == '@')
        to->sun_path[0] = '\0';
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    return true;
}

void notify_say(const char *format, ...)
{
    struct sockaddr_un to;
    socklen_t len;
    char message[MESSAGE_BYTES];
    va_list arguments;
    if (!manager_address(&to, &len))
        return;
    va_start(arguments, format);
    int n = vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (n > 0 && (size_t)n < sizeof(message))
        (void)!sendto(fd, message, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&to, len);
    close(fd);
}

void notify_reloading(void)
{
    notify_say("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_monotonic_ns() / 1000));
}

int64_t notify_watchdog_ns(bool inherits)
{
    const char *period = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
    int64_t period_us, pid;
    if (!period || parse_go_int(str_from(period), &period_us) != PARSE_OK || period_us <= 0 ||
        period_us > INT64_MAX / 1000)
        return 0;
    if (process && !inherits &&
        (parse_go_int(str_from(process), &pid) != PARSE_OK || pid != getpid()))
        return 0;
    return period_us * 1000 / 3;
}
