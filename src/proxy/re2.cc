/* RE2 behind the interface of dialtone/proxy.h: Go's syntax, and linear time whatever the text. */
extern "C" {
#include "dialtone/proxy.h"
}

#include <re2/re2.h>

#include <new>
#include <vector>

namespace {

void *compile(const char *pattern, size_t len)
{
    re2::RE2::Options options;
    options.set_log_errors(false);
    re2::RE2 *regexp = new (std::nothrow) re2::RE2(re2::StringPiece(pattern, len), options);
    if (regexp && regexp->ok())
        return regexp;
    delete regexp;
    return nullptr;
}

void release(void *regexp)
{
    delete static_cast<re2::RE2 *>(regexp);
}

constexpr int usual_groups = 16;

int match(const void *regexp, const char *text, size_t len, size_t from, ptrdiff_t *groups, int n)
{
    re2::StringPiece few[usual_groups];
    std::vector<re2::StringPiece> many;
    re2::StringPiece *found = few;
    if (n > usual_groups) {
        many.resize(static_cast<size_t>(n));
        found = many.data();
    }
    if (!static_cast<const re2::RE2 *>(regexp)->Match(re2::StringPiece(text, len), from, len,
                                                      re2::RE2::UNANCHORED, found, n))
        return 0;
    for (int i = 0; i < n; i++) {
        bool is_there = found[i].data() != nullptr;
        groups[2 * i] = is_there ? found[i].data() - text : -1;
        groups[2 * i + 1] = is_there ? groups[2 * i] + static_cast<ptrdiff_t>(found[i].size()) : -1;
    }
    return 1;
}

} // namespace

extern "C" {
extern const struct dt_regexp_engine dt_re2 = {compile, release, match};
}
