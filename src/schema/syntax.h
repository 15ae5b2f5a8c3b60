#ifndef DIALTONE_SCHEMA_SYNTAX_H
#define DIALTONE_SCHEMA_SYNTAX_H

/* One thing that the language of Caddyfiles can do, apart from its vocabulary. */
struct syntax_feature {
    const char *name;
    const char *form;       /* how it is written, \n between lines */
    const char *doc;        /* one line */
    const char *since;      /* the Caddy version that brought it; NULL: 2.0 */
    const char *deprecated; /* what to write instead; NULL: not deprecated */
};
/* Ends with a row whose name is NULL. */
extern const struct syntax_feature syntax_features[];

#endif
