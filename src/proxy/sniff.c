/* What a body is by its first bytes: the signatures of the WHATWG MIME Sniffing Standard that Go's
 * net/http knows, in its order. */

#include "proxy/sniff.h"

enum { SNIFFED_BYTES = 512 };

/* <start> at the beginning and, where there is one, <more> at <offset>. */
struct signature {
    struct str start;
    struct str type;
    struct str more;
    size_t offset;
};

static const struct str html_tags[] = {
    STR_INIT("<!DOCTYPE HTML"),
    STR_INIT("<HTML"),
    STR_INIT("<HEAD"),
    STR_INIT("<SCRIPT"),
    STR_INIT("<IFRAME"),
    STR_INIT("<H1"),
    STR_INIT("<DIV"),
    STR_INIT("<FONT"),
    STR_INIT("<TABLE"),
    STR_INIT("<A"),
    STR_INIT("<STYLE"),
    STR_INIT("<TITLE"),
    STR_INIT("<B"),
    STR_INIT("<BODY"),
    STR_INIT("<BR"),
    STR_INIT("<P"),
    STR_INIT("<!--"),
};

#define ROW(start, type)                                                                           \
    {                                                                                              \
        STR_INIT(start), STR_INIT(type), {0}, 0                                                    \
    }
#define ROW_MORE(start, type, more, offset)                                                        \
    {                                                                                              \
        STR_INIT(start), STR_INIT(type), STR_INIT(more), offset                                    \
    }

static const struct signature signatures[] = {
    ROW("%PDF-", "application/pdf"),
    ROW("%!PS-Adobe-", "application/postscript"),
    ROW_MORE("\xFE\xFF", "text/plain; charset=utf-16be", "", 4),
    ROW_MORE("\xFF\xFE", "text/plain; charset=utf-16le", "", 4),
    ROW_MORE("\xEF\xBB\xBF", "text/plain; charset=utf-8", "", 4),
    ROW("\0\0\1\0", "image/x-icon"),
    ROW("\0\0\2\0", "image/x-icon"),
    ROW("BM", "image/bmp"),
    ROW("GIF87a", "image/gif"),
    ROW("GIF89a", "image/gif"),
    ROW_MORE("RIFF", "image/webp", "WEBPVP", 8),
    ROW("\x89PNG\r\n\x1A\n", "image/png"),
    ROW("\xFF\xD8\xFF", "image/jpeg"),
    ROW_MORE("FORM", "audio/aiff", "AIFF", 8),
    ROW("ID3", "audio/mpeg"),
    ROW("OggS\0", "application/ogg"),
    ROW("MThd\0\0\0\6", "audio/midi"),
    ROW_MORE("RIFF", "video/avi", "AVI ", 8),
    ROW_MORE("RIFF", "audio/wave", "WAVE", 8),
    ROW("", ""), /* MP4 stands here */
    ROW("\x1A\x45\xDF\xA3", "video/webm"),
    ROW_MORE("", "application/vnd.ms-fontobject", "LP", 34),
    ROW("\0\1\0\0", "font/ttf"),
    ROW("OTTO", "font/otf"),
    ROW("ttcf", "font/collection"),
    ROW("wOFF", "font/woff"),
    ROW("wOF2", "font/woff2"),
    ROW("\x1F\x8B\x08", "application/x-gzip"),
    ROW("PK\3\4", "application/zip"),
    ROW("Rar!\x1A\7\0", "application/x-rar-compressed"),
    ROW("Rar!\x1A\7\1\0", "application/x-rar-compressed"),
    ROW("\0asm", "application/wasm"),
};

#undef ROW
#undef ROW_MORE

static struct str without_blanks(struct str text)
{
    while (text.len > 0 && memchr("\t\n\f\r ", text.ptr[0], 5))
        text = str_slice(text, 1, text.len);
    return text;
}

static bool is_tag(struct str text, struct str tag)
{
    if (text.len <= tag.len || !str_eq_nocase(str_slice(text, 0, tag.len), tag))
        return false;
    return text.ptr[tag.len] == ' ' || text.ptr[tag.len] == '>';
}

static bool has_signature(struct str text, const struct signature *signature)
{
    if (!str_has_prefix(text, signature->start))
        return false;
    if (!signature->more.ptr)
        return true;
    return text.len >= signature->offset &&
           str_has_prefix(str_slice(text, signature->offset, text.len), signature->more);
}

/* A box of type "ftyp" whose brands (major and compatible, but not the version) name MP4. */
static bool is_mp4(struct str text)
{
    const unsigned char *b = (const unsigned char *)text.ptr;
    if (text.len < 12)
        return false;
    uint32_t box = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    if (text.len < box || box % 4 != 0 || memcmp(text.ptr + 4, "ftyp", 4) != 0)
        return false;
    for (size_t at = 8; at + 4 <= box; at += 4)
        if (at != 12 && memcmp(text.ptr + at, "mp4", 3) == 0)
            return true;
    return false;
}

static bool is_binary(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x08 || c == 0x0B || (c >= 0x0E && c <= 0x1A) || (c >= 0x1C && c <= 0x1F))
            return true;
    }
    return false;
}

struct str sniff_content_type(struct str start)
{
    struct str text = str_slice(start, 0, SNIFFED_BYTES), visible = without_blanks(text);
    for (size_t i = 0; i < sizeof(html_tags) / sizeof(html_tags[0]); i++)
        if (is_tag(visible, html_tags[i]))
            return STR("text/html; charset=utf-8");
    if (str_has_prefix(visible, STR("<?xml")))
        return STR("text/xml; charset=utf-8");
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        if (signatures[i].type.len == 0 && is_mp4(text))
            return STR("video/mp4");
        if (signatures[i].type.len > 0 && has_signature(text, &signatures[i]))
            return signatures[i].type;
    }
    return is_binary(visible) ? STR("application/octet-stream") : STR("text/plain; charset=utf-8");
}
