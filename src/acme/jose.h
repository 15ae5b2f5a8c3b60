#ifndef DIALTONE_ACME_JOSE_H
#define DIALTONE_ACME_JOSE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/str.h"

/* Keys, signatures and requests for certificates: what ACME (RFC 8555) takes of JOSE (RFC 7515,
 * 7517, 7518, 7638) and of PKCS #10. Results are in the arena; an empty text or NULL is a failure
 * of the library. */

/* Caddy's names: "p256" (also the empty one), "p384", "rsa2048", "rsa4096", "ed25519"; NULL for
 * others. The caller frees it. */
EVP_PKEY *jose_new_key(struct str type);
struct str jose_base64url(struct arena *arena, struct str bytes);
/* False where it is none. */
bool jose_base64url_read(struct arena *arena, struct str text, struct str *bytes);

/* A key on P-256 as JWK, members in the order of RFC 7638, and its thumbprint in base64url. */
struct str jose_jwk(struct arena *arena, EVP_PKEY *key);
struct str jose_thumbprint(struct arena *arena, EVP_PKEY *key);

/* The flattened JSON serialization, signed with ES256. <header> holds the members of the protected
 * header but "alg". */
struct str jose_sign(struct arena *arena, EVP_PKEY *key, struct str header, struct str payload);
/* The same with HS256: for external accounts (RFC 8555 7.3.4). */
struct str jose_sign_hmac(struct arena *arena, struct str mac_key, struct str header,
                          struct str payload);

/* A request for a certificate of one DNS name or IP address, in DER. */
struct str jose_request(struct arena *arena, EVP_PKEY *key, struct str subject, bool must_staple);
/* The certificate that answers TLS-ALPN-01 (RFC 8737) for <subject>; the caller frees it. */
X509 *jose_alpn_certificate(EVP_PKEY *key, struct str subject, struct str key_authorization);
struct str jose_key_pem(struct arena *arena, EVP_PKEY *key);
struct str jose_certificate_pem(struct arena *arena, X509 *certificate);
EVP_PKEY *jose_key_read(struct str pem);

#endif
