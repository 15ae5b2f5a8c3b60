/* From paths of requests to paths of files. */

#include "proxy/file_path.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/glob.h"
#include "base/parse.h"
#include "proxy/template.h"

struct str file_root(struct transaction *tx, uint32_t template)
{
    struct str root = template_expand(tx, template);
    return root.len ? root : STR(".");
}

bool file_system_exists(struct transaction *tx, uint32_t template)
{
    struct str name = {0};
    if (template != DT_NONE)
        name = template_expand(tx, template);
    else if (tx->core->filesystem_variable != DT_NONE)
        name = value_text(transaction_variable(tx, tx->core->filesystem_variable));
    return name.len == 0 || str_is(str_trim_unicode(name), "default");
}

struct str file_path_tidy(struct arena *arena, struct str path)
{
    path = path_clean(path, false, arena);
    if (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

struct str file_path_join(struct arena *arena, struct str root, struct str path)
{
    struct strbuf out = strbuf_in(arena);
    struct str below = str_has_prefix(path, STR("/")) ? path : STR_JOIN(arena, STR("/"), path);
    bool ends_in_slash = path.len > 1 && path.ptr[path.len - 1] == '/';
    below = file_path_tidy(arena, below);
    below = str_slice(below, 1, below.len);
    root = file_path_tidy(arena, root);
    if (below.len == 0 || !str_is(root, "."))
        strbuf_add(&out, root);
    if (below.len > 0 && !str_is(root, ".") && !str_is(root, "/"))
        strbuf_add_char(&out, '/');
    strbuf_add(&out, below);
    if (ends_in_slash)
        strbuf_add_char(&out, '/');
    strbuf_cstr(&out);
    return strbuf_str(&out);
}

struct str file_path_base(struct str path)
{
    if (path.len == 0)
        return STR(".");
    while (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    if (path.len == 0)
        return STR("/");
    return str_slice(path, (size_t)(str_last_index(path, '/') + 1), path.len);
}

int file_stat(struct arena *arena, struct str path, struct stat *out)
{
    if (path.len > 0 && memchr(path.ptr, '\0', path.len))
        return -EINVAL;
    return stat(str_dup(arena, path).ptr, out) == 0 ? 0 : -errno;
}

bool time_is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}
