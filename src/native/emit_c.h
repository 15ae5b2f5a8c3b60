#ifndef DIALTONE_NATIVE_EMIT_C_H
#define DIALTONE_NATIVE_EMIT_C_H

#include <stdbool.h>

struct dt_tables;
struct strbuf;

/* The tables as a C11 program: const data, one row a line with the place it came from, and a main
 * that hands them to the proxy core. The same tables give the same text. */
void emit_c(const struct dt_tables *tables, struct strbuf *out);
/* Whether what is emitted has to be linked with a library for Argon2. */
bool needs_argon2id(const struct dt_tables *tables);

#endif
