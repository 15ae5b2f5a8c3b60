/* What rules ask of lines, blocks and texts. */
#include "adapt/directive.h"
#include "base/arena.h"
#include "lint/lint_private.h"
#include "syntax/lexer.h"

struct lint_facts *lint_facts_new(struct lint *lint)
{
    struct lint_facts *facts = arena_new(lint->arena, struct lint_facts);
    *facts = (struct lint_facts){.answers = map_in(lint->arena)};
    for (const struct node *node = lint->tree ? lint->tree->body : NULL; node; node = node->next)
        if (node->role == ROLE_GLOBAL && !facts->global)
            facts->global = node;
    return facts;
}

struct answer_key {
    const void *question, *about;
};

void *lint_answered(const struct lint *lint, const void *question, const void *about)
{
    struct answer_key key = {question, about};
    return map_get(&lint->facts->answers, str_make((const char *)&key, sizeof(key)));
}

void lint_answer(const struct lint *lint, const void *question, const void *about,
                 const void *answer)
{
    struct answer_key *key = arena_new(lint->arena, struct answer_key);
    *key = (struct answer_key){question, about};
    map_put(&lint->facts->answers, str_make((const char *)key, sizeof(*key)), (void *)answer);
}

void below_put(struct map *map, struct str text, const struct token *value)
{
    for (size_t i = 1; i < text.len && i <= MAX_BELOW; i++)
        if ((text.ptr[i] == '/' || (text.ptr[i] == '*' && i + 1 == text.len)) &&
            !map_find(map, str_slice(text, 0, i)))
            map_put(map, str_slice(text, 0, i), (void *)value);
}

bool source_is_comment(const struct source *source, struct span span)
{
    size_t low = 0, high = source->comments ? source->comments->n : 0;
    while (low < high) { /* the first comment that ends behind it */
        size_t middle = low + (high - low) / 2;
        if (source->comments->at[middle].span.end <= span.begin)
            low = middle + 1;
        else
            high = middle;
    }
    return source->comments && low < source->comments->n &&
           source->comments->at[low].span.begin <= span.begin;
}

const json_t *lint_servers(const struct lint *lint)
{
    const json_t *apps = json_object_get(lint->root, "apps");
    return json_object_get(json_object_get(apps, "http"), "servers");
}

const struct token *line_name_token(const struct node *line)
{
    return line->n_words ? line->words[0] : NULL;
}

struct str line_name(const struct node *line)
{
    return line->n_words ? line->words[0]->text : STR("");
}

const struct token *line_word(const struct node *line, uint32_t i)
{
    return i + 1 < line->n_words ? line->words[i + 1] : NULL;
}

static const struct directive *find_directive(const struct lint *lint, const struct node *line)
{
    if (line->role != ROLE_LINE || !line->parent || !line->n_words)
        return NULL;
    if (!node_holds_directives(lint, line->parent))
        return NULL;
    return vocabulary_directive(lint->pipeline->vocabulary, line->words[0]->text);
}

bool node_holds_directives(const struct lint *lint, const struct node *block)
{
    if (block->role == ROLE_SITE || block->role == ROLE_NAMED_ROUTE)
        return true;
    if (lint->facts->asked_block == block)
        return lint->facts->asked_holds_directives;
    const struct directive *row = find_directive(lint, block);
    bool holds = row ? row->has_directives_in_block
                     : str_is(line_name(block), "handle_response") ||
                           str_is(line_name(block), "replace_status");
    lint->facts->asked_block = block;
    lint->facts->asked_holds_directives = holds;
    return holds;
}

const struct directive *line_directive(const struct lint *lint, const struct node *line)
{
    if (lint->facts->asked_line != line) {
        lint->facts->asked_row = find_directive(lint, line);
        lint->facts->asked_line = line;
    }
    return lint->facts->asked_row;
}

const struct token *line_matcher(const struct lint *lint, const struct node *line)
{
    const struct directive *row = line_directive(lint, line);
    const struct token *first = line_word(line, 0);
    if (!row || !first || !(row->handler || row->takes_matcher))
        return NULL;
    /* quotes make no difference to Caddy here */
    bool is_matcher = token_is(first, "*") || str_has_prefix(first->text, STR("/")) ||
                      str_has_prefix(first->text, STR("@"));
    return is_matcher ? first : NULL;
}

const struct token *line_argument(const struct lint *lint, const struct node *line, uint32_t i)
{
    return line_word(line, i + (line_matcher(lint, line) != NULL));
}

uint32_t line_count_arguments(const struct lint *lint, const struct node *line)
{
    return line->n_words ? line->n_words - 1 - (line_matcher(lint, line) != NULL) : 0;
}

static const struct node *option_from(const struct node *option, struct str name)
{
    while (option && !(option->n_words && str_eq(option->words[0]->text, name)))
        option = option->next;
    return option;
}

const struct node *line_option(const struct node *line, const char *name)
{
    return option_from(line->body, str_from(name));
}

const struct node *line_next_option(const struct node *option)
{
    return option_from(option->next, line_name(option));
}

const struct node *line_block(const struct node *line)
{
    while (line && line->role != ROLE_SITE && line->role != ROLE_NAMED_ROUTE &&
           line->role != ROLE_GLOBAL)
        line = line->parent;
    return line;
}

const struct node *line_inside(const struct node *line, const char *name)
{
    for (line = line->parent; line; line = line->parent)
        if (str_is(line_name(line), name))
            return line;
    return NULL;
}

struct str lint_text(const struct lint *lint, struct span span)
{
    const struct source *source = source_of(&lint->pipeline->sources, span);
    if (!source)
        return STR("");
    return str_slice(source->raw, span.begin - source->base, span.end - source->base);
}

struct span line_span(const struct node *line)
{
    if (!line->n_words)
        return (struct span){0};
    return (struct span){line->words[0]->span.begin, line->words[line->n_words - 1]->span.end};
}

struct span line_span_with_block(const struct node *line)
{
    struct span span = line_span(line);
    if (line->close)
        span.end = line->close->span.end;
    return span;
}

struct span lint_whole_lines(const struct lint *lint, struct span span)
{
    const struct source *source = source_of(&lint->pipeline->sources, span);
    if (!source)
        return span;
    uint32_t begin = span.begin - source->base, end = span.end - source->base;
    while (begin > 0 && source->raw.ptr[begin - 1] != '\n')
        begin--;
    while (end < source->raw.len && source->raw.ptr[end] != '\n')
        end++;
    if (end < source->raw.len)
        end++;
    return (struct span){source->base + begin, source->base + end};
}

const struct node *global_option(const struct lint *lint, const char *name)
{
    return lint->facts->global ? line_option(lint->facts->global, name) : NULL;
}
