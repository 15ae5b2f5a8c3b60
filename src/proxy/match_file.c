/* The file matcher: which of the files to try is there. What it found becomes
 * {http.matchers.file.*}. */

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/glob.h"
#include "base/vec.h"
#include "proxy/file_path.h"
#include "proxy/match.h"
#include "proxy/template.h"
#include "proxy/text.h"

typedef VEC(struct str) path_list;

/* --- patterns of files --- */

static int by_name(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool has_wildcard(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr("*?[\\", text.ptr[i]) && text.ptr[i])
            return true;
    return false;
}

enum { MAX_GLOB_DEPTH = 64 };

/* Adds the files below <directory> that the pattern, cut at slashes, names. */
static void glob_below(struct arena *arena, struct str directory, struct str pattern, int depth,
                       path_list *out)
{
    struct str component, rest;
    bool more = str_cut(pattern, STR("/"), &component, &rest);
    const char *separator = directory.len == 0 || str_has_suffix(directory, STR("/")) ? "" : "/";
    struct stat status;
    if (depth > MAX_GLOB_DEPTH)
        return;
    if (!has_wildcard(component)) {
        struct str path = str_printf(arena, STR_FMT "%s" STR_FMT, STR_ARG(directory), separator,
                                     STR_ARG(component));
        if (more && component.len == 0 && directory.len == 0)
            path = STR("/");
        if (more && rest.len > 0)
            glob_below(arena, path, rest, depth + 1, out);
        else if (lstat(str_dup(arena, path).ptr, &status) == 0)
            vec_push(arena, out, path);
        return;
    }
    path_list names = {0};
    DIR *opened = opendir(directory.len ? str_dup(arena, directory).ptr : ".");
    struct dirent *entry;
    while (opened && (entry = readdir(opened))) {
        struct str name = str_from(entry->d_name);
        if (!str_is(name, ".") && !str_is(name, "..") && glob_match(component, name))
            vec_push(arena, &names, str_dup(arena, name));
    }
    if (opened)
        closedir(opened);
    if (names.n > 0)
        qsort(names.at, names.n, sizeof(*names.at), by_name);
    for (size_t i = 0; i < names.n; i++) {
        struct str path = str_printf(arena, STR_FMT "%s" STR_FMT, STR_ARG(directory), separator,
                                     STR_ARG(names.at[i]));
        if (more && rest.len > 0)
            glob_below(arena, path, rest, depth + 1, out);
        else
            vec_push(arena, out, path);
    }
}

/* --- candidates --- */

struct candidates {
    path_list paths;
    struct str remainder; /* behind what the path was split at */
};

static struct str globs_quoted(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    if (!has_wildcard(text))
        return text;
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("*?[\\", text.ptr[i]) && text.ptr[i])
            strbuf_add_char(&out, '\\');
        strbuf_add_char(&out, text.ptr[i]);
    }
    return strbuf_str(&out);
}

/* Cuts behind the first of the texts that ends a component. */
static struct str split_off(struct transaction *tx, struct dt_range splits, struct str path,
                            struct str *remainder)
{
    struct str lower = str_lower(tx->arena, path);
    for (uint32_t i = 0; i < splits.n; i++) {
        struct str split = table_text(tx->tables, tx->tables->texts[splits.first + i]);
        ptrdiff_t at = str_find(lower, split);
        size_t end = (size_t)at + split.len;
        if (at < 0 || (end != path.len && path.ptr[end] != '/'))
            continue;
        *remainder = str_slice(path, end, path.len);
        return str_slice(path, 0, end);
    }
    return path;
}

static struct candidates candidates_of(struct transaction *tx, const struct dt_file_matcher *matcher,
                                       const struct dt_try_file *try, struct str root)
{
    struct candidates found = {0};
    struct stat status;
    struct str path = try->is_pattern
                          ? template_expand_with(tx, try->template, globs_quoted)
                          : template_expand(tx, try->template);
    bool is_directory =
        try->is_directory == 1 || (try->is_directory == 2 && str_has_suffix(path, STR("/")));
    path = split_off(tx, matcher->splits, file_path_tidy(tx->arena, path), &found.remainder);
    if (is_directory)
        path = STR_JOIN(tx->arena, path, STR("/"));
    path = file_path_join(tx->arena, root, path);
    if (memchr(path.ptr, '\0', path.len))
        return found;
    if (try->is_pattern)
        glob_below(tx->arena, (struct str){0}, path, 0, &found.paths);
    else if (lstat(path.ptr, &status) == 0)
        vec_push(tx->arena, &found.paths, path);
    return found;
}

/* --- the choice --- */

static void choose(struct transaction *tx, struct str root, struct str path, struct str remainder,
                   bool is_directory)
{
    tx->file = (struct file_match){
        .is_set = true,
        .absolute = path,
        .relative = str_trim_prefix(path, root),
        .remainder = remainder,
        .is_directory = is_directory,
    };
}

/* By convention a path that ends in '/' is a directory, and any other none. */
static bool exists(struct transaction *tx, struct str path, struct stat *status)
{
    return file_stat(tx->arena, path, status) == 0 &&
           (path.ptr[path.len - 1] == '/') == S_ISDIR(status->st_mode);
}

static bool match_first(struct transaction *tx, const struct dt_file_matcher *matcher,
                        struct str root, bool *failed)
{
    for (uint32_t i = 0; i < matcher->tries.n; i++) {
        const struct dt_try_file *try = &tx->tables->try_files[matcher->tries.first + i];
        bool is_certain = matcher->policy == DT_TRY_FIRST_OR_LAST && i + 1 == matcher->tries.n;
        if (try->status != 0) {
            *failed = true;
            transaction_fail(tx, try->status, text_int(tx->arena, try->status));
            return false;
        }
        struct candidates found = candidates_of(tx, matcher, try, root);
        for (size_t k = 0; k < found.paths.n; k++) {
            struct stat status = {0};
            if (!is_certain && !exists(tx, found.paths.at[k], &status))
                continue;
            choose(tx, root, found.paths.at[k], found.remainder, S_ISDIR(status.st_mode));
            return true;
        }
    }
    return false;
}

/* <best> is of the best so far; <any> where there is one. As in Caddy an empty file is never the
 * largest, and the smallest of all so far does not count if it is empty. */
static bool is_better(enum dt_try_policy policy, const struct stat *status, const struct stat *best,
                      bool any)
{
    switch (policy) {
    case DT_TRY_SMALLEST:
        return !any || best->st_size == 0 || status->st_size < best->st_size;
    case DT_TRY_LARGEST:
        return status->st_size > (any ? best->st_size : 0);
    case DT_TRY_NEWEST:
        return !any || time_is_later(&status->st_mtim, &best->st_mtim);
    case DT_TRY_FIRST:
    case DT_TRY_FIRST_OR_LAST:
        break;
    }
    return false;
}

static bool match_best(struct transaction *tx, const struct dt_file_matcher *matcher,
                       struct str root)
{
    struct stat best = {0};
    bool any = false;
    for (uint32_t i = 0; i < matcher->tries.n; i++) {
        struct candidates found =
            candidates_of(tx, matcher, &tx->tables->try_files[matcher->tries.first + i], root);
        for (size_t k = 0; k < found.paths.n; k++) {
            struct stat status;
            if (file_stat(tx->arena, found.paths.at[k], &status) < 0 ||
                !is_better(matcher->policy, &status, &best, any))
                continue;
            best = status;
            any = true;
            choose(tx, root, found.paths.at[k], found.remainder, S_ISDIR(status.st_mode));
        }
    }
    return any;
}

bool match_file(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    const struct dt_file_matcher *row = &tx->tables->file_matchers[matcher->rows.first];
    struct str root = file_path_tidy(tx->arena, file_root(tx, row->root));
    if (!file_system_exists(tx, row->filesystem))
        return false;
    if (row->policy == DT_TRY_FIRST || row->policy == DT_TRY_FIRST_OR_LAST)
        return match_first(tx, row, root, failed);
    return match_best(tx, row, root);
}
