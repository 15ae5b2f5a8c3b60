#ifndef DIALTONE_ADAPT_ROW_PATH_H
#define DIALTONE_ADAPT_ROW_PATH_H

struct adapter;
struct cursor;

enum row_kind {
    ROW_OPTION, /* of what is around it; a global option where there is none */
    ROW_DIRECTIVE,
    ROW_MATCHER,
    ROW_MODULE,
    N_ROW_KINDS
};

/* The row of the vocabulary that is being read, and those it stands in. */
struct row_path {
    enum row_kind kind;
    const char *space; /* of a module: its name space */
    const char *name;  /* the row's */
    const char *since; /* of the row: the Caddy version that brought it; NULL: 2.0 */
    const struct row_path *outer;
};

/* Told of each row that is read; the cursor stands on its name, or before it. */
typedef void row_listener(void *state, const struct row_path *path, const struct cursor *in);

/* Enters a row; <path> must live until row_leave. Tells who listens. */
void row_enter(struct adapter *adapter, struct row_path *path, const struct cursor *in);
void row_leave(struct adapter *adapter);

#endif
