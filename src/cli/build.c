/* build: emits C, compiles it, links the proxy core, tries the result, puts it in place. run: the
 * same tables in this process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/vec.h"
#include "cli/cli.h"
#include "dialtone/proxy.h"
#include "native/emit_c.h"

extern char **environ;

typedef VEC(char *) arguments;

static void print_all_of(int fd)
{
    char text[4096];
    ssize_t n;
    lseek(fd, 0, SEEK_SET);
    while ((n = read(fd, text, sizeof(text))) > 0)
        fwrite(text, 1, (size_t)n, stderr);
}

/* Runs a program to its end; its exit status, or -1 after a message. What it says is only shown
 * where it fails: linkers warn of every use of the system's users and names in a static program. */
static int run_program(char *const *argv)
{
    pid_t pid;
    int said = memfd_create("said", MFD_CLOEXEC);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (said >= 0) {
        posix_spawn_file_actions_adddup2(&actions, said, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
    }
    int status = -1, error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        fprintf(stderr, "dialtone build: cannot run %s: %s\n", argv[0], strerror(error));
    else
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    if (said >= 0) {
        if (status != 0)
            print_all_of(said);
        close(said);
    }
    return !error && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_file(const char *path)
{
    return access(path, R_OK) == 0;
}

/* Where the library and the headers are: given, beside this program (a build tree), or installed
 * with it. */
static bool find_core(struct arena *arena, const char *given, char **library, char **headers)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    struct str folder = str_make(self, n > 0 ? (size_t)n : 0);
    ptrdiff_t slash = str_last_index(folder, '/');
    folder = str_slice(folder, 0, slash > 0 ? (size_t)slash : 0);
    const char *beside = arena_strndup(arena, folder.ptr, folder.len);
    const char *candidates[] = {given, beside, arena_printf(arena, "%s/../lib", beside)};
    for (size_t i = given ? 0 : 1; i < (given ? 1 : sizeof(candidates) / sizeof(*candidates)); i++) {
        *library = arena_printf(arena, "%s/libdialtone-proxy.a", candidates[i]);
        if (!is_file(*library))
            continue;
        const char *places[] = {"../include", "include"};
        for (size_t k = 0; k < sizeof(places) / sizeof(*places); k++) {
            *headers = arena_printf(arena, "%s/%s", candidates[i], places[k]);
            if (is_file(arena_printf(arena, "%s/dialtone/tables.h", *headers)))
                return true;
        }
    }
    fprintf(stderr, "dialtone build: libdialtone-proxy.a and its headers are not %s%s (--library "
                    "FOLDER says where)\n",
            given ? "in " : "beside this program or installed with it", given ? given : "");
    return false;
}

static void add_words(struct arena *arena, arguments *argv, const char *words)
{
    struct str left = str_trim(str_from(words)), word;
    while (left.len) {
        str_cut(left, STR(" "), &word, &left);
        left = str_trim(left);
        vec_push(arena, argv, arena_strndup(arena, word.ptr, word.len));
    }
}

static int compile(struct arena *arena, const struct invocation *invocation, const char *source,
                   const char *output, const struct dt_tables *tables)
{
    char *library, *headers;
    if (!find_core(arena, invocation->library_folder, &library, &headers))
        return -1;
    const char *cc = getenv("CC");
    arguments argv = {0};
    add_words(arena, &argv, cc && *cc ? cc : "cc");
    add_words(arena, &argv, "-std=c11 -O2 -I");
    vec_push(arena, &argv, headers);
    if (invocation->is_static)
        add_words(arena, &argv, "-static");
    add_words(arena, &argv, "-o");
    vec_push(arena, &argv, (char *)output);
    vec_push(arena, &argv, (char *)source);
    vec_push(arena, &argv, library);
    add_words(arena, &argv, getenv("LDFLAGS") ? getenv("LDFLAGS") : "");
    if (tables->n_regexps > 0)
        add_words(arena, &argv, DIALTONE_REGEXP_LIBS);
    if (needs_argon2id(tables))
        add_words(arena, &argv, DIALTONE_ARGON2_LIBS);
    if (dt_needs_dns(tables))
        add_words(arena, &argv, DIALTONE_DNS_LIBS);
    if (tables->n_acme_issuers > 0)
        add_words(arena, &argv, DIALTONE_ACME_LIBS);
    add_words(arena, &argv, DIALTONE_PROXY_LIBS);
    vec_push(arena, &argv, NULL);
    int status = run_program(argv.at);
    if (status > 0)
        fprintf(stderr, "dialtone build: %s failed with status %d%s\n", argv.at[0], status,
                invocation->is_static ? " (--static needs an archive, lib*.a, of every library)" : "");
    return status;
}

/* A program that does not even tell its version would not serve either. */
static bool trial_run(struct arena *arena, const char *program)
{
    char *path = strchr(program, '/') ? (char *)program : arena_printf(arena, "./%s", program);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    char *argv[] = {path, "--version", NULL};
    pid_t pid;
    int status = -1, error = posix_spawn(&pid, path, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    if (status != 0)
        fputs("dialtone build: the executable does not run\n", stderr);
    return status == 0;
}

static enum exit_status build(struct pipeline *pipeline, const struct invocation *invocation)
{
    struct arena *arena = &pipeline->arena;
    const char *output = invocation->output;
    struct strbuf text = strbuf_in(arena);
    pipeline_emit_c(pipeline, &text);

    const char *source = arena_printf(arena, "%s.c", output);
    const char *temporary = arena_printf(arena, "%s.%ld.tmp", output, (long)getpid());
    if (!invocation->keep_c)
        source = arena_printf(arena, "%s.c", temporary);
    if (!write_output(source, strbuf_str(&text)))
        return STATUS_TROUBLE;
    bool built = compile(arena, invocation, source, temporary, &pipeline->tables) == 0 &&
                 trial_run(arena, temporary);
    if (built && rename(temporary, output) != 0) {
        fprintf(stderr, "dialtone build: cannot write %s: %s\n", output, strerror(errno));
        built = false;
    }
    if (!invocation->keep_c)
        unlink(source);
    if (!built)
        unlink(temporary);
    return built ? STATUS_FINE : STATUS_TROUBLE;
}

enum exit_status command_build(struct invocation *invocation)
{
    if (!invocation->output || strcmp(invocation->output, "-") == 0) {
        fputs("dialtone build: where to? (-o PROXY)\n", stderr);
        return STATUS_USAGE;
    }
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    enum exit_status status = compile_tables(&pipeline, invocation);
    if (status == STATUS_FINE)
        status = build(&pipeline, invocation);
    pipeline_free(&pipeline);
    return status;
}

enum exit_status command_run(struct invocation *invocation)
{
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    enum exit_status status = compile_tables(&pipeline, invocation);
    if (status == STATUS_FINE) {
        arguments argv = {0};
        vec_push(&pipeline.arena, &argv, "dialtone run");
        for (int i = 0; i < invocation->n_rest; i++)
            vec_push(&pipeline.arena, &argv, invocation->rest[i]);
        vec_push(&pipeline.arena, &argv, NULL);
        dt_proxy_use_regexps(&dt_re2);
        dt_proxy_use_argon2id(dt_argon2id);
        dt_proxy_use_dns(&dt_cares);
        dt_proxy_use_acme(&dt_acme);
        status = (enum exit_status)dt_proxy_main(&pipeline.tables, (int)argv.n - 1, argv.at);
    }
    pipeline_free(&pipeline);
    return status;
}
