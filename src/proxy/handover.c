/* Listening sockets that outlive a process: taken from whoever started this one, and handed to the
 * one that takes its place. Both processes have the same sockets for a moment, so that no
 * connection in their queues is lost. The keys of session tickets go the same way, in memory. */

#include "proxy/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/parse.h"
#include "proxy/control.h"
#include "proxy/core.h"
#include "proxy/sockets.h"
#include "proxy/tls_state.h"

extern char **environ;

/* A predecessor's message is a memory file, whose lines are "FD FLAG ADDRESS": sockets, and with
 * the flag 't' another memory file, which holds the keys of session tickets. A program that does
 * not know the flag takes it for a socket that nothing listens on, and closes it. */
#define VARIABLE "DIALTONE_HANDOVER" /* "CHANNEL,MESSAGE": descriptors */

enum { FIRST_MANAGED_FD = 3, MAX_MANAGED = 4096, TICKETS_BYTES_MAX = 64 << 10 };

/* --- taking --- */

static bool number_of(struct str text, int64_t *number)
{
    return parse_go_int(text, number) == PARSE_OK && *number >= 0 && *number <= INT32_MAX;
}

static void keep_from_children(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void add(struct core *core, struct inherited_socket socket)
{
    struct handover *handover = &core->handover;
    size_t size = sizeof(*handover->sockets);
    handover->sockets =
        arena_grow(core->arena, handover->sockets, handover->n * size, (handover->n + 1) * size);
    handover->sockets[handover->n++] = socket;
    keep_from_children(socket.fd);
}

static struct str read_message(struct core *core, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size <= 0)
        return STR("");
    char *text = arena_alloc(core->arena, (size_t)status.st_size);
    ssize_t n = pread(fd, text, (size_t)status.st_size, 0);
    return str_make(text, n > 0 ? (size_t)n : 0);
}

static bool take_line(struct core *core, struct str line)
{
    struct str fd, flag;
    int64_t number;
    if (!str_cut(line, STR(" "), &fd, &line) || !str_cut(line, STR(" "), &flag, &line) ||
        !number_of(fd, &number) || fcntl((int)number, F_GETFD) < 0)
        return false;
    if (str_is(flag, "t")) {
        core->handover.tickets = (int)number;
        keep_from_children((int)number);
        return true;
    }
    add(core, (struct inherited_socket){
                  .fd = (int)number,
                  .address = arena_strndup(core->arena, line.ptr, line.len),
                  .owns_path = str_is(flag, "o"),
              });
    return true;
}

static bool take_from_predecessor(struct core *core, const char *where)
{
    struct str channel, message, line, text;
    int64_t channel_fd, message_fd;
    if (!str_cut(str_from(where), STR(","), &channel, &message) ||
        !number_of(channel, &channel_fd) || !number_of(message, &message_fd)) {
        fprintf(stderr, "%s: %s is not for this process\n", core->name, VARIABLE);
        return false;
    }
    core->handover.channel = (int)channel_fd;
    core->handover.has_predecessor = true;
    keep_from_children((int)channel_fd);
    text = read_message(core, (int)message_fd);
    close((int)message_fd);
    while (str_cut(text, STR("\n"), &line, &text))
        if (!take_line(core, line)) {
            fprintf(stderr, "%s: a socket of the predecessor is missing\n", core->name);
            return false;
        }
    return true;
}

static void take_from_manager(struct core *core)
{
    const char *count = getenv("LISTEN_FDS"), *process = getenv("LISTEN_PID");
    struct str names = str_from(getenv("LISTEN_FDNAMES"));
    int64_t n, pid;
    if (!count || !number_of(str_from(count), &n) || n > MAX_MANAGED || !process ||
        !number_of(str_from(process), &pid) || pid != getpid())
        return;
    names = str_from(arena_strndup(core->arena, names.ptr, names.len));
    for (int i = 0; i < n; i++) {
        struct str name = names;
        if (!str_cut(names, STR(":"), &name, &names))
            names = STR("");
        add(core, (struct inherited_socket){
                      .fd = FIRST_MANAGED_FD + i,
                      .name = arena_strndup(core->arena, name.ptr, name.len),
                  });
    }
}

bool handover_take(struct core *core)
{
    const char *where = getenv(VARIABLE);
    core->handover.channel = -1;
    core->handover.tickets = -1;
    bool is_fine = true;
    if (where)
        is_fine = take_from_predecessor(core, where);
    else
        take_from_manager(core);
    static const char *const variables[] = {VARIABLE, "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"};
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    return is_fine;
}

void handover_take_tickets(struct core *core, struct tls_tickets *tickets)
{
    unsigned char bytes[TICKETS_BYTES_MAX];
    if (core->handover.tickets < 0)
        return;
    ssize_t n = tickets ? pread(core->handover.tickets, bytes, sizeof(bytes), 0) : 0;
    if (n > 0)
        tls_tickets_take(tickets, bytes, (size_t)n);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    close(core->handover.tickets);
    core->handover.tickets = -1;
}

void handover_close_unused(struct core *core)
{
    for (unsigned i = 0; i < core->handover.n; i++) {
        struct inherited_socket *socket = &core->handover.sockets[i];
        if (socket->is_used)
            continue;
        if (!socket->address)
            control_say(core, DT_LOG_WARN,
                        "nothing of the configuration listens on the socket "
                        "'%s' that the service manager opened",
                        socket->name);
        close(socket->fd);
        socket->is_used = true;
    }
}

void handover_ready(struct core *core)
{
    if (core->handover.channel < 0)
        return;
    (void)!send(core->handover.channel, "r", 1, MSG_NOSIGNAL);
    close(core->handover.channel);
    core->handover.channel = -1;
}

/* --- handing over --- */

void handover_remember(struct core *core)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    core->program = n > 0 ? arena_strndup(core->arena, path, (size_t)n) : NULL;
    FILE *file = fopen("/proc/self/cmdline", "re");
    struct strbuf text = strbuf_in(core->arena);
    char buf[4096];
    size_t got;
    while (file && (got = fread(buf, 1, sizeof(buf), file)) > 0)
        strbuf_add(&text, str_make(buf, got));
    if (file)
        fclose(file);
    struct str all = strbuf_str(&text);
    size_t words = 0, at = 0;
    for (size_t i = 0; i < all.len; i++)
        words += all.ptr[i] == '\0';
    core->arguments = arena_array(core->arena, char *, words + 1);
    for (size_t i = 0; i < words; i++) {
        core->arguments[i] = (char *)(uintptr_t)all.ptr + at;
        at += strlen(all.ptr + at) + 1;
    }
    /* A path that was typed may be a link which shows elsewhere by now. */
    if (words > 0 && strchr(core->arguments[0], '/'))
        core->program = core->arguments[0];
}

static bool write_whole(int fd, const void *bytes, size_t len)
{
    errno = EIO; /* of a write that is cut short */
    return write(fd, bytes, len) == (ssize_t)len;
}

/* A memory file with the keys of session tickets; -1: there are none, or no file can be had, and
 * sessions are not resumed. */
static int write_tickets(struct core *core)
{
    unsigned char bytes[TICKETS_BYTES_MAX];
    struct tls_tickets *tickets = core->tls ? core->tls->tickets : NULL;
    size_t len = tickets ? tls_tickets_save(tickets, bytes, sizeof(bytes)) : 0;
    int fd = len > 0 ? memfd_create("tickets", MFD_CLOEXEC) : -1;
    if (fd >= 0 && !write_whole(fd, bytes, len)) {
        close(fd);
        fd = -1;
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return fd;
}

/* The message, and that every descriptor it names reaches the child. */
static int write_message(const struct core *core, struct arena *arena, int tickets,
                         posix_spawn_file_actions_t *actions)
{
    int fd = memfd_create("handover", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct strbuf text = strbuf_in(arena);
    if (tickets >= 0) {
        strbuf_printf(&text, "%d t tickets\n", tickets);
        posix_spawn_file_actions_adddup2(actions, tickets, tickets);
    }
    for (unsigned i = 0; i < core->n_socket_sets; i++) {
        const struct socket_set *set = &core->socket_sets[i];
        for (unsigned k = 0; k < set->n; k++) {
            strbuf_printf(&text, "%d %c %s\n", set->fds[k], set->owns_path ? 'o' : '-',
                          set->address);
            posix_spawn_file_actions_adddup2(actions, set->fds[k], set->fds[k]);
        }
    }
    struct str message = strbuf_str(&text);
    if (!write_whole(fd, message.ptr, message.len)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

/* Our environment with the variable that tells the child. */
static char **child_environment(struct arena *arena, int channel, int message)
{
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **variables = arena_array(arena, char *, n + 2);
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], VARIABLE "=", sizeof(VARIABLE)) != 0)
            variables[kept++] = environ[i];
    variables[kept++] = arena_printf(arena, VARIABLE "=%d,%d", channel, message);
    variables[kept] = NULL;
    return variables;
}

int successor_start(struct core *core, struct successor *successor)
{
    struct arena arena = ARENA_INIT;
    int channel[2], message, status, tickets;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    if (!core->program || !core->arguments[0])
        return -ENOENT;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0)
        return -errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    tickets = write_tickets(core);
    message = status = write_message(core, &arena, tickets, &actions);
    if (message >= 0) {
        posix_spawn_file_actions_adddup2(&actions, channel[1], channel[1]);
        posix_spawn_file_actions_adddup2(&actions, message, message);
        status = -posix_spawn(&successor->pid, core->program, &actions, &attributes,
                              core->arguments, child_environment(&arena, channel[1], message));
        close(message);
    }
    if (tickets >= 0)
        close(tickets);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    arena_free(&arena);
    close(channel[1]);
    if (status < 0) {
        close(channel[0]);
        return status;
    }
    fcntl(channel[0], F_SETFL, O_NONBLOCK);
    successor->channel = channel[0];
    return 0;
}

int successor_ask(struct successor *successor)
{
    char word;
    ssize_t got = recv(successor->channel, &word, 1, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    return got == 1 && word == 'r' ? 1 : -EPIPE;
}

int successor_end(struct successor *successor)
{
    int status = 0;
    kill(successor->pid, SIGKILL);
    while (waitpid(successor->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    successor->pid = 0;
    return status;
}
