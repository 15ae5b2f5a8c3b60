/* Reads lines by their description and makes JSON of them. */
#include "adapt/adapter.h"
#include "adapt/unknown.h"
#include "base/parse.h"
#include "directives/option_takes.h"
#include "directives/values.h"
#include "plugins/constant.h"
#include "plugins/shape.h"

/* One line while it is read. */
struct line {
    struct scope *scope;
    struct cursor *in;
    const struct shape *shape;
    const struct token *name;
    const struct token **labels; /* by parameter; NULL: not given */
    size_t n_arguments;
    json_t *object; /* that the values go to */
};

static struct str step_text(const struct line *line, const struct step *step)
{
    switch (step->kind) {
    case STEP_NAME:
        return line->name->text;
    case STEP_LABEL:
        return line->labels[step->label] ? line->labels[step->label]->text : STR("");
    case STEP_NONE:
    case STEP_KEY:
        break;
    }
    return str_from(step->key);
}

static json_t *member(const json_t *object, struct str key)
{
    return json_object_find(object, key.ptr, key.len);
}

/* The object or array behind one step, made where it is missing or <is_fresh>. */
static json_t *behind(struct line *line, json_t *object, const struct step *step,
                      enum json_type type, bool is_fresh)
{
    struct document *document = line->scope->document;
    struct str key = step_text(line, step);
    json_t *there = is_fresh ? NULL : member(object, key);
    if (json_typeof(there) == type)
        return there;
    there = type == JSON_ARRAY ? document_array(document, line->name)
                               : document_object(document, line->name);
    document_set_str(document, object, key, there, line->name);
    if (step->kind != STEP_KEY)
        json_object_sort(object);
    return there;
}

/* The object that holds the last step of a place. */
static json_t *holder(struct line *line, json_t *object, const struct place *place)
{
    for (size_t i = 0; i + 1 < place->n; i++)
        object = behind(line, object, &place->at[i], JSON_OBJECT, false);
    return object;
}

/* The object that <shape->into> names. What is named by the line itself begins anew each time. */
static json_t *enter(struct line *line, json_t *object)
{
    const struct place *into = &line->shape->into;
    if (into->n == 0)
        return object;
    const struct step *last = &into->at[into->n - 1];
    object = holder(line, object, into);
    if (!into->appends)
        return behind(line, object, last, JSON_OBJECT, last->kind != STEP_KEY);
    json_t *entry = document_object(line->scope->document, line->name);
    document_add(line->scope->document, behind(line, object, last, JSON_ARRAY, false), entry);
    return entry;
}

static void put(struct line *line, const struct place *place, json_t *value, bool keeps_zero,
                const struct token *origin)
{
    if (place->n == 0)
        return;
    struct document *document = line->scope->document;
    const struct step *last = &place->at[place->n - 1];
    json_t *object = holder(line, line->object, place);
    if (place->appends)
        document_add(document, behind(line, object, last, JSON_ARRAY, false), value);
    else if (document_is_empty(value) && !keeps_zero)
        document_remove(object, str_dup(line->scope->arena, step_text(line, last)).ptr);
    else
        document_set_str(document, object, step_text(line, last), value, origin);
    if (last->kind != STEP_KEY) /* Go's maps print in the order of their keys */
        json_object_sort(object);
}

static json_t *integer_of(struct line *line, bool is_read, int64_t value)
{
    return is_read ? document_integer(line->scope->document, value, cursor_token(line->in)) : NULL;
}

static json_t *read_unsigned(struct line *line)
{
    const struct token *token = cursor_token(line->in);
    uint64_t value;
    if (parse_go_uint(token->text, 63, &value) == PARSE_OK)
        return integer_of(line, true, (int64_t)value);
    value_refuse(line->in, token, "a number from 0 up");
    return NULL;
}

static json_t *read_boolean(struct line *line)
{
    bool value;
    if (parse_go_bool(cursor_val(line->in), &value) == PARSE_OK)
        return document_bool(value);
    value_refuse(line->in, cursor_token(line->in), "true or false");
    return NULL;
}

static json_t *read_number(struct line *line)
{
    double value;
    if (!read_float(line->in, &value))
        return NULL;
    json_t *number = document_real(line->scope->document, value, cursor_token(line->in));
    if (!number)
        value_refuse(line->in, cursor_token(line->in), "a number that JSON can hold");
    return number;
}

/* A duration as Go prints it: 1h0m0s, 1.5s, 20ms. */
static json_t *read_duration_text(struct line *line)
{
    int64_t ns;
    if (!read_duration(line->in, &ns))
        return NULL;
    struct strbuf text = strbuf_in(line->scope->arena);
    uint64_t left = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    const uint64_t second = 1000000000, minute = 60 * second, hour = 60 * minute;
    strbuf_puts(&text, ns < 0 ? "-" : "");
    if (left > 0 && left < second) {
        const char *unit = left < 1000 ? "ns" : left < 1000000 ? "µs" : "ms";
        double scale = left < 1000 ? 1 : left < 1000000 ? 1e3 : 1e6;
        strbuf_printf(&text, "%.9g%s", (double)left / scale, unit);
    } else {
        if (left >= hour)
            strbuf_printf(&text, "%lluh", (unsigned long long)(left / hour));
        if (left >= minute)
            strbuf_printf(&text, "%llum", (unsigned long long)(left % hour / minute));
        strbuf_printf(&text, "%.11gs", (double)(left % minute) / (double)second);
    }
    return document_string(line->scope->document, strbuf_str(&text), cursor_token(line->in));
}

/* Text with a slash at its end. */
static json_t *read_slashed(struct line *line)
{
    const struct token *token = cursor_token(line->in);
    struct str text = token->text;
    if (!str_has_suffix(text, STR("/")))
        text = str_printf(line->scope->arena, STR_FMT "/", STR_ARG(text));
    return document_string(line->scope->document, text, token);
}

static bool is_word_of(const char *words, struct str text)
{
    struct str rest = str_from(words), word;
    while (rest.len) {
        str_cut(rest, STR("|"), &word, &rest);
        if (str_eq(word, text))
            return true;
    }
    return false;
}

static json_t *read_module(struct line *line, const struct parameter *parameter)
{
    json_t *module = module_take(line->scope, line->in, parameter->space);
    return module ? document_sorted(line->scope->document, module) : NULL;
}

/* The argument under the cursor; NULL after a diagnostic. */
static json_t *read_argument(struct line *line, const struct parameter *parameter)
{
    struct cursor *in = line->in;
    const struct token *token = cursor_token(in);
    int64_t integer = 0;
    bool is_read;
    switch (parameter->type) {
    case TYPE_INTEGER:
        is_read = read_integer(in, &integer);
        return integer_of(line, is_read, integer);
    case TYPE_DURATION:
        is_read = read_duration(in, &integer);
        return integer_of(line, is_read, integer);
    case TYPE_SIZE:
        is_read = read_size(in, &integer);
        return integer_of(line, is_read, integer);
    case TYPE_DURATION_TEXT:
        return read_duration_text(line);
    case TYPE_SLASHED:
        return read_slashed(line);
    case TYPE_UNSIGNED:
        return read_unsigned(line);
    case TYPE_NUMBER:
        return read_number(line);
    case TYPE_BOOLEAN:
        return read_boolean(line);
    case TYPE_SCALAR:
        return value_scalar(line->scope, token);
    case TYPE_MODULE:
        return read_module(line, parameter);
    case TYPE_ONE_OF:
        if (!is_word_of(parameter->values, token->text)) {
            value_refuse_word(in, token, parameter->values);
            return NULL;
        }
        break;
    case TYPE_NONE:
    case TYPE_STRING:
    case TYPE_TEXT:
    case TYPE_FLAG:
    case TYPE_RESPONSE_MATCHER:
    case TYPE_MATCHERS:
    case N_PARAMETER_TYPES:
        break;
    }
    return document_string(line->scope->document, token->text, token);
}

static bool wrong_count(struct line *line)
{
    const struct shape *shape = line->shape;
    struct diag *diag = diag_token(line->in->diags, DIAG_WRONG_ARGUMENTS, line->name,
                                   "'" STR_FMT "' %s", STR_ARG(line->name->text),
                                   shape->n_parameters == 0 ? "takes no argument"
                                   : cursor_count_remaining(line->in) < shape->n_parameters
                                       ? "needs more arguments"
                                       : "has too many arguments");
    if (shape->arguments)
        diag_note(line->in->diags, diag, "usage: " STR_FMT " %s", STR_ARG(line->name->text),
                  shape->arguments);
    return false;
}

static bool counts_fit(const struct shape *shape, size_t n)
{
    size_t least = 0, most = 0;
    for (size_t i = 0; i < shape->n_parameters; i++) {
        const struct parameter *parameter = &shape->parameters[i];
        least += !parameter->is_optional;
        if (parameter->takes_rest || parameter->type == TYPE_MODULE || parameter->type == TYPE_TEXT)
            most = SIZE_MAX / 2;
        most++;
    }
    return n >= least && n <= most;
}

/* The labels are known before any value is put where they say. */
static void find_labels(struct line *line)
{
    struct cursor ahead = *line->in;
    line->labels =
        arena_array(line->scope->arena, const struct token *, line->shape->n_parameters + 1);
    for (size_t i = 0; i < line->shape->n_parameters && cursor_next_arg(&ahead); i++)
        line->labels[i] = cursor_token(&ahead);
}

static const struct alias *find_alias(const struct parameter *parameter, struct str word)
{
    for (size_t i = 0; i < parameter->n_aliases; i++)
        if (str_eq(parameter->aliases[i].word->text, word))
            return &parameter->aliases[i];
    return NULL;
}

/* Reads the argument under the cursor. What it is goes to *value, unless a word says that it goes
 * elsewhere. */
static bool read_one(struct line *line, const struct parameter *parameter, json_t **value)
{
    const struct token *token = cursor_token(line->in);
    const struct alias *alias = find_alias(parameter, token->text);
    *value = NULL;
    if (!alias) {
        *value = read_argument(line, parameter);
        return *value != NULL;
    }
    json_t *meant = constant_value(line->scope->document, alias->value, token);
    if (alias->place.n)
        put(line, &alias->place, meant, true, token);
    else
        *value = meant;
    return true;
}

/* The rest of the line as one text. */
static bool read_text(struct line *line, const struct parameter *parameter)
{
    const struct token *first = cursor_token(line->in);
    struct strbuf text = strbuf_in(line->scope->arena);
    strbuf_add(&text, first->text);
    while (cursor_next_arg(line->in))
        strbuf_printf(&text, " " STR_FMT, STR_ARG(cursor_val(line->in)));
    put(line, &parameter->place, document_string(line->scope->document, strbuf_str(&text), first),
        parameter->keeps_zero, first);
    return true;
}

static bool read_rest(struct line *line, const struct parameter *parameter)
{
    struct document *document = line->scope->document;
    json_t *values = document_array(document, cursor_token(line->in));
    do {
        json_t *value;
        if (!read_one(line, parameter, &value))
            return false;
        if (!value)
            continue;
        if (parameter->place.appends)
            put(line, &parameter->place, value, true, cursor_token(line->in));
        else
            document_add(document, values, value);
    } while (cursor_next_arg(line->in));
    if (!parameter->place.appends)
        put(line, &parameter->place, values, parameter->keeps_zero, line->name);
    return true;
}

/* An argument that is not there. For null an array need not begin. */
static void put_fallback(struct line *line, const struct parameter *parameter)
{
    if (!parameter->fallback)
        return;
    struct place place = parameter->place;
    json_t *value = constant_value(line->scope->document, parameter->fallback, line->name);
    if (json_is_null(value) && place.appends) {
        const struct step *last = &place.at[place.n - 1];
        if (member(holder(line, line->object, &place), step_text(line, last)))
            return;
        place.appends = false;
    }
    put(line, &place, value, true, line->name);
}

static bool read_arguments(struct line *line)
{
    const struct shape *shape = line->shape;
    if (!counts_fit(shape, cursor_count_remaining(line->in)))
        return wrong_count(line);
    for (size_t i = 0; i < shape->n_parameters; i++) {
        const struct parameter *parameter = &shape->parameters[i];
        if (!cursor_next_arg(line->in)) {
            put_fallback(line, parameter);
            continue;
        }
        if (parameter->takes_rest || parameter->type == TYPE_TEXT) {
            if (!(parameter->takes_rest ? read_rest : read_text)(line, parameter))
                return false;
            continue;
        }
        const struct token *token = cursor_token(line->in);
        json_t *value;
        if (!read_one(line, parameter, &value))
            return false;
        if (value)
            put(line, &parameter->place, value, parameter->keeps_zero, token);
    }
    return true;
}

/* `match status 2xx`, or a block: read from the name on. */
static bool read_response_matcher(struct line *line, const struct parameter *parameter)
{
    json_t *matchers = document_object(line->scope->document, line->name);
    struct cursor segment = cursor_segment(line->in);
    if (!scope_response_matcher(line->scope, &segment, matchers))
        return false;
    put(line, &parameter->place, member(matchers, line->name->text), parameter->keeps_zero,
        line->name);
    return true;
}

/* A set of request matchers: the rest of the line, or a block. */
static bool read_matchers(struct line *line, const struct parameter *parameter)
{
    json_t *set = scope_matcher_block(line->scope, line->in, STR(""));
    if (set)
        put(line, &parameter->place, set, parameter->keeps_zero, line->name);
    return set != NULL;
}

/* The line holds one of the options of the block. */
static bool read_inline(struct line *line)
{
    struct token_list words = cursor_remaining(line->in);
    if (words.n == 0)
        return true;
    struct cursor in = cursor_over(line->scope->arena, line->in->diags, words.at, words.n);
    cursor_next(&in);
    const struct option *row = option_find(line->shape->options, cursor_val(&in));
    if (!row)
        return option_unknown(line->scope, &in, line->shape->options, NULL);
    return option_apply(line->scope, &in, row, line->object, NULL);
}

/* Whether a `{` comes next, on the line of what the cursor stands on. */
static bool is_block_next(const struct cursor *in)
{
    struct cursor ahead = *in;
    if (cursor_next_arg(&ahead) || !cursor_next(&ahead) || !token_is_open(cursor_token(&ahead)))
        return false;
    return !token_is_on_new_line(cursor_token(in), cursor_token(&ahead));
}

static bool read_block(struct line *line)
{
    struct cursor *in = line->in;
    if (!is_block_next(in))
        return true;
    if (line->shape->is_exclusive && line->n_arguments > 0)
        return cursor_error_at(in, DIAG_MISPLACED_BLOCK, line->name,
                               "'" STR_FMT "' takes arguments or a block, not both",
                               STR_ARG(line->name->text));
    if (line->shape->takes_any_block) {
        cursor_segment_tokens(in);
        return true;
    }
    if (line->shape->options)
        return options_parse(line->scope, in, line->shape->options, line->object, NULL);
    struct cursor brace = *in;
    cursor_next(&brace);
    return cursor_error(&brace, DIAG_MISPLACED_BLOCK, "'" STR_FMT "' takes no block",
                        STR_ARG(line->name->text));
}

static bool check_once(struct line *line)
{
    const struct shape *shape = line->shape;
    const struct place *place = shape->n_parameters  ? &shape->parameters[0].place
                                : shape->n_constants ? &shape->constants[0].place
                                                     : &shape->into;
    if (!shape->is_once || place->n == 0 || place->at[0].kind != STEP_KEY)
        return true;
    const json_t *object = line->object;
    for (size_t i = 0; i < place->n; i++)
        object = member(object, step_text(line, &place->at[i]));
    return !object || cursor_error(line->in, DIAG_DUPLICATE, "'" STR_FMT "' is given twice",
                                   STR_ARG(line->name->text));
}

/* Whether one of the keys in "a|b" has a value. */
static bool has_one_of(const json_t *object, struct str keys)
{
    struct str key;
    while (keys.len) {
        str_cut(keys, STR("|"), &key, &keys);
        if (!document_is_empty(member(object, key)))
            return true;
    }
    return false;
}

static bool check_required(struct line *line)
{
    bool ok = true;
    for (size_t i = 0; i < line->shape->n_required; i++) {
        struct str keys = line->shape->required[i]->text;
        if (has_one_of(line->object, keys))
            continue;
        ok = false;
        keys = str_replace(line->scope->arena, keys, STR("|"), STR("' or '"));
        struct diag *diag = diag_token(line->in->diags, DIAG_WRONG_ARGUMENTS, line->name,
                                       "'" STR_FMT "' needs '" STR_FMT "'",
                                       STR_ARG(line->name->text), STR_ARG(keys));
        if (line->shape->arguments)
            diag_note(line->in->diags, diag, "usage: " STR_FMT " %s", STR_ARG(line->name->text),
                      line->shape->arguments);
    }
    return ok;
}

/* What has no JSON is only a mistake where the JSON is asked for. */
static bool check_described(struct line *line)
{
    struct adapter *adapter = line->scope->adapter;
    if (!line->shape->is_undescribed || adapter->options.only_checks)
        return true;
    if (passes_over(adapter, line->name, "its description does not say what JSON it becomes"))
        return false;
    struct diag *diag =
        diag_token(line->in->diags, DIAG_UNDESCRIBED_JSON, line->name,
                   "what JSON '" STR_FMT "' becomes is not described", STR_ARG(line->name->text));
    diag_note(line->in->diags, diag, "--skip-unknown leaves it out; `dialtone check` accepts it");
    return false;
}

/* Lines of the same counter are numbered from 1 through the whole Caddyfile. */
static void put_count(struct line *line)
{
    if (!line->shape->counter)
        return;
    struct arena *arena = line->scope->arena;
    const char *name = arena_printf(arena, "plugin counter %s", line->shape->counter);
    int64_t *count = adapter_state(line->scope->adapter, name, sizeof(*count));
    put(line, &line->shape->counter_place,
        document_integer(line->scope->document, ++*count, line->name), true, line->name);
}

static bool read_line(struct line *line)
{
    const struct shape *shape = line->shape;
    for (size_t i = 0; i < shape->n_constants; i++)
        put(line, &shape->constants[i].place,
            constant_value(line->scope->document, shape->constants[i].value, line->name), true,
            line->name);
    put_count(line);
    put(line, &shape->name_place,
        document_string(line->scope->document, line->name->text, line->name), false, line->name);
    if (shape->n_parameters && shape->parameters[0].type == TYPE_RESPONSE_MATCHER)
        return read_response_matcher(line, &shape->parameters[0]);
    if (shape->n_parameters && shape->parameters[0].type == TYPE_MATCHERS)
        return read_matchers(line, &shape->parameters[0]);
    bool ok = shape->reads_inline ? read_inline(line) : read_arguments(line);
    cursor_remaining(line->in); /* the block is looked at even after a mistake before it */
    return read_block(line) && ok && check_required(line);
}

bool shape_read(struct scope *scope, struct cursor *in, const struct shape *shape, json_t *object)
{
    struct line line = {.scope = scope,
                        .in = in,
                        .shape = shape,
                        .name = cursor_token(in),
                        .n_arguments = cursor_count_remaining(in),
                        .object = object};
    plugin_note(scope, shape->plugin, line.name);
    if (!check_described(&line))
        return false;
    find_labels(&line);
    if (!check_once(&line))
        return false;
    line.object = enter(&line, object);
    bool ok = read_line(&line);
    if (shape->keys)
        document_order(scope->document, line.object, shape->keys);
    return ok;
}

bool shape_option(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state)
{
    (void)state;
    return shape_read(scope, in, row->description, object);
}
