#ifndef DIALTONE_PROXY_COMMAND_LINE_H
#define DIALTONE_PROXY_COMMAND_LINE_H

#include <stdbool.h>
#include <stdint.h>

enum { MAX_WORKERS = 1024 };

/* What the command line of a proxy says. Texts are borrowed from it; NULL or 0: not given. */
struct options {
    bool help, version, check, replace;
    int64_t n_workers;
    int64_t max_connections; /* of the process */
    const char *data_directory;
    const char *user; /* NAME[:GROUP] */
    const char *pid_file;
    const char *admin; /* path of a unix socket, "@name", or "off" */
};

/* False after saying what is wrong on standard error. */
bool command_line_parse(struct options *options, int argc, char **argv);
void command_line_help(const char *name);

#endif
