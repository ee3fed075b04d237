/* Computes the signatures of Alibaba Cloud in stages: canonical request, string to sign, signature, Authorization
   header. The result depends on the input only: no function reads the clock or random numbers, or adds headers. */
#pragma once

#include "core/encoding.h"

#include <openssl/evp.h>

#pragma GCC visibility push(hidden)

enum sign_algorithm { SIGN_ACS3_SHA256, SIGN_ACS3_SM3, SIGN_HMAC_SHA1, SIGN_ALGORITHMS };

/* Returns the name of the algorithm in requests. */
struct slice sign_algorithm_name(enum sign_algorithm algorithm);

/* Finds the algorithm with the name. Returns false if there is none. */
bool sign_find_algorithm(struct slice name, enum sign_algorithm *algorithm);

/* The length of the longest signature as text: 32 bytes in hexadecimal. */
#define SIGN_TEXT_SIZE 64

/* A key holds OpenSSL's objects for the digest and the MAC. They are created once and used for each signature. */
struct sign_key {
  enum sign_algorithm algorithm;
  EVP_MD *digest;
  EVP_MD_CTX *digest_context;
  EVP_MAC_CTX *mac;
};

/* Creates a key from a secret. `key` must be zeroed before. Returns false if OpenSSL fails for lack of memory, or does
   not provide the algorithm. */
bool sign_key_open(struct sign_key *key, enum sign_algorithm algorithm, struct slice secret);

/* Wipes and frees the key. Has no effect on a zeroed or closed key. */
void sign_key_close(struct sign_key *key);

/* Writes the digest of `text` in hexadecimal, without a NUL. For ACS3 only. Returns false if OpenSSL fails. */
bool sign_digest(struct sign_key *key, struct slice text, char hex[SIGN_TEXT_SIZE]);

/* The input of a signature. `query` must be sorted and percent-encoded. `headers` are the headers to sign: sorted, with
   names in lower case and trimmed values. HMAC-SHA1 signs no headers; its query contains all parameters except
   Signature. */
struct sign_input {
  struct slice method;
  struct slice path;
  struct slice query;
  const struct pair *headers;
  size_t header_count;
  struct slice payload_hash;
};

/* Returns whether ACS3 signs the header. It signs host, content-type and x-acs-*. The name must be in lower case. */
bool sign_covers_header(struct slice header);

/* Appends the canonical request. For ACS3 only. */
void sign_canonical_request(struct buffer *out, const struct sign_input *input);

/* Appends the string to sign. ACS3 uses the canonical request; HMAC-SHA1 uses method, path and query of the input.
   Returns false if OpenSSL fails or there is no memory. */
bool sign_string_to_sign(struct buffer *out, struct sign_key *key, const struct sign_input *input,
                         struct slice canonical_request);

/* Appends the signature: in hexadecimal for ACS3, in Base64 for HMAC-SHA1. Returns false if OpenSSL fails or there is
   no memory. */
bool sign_signature(struct buffer *out, struct sign_key *key, struct slice string_to_sign);

/* Appends the value of the Authorization header. For ACS3 only. */
void sign_authorization(struct buffer *out, enum sign_algorithm algorithm, struct slice access_key_id,
                        const struct sign_input *input, struct slice signature);

#pragma GCC visibility pop
