#ifndef DIALTONE_PLUGINS_CONSTANT_H
#define DIALTONE_PLUGINS_CONSTANT_H

#include "json/document.h"

/* The value that a word of a description stands for: in backticks JSON, in other quotes text, else
 * a number, true, false, null, [] or text. NULL where the backticks hold no JSON. */
json_t *constant_value(struct document *document, const struct token *word,
                       const struct token *origin);

#endif
