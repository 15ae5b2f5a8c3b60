/* Which files the arguments of a command mean: files, folders, patterns. */
#include "cli/find.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/glob.h"
#include "syntax/import_files.h"

/* One walk through folders. */
struct walk {
    struct arena *arena;
    struct found_files *files;
    struct str pattern; /* of paths; empty: Caddyfiles by their names */
    bool fails;
};

struct names {
    VEC(struct str) list;
};

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The entries of a folder that people see, sorted. False after a message. */
static bool list_folder(struct walk *walk, const char *path, struct names *names)
{
    DIR *folder = opendir(path);
    if (!folder) {
        fprintf(stderr, "dialtone: cannot read the folder %s: %s\n", path, strerror(errno));
        walk->fails = true;
        return false;
    }
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "node_modules") != 0)
            vec_push(walk->arena, &names->list, str_dup(walk->arena, str_from(entry->d_name)));
    closedir(folder);
    if (names->list.n)
        qsort(names->list.at, names->list.n, sizeof(*names->list.at), compare_names);
    return true;
}

static bool is_caddyfile_name(struct str name)
{
    return str_is(name, "Caddyfile") || str_has_prefix(name, STR("Caddyfile.")) ||
           str_has_suffix(name, STR(".Caddyfile")) || str_has_suffix(name, STR(".caddyfile"));
}

static void add_file(struct walk *walk, const char *path, const struct stat *stat, bool is_in_folder)
{
    struct found_file file = {.path = path, .is_in_folder = is_in_folder};
    if (stat) {
        file.device = stat->st_dev;
        file.inode = stat->st_ino;
    }
    vec_push(walk->arena, &walk->files->list, file);
}

/* Symbolic links to folders are not followed: they may lead back. */
static void walk_folder(struct walk *walk, const char *path)
{
    struct names names = {0};
    if (!list_folder(walk, path, &names))
        return;
    for (size_t i = 0; i < names.list.n; i++) {
        bool is_here = strcmp(path, ".") == 0;
        const char *inside = str_printf(walk->arena, "%s%s" STR_FMT, is_here ? "" : path,
                                        is_here || str_has_suffix(str_from(path), STR("/")) ? "" : "/",
                                        STR_ARG(names.list.at[i]))
                                 .ptr;
        struct stat stat_of;
        if (lstat(inside, &stat_of) == 0 && S_ISDIR(stat_of.st_mode))
            walk_folder(walk, inside);
        else if (is_caddyfile_name(names.list.at[i]) && stat(inside, &stat_of) == 0 &&
                 S_ISREG(stat_of.st_mode))
            add_file(walk, inside, &stat_of, true);
    }
}

/* --- patterns --- */

static bool has_meta(struct str text)
{
    return str_index(text, '*') >= 0 || str_index(text, '?') >= 0 || str_index(text, '[') >= 0;
}

static void take_path(struct walk *walk, const char *path);

/* Looks through a folder for what the pattern matches, as deep as that can be. */
static void match_folder(struct walk *walk, const char *path, size_t depth)
{
    struct names names = {0};
    if (depth == 0 || !list_folder(walk, *path ? path : ".", &names))
        return;
    for (size_t i = 0; i < names.list.n; i++) {
        struct str inside = str_printf(walk->arena, "%s" STR_FMT, path, STR_ARG(names.list.at[i]));
        struct stat stat_of;
        if (lstat(inside.ptr, &stat_of) != 0)
            continue;
        if (glob_match_deep(walk->pattern, inside))
            take_path(walk, inside.ptr);
        else if (S_ISDIR(stat_of.st_mode)) /* not by way of symbolic links */
            match_folder(walk, str_printf(walk->arena, STR_FMT "/", STR_ARG(inside)).ptr, depth - 1);
    }
}

static void take_pattern(struct walk *walk, const char *text)
{
    struct str pattern = str_from(text), left = pattern, part, rest;
    size_t fixed = 0, depth = 0;
    bool in_fixed = true;
    while (left.len) {
        str_cut(left, STR("/"), &part, &rest);
        in_fixed = in_fixed && !has_meta(part) && rest.len;
        if (in_fixed)
            fixed += part.len + 1;
        else
            depth = str_is(part, "**") || depth == SIZE_MAX ? SIZE_MAX : depth + 1;
        left = rest;
    }
    size_t before = walk->files->list.n;
    walk->pattern = pattern;
    match_folder(walk, str_dup(walk->arena, str_slice(pattern, 0, fixed)).ptr, depth);
    if (walk->files->list.n == before)
        add_file(walk, text, NULL, false); /* reading it will say that there is none */
}

/* --- arguments --- */

static void take_path(struct walk *walk, const char *path)
{
    struct stat stat_of;
    if (stat(path, &stat_of) != 0) {
        add_file(walk, path, NULL, false);
        return;
    }
    if (!S_ISDIR(stat_of.st_mode)) {
        add_file(walk, path, &stat_of, false);
        return;
    }
    size_t before = walk->files->list.n;
    walk_folder(walk, path);
    if (walk->files->list.n == before && !walk->fails)
        fprintf(stderr, "dialtone: no Caddyfile in the folder %s\n", path);
}

static void take_argument(struct walk *walk, const char *argument)
{
    struct stat stat_of;
    while (argument[0] == '.' && argument[1] == '/' && argument[2])
        argument += 2;
    if (strcmp(argument, "-") == 0)
        add_file(walk, argument, NULL, false);
    else if (has_meta(str_from(argument)) && stat(argument, &stat_of) != 0 &&
             glob_is_valid(str_from(argument)))
        take_pattern(walk, argument);
    else
        take_path(walk, argument);
}

/* By path; of two that are the same file the one that was named comes first. */
static int compare_files(const void *a, const void *b)
{
    const struct found_file *one = a, *other = b;
    int order = strcmp(one->path, other->path);
    return order ? order : (int)one->is_in_folder - (int)other->is_in_folder;
}

static bool is_same(const struct found_file *one, const struct found_file *other)
{
    if (one->inode == 0)
        return strcmp(one->path, other->path) == 0;
    return one->inode == other->inode && one->device == other->device;
}

/* Sorted, and each file once: under its first name, named where any of them was. */
static void sort_files(struct found_files *files)
{
    if (files->list.n == 0)
        return;
    qsort(files->list.at, files->list.n, sizeof(*files->list.at), compare_files);
    size_t n = 0;
    for (size_t i = 0; i < files->list.n; i++) {
        const struct found_file *file = &files->list.at[i];
        struct found_file *same = NULL;
        for (size_t k = 0; k < n && !same; k++)
            if (is_same(file, &files->list.at[k]))
                same = &files->list.at[k];
        if (same)
            same->is_in_folder = same->is_in_folder && file->is_in_folder;
        else
            files->list.at[n++] = *file;
    }
    files->list.n = n;
}

/* --- what is excluded --- */

/* Whether the pattern means the file <relative>, or a folder that it is in. A pattern without a slash
 * is the name of a file or folder anywhere. */
static bool excludes(struct str pattern, struct str relative)
{
    pattern = str_trim_suffix(pattern, STR("/"));
    bool is_name = str_index(pattern, '/') < 0;
    pattern = str_trim_prefix(str_trim_prefix(pattern, STR("./")), STR("/"));
    for (size_t begin = 0, end = 0; end <= relative.len; end++) {
        if (end < relative.len && relative.ptr[end] != '/')
            continue;
        struct str part = str_slice(relative, is_name ? begin : 0, end);
        if (is_name ? glob_match(pattern, part) : glob_match_deep(pattern, part))
            return true;
        begin = end + 1;
    }
    return false;
}

/* The absolute path below the folder, or empty. */
static struct str path_below(struct str folder, struct str path)
{
    return str_has_prefix(path, folder) ? str_slice(path, folder.len, path.len) : STR("");
}

static bool is_excluded(struct pipeline *pipeline, const struct invocation *invocation,
                        struct str path)
{
    struct arena *arena = &pipeline->arena;
    const struct project *project = &pipeline->project;
    struct str absolute = path_absolute(arena, path);
    struct str here = path_beside(arena, STR("x"), STR("."));
    here = str_printf(arena, STR_FMT "/", STR_ARG(str_trim_suffix(here, STR("/"))));
    for (size_t i = 0; i < invocation->excludes.n; i++)
        if (excludes(str_from(invocation->excludes.at[i]), path_below(here, absolute)))
            return true;
    if (!project->source)
        return false;
    struct str folder = str_trim_suffix(project->source->path, STR(".dialtone"));
    for (size_t i = 0; i < project->excludes.n; i++)
        if (excludes(project->excludes.at[i]->text, path_below(folder, absolute)))
            return true;
    return false;
}

/* Mistakes in a project are reported when its files are read. */
static void drop_excluded(const struct invocation *invocation, struct found_files *files)
{
    size_t n = 0;
    for (size_t i = 0; i < files->list.n; i++) {
        struct found_file file = files->list.at[i];
        struct pipeline pipeline;
        pipeline_init(&pipeline, NULL);
        if (file.is_in_folder && !invocation->no_project)
            pipeline_read_project(&pipeline, str_from(file.path));
        if (!file.is_in_folder || !is_excluded(&pipeline, invocation, str_from(file.path)))
            files->list.at[n++] = file;
        pipeline_free(&pipeline);
    }
    files->list.n = n;
}

enum exit_status find_files(struct arena *arena, const struct invocation *invocation,
                            struct found_files *files)
{
    struct walk walk = {.arena = arena, .files = files};
    *files = (struct found_files){0};
    if (invocation->n_files == 0) {
        if (access("Caddyfile", F_OK) != 0) {
            fprintf(stderr,
                    "dialtone %s: there is no Caddyfile here: which files? (`-` is standard input)\n",
                    invocation->command->name);
            return STATUS_USAGE;
        }
        take_path(&walk, "Caddyfile");
    }
    for (size_t i = 0; i < invocation->n_files; i++)
        take_argument(&walk, invocation->files[i]);
    sort_files(files);
    drop_excluded(invocation, files);
    if (walk.fails)
        return STATUS_TROUBLE;
    return files->list.n ? STATUS_FINE : STATUS_USAGE;
}
