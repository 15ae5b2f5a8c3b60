/* check --fix, check --diff: applies corrections to the files of the command line and to what they
 * import, and writes, prints or shows the result. */
#include "fix/fix.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/line_diff.h"
#include "cli/cli.h"

static bool is_stdin(const char *file)
{
    return strcmp(file, "-") == 0;
}

bool fixes_stdin(const struct invocation *invocation)
{
    bool found = false;
    for (size_t i = 0; i < invocation->n_files; i++)
        found |= is_stdin(invocation->files[i]);
    return found && invocation->fix && !invocation->diff;
}

/* Whether a report goes to standard output that is not for people. */
static bool prints_document(const struct invocation *invocation)
{
    for (size_t i = 0; i < invocation->outputs.n; i++)
        if (str_has_suffix(str_from(invocation->outputs.at[i]), STR(":-")))
            return true;
    return invocation->format && strcmp(invocation->format, "human") != 0 &&
           strcmp(invocation->format, "compact") != 0;
}

const char *fixes_misuse(const struct invocation *invocation)
{
    if (invocation->unsafe_fixes && !invocation->fix && !invocation->diff)
        return "--unsafe-fixes goes with --fix (writes) or --diff (shows)";
    if (invocation->diff && (invocation->format || invocation->outputs.n))
        return "--diff prints the difference alone: leave --format and --output away";
    if (fixes_stdin(invocation) && prints_document(invocation))
        return "`-` with --fix prints the corrected text: give the report a file, with --output";
    return NULL;
}

/* --- what was found --- */

void tally_add(struct tally *tally, const struct diags *diags)
{
    tally->n_files += diags->n_errors + diags->n_warnings + diags->n_infos > 0;
    for (const struct diag *diag = diags->first; diag; diag = diag->next) {
        if (diag->severity == SEVERITY_NONE)
            continue;
        tally->counts[diag->severity]++;
        if (diag->severity > tally->worst_severity) {
            tally->worst_severity = diag->severity;
            tally->worst = diag->info;
        }
        if (fix_of(diag, FIX_SAFE))
            tally->n_safe++;
        else if (fix_of(diag, FIX_UNSAFE))
            tally->n_unsafe++;
    }
}

static void print_counts(const struct tally *tally)
{
    static const char *const names[] = {
        [SEVERITY_INFO] = "info", [SEVERITY_WARNING] = "warning", [SEVERITY_ERROR] = "error"};
    const char *before = "dialtone check: ";
    for (int i = SEVERITY_ERROR; i > SEVERITY_NONE; i--) {
        uint32_t n = tally->counts[i];
        if (n)
            fprintf(stderr, "%s%u %s%s", before, n, names[i], n > 1 ? "s" : "");
        before = n ? ", " : before;
    }
    if (tally->n_files > 1)
        fprintf(stderr, " in %u files", tally->n_files);
}

static void print_fixable(const struct tally *tally)
{
    if (tally->n_safe)
        fprintf(stderr, "; %u can be fixed with --fix", tally->n_safe);
    if (tally->n_unsafe)
        fprintf(stderr, "%s %u %s with --fix --unsafe-fixes", tally->n_safe ? "," : ";",
                tally->n_unsafe, tally->n_safe ? "more" : "can be fixed");
}

void print_summary(const struct invocation *invocation, uint32_t n_fixed,
                   const struct tally *tally)
{
    fflush(stdout); /* both may go the same way */
    uint32_t n = tally->counts[SEVERITY_ERROR] + tally->counts[SEVERITY_WARNING] +
                 tally->counts[SEVERITY_INFO];
    if (invocation->fix) {
        fprintf(stderr, "dialtone check: %u fixed, %u left", n_fixed, n);
        if (tally->n_unsafe && !invocation->unsafe_fixes)
            fprintf(stderr, " (%u can be fixed with --unsafe-fixes)", tally->n_unsafe);
        fputs("\n", stderr);
    } else if (n && !prints_document(invocation)) {
        print_counts(tally);
        print_fixable(tally);
        fprintf(stderr, "\n(`dialtone explain %s` tells more of the first)\n", tally->worst->id);
    }
}

/* --- files --- */

/* A file that says it is not to be written stays, even for those whom the system would let. */
static bool may_change(void *user, const char *path)
{
    (void)user;
    struct stat file;
    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && (file.st_mode & 0222) != 0 &&
           access(path, W_OK) == 0;
}

static bool is_as_read(struct arena *arena, const struct fix_file *file)
{
    struct sources files = sources_in(arena, NULL);
    struct str now;
    return source_read(&files, file->path.ptr, &now) == 0 && str_eq(now, file->before);
}

static bool write_file(struct arena *arena, const struct fix_file *file)
{
    struct output_file output;
    output_begin(&output, file->path.ptr);
    output_add(&output, file->after);
    if (is_as_read(arena, file))
        return output_end(&output);
    output_cancel(&output);
    fprintf(stderr, "dialtone check: %s has changed since it was read: it is left as it is\n",
            file->path.ptr);
    return false;
}

static void show_difference(struct arena *arena, const struct fix_file *file)
{
    struct strbuf out = strbuf_in(arena);
    struct str name = shown_path(arena, file->path);
    line_diff(&out, name, file->before, name, file->after);
    fwrite(out.ptr, 1, out.len, stdout);
}

static void print_refusals(struct arena *arena, const struct fix_result *result)
{
    for (const struct fix_refusal *refusal = result->refusals; refusal; refusal = refusal->next) {
        fputs("dialtone check: ", stderr);
        if (refusal->place.line)
            fprintf(stderr, STR_FMT ":%u:%u: ", STR_ARG(shown_path(arena, refusal->place.path)),
                    refusal->place.line, refusal->place.column);
        fprintf(stderr, "the correction of %s is left out: %s\n", refusal->rule->id,
                fix_refusal_text(refusal->reason));
    }
}

/* Writes, prints or shows every file of the result. */
static enum exit_status put(struct arena *arena, struct invocation *invocation,
                            const struct fix_result *result, uint32_t *n_fixed)
{
    enum exit_status status = STATUS_FINE;
    for (const struct fix_file *file = result->files; file; file = file->next) {
        bool is_changed = !str_eq(file->before, file->after);
        if (invocation->diff) {
            show_difference(arena, file);
            status = is_changed && status < STATUS_FINDINGS ? STATUS_FINDINGS : status;
        } else if (file->is_text) {
            invocation->stdin_text = file->after;
            if (!write_output(NULL, file->after))
                status = STATUS_TROUBLE;
        } else if (!write_file(arena, file)) {
            status = STATUS_TROUBLE;
            continue;
        }
        *n_fixed += file->n_fixed;
    }
    return status;
}

enum exit_status apply_fixes(struct arena *arena, struct invocation *invocation,
                             struct fix_request request, uint32_t *n_fixed)
{
    struct fix_root *roots = arena_array(arena, struct fix_root, invocation->n_files);
    for (size_t i = 0; i < invocation->n_files; i++) {
        roots[i].path = invocation->files[i];
        if (!is_stdin(roots[i].path))
            continue;
        roots[i].path = invocation->stdin_filename;
        int error = invocation->stdin_text.ptr ? 0 : read_stdin(arena, &invocation->stdin_text);
        if (error) {
            fprintf(stderr, "dialtone: cannot read standard input: %s\n", strerror(-error));
            return STATUS_TROUBLE;
        }
        if (!invocation->stdin_text.ptr)
            invocation->stdin_text = STR("");
        roots[i].text = invocation->stdin_text;
    }
    struct fix_result result;
    request.may_change = may_change;
    fix_run(arena, &request, roots, invocation->n_files, &result);
    print_refusals(arena, &result);
    enum exit_status status = put(arena, invocation, &result, n_fixed);
    if (invocation->diff)
        fprintf(stderr, "dialtone check: %u would be fixed\n", *n_fixed);
    return status;
}
