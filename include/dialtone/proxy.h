#ifndef DIALTONE_PROXY_H
#define DIALTONE_PROXY_H

struct dt_tables;

/* Serves what <tables> say until a signal ends it; returns the exit code of the process (0 fine,
 * 1 a check or the start failed, 2 wrong usage, 3 internal). `--help` among the arguments lists
 * them. The tables must stay valid and unchanged; argv[0] is the name in messages. */
int dt_proxy_main(const struct dt_tables *tables, int argc, char **argv);

#endif
