#ifndef DIALTONE_BASE_PARSE_H
#define DIALTONE_BASE_PARSE_H

#include "base/str.h"

/* Values written as text, read exactly as Go reads them (Caddy is a Go program, and what it accepts
 * is the language). Every function stores its result only when it returns PARSE_OK. */
enum parse_result {
    PARSE_OK,
    PARSE_EMPTY,        /* nothing there */
    PARSE_SYNTAX,       /* not a value of this kind at all */
    PARSE_RANGE,        /* too large or too small */
    PARSE_TOO_LONG,     /* more characters than are ever read */
    PARSE_MISSING_UNIT, /* a duration's number with nothing after it */
    PARSE_UNKNOWN_UNIT, /* a duration or size in no known unit */
    PARSE_MISSING_PORT,
    PARSE_TOO_MANY_COLONS,
    PARSE_MISSING_BRACKET, /* '[' without ']' */
    PARSE_STRAY_BRACKET,
    PARSE_REVERSED, /* a range that ends before it begins */
    N_PARSE_RESULTS
};

/* What is wrong, as the end of a sentence: "is not a duration: it has no unit". */
const char *parse_result_text(enum parse_result result);

/* strconv.Atoi: optional sign, decimal digits, 64 bits. */
enum parse_result parse_go_int(struct str text, int64_t *value);
/* strconv.ParseInt in base 10 with <bits> 8 to 64. */
enum parse_result parse_go_int_bits(struct str text, int bits, int64_t *value);
/* strconv.ParseUint in base 10 with <bits> 8 to 64: no sign. */
enum parse_result parse_go_uint(struct str text, int bits, uint64_t *value);
/* strconv.ParseFloat: decimal and hexadecimal, "inf", "infinity", "nan"; underscores between
 * digits. */
enum parse_result parse_go_float(struct str text, double *value);
/* strconv.ParseBool: 1 t T TRUE true True, 0 f F FALSE false False. */
enum parse_result parse_go_bool(struct str text, bool *value);

/* time.ParseDuration: "1h30m", "-1.5s"; nanoseconds. */
enum parse_result parse_go_duration(struct str text, int64_t *nanoseconds);
/* Caddy's durations: the same with `d` for days of 24 hours. */
enum parse_result parse_duration(struct str text, int64_t *nanoseconds);
/* "10MB", "1.5 GiB", "4,096": bytes. k is 1000, ki is 1024. */
enum parse_result parse_size(struct str text, uint64_t *bytes);

/* "host:port" or "[host]:port", cut at the last colon; brackets are taken off. */
enum parse_result split_host_port(struct str text, struct str *host, struct str *port);
/* "80" or "8000-8010"; both ends count. */
enum parse_result parse_port_range(struct str text, uint16_t *first, uint16_t *last);

/* What a digit stands for, or -1: of hexadecimal numbers, in either case; of base64 (RFC 4648). */
int hex_digit(char c);
int base64_digit(char c);
/* An ASCII letter or digit. */
bool byte_is_alphanumeric(unsigned char c);

/* Go's unicode.IsSpace, and the text without such characters at its ends. */
bool rune_is_space(uint32_t rune);
struct str str_trim_unicode(struct str text);

#endif
