#ifndef DIALTONE_JSON_DOCUMENT_PRIVATE_H
#define DIALTONE_JSON_DOCUMENT_PRIVATE_H

/* What document.c and origin.c share. */
#include "json/document.h"

struct origins *origins_new(struct arena *arena);
/* Copies the origins of the slots of <from> that hold true, false or null to the same keys of
 * <to>. */
void origins_copy_slots(struct document *document, const json_t *from, const json_t *to);
void origins_set_slot(struct document *document, const json_t *object, struct str key,
                      const struct token *origin);

#endif
