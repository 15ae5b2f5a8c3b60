/* Any text as a range, a date, a list of entity tags and an Accept-Encoding: ranges lie inside of the
 * file, a date that is read is written and read again as the same, lists come to their end. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/date.h"
#include "http/encodings.h"
#include "http/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ranges(struct str text, int64_t file_size, struct arena *arena)
{
    struct byte_range *ranges = NULL;
    uint32_t n;
    if (ranges_parse(text, file_size, arena, &ranges, &n) != RANGES_FINE)
        return;
    for (uint32_t i = 0; i < n; i++)
        if (ranges[i].start < 0 || ranges[i].len < 0 ||
            ranges[i].len > file_size - ranges[i].start)
            abort();
}

static void check_date(struct str text)
{
    char written[HTTP_DATE_BYTES];
    int64_t first, second;
    if (!http_date_parse(text, &first))
        return;
    http_date_format(first, written);
    if (!http_date_parse(str_make(written, sizeof(written)), &second) || first != second)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t sizes[] = {0, 1, 10, 1000, INT64_MAX};
    struct arena arena = ARENA_INIT;
    struct str text = str_make((const char *)data, size), rest = text, tag;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        check_ranges(text, sizes[i], &arena);
    check_date(text);
    tag = etag_next(&rest);
    if (tag.len > 0 && (!etag_list_has(text, tag, true) || rest.len >= text.len))
        abort();
    etag_list_has(text, STR("\"tag\""), false);
    if (accepted_weight(text, STR("gzip")) > 1000)
        abort();
    arena_free(&arena);
    return 0;
}
