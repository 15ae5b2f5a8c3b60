/* Input of the commands, which is read whole, and their diagnostics. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"
#include "cli/cli.h"

int read_stdin(struct arena *arena, struct str *text)
{
    struct strbuf buf = strbuf_in(arena);
    char chunk[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        strbuf_add(&buf, str_make(chunk, (size_t)n));
    }
    *text = strbuf_str(&buf);
    return 0;
}

bool load_input(struct pipeline *pipeline, const struct invocation *invocation, const char *file)
{
    if (strcmp(file, "-") != 0) {
        if (pipeline_load(pipeline, file) == 0)
            return true;
    } else {
        struct str text = invocation->stdin_text;
        int error = text.ptr ? 0 : read_stdin(&pipeline->arena, &text);
        if (!error && pipeline_load_text(pipeline, invocation->stdin_filename, text))
            return true;
        if (error)
            fprintf(stderr, "dialtone: cannot read standard input: %s\n", strerror(-error));
    }
    print_diagnostics(pipeline, invocation, stderr);
    return false;
}

enum exit_status load_plugins(struct pipeline *pipeline, const struct invocation *invocation,
                              bool knows_builtin)
{
    struct plugin_settings settings = {.files = invocation->plugins.at,
                                       .n_files = invocation->plugins.n,
                                       .has_project = !invocation->no_project,
                                       .knows_builtin = knows_builtin};
    if (pipeline_use_plugins(pipeline, &settings))
        return STATUS_FINE;
    for (const struct diag *diag = pipeline->diags.first; diag; diag = diag->next)
        if (diag->code == DIAG_UNREADABLE_FILE)
            return STATUS_TROUBLE;
    return STATUS_FINDINGS;
}

/* How wide the terminal is, or what stands for one; 0 where that is not known. */
static int terminal_columns(FILE *out)
{
    struct winsize size;
    int64_t columns;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
        return size.ws_col;
    const char *wanted = getenv("COLUMNS");
    bool is_number = wanted && parse_go_int(str_from(wanted), &columns) == PARSE_OK;
    return is_number && columns > 0 && columns < 10000 ? (int)columns : 0;
}

struct diag_style style_of(const struct invocation *invocation, FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    bool automatic = isatty(fileno(out)) && !(no_color && *no_color);
    return (struct diag_style){
        .colour = strcmp(invocation->colour, "always") == 0 ||
                  (strcmp(invocation->colour, "auto") == 0 && automatic),
        .columns = terminal_columns(out),
        .compact = invocation->compact,
        .at_least = SEVERITY_INFO,
    };
}

/* Standard error has no buffer, and each piece of a report would be a write of its own. NULL where
 * there is no other stream to be had. */
static FILE *buffered_stderr(void)
{
    int fd = dup(STDERR_FILENO);
    FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!stream && fd >= 0)
        close(fd);
    return stream;
}

void print_diagnostics(const struct pipeline *pipeline, const struct invocation *invocation,
                       FILE *out)
{
    if (!pipeline->diags.first)
        return;
    FILE *buffered = out == stderr ? buffered_stderr() : NULL;
    diags_print(&pipeline->diags, &pipeline->sources, style_of(invocation, out),
                buffered ? buffered : out);
    if (buffered)
        fclose(buffered);
}

const char *single_file(const struct invocation *invocation)
{
    if (invocation->n_files == 1)
        return invocation->files[0];
    if (invocation->n_files == 0)
        fprintf(stderr, "dialtone %s: which file? (`-` is standard input)\n",
                invocation->command->name);
    else
        fprintf(stderr, "dialtone %s: one file at a time, not %zu\n", invocation->command->name,
                invocation->n_files);
    return NULL;
}

struct str shown_path(struct arena *arena, struct str path)
{
    char *here = getcwd(NULL, 0);
    struct str folder = here ? str_printf(arena, "%s/", here) : STR("");
    free(here);
    return folder.len ? str_trim_prefix(path, folder) : path;
}
