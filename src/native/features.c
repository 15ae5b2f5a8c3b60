/* Which of the tables' abilities the proxy core has. */
#include "native/features.h"

#include "native/lower_private.h"

static const struct {
    bool is_there;
    const char *words;
} features[] = {
#define X(id, is_there, words) {is_there, words},
    FEATURES(X)
#undef X
};

void need(struct lowering *lo, enum feature feature)
{
    if (!features[feature].is_there)
        refuse(lo, "the proxy core cannot do %s yet", features[feature].words);
}
