#ifndef DIALTONE_DIRECTIVES_VOCABULARY_H
#define DIALTONE_DIRECTIVES_VOCABULARY_H

struct vocabulary;

/* Everything that dialtone knows of the Caddyfile language: directives and their default order,
 * matchers, global options. */
const struct vocabulary *caddy_vocabulary(void);

#endif
