/* Applies corrections turn by turn: compile, choose corrections that go together, prove them by
 * compiling with them, keep those that hold, until no turn brings one. */
#include "fix/fix.h"

#include <stdlib.h>

#include "fix/fix_private.h"
#include "pipeline.h"
#include "syntax/import_files.h"

enum {
    MAX_TURNS = 30,   /* corrections that are not done by then make each other necessary */
    MAX_TRIALS = 500, /* of sets of corrections; bounds the time that bad ones can cost */
};

struct root {
    const struct fix_root *given;
    struct text *text; /* of the file itself; NULL until it was read */
    struct text_vec {
        struct text **at;
        size_t n, cap;
    } reads; /* all that it was compiled of */
    /* As it is without what is on trial. */
    struct outcome {
        bool compiles;
        uint32_t n_errors;
        struct str json;
    } outcome;
    bool has_assumed;       /* some variable has an assumed value */
    struct outcome unaided; /* without those values, where there are any */
};

struct fixing {
    struct arena *arena; /* lives as long as the result */
    struct arena turn;   /* emptied before each turn */
    const struct fix_request *request;
    struct source_hooks hooks; /* give the texts as they are now, or on trial */
    struct sources files;      /* reads what is not held yet */
    struct map paths;          /* as a file is called → struct text; several may be one */
    struct map identities;     /* where it really is → struct text */
    struct text_vec texts;     /* in order of loading */
    struct text_vec *reads;    /* of the root that is being compiled */
    struct root *roots;
    size_t n_roots;
    struct correction_vec corrections; /* of this turn */
    struct map banned;                 /* ids of rules that come to no end */
    unsigned n_trials;
};

/* --- files --- */

static struct str identity(struct fixing *fixing, const char *path)
{
    const struct source_hooks *hooks = fixing->request->hooks;
    char *real = hooks && hooks->read_file ? NULL : realpath(path, NULL);
    struct str found = real ? str_dup(fixing->arena, str_from(real))
                            : path_absolute(fixing->arena, str_from(path));
    free(real);
    return found;
}

static struct text *text_new(struct fixing *fixing, struct str path, struct str content)
{
    struct text *text = arena_new(fixing->arena, struct text);
    *text = (struct text){.path = str_dup(fixing->arena, path)};
    text->original = text->now = content.ptr ? content : STR("");
    vec_push(fixing->arena, &fixing->texts, text);
    return text;
}

/* The file's text, read when it is first asked for; NULL and *error where it cannot be. */
static struct text *text_at(struct fixing *fixing, const char *path, int *error)
{
    struct text *text = map_get(&fixing->paths, str_from(path));
    if (text)
        return text;
    struct str where = identity(fixing, path), content = {0};
    text = map_get(&fixing->identities, where);
    if (!text) {
        *error = source_read(&fixing->files, path, &content);
        if (*error)
            return NULL;
        const struct fix_request *request = fixing->request;
        text = text_new(fixing, str_from(path), content);
        text->may_change = !request->may_change || request->may_change(request->user, path);
        map_put(&fixing->identities, where, text);
    }
    map_put(&fixing->paths, str_dup(fixing->arena, str_from(path)), text);
    return text;
}

static void note_read(struct fixing *fixing, struct text *text)
{
    for (size_t i = 0; i < fixing->reads->n; i++)
        if (fixing->reads->at[i] == text)
            return;
    vec_push(fixing->arena, fixing->reads, text);
}

static int read_file(void *user, struct arena *arena, const char *path, struct str *content)
{
    (void)arena;
    struct fixing *fixing = user;
    int error = 0;
    struct text *text = text_at(fixing, path, &error);
    if (!text)
        return error;
    note_read(fixing, text);
    *content = text_current(text);
    return 0;
}

static const char *get_env(void *user, const char *name)
{
    struct fixing *fixing = user;
    const struct source_hooks *hooks = fixing->request->hooks;
    return hooks && hooks->get_env ? hooks->get_env(hooks->user, name) : getenv(name);
}

static int list_directory(void *user, struct arena *arena, const char *path, struct str **names,
                          size_t *n)
{
    struct fixing *fixing = user;
    struct sources folders = sources_in(arena, fixing->request->hooks);
    return source_list_directory(&folders, path, names, n);
}

/* --- compiling --- */

/* Compiles a root in a pipeline that was not initialised: <first_import> is the first of the sources
 * that imports brought. False where it cannot be read or is no Caddyfile. */
static bool compile(struct fixing *fixing, struct root *root, bool assumes_values,
                    struct pipeline *pipeline, uint32_t *first_import)
{
    const struct fix_request *request = fixing->request;
    fixing->reads = &root->reads;
    pipeline_init(pipeline, &fixing->hooks);
    pipeline->sources.assumes_values = assumes_values;
    if (root->given->text.ptr) {
        note_read(fixing, root->text);
        if (!pipeline_load_text(pipeline, root->given->path, text_current(root->text)))
            return false;
    } else {
        int error;
        if (pipeline_load(pipeline, root->given->path) != 0)
            return false;
        root->text = text_at(fixing, root->given->path, &error);
    }
    if (pipeline_holds_json(pipeline) || !request->prepare(request->user, pipeline))
        return false;
    *first_import = pipeline->sources.n;
    request->check(request->user, pipeline);
    return true;
}

static struct outcome outcome_of(struct arena *arena, const struct pipeline *pipeline)
{
    struct outcome outcome = {.compiles = pipeline->document.root != NULL,
                              .n_errors = pipeline->diags.n_errors};
    if (outcome.compiles) {
        struct strbuf json = strbuf_in(arena);
        pipeline_write(pipeline, false, &json);
        outcome.json = strbuf_str(&json);
    }
    return outcome;
}

static bool has_assumed(const struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->sources.n; i++)
        for (uint32_t k = 0; k < pipeline->sources.at[i]->n_splices; k++)
            if (pipeline->sources.at[i]->splices[k].is_assumed)
                return true;
    return false;
}

/* What comes of the root with variables as they are. */
static struct outcome unaided_outcome(struct fixing *fixing, struct arena *arena, struct root *root)
{
    struct pipeline pipeline;
    uint32_t first_import;
    struct outcome outcome = {0};
    if (compile(fixing, root, false, &pipeline, &first_import))
        outcome = outcome_of(arena, &pipeline);
    pipeline_free(&pipeline);
    return outcome;
}

/* --- what there is to correct --- */

static struct text *text_of(struct fixing *fixing, const struct root *root,
                            const struct pipeline *pipeline, const struct source *source,
                            uint32_t first_import)
{
    if (source == pipeline->source)
        return root->text;
    for (uint32_t i = first_import; i < pipeline->sources.n; i++)
        if (pipeline->sources.at[i] == source)
            return map_get(&fixing->paths, source->path);
    return NULL; /* a description of plugins, or a project */
}

static void collect(struct fixing *fixing, const struct root *root, const struct pipeline *pipeline,
                    uint32_t first_import)
{
    for (const struct diag *diag = pipeline->diags.first; diag; diag = diag->next) {
        const struct diag_note *note = fix_of(diag, fixing->request->least);
        const struct source *source = note ? source_of(&pipeline->sources, note->span) : NULL;
        bool is_broken = !pipeline->document.root;
        if (!source || map_get(&fixing->banned, str_from(diag->info->id)) ||
            (is_broken && diag->severity != SEVERITY_ERROR))
            continue;
        struct text *text = text_of(fixing, root, pipeline, source, first_import);
        if (!text)
            continue;
        struct correction *correction = correction_of(&fixing->turn, note, source, text);
        if (!correction)
            continue;
        correction->rule = diag->info;
        correction->broken = is_broken ? root : NULL;
        correction->place = source_position(&pipeline->sources, diag->span.begin);
        correction->place.path = str_dup(&fixing->turn, correction->place.path);
        if (!text->may_change) {
            correction->state = CORRECTION_REFUSED;
            correction->reason = REFUSED_FILE;
        }
        vec_push(&fixing->turn, &fixing->corrections, correction);
    }
}

/* The same may be found through several imports, and from several roots. */
static void leave_one_of_each(struct correction_vec *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (n == 0 || !corrections_equal(all->at[n - 1], all->at[i]))
            all->at[n++] = all->at[i];
    all->n = n;
}

static void look(struct fixing *fixing)
{
    arena_reset(&fixing->turn);
    fixing->corrections = (struct correction_vec){0};
    for (size_t i = 0; i < fixing->n_roots; i++) {
        struct root *root = &fixing->roots[i];
        struct pipeline pipeline;
        uint32_t first_import;
        root->outcome = (struct outcome){0};
        root->has_assumed = false;
        root->reads.n = 0;
        if (compile(fixing, root, fixing->request->assumes_values, &pipeline, &first_import)) {
            root->outcome = outcome_of(&fixing->turn, &pipeline);
            root->has_assumed = has_assumed(&pipeline);
            collect(fixing, root, &pipeline, first_import);
        }
        pipeline_free(&pipeline);
        if (root->has_assumed)
            root->unaided = unaided_outcome(fixing, &fixing->turn, root);
    }
    corrections_sort(&fixing->corrections);
    leave_one_of_each(&fixing->corrections);
}

/* --- trials --- */

static bool reads_changed(const struct root *root)
{
    for (size_t i = 0; i < root->reads.n; i++)
        if (root->reads.at[i]->trial.ptr)
            return true;
    return false;
}

/* Whether what compiles still does, and is the same where it must be. */
static bool is_kept(const struct outcome *before, const struct outcome *after, enum fix_kind kind,
                    enum fix_refusal_reason *reason)
{
    *reason = REFUSED_ERRORS;
    if (!before->compiles || !after->compiles)
        return !before->compiles;
    *reason = REFUSED_CHANGES;
    return kind != FIX_SAFE || str_eq(before->json, after->json);
}

/* Whether a root is as well as before, as far as what is on trial promises that. */
static bool holds(struct fixing *fixing, struct root *root, enum fix_kind kind,
                  enum fix_refusal_reason *reason)
{
    const struct fix_request *request = fixing->request;
    struct arena arena = ARENA_INIT;
    struct pipeline pipeline;
    uint32_t first_import;
    struct outcome after = {.n_errors = UINT32_MAX}, unaided;
    bool mends = false;
    for (size_t i = 0; i < fixing->corrections.n; i++)
        mends |= fixing->corrections.at[i]->is_on_trial &&
                 fixing->corrections.at[i]->broken == root;
    if (compile(fixing, root, request->assumes_values, &pipeline, &first_import))
        after = outcome_of(&arena, &pipeline);
    pipeline_free(&pipeline);
    bool is_fine = is_kept(&root->outcome, &after, kind, reason);
    if (after.n_errors > root->outcome.n_errors ||
        (mends && after.n_errors == root->outcome.n_errors)) {
        *reason = REFUSED_ERRORS;
        is_fine = false;
    }
    if (is_fine && root->has_assumed) {
        unaided = unaided_outcome(fixing, &arena, root);
        is_fine = is_kept(&root->unaided, &unaided, kind, reason);
    }
    arena_free(&arena);
    return is_fine;
}

/* Compiles with all corrections that are accepted or on trial. */
static bool try(struct fixing *fixing, enum fix_kind kind, enum fix_refusal_reason *reason)
{
    bool is_fine = true;
    *reason = REFUSED_TOO_MANY;
    if (fixing->n_trials++ >= MAX_TRIALS)
        return false;
    *reason = REFUSED_CHANGES;
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < fixing->corrections.n; i++) {
        const struct correction *correction = fixing->corrections.at[i];
        struct text *text = correction->text;
        if (!text->trial.ptr && (correction->is_on_trial || correction->state == CORRECTION_ACCEPTED))
            text->trial = text_with(&arena, text, &fixing->corrections);
        /* what comes to the front must not turn into a byte order mark */
        if (text->trial.ptr && text_mark_size(text->trial) != text_mark_size(text->now))
            is_fine = false;
    }
    for (size_t i = 0; i < fixing->n_roots && is_fine; i++)
        if (reads_changed(&fixing->roots[i]))
            is_fine = holds(fixing, &fixing->roots[i], kind, reason);
    for (size_t i = 0; i < fixing->texts.n; i++)
        fixing->texts.at[i]->trial = (struct str){0};
    arena_free(&arena);
    return is_fine;
}

/* Accepts as many of the corrections as hold, on top of those that are accepted already: all, or the
 * best of each half. <is_refuted>: all of them together are known not to hold. */
static size_t accept(struct fixing *fixing, struct correction **at, size_t n, enum fix_kind kind,
                     bool is_refuted)
{
    enum fix_refusal_reason reason;
    if (!is_refuted) {
        for (size_t i = 0; i < n; i++)
            at[i]->is_on_trial = true;
        bool is_fine = try(fixing, kind, &reason);
        for (size_t i = 0; i < n; i++) {
            at[i]->is_on_trial = false;
            if (is_fine)
                at[i]->state = CORRECTION_ACCEPTED;
        }
        if (is_fine)
            return n;
        if (n == 1) {
            at[0]->state = CORRECTION_REFUSED;
            at[0]->reason = reason;
            return 0;
        }
    }
    size_t half = n / 2;
    size_t first = accept(fixing, at, half, kind, false);
    return first + accept(fixing, at + half, n - half, kind, first == half && n - half > 1);
}

static int by_rule(const void *a, const void *b)
{
    const struct correction *left = *(struct correction *const *)a;
    const struct correction *right = *(struct correction *const *)b;
    int order = strcmp(left->rule->id, right->rule->id);
    if (order)
        return order;
    if (left->text != right->text)
        return str_compare(left->text->path, right->text->path);
    return left->edits[0].begin < right->edits[0].begin ? -1
                                                         : left->edits[0].begin > right->edits[0].begin;
}

/* Those that wait and do not overlap, in order of their rules: if one is bad, the others of its rule
 * may be too, and are in the same half. */
static struct correction_vec choose(struct fixing *fixing, enum fix_kind kind)
{
    struct correction_vec chosen = {0};
    for (size_t i = 0; i < fixing->corrections.n; i++) {
        struct correction *correction = fixing->corrections.at[i];
        if (correction->state != CORRECTION_WAITS || correction->kind != kind ||
            (chosen.n && corrections_overlap(chosen.at[chosen.n - 1], correction)))
            continue;
        correction->state = CORRECTION_CHOSEN;
        vec_push(&fixing->turn, &chosen, correction);
    }
    if (chosen.n)
        qsort(chosen.at, chosen.n, sizeof(*chosen.at), by_rule);
    return chosen;
}

static void keep_accepted(struct fixing *fixing)
{
    for (size_t i = 0; i < fixing->texts.n; i++) {
        struct text *text = fixing->texts.at[i];
        uint32_t n = 0;
        for (size_t k = 0; k < fixing->corrections.n; k++)
            n += fixing->corrections.at[k]->text == text &&
                 fixing->corrections.at[k]->state == CORRECTION_ACCEPTED;
        if (n)
            text->now = text_with(fixing->arena, text, &fixing->corrections);
        text->n_fixed += n;
    }
}

/* One turn with corrections of a kind; false where none was accepted. */
static bool turn(struct fixing *fixing, enum fix_kind kind)
{
    for (;;) {
        struct correction_vec chosen = choose(fixing, kind);
        if (chosen.n == 0)
            return false;
        if (accept(fixing, chosen.at, chosen.n, kind, false) == 0)
            continue; /* what overlaps with the refused ones has its chance */
        keep_accepted(fixing);
        return true;
    }
}

/* Forgets everything that was done, and that there are the rules that were busy to the last. */
static void start_over(struct fixing *fixing)
{
    for (size_t i = 0; i < fixing->corrections.n; i++)
        if (fixing->corrections.at[i]->state == CORRECTION_ACCEPTED)
            map_put(&fixing->banned, str_from(fixing->corrections.at[i]->rule->id),
                    (void *)fixing->corrections.at[i]->rule);
    for (size_t i = 0; i < fixing->texts.n; i++) {
        struct text *text = fixing->texts.at[i];
        text->now = text->original;
        text->n_fixed = 0;
    }
}

/* --- the whole of it --- */

static void add_refusal(struct fixing *fixing, struct fix_result *result,
                        const struct correction *correction, enum fix_refusal_reason reason)
{
    struct fix_refusal **end = &result->refusals;
    while (*end)
        end = &(*end)->next;
    *end = arena_new(fixing->arena, struct fix_refusal);
    **end = (struct fix_refusal){
        .rule = correction->rule, .place = correction->place, .reason = reason};
    (*end)->place.path = str_dup(fixing->arena, correction->place.path);
}

static void report(struct fixing *fixing, struct fix_result *result)
{
    struct fix_file **end = &result->files;
    *result = (struct fix_result){0};
    for (size_t i = 0; i < fixing->texts.n; i++) {
        const struct text *text = fixing->texts.at[i];
        result->n_fixed += text->n_fixed;
        if (!text->is_given && str_eq(text->original, text->now))
            continue;
        *end = arena_new(fixing->arena, struct fix_file);
        **end = (struct fix_file){.path = text->path,
                                  .before = text->original,
                                  .after = text->now,
                                  .n_fixed = text->n_fixed,
                                  .is_text = text->is_given};
        end = &(*end)->next;
    }
    for (size_t i = 0; i < fixing->corrections.n; i++)
        if (fixing->corrections.at[i]->state == CORRECTION_REFUSED)
            add_refusal(fixing, result, fixing->corrections.at[i], fixing->corrections.at[i]->reason);
    for (size_t i = 0; i < fixing->banned.n; i++) {
        const struct correction banned = {.rule = fixing->banned.entries[i].value};
        add_refusal(fixing, result, &banned, REFUSED_ENDLESS);
    }
}

static void begin(struct fixing *fixing, const struct fix_root *roots)
{
    fixing->roots = arena_array(fixing->arena, struct root, fixing->n_roots);
    for (size_t i = 0; i < fixing->n_roots; i++) {
        struct root *root = &fixing->roots[i];
        root->given = &roots[i];
        if (!roots[i].text.ptr)
            continue;
        root->text = text_new(fixing, str_from(roots[i].path), roots[i].text);
        root->text->is_given = root->text->may_change = true;
    }
}

void fix_run(struct arena *arena, const struct fix_request *request, const struct fix_root *roots,
             size_t n_roots, struct fix_result *result)
{
    struct fixing fixing = {
        .arena = arena,
        .request = request,
        .hooks = {.read_file = read_file, .get_env = get_env, .list_directory = list_directory},
        .files = sources_in(arena, request->hooks),
        .paths = map_in(arena),
        .identities = map_in(arena),
        .banned = map_in(arena),
        .n_roots = n_roots,
    };
    fixing.hooks.user = &fixing;
    begin(&fixing, roots);
    for (unsigned turns = 0;; turns++) {
        look(&fixing);
        if (!turn(&fixing, FIX_SAFE) &&
            !(request->least == FIX_UNSAFE && turn(&fixing, FIX_UNSAFE)))
            break;
        if (turns == MAX_TURNS) {
            start_over(&fixing);
            turns = 0;
        }
    }
    report(&fixing, result);
    arena_free(&fixing.turn);
}

const char *fix_refusal_text(enum fix_refusal_reason reason)
{
    switch (reason) {
    case REFUSED_CHANGES:
        return "Caddy would make something else of the file";
    case REFUSED_ERRORS:
        return "the file would have errors";
    case REFUSED_ENDLESS:
        return "it would be applied again and again";
    case REFUSED_TOO_MANY:
        return "too many others failed before it: run this again";
    case REFUSED_FILE:
        return "the file may not be written";
    }
    return "";
}
