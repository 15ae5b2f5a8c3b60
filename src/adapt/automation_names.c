/* Names of policies in sets, so that a name finds the wildcards it falls under without asking
 * each. */
#include "adapt/automation_names.h"

#include "adapt/automation_subjects.h"
#include "base/arena.h"

struct name_walk name_walk(struct strbuf *scratch, struct str host, size_t most_stars)
{
    scratch->len = 0;
    return (struct name_walk){
        .scratch = scratch, .host = host, .rest = host, .most_stars = most_stars};
}

bool name_walk_next(struct name_walk *walk, struct str *name)
{
    if (!walk->is_begun) {
        walk->is_begun = true;
        *name = walk->host;
        return true;
    }
    while (!walk->is_done && walk->stars < walk->most_stars) {
        struct str label;
        bool more = str_cut(walk->rest, STR("."), &label, &walk->rest);
        walk->is_done = !more;
        if (label.len) { /* empty ones stay */
            strbuf_add_char(walk->scratch, '*');
            walk->stars++;
        }
        size_t replaced = walk->scratch->len;
        if (more)
            strbuf_add_char(walk->scratch, '.');
        if (!label.len)
            continue;
        strbuf_add(walk->scratch, walk->rest);
        *name = strbuf_str(walk->scratch);
        walk->scratch->len = replaced + (more ? 1 : 0);
        return true;
    }
    return false;
}

size_t name_count_stars(struct str name)
{
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++)
        n += name.ptr[i] == '*';
    return n;
}

struct policy_names *policy_names_new(struct arena *arena, const json_t *subjects, bool on_demand)
{
    struct policy_names *names = arena_new(arena, struct policy_names);
    names->texts = map_in(arena);
    size_t i;
    json_t *subject;
    json_array_foreach(subjects, i, subject)
        policy_names_add(arena, names, json_str(subject), on_demand);
    return names;
}

void policy_names_add(struct arena *arena, struct policy_names *names, struct str subject,
                      bool on_demand)
{
    struct str text = str_lower(arena, subject);
    size_t stars = name_count_stars(text);
    vec_push(arena, &names->hosts, subject_host(text));
    map_put(&names->texts, text, NULL);
    if (stars > names->most_stars)
        names->most_stars = stars;
    if (subject_is_public(subject, on_demand))
        names->has_public = true;
    else
        names->has_internal = true;
}

static bool has_name_for(struct strbuf *scratch, const struct policy_names *names, struct str host)
{
    struct name_walk walk = name_walk(scratch, host, names->most_stars);
    struct str name;
    while (name_walk_next(&walk, &name))
        if (map_find(&names->texts, name))
            return true;
    return false;
}

bool policy_names_are_in(struct strbuf *scratch, const struct policy_names *a,
                         const struct policy_names *b)
{
    if (b->hosts.n == 0)
        return true;
    for (size_t i = 0; i < a->hosts.n; i++)
        if (!has_name_for(scratch, b, a->hosts.at[i]))
            return false;
    return a->hosts.n > 0;
}
