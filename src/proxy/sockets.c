/* Which sockets a proxy listens on: those it was given, where they fit, and new ones. */

#include "proxy/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/listen.h"
#include "proxy/check.h"
#include "proxy/core.h"
#include "proxy/handover.h"
#include "proxy/worker.h"

static const mode_t admin_mode = 0600;

static struct socket_set *admin_set(struct core *core)
{
    return &core->socket_sets[core->tables->n_listeners];
}

static struct listen_target admin_target(const struct core *core)
{
    return (struct listen_target){
        .network = LISTEN_UNIX,
        .host = core->admin,
        .unix_mode = core->tables->application.admin_mode ? core->tables->application.admin_mode
                                                          : admin_mode,
    };
}

/* --- what was handed over --- */

/* What a predecessor called by the name of this set, or (<target> is not NULL) what is bound to the
 * same address. */
static void take_inherited(struct core *core, const struct listen_target *target,
                           struct socket_set *set)
{
    struct handover *handover = &core->handover;
    for (unsigned i = 0; i < handover->n; i++) {
        struct inherited_socket *socket = &handover->sockets[i];
        if (socket->is_used ||
            (target ? !listen_matches(target, socket->fd)
                    : !socket->address || strcmp(socket->address, set->address) != 0))
            continue;
        size_t size = sizeof(*set->fds);
        set->fds = arena_grow(core->arena, set->fds, set->n * size, (set->n + 1) * size);
        set->fds[set->n++] = socket->fd;
        set->owns_path |= socket->owns_path;
        socket->is_used = true;
    }
}

/* --- new ones --- */

static int open_set(struct core *core, const struct listen_target *target, struct socket_set *set)
{
    bool is_shared = target->network == LISTEN_UNIX || target->network == LISTEN_FD;
    unsigned n = is_shared ? 1 : core->n_workers;
    set->fds = arena_array(core->arena, int, n);
    while (set->n < n) {
        int fd = listen_open(target);
        if (fd < 0)
            return fd;
        set->fds[set->n++] = fd;
    }
    set->owns_path = target->network == LISTEN_UNIX && target->host.ptr[0] != '@';
    return 0;
}

static int fill(struct core *core, const struct listen_target *target, struct socket_set *set)
{
    if (set->n == 0)
        take_inherited(core, target, set);
    for (unsigned i = 0; i < set->n; i++)
        listen_adopt(set->fds[i], target);
    int status = set->n > 0 ? 0 : open_set(core, target, set);
    if (status == 0 && set->owns_path)
        set->file = listen_file_of(target);
    return status;
}

bool sockets_open(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    core->n_socket_sets = tables->n_listeners + 1;
    core->socket_sets = arena_array(core->arena, struct socket_set, core->n_socket_sets);
    admin_set(core)->address = core->admin.len > 0 ? core->admin.ptr : "";
    for (uint32_t i = 0; i < tables->n_listeners; i++)
        core->socket_sets[i].address = dt_chars(tables, tables->listeners[i].address);
    /* names first, so that an address of one does not take what has another's name */
    for (unsigned i = 0; i < core->n_socket_sets; i++)
        take_inherited(core, NULL, &core->socket_sets[i]);
    for (uint32_t i = 0; i < tables->n_listeners; i++) {
        const struct dt_listener *listener = &tables->listeners[i];
        struct listen_target target = listener_target(tables, listener);
        int status = fill(core, &target, &core->socket_sets[i]);
        if (status < 0) {
            check_say(core, listener->origin, dt_chars(tables, listener->address),
                      strerror(-status));
            return false;
        }
    }
    if (core->admin.len == 0)
        return true;
    struct listen_target target = admin_target(core);
    int status = fill(core, &target, admin_set(core));
    if (status < 0)
        fprintf(stderr, "%s: admin socket %s: %s\n", core->name, core->admin.ptr,
                strerror(-status));
    return status == 0;
}

/* --- use --- */

static int duplicate(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

int sockets_of_worker(struct core *core, uint32_t row, unsigned worker,
                      int (*use)(int fd, void *ctx), void *ctx)
{
    const struct socket_set *set = &core->socket_sets[row];
    int status = 0;
    /* None may stay without somebody who accepts, whatever the number of workers was before. */
    for (unsigned i = worker % set->n; i < set->n && status >= 0; i += core->n_workers) {
        status = duplicate(set->fds[i]);
        if (status >= 0)
            status = use(status, ctx);
    }
    return status;
}

int sockets_of_admin(struct core *core)
{
    const struct socket_set *set = admin_set(core);
    return set->n > 0 ? duplicate(set->fds[0]) : -1;
}

void sockets_close(struct core *core, bool leaves_paths)
{
    const struct dt_tables *tables = core->tables;
    for (unsigned i = 0; i < core->n_socket_sets; i++) {
        struct socket_set *set = &core->socket_sets[i];
        struct listen_target target = i < tables->n_listeners
                                          ? listener_target(tables, &tables->listeners[i])
                                          : admin_target(core);
        if (set->n > 0 && set->owns_path && !leaves_paths)
            listen_file_remove(&target, &set->file);
        for (unsigned k = 0; k < set->n; k++)
            close(set->fds[k]);
        set->n = 0;
    }
}
