/* Members of the JSON that authorities answer and that is stored. */
#include "acme/member.h"

struct str acme_member_text(struct arena *arena, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? str_dup(arena, str_from(text)) : (struct str){0};
}
