/* Windows of renewal, from the authority and from the storage. */
#include "acme/renewal.h"

#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "acme/jose.h"
#include "acme/member.h"
#include "acme/times.h"

/* RFC 9773 4.3.3: what an authority says of the next question is kept within limits. */
enum { RETRY_MIN_S = 60, RETRY_DEFAULT_S = 6 * 3600, RETRY_MAX_S = 24 * 3600 };
static const int64_t SECOND_NS = 1000000000;

/* The contents of an integer in DER, without tag and length: a short form is all that serial
 * numbers of at most 20 bytes (RFC 5280 4.1.2.2) need. */
static struct str serial_bytes(struct arena *arena, const X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &der);
    struct str bytes = {0};
    if (len > 2 && der[1] < 0x80)
        bytes = str_dup(arena, str_make((char *)der + 2, (size_t)len - 2));
    OPENSSL_free(der);
    return bytes;
}

struct str acme_renewal_id(struct arena *arena, const X509 *certificate)
{
    const ASN1_OCTET_STRING *key = X509_get0_authority_key_id((X509 *)(uintptr_t)certificate);
    struct str serial = serial_bytes(arena, certificate);
    if (!key || ASN1_STRING_length(key) <= 0 || serial.len == 0)
        return (struct str){0};
    struct str issuer =
        str_make((const char *)ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key));
    return STR_JOIN(arena, jose_base64url(arena, issuer), STR("."), jose_base64url(arena, serial));
}

static int64_t time_of(const json_t *object, const char *name)
{
    int64_t ns;
    return acme_time_read(json_string_value(json_object_get(object, name)), &ns) ? ns : 0;
}

static void read_window(struct arena *arena, const json_t *object, struct acme_renewal *out)
{
    const json_t *window = json_object_get(object, "suggestedWindow");
    *out = (struct acme_renewal){
        .start_ns = time_of(window, "start"),
        .end_ns = time_of(window, "end"),
        .explanation = acme_member_text(arena, object, "explanationURL"),
    };
    if (out->start_ns == 0 || out->end_ns <= out->start_ns + SECOND_NS)
        out->start_ns = out->end_ns = 0;
}

/* Uniform to within nothing that matters: 64 bits onto a window of some days. */
static int64_t drawn(int64_t from_ns, int64_t until_ns)
{
    uint64_t number = 0;
    if (RAND_bytes((unsigned char *)&number, sizeof(number)) != 1)
        number = 0;
    return from_ns + (int64_t)(number % (uint64_t)(until_ns - from_ns));
}

bool acme_renewal_read(struct arena *arena, const json_t *answer, const struct acme_renewal *before,
                       int64_t retry_after_s, struct acme_renewal *out)
{
    read_window(arena, answer, out);
    if (out->end_ns == 0)
        return false;
    if (retry_after_s == 0)
        retry_after_s = RETRY_DEFAULT_S;
    if (retry_after_s < RETRY_MIN_S)
        retry_after_s = RETRY_MIN_S;
    if (retry_after_s > RETRY_MAX_S)
        retry_after_s = RETRY_MAX_S;
    out->retry_at_ns = ((int64_t)time(NULL) + retry_after_s) * SECOND_NS;
    bool is_same = before->start_ns == out->start_ns && before->end_ns == out->end_ns;
    out->selected_ns = is_same && before->selected_ns > 0 ? before->selected_ns
                                                          : drawn(out->start_ns, out->end_ns);
    out->id = before->id;
    return true;
}

void acme_renewal_load(struct arena *arena, const json_t *kept, struct acme_renewal *out)
{
    read_window(arena, kept, out);
    out->selected_ns = time_of(kept, "_selectedTime");
    out->retry_at_ns = time_of(kept, "_retryAfter");
    out->id = acme_member_text(arena, kept, "_uniqueIdentifier");
}

static void add_time(struct arena *arena, json_t *object, const char *name, int64_t ns)
{
    struct str text = acme_time_text(arena, ns);
    json_object_set_new(object, name, json_stringn(text.ptr, text.len));
}

static void add_text(json_t *object, const char *name, struct str text)
{
    if (text.len > 0)
        json_object_set_new(object, name, json_stringn(text.ptr, text.len));
}

json_t *acme_renewal_json(struct arena *arena, const struct acme_renewal *renewal)
{
    if (renewal->end_ns == 0)
        return NULL;
    json_t *object = json_object(), *window = json_object();
    add_time(arena, window, "start", renewal->start_ns);
    add_time(arena, window, "end", renewal->end_ns);
    json_object_set_new(object, "suggestedWindow", window);
    add_text(object, "explanationURL", renewal->explanation);
    add_text(object, "_uniqueIdentifier", renewal->id);
    if (renewal->retry_at_ns > 0)
        add_time(arena, object, "_retryAfter", renewal->retry_at_ns);
    add_time(arena, object, "_selectedTime", renewal->selected_ns);
    return object;
}
