#ifndef DIALTONE_SYNTAX_SOURCE_H
#define DIALTONE_SYNTAX_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

/* A byte range in all loaded text: every source is given its own stretch of one number space, so
 * eight bytes name a place in any file. <end> is exclusive. {0, 0} is "no place". Spans are in
 * the raw text, before {$ENV} is replaced: text that came out of a {$ENV} has the span of that
 * {$ENV}. */
struct span {
    uint32_t begin, end;
};

/* What a span means to a person. Lines and columns count from 1; <column> counts code points. */
struct position {
    struct str path; /* as the file was named; empty for no place */
    uint32_t line, column;
    uint32_t byte_column; /* 1-based, in bytes */
};

/* Where text comes from; the tests and the language server give their own. NULL functions mean
 * the file system and the process environment. */
struct source_hooks {
    void *user;
    /* The whole file in the arena; 0, or -errno. */
    int (*read_file)(void *user, struct arena *arena, const char *path, struct str *text);
    /* The value, or NULL where the variable is unset. */
    const char *(*get_env)(void *user, const char *name);
    /* The names in a directory, in any order, as C strings in the arena; 0, or -errno. Where
     * read_file is given and this is not, there are no directories. */
    int (*list_directory)(void *user, struct arena *arena, const char *path, struct str **names,
                          size_t *n);
};

/* One {$ENV} and what stands in its place. */
struct splice {
    uint32_t raw_begin, raw_end;         /* the {$…} */
    uint32_t spliced_begin, spliced_end; /* its value */
    bool is_assumed; /* the variable is unset: the value only lets the rest be looked at */
};

/* One loaded text. */
struct source {
    struct str path;    /* as printed in messages: as given on the command line, absolute for imports */
    struct str raw;     /* the bytes of the file */
    struct str spliced; /* with every {$ENV} replaced: what the lexer reads */
    uint32_t base;      /* where raw begins in the space of spans */
    struct splice *splices; /* raw ↔ spliced, by offset */
    uint32_t n_splices;
    uint32_t *lines; /* offset in raw of the start of each line; the first begins behind a byte order
                        mark */
    uint32_t n_lines;
    struct column_mark *marks; /* private to source.c; NULL until a long line is looked at */
    struct comment_list *comments; /* syntax/lexer.h; NULL until the source is lexed */
};

struct sources {
    struct arena *arena;
    const struct source_hooks *hooks; /* borrowed; may be NULL */
    struct source **at;
    uint32_t n, cap;
    uint32_t next_base;
    /* Give variables that are unset, and have no default, some value where nothing would make
     * another file of it. Set before the first source is added. */
    bool assumes_values;
};

struct sources sources_in(struct arena *arena, const struct source_hooks *hooks);
/* Adds text that is already in memory (it is not copied). <path> is copied. NULL where the text
 * would overflow the 4 GiB of spans. */
struct source *source_add(struct sources *sources, struct str path, struct str raw);
/* A copy of text by itself, with every {$ENV} left as it stands, for whoever looks at its words only: it is in
 * no struct sources and knows no lines. */
struct source *source_plain(struct arena *arena, struct str text);
/* Reads and adds a file; NULL and *error = -errno where it cannot be read. */
struct source *source_load(struct sources *sources, const char *path, int *error);
/* What is there to read a file by its path without adding it: 0, or -errno. */
int source_read(struct sources *sources, const char *path, struct str *text);
/* The names in a directory: 0, or -errno. */
int source_list_directory(struct sources *sources, const char *path, struct str **names, size_t *n);
/* The source that holds the span, or NULL. */
const struct source *source_of(const struct sources *sources, struct span span);
struct position source_position(const struct sources *sources, uint32_t offset);
/* The raw text of the line (1-based) without its line end; empty where there is none. */
struct str source_line(const struct source *source, uint32_t line);
/* Whether any of it came from a variable whose value is assumed. */
bool source_is_assumed(const struct sources *sources, struct span span);
/* The raw text under a span; empty where it is no place. */
struct str source_text(const struct sources *sources, struct span span);
/* Offsets in <spliced> → span in the space of all raw text. */
struct span source_span(const struct source *source, uint32_t begin, uint32_t end);

#endif
