#ifndef DIALTONE_SCHEMA_ARGUMENTS_H
#define DIALTONE_SCHEMA_ARGUMENTS_H

#include "base/str.h"

/* A type of argument: what words are legal for it. Part of the published schema. */
struct argument_type {
    const char *name;
    const char *doc;
    const char *examples; /* legal words, separated by blanks */
    const char *wrong;    /* words that are refused, separated by blanks; NULL: any word passes */
};
/* Ends with a row whose name is NULL. */
extern const struct argument_type argument_types[];

/* The type of the arguments that usage texts call <name>; NULL where the name is not known. */
const struct argument_type *argument_type_of(struct str name);
/* The row of a type's own name. */
const struct argument_type *argument_type_named(struct str name);

#endif
