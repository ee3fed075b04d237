/* The signatures of Alibaba Cloud, stage by stage: canonical request, string to sign, signature, Authorization.
   Pure: no clock, no random numbers, nothing is added to the input. */
#pragma once

#include "core/encoding.h"

#include <openssl/evp.h>

#pragma GCC visibility push(hidden)

enum sign_algorithm { SIGN_ACS3_SHA256, SIGN_ACS3_SM3, SIGN_HMAC_SHA1, SIGN_ALGORITHMS };

/* The algorithm's name on the wire. */
struct slice sign_algorithm_name(enum sign_algorithm algorithm);

/* False when no algorithm has that name. */
bool sign_find_algorithm(struct slice name, enum sign_algorithm *algorithm);

/* The longest signature as text: 32 bytes in hexadecimal. */
#define SIGN_TEXT_SIZE 64

/* Digest and keyed MAC, fetched once and reused for each signature. */
struct sign_key {
  enum sign_algorithm algorithm;
  EVP_MD *digest;
  EVP_MD_CTX *digest_context;
  EVP_MAC_CTX *mac;
};

/* False when OpenSSL refuses (no memory, algorithm not provided). `key` must be zeroed before. */
bool sign_key_open(struct sign_key *key, enum sign_algorithm algorithm, struct slice secret);

/* Wipes and frees. Safe on a zeroed or closed key. */
void sign_key_close(struct sign_key *key);

/* Writes the digest of `text` in hexadecimal, without a NUL. ACS3 only. */
bool sign_digest(struct sign_key *key, struct slice text, char hex[SIGN_TEXT_SIZE]);

/* The input of a signature. `query` is canonical: sorted, percent-encoded. `headers` are the signed ones, in lower
   case, trimmed, sorted. HMAC-SHA1 has no headers, and its query holds all parameters but Signature. */
struct sign_input {
  struct slice method;
  struct slice path;
  struct slice query;
  const struct pair *headers;
  size_t header_count;
  struct slice payload_hash;
};

/* ACS3 signs host, content-type and x-acs-*. The name must be in lower case. */
bool sign_covers_header(struct slice header);

/* ACS3 only. */
void sign_canonical_request(struct buffer *out, const struct sign_input *input);

/* From the canonical request with ACS3; from method, path and query with HMAC-SHA1. */
bool sign_string_to_sign(struct buffer *out, struct sign_key *key, const struct sign_input *input,
                         struct slice canonical_request);

/* In hexadecimal with ACS3, in Base64 with HMAC-SHA1. */
bool sign_signature(struct buffer *out, struct sign_key *key, struct slice string_to_sign);

/* The value of the Authorization header. ACS3 only. */
void sign_authorization(struct buffer *out, enum sign_algorithm algorithm, struct slice access_key_id,
                        const struct sign_input *input, struct slice signature);

#pragma GCC visibility pop
