/* Rows are named by their paths, as tests/inventory/inventory.py names them. */
#include "row_uses.h"

#include "adapt/cursor.h"
#include "base/arena.h"
#include "syntax/token.h"

struct row_uses row_uses_in(struct document *document)
{
    return (struct row_uses){document, document_array(document, NULL)};
}

/* Options belong to what is around them; everything else begins a path of its own. A global option
 * begins with "global.". */
static void add_path(struct strbuf *out, const struct row_path *path)
{
    if (path->kind == ROW_OPTION && path->outer) {
        add_path(out, path->outer);
        strbuf_add_char(out, '/');
    } else if (path->kind == ROW_OPTION) {
        strbuf_puts(out, "global.");
    }
    if (path->space)
        strbuf_printf(out, "%s.", path->space);
    strbuf_puts(out, path->name);
}

void row_uses_note(void *state, const struct row_path *path, const struct cursor *in)
{
    static const char *const kinds[] = {"option", "directive", "matcher", "module"};
    struct row_uses *uses = state;
    struct document *document = uses->document;
    struct strbuf text = strbuf_in(document->arena), quotes = strbuf_in(document->arena);
    struct cursor own = *in;
    json_t *use = document_object(document, NULL), *words = document_array(document, NULL);
    if (own.at < 0)
        cursor_next(&own);
    while (cursor_next_arg(&own)) {
        document_add(document, words, document_string(document, cursor_val(&own), NULL));
        strbuf_add_char(&quotes, "ndbh"[cursor_token(&own)->quote]);
    }
    add_path(&text, path);
    document_set(document, use, "kind", document_text(document, kinds[path->kind], NULL));
    document_set(document, use, "path", document_string(document, strbuf_str(&text), NULL));
    document_set(document, use, "words", words);
    document_set(document, use, "quotes", document_string(document, strbuf_str(&quotes), NULL));
    document_add(document, uses->list, use);
}
