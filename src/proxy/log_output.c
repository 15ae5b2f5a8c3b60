/* Outputs of logs by kind. */

#include "proxy/log_output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "proxy/core.h"

struct log_output {
    enum dt_log_output kind;
    int fd;                /* of a stream */
    struct log_file *file; /* owned */
    struct log_peer *peer; /* owned */
};

static bool open_it(struct log_output *output, const struct log_output_config *config, int *error)
{
    switch (output->kind) {
    case DT_LOG_STDERR:
        output->fd = STDERR_FILENO;
        return true;
    case DT_LOG_STDOUT:
        output->fd = STDOUT_FILENO;
        return true;
    case DT_LOG_DISCARD:
        return true;
    case DT_LOG_FILE:
        output->file = log_file_open(config, error);
        return output->file != NULL;
    case DT_LOG_NET:
        output->peer = log_peer_open(config, error);
        return output->peer != NULL;
    }
    *error = -EINVAL;
    return false;
}

struct log_output *log_output_open(const struct log_output_config *config, const char *program)
{
    struct log_output *output = arena_new(config->arena, struct log_output);
    const struct dt_log *row = config->row;
    char port[16] = "";
    int error = 0;
    if (row->port > 0)
        snprintf(port, sizeof(port), ":%u", row->port);
    *output = (struct log_output){.kind = (enum dt_log_output)row->output, .fd = -1};
    if (open_it(output, config, &error))
        return output;
    if (output->kind == DT_LOG_FILE)
        fprintf(stderr, "%s: log file " STR_FMT ": %s\n", program, STR_ARG(config->path),
                strerror(-error));
    else
        fprintf(stderr, "%s: log to %s/%s%s: %s\n", program,
                dt_chars(config->tables, row->network), dt_chars(config->tables, row->host), port,
                strerror(-error));
    return NULL;
}

bool log_output_is_same(const struct dt_tables *tables, const struct dt_log *a, struct str a_path,
                        const struct dt_log *b, struct str b_path)
{
    if (a->output != b->output)
        return false;
    if (a->output == DT_LOG_FILE)
        return str_eq(a_path, b_path);
    return a->port == b->port &&
           str_eq(table_text(tables, a->network), table_text(tables, b->network)) &&
           str_eq(table_text(tables, a->host), table_text(tables, b->host));
}

static void write_all(int fd, struct str data)
{
    while (data.len > 0) {
        ssize_t n = write(fd, data.ptr, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        data = str_slice(data, (size_t)n, data.len);
    }
}

void log_output_write(struct log_output *output, struct str lines, struct str line_ending)
{
    switch (output->kind) {
    case DT_LOG_STDERR:
    case DT_LOG_STDOUT:
        write_all(output->fd, lines);
        break;
    case DT_LOG_DISCARD:
        break;
    case DT_LOG_FILE:
        log_file_write(output->file, lines, line_ending);
        break;
    case DT_LOG_NET:
        log_peer_write(output->peer, lines, line_ending);
        break;
    }
}

void log_output_reopen(struct log_output *output)
{
    if (output->file)
        log_file_reopen(output->file);
}

void log_output_close(struct log_output *output)
{
    if (output->file)
        log_file_close(output->file);
    if (output->peer)
        log_peer_close(output->peer);
}
