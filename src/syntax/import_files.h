#ifndef DIALTONE_SYNTAX_IMPORT_FILES_H
#define DIALTONE_SYNTAX_IMPORT_FILES_H

#include "syntax/source.h"

struct arena;

/* Paths as Go's path/filepath treats them on Unix. */
struct str file_path_clean(struct arena *arena, struct str path);
/* Against the working directory; cleaned. */
struct str path_absolute(struct arena *arena, struct str path);
/* <pattern> as seen from the directory of <file>, which is made absolute; an absolute <pattern>
 * is taken as it stands. */
struct str path_beside(struct arena *arena, struct str file, struct str pattern);

struct path_list {
    struct str *at; /* C strings in the arena */
    size_t n, cap;
};

/* The files that match, in the order of Go's filepath.Glob, with at most one * and one ? in
 * <pattern>. False where the pattern is malformed. */
bool glob_files(struct sources *sources, struct str pattern, struct path_list *matches);

#endif
