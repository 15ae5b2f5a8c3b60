/* Any text with diagnostics anywhere in it: printing them reads and writes nothing it must not, takes no
 * more lines than there is to tell, and lets no control character through. The first bytes say how wide
 * the terminal is and where places begin and end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "syntax/diag.h"

enum { N_PLACES = 6, HEADER = 2 + N_PLACES * 4, LINES_EACH = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two bytes for the begin, two for the length; they may be outside of the text. */
static struct span place(const uint8_t *data, int i, const struct source *source)
{
    const uint8_t *at = data + 2 + i * 4;
    uint32_t begin = source->base + (uint32_t)(at[0] | at[1] << 8);
    return (struct span){begin, begin + (uint32_t)(at[2] | at[3] << 8)};
}

static void check_output(const char *text, size_t len, bool has_colour)
{
    size_t lines = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        lines += c == '\n';
        if ((c < 0x20 && c != '\n' && !(has_colour && c == 0x1b)) || c == 0x7f)
            abort();
    }
    if (lines > N_PLACES * LINES_EACH)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER)
        return 0;
    struct arena arena = ARENA_INIT;
    char *copy = malloc(size - HEADER + 1); /* so that reading past the end is seen */
    memcpy(copy, data + HEADER, size - HEADER);
    struct sources sources = sources_in(&arena, NULL);
    struct diags diags = diags_in(&arena);
    struct str text = str_make(copy, size - HEADER);
    const struct source *source = source_add(&sources, STR("one"), text);
    source_add(&sources, STR("two"), text);
    struct diag *diag = diag_at(&diags, DIAG_SYNTAX, place(data, 0, source), NULL, "a mistake");
    diag_label(&diags, diag, place(data, 1, source), "a label");
    diag_label(&diags, diag, place(data, 2, source), "another label, a longer one");
    diag_note(&diags, diag, "a note of several words, which may have to be broken");
    struct diag_note *fix = diag_fix(&diags, diag, FIX_SAFE, place(data, 3, source),
                                     str_slice(text, 0, data[1]), "write this");
    diag_fix_also(&diags, fix, place(data, 4, source), STR("x\ny"));
    diag_help(&diags, diag, place(data, 5, source), STR(""), "leave it away");
    for (int colour = 0; colour <= 1; colour++) {
        char *printed = NULL;
        size_t len = 0;
        FILE *memory = open_memstream(&printed, &len);
        struct diag_style style = {.colour = colour, .columns = data[0], .at_least = SEVERITY_INFO};
        diags_print(&diags, &sources, style, memory);
        fclose(memory);
        check_output(printed, len, colour);
        free(printed);
    }
    arena_free(&arena);
    free(copy);
    return 0;
}
