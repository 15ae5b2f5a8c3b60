/* Which codings of a body a client accepts. */
#include "http/encodings.h"

enum { WHOLE = 1000 };

/* "1", "0.5", "0.123"; what is no weight counts as whole. */
static unsigned read_weight(struct str text)
{
    unsigned value = 0, scale = WHOLE;
    bool has_digit = false, in_fraction = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' && !in_fraction) {
            in_fraction = true;
            continue;
        }
        if (c < '0' || c > '9')
            return WHOLE;
        has_digit = true;
        if (in_fraction)
            scale /= 10;
        value = in_fraction ? value + (unsigned)(c - '0') * scale
                            : value * 10 + (unsigned)(c - '0') * WHOLE;
        if (value > WHOLE)
            return WHOLE;
    }
    return has_digit ? value : WHOLE;
}

unsigned accepted_weight(struct str accept_encoding, struct str coding)
{
    for (bool more = true; more;) {
        struct str one, name, parameters, first;
        more = str_cut(accept_encoding, STR(","), &one, &accept_encoding);
        bool has_parameters = str_cut(one, STR(";"), &name, &parameters);
        if (!str_eq_nocase(str_trim(name), coding))
            continue;
        if (!has_parameters)
            return WHOLE;
        str_cut(parameters, STR(";"), &first, &parameters);
        first = str_trim(first);
        bool is_weight = first.len > 2 && str_eq_nocase(str_slice(first, 0, 2), STR("q="));
        return is_weight ? read_weight(str_slice(first, 2, first.len)) : WHOLE;
    }
    return 0;
}
