/* --replace: asking a running proxy to let another take its place. */

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proxy/admin.h"

enum { FINE, FAILED, WRONG_USAGE };
enum { WAIT_SECONDS = 65, STEP_MS = 50 };

static int say(const char *name, const char *where, const char *why)
{
    fprintf(stderr, "%s: --replace: %s%s%s\n", name, where, *where ? ": " : "", why);
    return FAILED;
}

static int connect_to(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = WAIT_SECONDS};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(to.sun_path))
        return -ENAMETOOLONG;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] != '@'));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, size) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    return fd;
}

static int ask_socket(const char *name, const char *path)
{
    static const char request[] = "POST /replace HTTP/1.1\r\nHost: localhost\r\n"
                                  "Content-Length: 0\r\nConnection: close\r\n\r\n";
    char answer[2048];
    size_t len = 0;
    ssize_t got = 0;
    int fd = connect_to(path);
    if (fd < 0)
        return say(name, path, strerror(-fd));
    if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == sizeof(request) - 1)
        while (len < sizeof(answer) - 1 &&
               (got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0)
            len += (size_t)got;
    close(fd);
    answer[len] = '\0';
    const char *body = strstr(answer, "\r\n\r\n");
    if (!body)
        return say(name, path, "no answer");
    if (strncmp(answer, "HTTP/1.1 200 ", 13) == 0)
        return FINE;
    return say(name, "", body + 4);
}

static long read_pid(const char *path)
{
    char text[32] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    return n > 0 ? strtol(text, NULL, 10) : -1;
}

/* The new process writes its own number where the old one's stands. */
static int ask_process(const char *name, const char *pid_file)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000};
    long pid = read_pid(pid_file);
    if (pid <= 1)
        return say(name, pid_file, "there is no process's number in it");
    if (kill((pid_t)pid, SIGUSR2) != 0)
        return say(name, pid_file, strerror(errno));
    for (int i = 0; i < WAIT_SECONDS * 1000 / STEP_MS; i++) {
        nanosleep(&step, NULL);
        long now = read_pid(pid_file);
        if (now > 1 && now != pid)
            return FINE;
    }
    return say(name, pid_file, "the old process serves on; its log says why");
}

int admin_ask_to_replace(const char *name, const char *admin, const char *pid_file)
{
    if (admin && *admin)
        return ask_socket(name, admin);
    if (pid_file)
        return ask_process(name, pid_file);
    say(name, "", "which one? name its --admin socket or its --pid-file");
    return WRONG_USAGE;
}
