/* Punycode: the characters beyond ASCII as differences, in digits of a variable base. */
#include "base/punycode.h"

#include "base/arena.h"

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_CODE = 128 };

static uint32_t adapt(uint32_t delta, uint32_t n, bool is_first)
{
    uint32_t k = 0;
    delta /= is_first ? DAMP : 2;
    delta += delta / n;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static void add_number(struct strbuf *out, uint32_t number, uint32_t bias)
{
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        uint32_t digit = number < t ? number : t + (number - t) % (BASE - t);
        strbuf_add_char(out, "abcdefghijklmnopqrstuvwxyz0123456789"[digit]);
        if (number < t)
            return;
        number = (number - t) / (BASE - t);
    }
}

enum { LONGEST_LABEL = 256 };

/* Reads the label's characters; false where it is no UTF-8 or too long for any name. */
static bool read_runes(struct str label, uint32_t *runes, uint32_t *n)
{
    *n = 0;
    for (size_t at = 0, size; at < label.len; at += size) {
        uint32_t rune = utf8_decode(label, at, &size);
        if (*n == LONGEST_LABEL || (rune == 0xFFFD && size == 1))
            return false;
        runes[(*n)++] = rune;
    }
    return true;
}

static bool add_label(struct strbuf *out, struct str label)
{
    uint32_t runes[LONGEST_LABEL], n, n_done = 0;
    uint32_t code = FIRST_CODE, delta = 0, bias = FIRST_BIAS;
    if (!read_runes(label, runes, &n))
        return false;
    for (uint32_t i = 0; i < n; i++)
        n_done += runes[i] < FIRST_CODE;
    if (n_done == n) {
        strbuf_add(out, label);
        return true;
    }
    uint32_t n_basic = n_done;
    strbuf_puts(out, "xn--");
    for (uint32_t i = 0; i < n; i++)
        if (runes[i] < FIRST_CODE)
            strbuf_add_char(out, (char)runes[i]);
    if (n_basic > 0)
        strbuf_add_char(out, '-');
    while (n_done < n) {
        uint32_t next = UINT32_MAX;
        for (uint32_t i = 0; i < n; i++)
            if (runes[i] >= code && runes[i] < next)
                next = runes[i];
        delta += (next - code) * (n_done + 1);
        code = next;
        for (uint32_t i = 0; i < n; i++) {
            delta += runes[i] < code;
            if (runes[i] != code)
                continue;
            add_number(out, delta, bias);
            bias = adapt(delta, n_done + 1, n_done == n_basic);
            delta = 0;
            n_done++;
        }
        delta++;
        code++;
    }
    return true;
}

bool punycode_host(struct arena *arena, struct str host, struct str *ascii)
{
    struct strbuf out = strbuf_in(arena);
    for (bool more = true; more;) {
        struct str label;
        more = str_cut(host, STR("."), &label, &host);
        if (!add_label(&out, label))
            return false;
        if (more)
            strbuf_add_char(&out, '.');
    }
    strbuf_cstr(&out);
    *ascii = strbuf_str(&out);
    return true;
}
