#ifndef DIALTONE_CLI_FLAGS_H
#define DIALTONE_CLI_FLAGS_H

#include <stddef.h>

struct command;

/* A row of the table of all flags. */
struct flag {
    const char *name;
    char letter;          /* 0: no short form */
    const char *argument; /* NULL: a switch; "FILE...": the flag may be repeated */
    const char *values;   /* "a|b" where only certain words are legal */
    size_t offset;        /* of the bool, const char * or struct words in struct invocation */
    const char *doc;
    const char *key; /* what commands list it by, where two flags have one name; else NULL */
};

/* The flags that a command takes: the one behind <flag> (NULL: the first), or NULL. */
const struct flag *flag_next(const struct command *command, const struct flag *flag);

#endif
