#ifndef DIALTONE_NATIVE_DUMP_H
#define DIALTONE_NATIVE_DUMP_H

struct dt_tables;
struct strbuf;

/* The tables as text for people and tests: one row a line, only what is not zero. Rows that only
 * hold other rows together (texts, templates and their parts) are shown where they are used. */
void dump_tables(const struct dt_tables *tables, struct strbuf *out);

#endif
