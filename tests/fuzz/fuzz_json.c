/* Any bytes as a caddy.json: the reader takes exactly what is JSON, every finding can be printed, and
 * what is accepted means the same when it is printed and read again. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "json/text.h"
#include "pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_DEPTH = 500 }; /* of the reader */

/* A second opinion on what JSON is. */
struct judge {
    const char *at, *end;
    int depth;
};

static void blanks(struct judge *judge)
{
    while (judge->at < judge->end && *judge->at && strchr(" \t\r\n", *judge->at))
        judge->at++;
}

static bool take(struct judge *judge, char c)
{
    if (judge->at == judge->end || *judge->at != c)
        return false;
    judge->at++;
    return true;
}

static size_t digits(struct judge *judge)
{
    size_t n = 0;
    while (judge->at < judge->end && *judge->at >= '0' && *judge->at <= '9')
        judge->at++, n++;
    return n;
}

static bool is_string(struct judge *judge)
{
    if (!take(judge, '"'))
        return false;
    while (judge->at < judge->end && *judge->at != '"') {
        unsigned char c = (unsigned char)*judge->at++;
        if (c < 0x20)
            return false;
        if (c != '\\')
            continue;
        if (take(judge, 'u')) {
            for (int i = 0; i < 4; i++, judge->at++)
                if (judge->at == judge->end || !*judge->at ||
                    !strchr("0123456789abcdefABCDEF", *judge->at))
                    return false;
        } else if (judge->at == judge->end || !*judge->at || !strchr("\"\\/bfnrt", *judge->at++)) {
            return false;
        }
    }
    return take(judge, '"');
}

static bool is_number(struct judge *judge)
{
    const char *begin = judge->at;
    take(judge, '-');
    if (!take(judge, '0') && digits(judge) == 0)
        return false;
    if (take(judge, '.') && digits(judge) == 0)
        return false;
    if (take(judge, 'e') || take(judge, 'E')) {
        if (!take(judge, '+'))
            take(judge, '-');
        if (digits(judge) == 0)
            return false;
    }
    char *text = strndup(begin, (size_t)(judge->at - begin));
    bool is_finite = isfinite(strtod(text, NULL));
    free(text);
    return is_finite;
}

static bool is_value(struct judge *judge);

static bool is_list(struct judge *judge, char close)
{
    blanks(judge);
    if (take(judge, close))
        return true;
    do {
        blanks(judge);
        if (close == '}') {
            if (!is_string(judge))
                return false;
            blanks(judge);
            if (!take(judge, ':'))
                return false;
        }
        if (!is_value(judge))
            return false;
        blanks(judge);
    } while (take(judge, ','));
    return take(judge, close);
}

static bool is_value(struct judge *judge)
{
    static const char *const words[] = {"true", "false", "null"};
    blanks(judge);
    bool is_object = take(judge, '{');
    if (is_object || take(judge, '[')) {
        bool is_right = ++judge->depth <= MAX_DEPTH && is_list(judge, is_object ? '}' : ']');
        judge->depth--;
        return is_right;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(judge->end - judge->at) >= n && memcmp(judge->at, words[i], n) == 0) {
            judge->at += n;
            return true;
        }
    }
    return judge->at < judge->end && (*judge->at == '"' ? is_string(judge) : is_number(judge));
}

static bool is_json(struct str text)
{
    struct judge judge = {text.ptr, text.ptr + text.len, 0};
    bool is_right = is_value(&judge);
    blanks(&judge);
    return is_right && judge.at == judge.end;
}

static bool has_syntax_errors(const struct pipeline *pipeline)
{
    for (const struct diag *diag = pipeline->diags.first; diag; diag = diag->next)
        if (diag->code == DIAG_JSON_SYNTAX)
            return true;
    return false;
}

static void print_all(struct pipeline *pipeline)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    diags_sort(&pipeline->diags);
    diags_print(&pipeline->diags, &pipeline->sources, (struct diag_style){.at_least = SEVERITY_INFO},
                memory);
    fclose(memory);
    free(text);
}

/* The values of a text that was accepted, as Go would write them. */
static struct str values_of(struct pipeline *pipeline, struct str text)
{
    struct strbuf out = strbuf_in(&pipeline->arena);
    pipeline_init(pipeline, NULL);
    out.arena = &pipeline->arena;
    if (!pipeline_load_text(pipeline, "again.json", text) ||
        !pipeline_adapt(pipeline, (struct adapt_options){0}))
        abort();
    document_write(pipeline->document.root, false, &out);
    return strbuf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct pipeline pipeline, again;
    pipeline_init(&pipeline, NULL);
    if (pipeline_load_text(&pipeline, "caddy.json", text)) {
        bool is_accepted = pipeline_adapt(&pipeline, (struct adapt_options){0});
        if (has_syntax_errors(&pipeline) == is_json(text))
            abort();
        if (is_accepted != (pipeline.diags.n_errors == 0))
            abort();
        print_all(&pipeline);
        for (int pretty = 0; is_accepted && pretty < 2; pretty++) {
            struct strbuf printed = strbuf_in(&pipeline.arena);
            struct strbuf values = strbuf_in(&pipeline.arena);
            pipeline_write(&pipeline, pretty, &printed);
            document_write(pipeline.document.root, false, &values);
            if (!str_eq(values_of(&again, strbuf_str(&printed)), strbuf_str(&values)))
                abort();
            pipeline_free(&again);
        }
    }
    pipeline_free(&pipeline);
    return 0;
}
