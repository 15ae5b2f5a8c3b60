/* Text with placeholders → parts, each placeholder resolved to what it stands for. */
#include "base/parse.h"
#include "native/lower_private.h"
#include "syntax/placeholder.h"

static const struct placeholder {
    struct str name;
    enum dt_part_kind kind;
    enum dt_argument argument;
} placeholders[] = {
#define X(id, name, argument) {STR_INIT(name), DT_PART_##id, DT_ARGUMENT_##argument},
    DT_PLACEHOLDERS(X)
#undef X
};

/* Whether the row's argument can be read from <rest>; fills in the part. */
static bool resolve_argument(struct lowering *lo, const struct placeholder *placeholder,
                             struct str rest, struct dt_part *part)
{
    int64_t index = 0;
    switch (placeholder->argument) {
    case DT_ARGUMENT_NONE:
        return rest.len == 0;
    case DT_ARGUMENT_TEXT:
        part->text = intern(lo, rest);
        return true;
    case DT_ARGUMENT_NUMBER:
        if (parse_go_int(rest, &index) != PARSE_OK || index < 0)
            return false;
        part->number = index > INT32_MAX ? INT32_MAX : (uint32_t)index;
        return true;
    case DT_ARGUMENT_HEADER:
        /* Caddy sets those of answers one by one, by their canonical names */
        if ((placeholder->kind == DT_PART_INTERCEPT_HEADER ||
             placeholder->kind == DT_PART_PROXY_HEADER) &&
            !str_eq(canonical_header(lo->arena, rest), rest))
            return false;
        part->number = builder_header(lo, rest);
        return true;
    case DT_ARGUMENT_VARIABLE:
        part->number = variable(lo, rest);
        return true;
    }
    return false;
}

/* Known without any request. */
static bool is_global(struct str key)
{
    static const char *const prefixes[] = {"env.", "file.", "system.", "time.",
                                           "http.reverse_proxy.active."};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (str_has_prefix(key, str_from(prefixes[i])))
            return true;
    }
    return false;
}

/* Whether Caddy could ever know a placeholder of this name; the part then is filled in. */
static bool resolve(struct lowering *lo, struct str key, struct dt_part *part)
{
    if (lo->is_without_request && !is_global(key))
        return false;
    /* names before prefixes: {http.request.uri.path.file} is no segment of the path */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
            const struct placeholder *row = &placeholders[i];
            if ((row->argument == DT_ARGUMENT_NONE) != (pass == 0) ||
                !str_has_prefix(key, row->name))
                continue;
            if (!resolve_argument(lo, row, str_slice(key, row->name.len, key.len), part))
                continue;
            part->kind = row->kind;
            lo->n_body_uses += row->kind == DT_PART_BODY || row->kind == DT_PART_BODY_BASE64;
            return true;
        }
    }
    uintptr_t mapped = (uintptr_t)map_get(&lo->mapped_names, key);
    if (!mapped)
        return false;
    *part = (struct dt_part){.kind = DT_PART_MAPPED, .number = (uint32_t)(mapped - 1)};
    return true;
}

/* What has a value before there are requests. */
bool is_known_at_start(enum dt_part_kind kind)
{
    return kind == DT_PART_ENV || kind == DT_PART_FILE_CONTENT ||
           (kind >= DT_PART_HOSTNAME && kind <= DT_PART_NOW_UNIX_MS);
}

static bool is_for_start(enum template_mode mode)
{
    return mode == UNKNOWN_IS_EMPTY_AT_START || mode == UNKNOWN_IS_KEPT_AT_START;
}

static bool keeps_unknown(enum template_mode mode)
{
    return mode == UNKNOWN_IS_KEPT || mode == UNKNOWN_IS_KEPT_AT_START;
}

struct template_parts {
    VEC(struct dt_part) parts;
    struct strbuf literal; /* not yet in <parts> */
};

static void flush_literal(struct lowering *lo, struct template_parts *made)
{
    if (made->literal.len == 0)
        return;
    struct dt_part part = {.kind = DT_PART_LITERAL, .text = intern(lo, strbuf_str(&made->literal))};
    vec_push(lo->arena, &made->parts, part);
    made->literal.len = 0;
}

static void cut(struct lowering *lo, struct str text, enum template_mode mode,
                struct template_parts *made)
{
    struct piece_scan scan = piece_scan_of(text);
    for (;;) {
        struct piece piece = piece_next(&scan);
        if (piece.kind == PIECE_END)
            return;
        if (piece.kind == PIECE_REFUSED) {
            made->parts.n = 0;
            made->literal.len = 0;
            return;
        }
        struct dt_part part = {0};
        if (piece.kind == PIECE_PLACEHOLDER && resolve(lo, piece.text, &part) &&
            (!is_for_start(mode) || is_known_at_start(part.kind))) {
            flush_literal(lo, made);
            if (mode == UNKNOWN_IS_EMPTY_IN_PATH && part.kind == DT_PART_PATH)
                part.kind = DT_PART_PATH_RAW;
            if (mode == UNKNOWN_IS_EMPTY_IN_PATH && part.kind == DT_PART_FILE_RELATIVE)
                part.kind = DT_PART_FILE_ESCAPED;
            part.raw = intern(lo, piece.raw);
            vec_push(lo->arena, &made->parts, part);
            continue;
        }
        if (piece.kind == PIECE_PLACEHOLDER && !keeps_unknown(mode))
            continue;
        if (piece.kind == PIECE_PLACEHOLDER)
            piece = piece_reject(&scan, piece);
        strbuf_add(&made->literal, piece.text);
    }
}

uint32_t template_of(struct lowering *lo, struct str text, enum template_mode mode)
{
    struct template_parts made = {.literal = strbuf_in(lo->arena)};
    cut(lo, text, mode, &made);
    struct dt_template row = {.keeps_unknown = keeps_unknown(mode)};
    if (made.parts.n == 0) {
        row.literal = intern(lo, strbuf_str(&made.literal));
        return push_templates(lo, row);
    }
    flush_literal(lo, &made);
    row.parts =
        (struct dt_range){reserve_parts(lo, (uint32_t)made.parts.n), (uint32_t)made.parts.n};
    memcpy(lo->parts.at + row.parts.first, made.parts.at, made.parts.n * sizeof(struct dt_part));
    return push_templates(lo, row);
}

uint32_t start_template_of(struct lowering *lo, struct str *text, enum template_mode mode)
{
    struct str constant;
    if (!has_placeholder(*text))
        return DT_NONE;
    uint32_t template = template_of(lo, *text, mode);
    if (!template_is_constant(lo, template, &constant)) {
        *text = STR("");
        return template;
    }
    *text = str_dup(lo->arena, constant);
    return DT_NONE;
}

uint32_t constant_template(struct lowering *lo, struct str text)
{
    return push_templates(lo, (struct dt_template){.literal = intern(lo, text)});
}

uint32_t placeholder_part(struct lowering *lo, struct str key)
{
    struct dt_part part = {0};
    if (!resolve(lo, key, &part))
        return DT_NONE;
    part.raw = intern(lo, STR_JOIN(lo->arena, STR("{"), key, STR("}")));
    return push_parts(lo, part);
}

bool template_is_constant(const struct lowering *lo, uint32_t template, struct str *text)
{
    const struct dt_template *row = &lo->templates.at[template];
    if (row->parts.n)
        return false;
    *text = text_of(lo, row->literal);
    return true;
}
