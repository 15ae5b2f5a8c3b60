/* The words of a description that say what an argument is and where it goes. */
#include "base/suggest.h"
#include "directives/option_takes.h"
#include "directives/values.h"
#include "plugins/constant.h"
#include "plugins/describe.h"

static const struct {
    const char *name;
    enum parameter_type type;
} types[] = {
    {"string", TYPE_STRING},
    {"integer", TYPE_INTEGER},
    {"unsigned", TYPE_UNSIGNED},
    {"number", TYPE_NUMBER},
    {"boolean", TYPE_BOOLEAN},
    {"duration", TYPE_DURATION},
    {"duration_text", TYPE_DURATION_TEXT},
    {"size", TYPE_SIZE},
    {"scalar", TYPE_SCALAR},
    {"text", TYPE_TEXT},
    {"slashed", TYPE_SLASHED},
    {"one_of", TYPE_ONE_OF},
    {"flag", TYPE_FLAG},
    {"module", TYPE_MODULE},
    {"response_matcher", TYPE_RESPONSE_MATCHER},
    {"matchers", TYPE_MATCHERS},
};
enum { N_TYPES = sizeof(types) / sizeof(types[0]) };

static const char modifiers[] = "as|keep|once";

/* Whether a value of that type is read from the name of the line on, its block included. */
static bool reads_segment(enum parameter_type type)
{
    return type == TYPE_RESPONSE_MATCHER || type == TYPE_MATCHERS;
}

static struct str first_name(struct str names)
{
    struct str first, rest;
    str_cut(names, STR("|"), &first, &rest);
    return first;
}

/* The word after words.at[*at]. */
static const struct token *next_word(struct cursor *in, struct token_list words, size_t *at,
                                     const char *what)
{
    if (*at + 1 < words.n)
        return words.at[++*at];
    cursor_error_at(in, DIAG_WRONG_ARGUMENTS, words.at[*at], "'" STR_FMT "' needs %s",
                    STR_ARG(words.at[*at]->text), what);
    return NULL;
}

static ptrdiff_t find_parameter(const struct building *building, struct str name)
{
    for (size_t i = 0; i < building->parameters.n; i++)
        if (str_is(name, building->parameters.at[i].name))
            return (ptrdiff_t)i;
    return -1;
}

/* `{name}` or `{*}`. */
static bool read_named_step(struct building *building, struct cursor *in, const struct token *word,
                            struct str name, struct step *step)
{
    if (str_is(name, "*")) {
        step->kind = STEP_NAME;
        return true;
    }
    ptrdiff_t label = find_parameter(building, name);
    if (label >= 0) {
        *step = (struct step){.kind = STEP_LABEL, .label = (size_t)label};
        return true;
    }
    struct suggestion suggestion = suggest_for(name);
    for (size_t i = 0; i < building->parameters.n; i++)
        suggest_try(&suggestion, str_from(building->parameters.at[i].name));
    struct diag *diag = diag_token(in->diags, DIAG_BAD_DESCRIPTION, word,
                                   "no argument above is called '" STR_FMT "'", STR_ARG(name));
    if (suggestion.best.len)
        diag_note(in->diags, diag, "did you mean '{" STR_FMT "}'?", STR_ARG(suggestion.best));
    else
        diag_note(in->diags, diag,
                  "{*} is the name of the line; others are those of 'arg' and "
                  "'label' lines above");
    return false;
}

bool place_read(struct building *building, struct cursor *in, const struct token *word,
                struct place *place)
{
    struct arena *arena = building->descriptions->arena;
    struct str rest = word->text, text;
    VEC(struct step) steps = {0};
    place->appends = str_has_suffix(rest, STR("[]"));
    rest = str_trim_suffix(rest, STR("[]"));
    bool has_more = true;
    while (has_more) {
        struct step step = {.kind = STEP_KEY};
        has_more = str_cut(rest, STR("."), &text, &rest);
        if (text.len == 0 || str_contains(text, STR("[]")))
            return cursor_error_at(in, DIAG_BAD_DESCRIPTION, word,
                                   "'" STR_FMT
                                   "' is no place in JSON: write keys with dots between "
                                   "them, and [] only at the end",
                                   STR_ARG(word->text));
        if (str_has_prefix(text, STR("{")) && str_has_suffix(text, STR("}"))) {
            if (!read_named_step(building, in, word, str_slice(text, 1, text.len - 1), &step))
                return false;
        } else {
            step.key = str_dup(arena, text).ptr;
        }
        vec_push(arena, &steps, step);
    }
    place->at = steps.at;
    place->n = steps.n;
    return true;
}

/* Keys that hold a space cannot be ordered, and no struct of Go's has one. */
void key_note(struct building *building, const struct place *place)
{
    if (place->n == 0 || place->at[0].kind != STEP_KEY)
        return;
    struct str key = str_from(place->at[0].key), rest = strbuf_str(&building->keys), one;
    if (str_index(key, ' ') >= 0)
        return;
    while (rest.len) {
        str_cut(rest, STR(" "), &one, &rest);
        if (str_eq(one, key))
            return;
    }
    strbuf_printf(&building->keys, "%s" STR_FMT, building->keys.len ? " " : "", STR_ARG(key));
}

static bool unknown_type(struct cursor *in, const struct token *word)
{
    struct suggestion suggestion = suggest_for(word->text);
    struct strbuf names = strbuf_in(in->arena);
    for (size_t i = 0; i < N_TYPES; i++) {
        suggest_try(&suggestion, str_from(types[i].name));
        strbuf_printf(&names, "%s%s", i ? ", " : "", types[i].name);
    }
    suggest_try(&suggestion, STR("as"));
    suggest_try(&suggestion, STR("keep"));
    suggest_try(&suggestion, STR("once"));
    struct diag *diag = diag_token(in->diags, DIAG_BAD_DESCRIPTION, word,
                                   "'" STR_FMT "' is no type of argument", STR_ARG(word->text));
    if (suggestion.best.len)
        diag_help(in->diags, diag, word->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    diag_note(in->diags, diag, "types are: " STR_FMT "; then may follow: as <place>, keep, once",
              STR_ARG(strbuf_str(&names)));
    return false;
}

static bool is_modifier(const struct token *word)
{
    struct str rest = str_from(modifiers), one;
    while (rest.len) {
        str_cut(rest, STR("|"), &one, &rest);
        if (str_eq(one, word->text))
            return true;
    }
    return false;
}

/* `string`, `string?`, `string...`, `string...?`. */
static bool read_type(struct cursor *in, struct token_list words, size_t *at,
                      struct parameter *parameter)
{
    const struct token *word = words.at[*at], *detail = NULL;
    struct str text = word->text;
    parameter->is_optional = str_has_suffix(text, STR("?"));
    text = str_trim_suffix(text, STR("?"));
    parameter->takes_rest = str_has_suffix(text, STR("..."));
    text = str_trim_suffix(text, STR("..."));
    for (size_t i = 0; i < N_TYPES; i++)
        if (str_is(text, types[i].name))
            parameter->type = types[i].type;
    if (parameter->type == TYPE_NONE)
        return unknown_type(in, word);
    if (parameter->type == TYPE_ONE_OF) {
        detail = next_word(in, words, at, "the legal words, such as on|off");
        if (detail)
            parameter->values = str_dup(in->arena, detail->text).ptr;
    } else if (parameter->type == TYPE_MODULE) {
        detail = next_word(in, words, at, "the name space of the modules, such as caddy.storage");
        parameter->namespace = detail;
    } else {
        detail = word;
    }
    bool takes_none = parameter->type == TYPE_FLAG || reads_segment(parameter->type);
    if (parameter->takes_rest &&
        (takes_none || parameter->type == TYPE_MODULE || parameter->type == TYPE_TEXT))
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, word, "a " STR_FMT " cannot be several",
                               STR_ARG(text));
    if (parameter->is_optional && takes_none)
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, word, "a " STR_FMT " needs no '?'",
                               STR_ARG(text));
    return detail != NULL;
}

/* Type and modifiers from words.at[at] on. */
static bool read_details(struct building *building, struct cursor *in, struct token_list words,
                         size_t at, struct parameter *parameter)
{
    if (at < words.n && !is_modifier(words.at[at])) {
        if (!read_type(in, words, &at, parameter))
            return false;
        at++;
    }
    for (; at < words.n; at++) {
        const struct token *word = words.at[at];
        if (token_is(word, "as")) {
            const struct token *place = next_word(in, words, &at, "a place in the JSON");
            if (!place || !place_read(building, in, place, &parameter->place))
                return false;
        } else if (token_is(word, "keep")) {
            parameter->keeps_zero = true;
        } else if (token_is(word, "once")) {
            building->shape->is_once = true;
        } else {
            return unknown_type(in, word);
        }
    }
    return true;
}

/* What may not follow on another. */
static bool check_sequence(struct building *building, struct cursor *in, const struct token *name,
                           const struct parameter *parameter)
{
    if (find_parameter(building, str_from(parameter->name)) >= 0)
        return cursor_error_at(in, DIAG_DUPLICATE, name,
                               "there is an argument '" STR_FMT "' already", STR_ARG(name->text));
    if (building->parameters.n == 0)
        return true;
    const struct parameter *last = &building->parameters.at[building->parameters.n - 1];
    if (last->takes_rest || last->type == TYPE_MODULE || last->type == TYPE_TEXT ||
        reads_segment(last->type))
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, name,
                               "nothing can follow '%s', which takes the rest of the line",
                               last->name);
    if (last->is_optional && !parameter->is_optional)
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, name,
                               "'" STR_FMT "' must be optional, for '%s' before it is",
                               STR_ARG(name->text), last->name);
    return true;
}

static bool add_parameter(struct building *building, struct cursor *in, const struct token *name,
                          struct parameter *parameter)
{
    if (!check_sequence(building, in, name, parameter))
        return false;
    key_note(building, &parameter->place);
    vec_push(building->descriptions->arena, &building->parameters, *parameter);
    return true;
}

/* The place that is meant where none is written. */
static void default_place(struct building *building, struct parameter *parameter)
{
    if (parameter->place.n || parameter->is_label)
        return;
    parameter->place.at = arena_new(building->descriptions->arena, struct step);
    parameter->place.n = 1;
    bool is_any = strchr(parameter->name, '*') != NULL;
    parameter->place.at[0] =
        (struct step){.kind = is_any ? STEP_NAME : STEP_KEY, .key = parameter->name};
}

bool parameter_read(struct building *building, struct cursor *in, struct token_list words,
                    bool is_label)
{
    struct parameter parameter = {.name = str_dup(in->arena, words.at[0]->text).ptr,
                                  .is_label = is_label};
    if (!read_details(building, in, words, 1, &parameter))
        return false;
    if (parameter.type == TYPE_NONE)
        parameter.type = TYPE_STRING;
    if (parameter.type == TYPE_FLAG || reads_segment(parameter.type))
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, words.at[1],
                               "only an option can be of type " STR_FMT,
                               STR_ARG(words.at[1]->text));
    if (is_label && parameter.place.n)
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, words.at[0],
                               "a label has no place of its own: write 'arg' for it");
    default_place(building, &parameter);
    return add_parameter(building, in, words.at[0], &parameter);
}

static bool add_flag(struct building *building, const struct token *name,
                     const struct parameter *parameter)
{
    struct token *value = arena_new(building->descriptions->arena, struct token);
    *value = *name;
    value->text = STR("true");
    value->quote = QUOTE_NONE;
    struct constant constant = {.place = parameter->place, .value = value};
    key_note(building, &parameter->place);
    vec_push(building->descriptions->arena, &building->constants, constant);
    return true;
}

bool option_words_read(struct building *building, struct cursor *in, struct token_list words)
{
    const struct token *name = words.at[0];
    struct parameter parameter = {.name = str_dup(in->arena, first_name(name->text)).ptr};
    if (!read_details(building, in, words, 1, &parameter))
        return false;
    bool has_place = parameter.place.n > 0;
    if (parameter.type == TYPE_NONE && (has_place || parameter.keeps_zero))
        parameter.type = TYPE_STRING;
    if (parameter.type == TYPE_NONE)
        return true;
    default_place(building, &parameter);
    if (parameter.type == TYPE_FLAG)
        return add_flag(building, name, &parameter);
    return add_parameter(building, in, name, &parameter);
}
