/* RFC 3339 by way of Go's layouts. */
#include "acme/times.h"

#include "base/arena.h"
#include "base/go_time.h"

struct str acme_time_text(struct arena *arena, int64_t ns)
{
    struct strbuf out = strbuf_in(arena);
    go_time_format(&out, STR("2006-01-02T15:04:05.000000000Z"), ns, false);
    return strbuf_finish(&out);
}

bool acme_time_read(const char *text, int64_t *ns)
{
    static const struct str layouts[] = {STR_INIT("2006-01-02T15:04:05Z07:00"),
                                         STR_INIT("2006-01-02T15:04:05.999999999Z07:00")};
    for (size_t i = 0; text && i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (go_time_parse(layouts[i], str_from(text), false, ns) && *ns > 0)
            return true;
    return false;
}
