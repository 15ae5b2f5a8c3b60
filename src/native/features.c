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

void need(struct lowering *lo, enum feature feature, const json_t *object, const char *key)
{
    const struct token *before = lo->place;
    if (features[feature].is_there)
        return;
    lo->place = origin_of(lo, object, key, json_object_get(object, key));
    refuse(lo, "the proxy core cannot do %s yet", features[feature].words);
    leave(lo, before);
}
