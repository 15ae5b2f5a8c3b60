/* The command line of a proxy: one row per option. */

#include "proxy/command_line.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER };

struct option_row {
    const char *name;
    const char *takes; /* what its value is called; NULL for flags */
    enum option_kind kind;
    size_t at;   /* in struct options: bool, const char *, int64_t */
    int64_t max; /* of numbers, which begin at 1 */
    const char *help[2];
};

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"--check", NULL, OPTION_FLAG, AT(check), 0,
     {"try certificates, ports and zones, then exit (1: something failed)"}},
    {"--workers", "N", OPTION_NUMBER, AT(n_workers), MAX_WORKERS,
     {"threads that serve; by default one per processor"}},
    {"--max-connections", "N", OPTION_NUMBER, AT(max_connections), INT32_MAX,
     {"of clients at one time; by default two fifths of the descriptors that",
      "the process may have (ulimit -n). Further ones wait to be accepted"}},
    {"--user", "NAME[:GROUP]", OPTION_TEXT, AT(user), 0,
     {"become this user when ports, logs and certificates are open"}},
    {"--data-dir", "DIR", OPTION_TEXT, AT(data_directory), 0,
     {"where certificates are kept"}},
    {"--pid-file", "FILE", OPTION_TEXT, AT(pid_file), 0,
     {"holds the number of the process while it serves"}},
    {"--admin", "SOCKET", OPTION_TEXT, AT(admin), 0,
     {"a unix socket's path (or @name) that tells how the proxy is and takes",
      "orders; \"off\" closes what the configuration asks for"}},
    {"--replace", NULL, OPTION_FLAG, AT(replace), 0,
     {"replace the running proxy, which --admin or --pid-file names, by the",
      "program in its place, without losing a request, then exit"}},
    {"--version", NULL, OPTION_FLAG, AT(version), 0, {"what it was built from"}},
    {"--help", NULL, OPTION_FLAG, AT(help), 0, {"this text"}},
};
#undef AT
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]), HELP_COLUMN = 24 };

void command_line_help(const char *name)
{
    printf("usage: %s [options]\n\nServes the configuration that was built into it.\n\n", name);
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct option_row *row = &rows[i];
        int len = printf("  %s%s%s", row->name, row->takes ? " " : "", row->takes ? row->takes : "");
        if (len > HELP_COLUMN - 2) {
            printf("\n");
            len = 0;
        }
        printf("%*s%s\n", HELP_COLUMN - len, "", row->help[0]);
        if (row->help[1])
            printf("%*s%s\n", HELP_COLUMN, "", row->help[1]);
    }
    printf("\n"
           "SIGTERM and SIGINT stop it when the running requests are answered, a second one of\n"
           "them, or SIGQUIT, at once. SIGUSR2 replaces it, as --replace does. SIGHUP reads the\n"
           "files of certificates, trust and OCSP responses again, all or none, and reopens logs.\n");
}

/* The row that <arg> names; <*value> gets what stands behind "=", or NULL. */
static const struct option_row *find(const char *arg, const char **value)
{
    if (strcmp(arg, "-h") == 0)
        arg = "--help";
    const char *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    *value = equals ? equals + 1 : NULL;
    for (size_t i = 0; i < N_ROWS; i++)
        if (strlen(rows[i].name) == len && strncmp(rows[i].name, arg, len) == 0)
            return &rows[i];
    return NULL;
}

bool command_line_parse(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value;
        const struct option_row *row = find(argv[i], &value);
        if (!row || (row->kind == OPTION_FLAG && value)) {
            fprintf(stderr, "%s: unknown option %s; --help lists them\n", argv[0], argv[i]);
            return false;
        }
        char *at = (char *)options + row->at;
        if (row->kind == OPTION_FLAG) {
            *(bool *)at = true;
            continue;
        }
        if (!value && i + 1 < argc)
            value = argv[++i];
        if (!value || !*value) {
            fprintf(stderr, "%s: %s needs a value: %s\n", argv[0], row->name, row->takes);
            return false;
        }
        if (row->kind == OPTION_TEXT) {
            *(const char **)at = value;
            continue;
        }
        int64_t n;
        if (parse_go_int(str_from(value), &n) != PARSE_OK || n < 1 || n > row->max) {
            fprintf(stderr, "%s: %s needs a number from 1 to %lld\n", argv[0], row->name,
                    (long long)row->max);
            return false;
        }
        *(int64_t *)at = n;
    }
    return true;
}
