#include "core/sign.h"

#include "core/encoding.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

/* OpenSSL 3.0.3 */
#define FIRST_REUSABLE_MAC 0x30000030UL

static const struct {
  const char *name;
  const char *digest;
} algorithms[SIGN_ALGORITHMS] = {
  [SIGN_ACS3_SHA256] = { "ACS3-HMAC-SHA256", "SHA256" },
  [SIGN_ACS3_SM3] = { "ACS3-HMAC-SM3", "SM3" },
  [SIGN_HMAC_SHA1] = { "HMAC-SHA1", "SHA1" },
};

struct slice sign_algorithm_name(enum sign_algorithm algorithm) {
  const char *name = algorithms[algorithm].name;
  return (struct slice){ name, strlen(name) };
}

bool sign_find_algorithm(struct slice name, enum sign_algorithm *algorithm) {
  for (int i = 0; i < SIGN_ALGORITHMS; i++) {
    if (!slice_equal(name, sign_algorithm_name((enum sign_algorithm)i))) continue;
    *algorithm = (enum sign_algorithm)i;
    return true;
  }
  return false;
}

/* Creates an HMAC with a key. Returns NULL if OpenSSL fails. */
static EVP_MAC_CTX *open_mac(const char *digest, const unsigned char *key, size_t len) {
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
  EVP_MAC_free(hmac);
  /* A copy, because OpenSSL's parameter type lacks const. OpenSSL then copies the name itself. */
  char name[16];
  memcpy(name, digest, strlen(digest) + 1);
  OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                          OSSL_PARAM_construct_end() };
  if (context && !EVP_MAC_init(context, key, len, params)) {
    EVP_MAC_CTX_free(context);
    return NULL;
  }
  return context;
}

bool sign_key_open(struct sign_key *key, enum sign_algorithm algorithm, struct slice secret) {
  struct buffer material = { 0 };
  buffer_append_slice(&material, secret);
  if (algorithm == SIGN_HMAC_SHA1) buffer_append_byte(&material, '&');
  /* An empty key needs an address too, because for OpenSSL NULL means the key of the last call. */
  if (!material.len) buffer_reserve(&material, 1);
  if (buffer_ok(&material)) {
    const char *digest = algorithms[algorithm].digest;
    key->algorithm = algorithm;
    key->digest = EVP_MD_fetch(NULL, digest, NULL);
    key->digest_context = EVP_MD_CTX_new();
    key->mac = open_mac(digest, (const unsigned char *)material.data, material.len);
  }
  buffer_wipe(&material);
  if (key->digest && key->digest_context && key->mac) return true;
  sign_key_close(key);
  return false;
}

void sign_key_close(struct sign_key *key) {
  EVP_MAC_CTX_free(key->mac);
  EVP_MD_CTX_free(key->digest_context);
  EVP_MD_free(key->digest);
  key->mac = NULL;
  key->digest_context = NULL;
  key->digest = NULL;
}

bool sign_digest(struct sign_key *key, struct slice text, char hex[SIGN_TEXT_SIZE]) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  bool done = EVP_DigestInit_ex2(key->digest_context, key->digest, NULL) &&
              EVP_DigestUpdate(key->digest_context, text.data, text.len) &&
              EVP_DigestFinal_ex(key->digest_context, bytes, &len) && len * 2 == SIGN_TEXT_SIZE;
  if (done) hex_encode(hex, bytes, len);
  return done;
}

bool sign_covers_header(struct slice header) {
  static const char prefix[] = "x-acs-";
  return slice_equal(header, SLICE("host")) || slice_equal(header, SLICE("content-type")) ||
         (header.len >= sizeof prefix - 1 && !memcmp(header.data, prefix, sizeof prefix - 1));
}

/* Appends the names of the signed headers, joined by ';'. */
static void append_signed_headers(struct buffer *out, const struct sign_input *input) {
  for (size_t i = 0; i < input->header_count; i++) {
    if (i) buffer_append_byte(out, ';');
    buffer_append_slice(out, input->headers[i].name);
  }
}

void sign_canonical_request(struct buffer *out, const struct sign_input *input) {
  buffer_append_slice(out, input->method);
  buffer_append_byte(out, '\n');
  buffer_append_slice(out, input->path);
  buffer_append_byte(out, '\n');
  buffer_append_slice(out, input->query);
  buffer_append_byte(out, '\n');
  for (size_t i = 0; i < input->header_count; i++) {
    buffer_append_slice(out, input->headers[i].name);
    buffer_append_byte(out, ':');
    buffer_append_slice(out, input->headers[i].value);
    buffer_append_byte(out, '\n');
  }
  buffer_append_byte(out, '\n');
  append_signed_headers(out, input);
  buffer_append_byte(out, '\n');
  buffer_append_slice(out, input->payload_hash);
}

/* Appends METHOD&%2F&QUERY, where QUERY is the canonical query, percent-encoded once more. */
static void append_rpc_string_to_sign(struct buffer *out, const struct sign_input *input) {
  buffer_append_slice(out, input->method);
  buffer_append_byte(out, '&');
  percent_encode(out, input->path);
  buffer_append_byte(out, '&');
  percent_encode(out, input->query);
}

bool sign_string_to_sign(struct buffer *out, struct sign_key *key, const struct sign_input *input,
                         struct slice canonical_request) {
  if (key->algorithm == SIGN_HMAC_SHA1) {
    append_rpc_string_to_sign(out, input);
    return buffer_ok(out);
  }
  char hash[SIGN_TEXT_SIZE];
  if (!sign_digest(key, canonical_request, hash)) return false;
  buffer_append_slice(out, sign_algorithm_name(key->algorithm));
  buffer_append_byte(out, '\n');
  buffer_append(out, hash, sizeof hash);
  return buffer_ok(out);
}

static bool update_and_finish(EVP_MAC_CTX *mac, struct slice text, unsigned char bytes[EVP_MAX_MD_SIZE], size_t *len) {
  return EVP_MAC_update(mac, (const unsigned char *)text.data, text.len) &&
         EVP_MAC_final(mac, bytes, len, EVP_MAX_MD_SIZE);
}

/* Computes the MAC of a text with the key of the context. OpenSSL before 3.0.3 can't use a context twice with the same
   key (openssl/openssl#17811), so there a copy of the context is used, which takes longer. */
static bool compute_mac(EVP_MAC_CTX *mac, struct slice text, unsigned char bytes[EVP_MAX_MD_SIZE], size_t *len) {
  if (OpenSSL_version_num() >= FIRST_REUSABLE_MAC)
    return EVP_MAC_init(mac, NULL, 0, NULL) && update_and_finish(mac, text, bytes, len);
  EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(mac);
  bool done = copy && update_and_finish(copy, text, bytes, len);
  EVP_MAC_CTX_free(copy);
  return done;
}

bool sign_signature(struct buffer *out, struct sign_key *key, struct slice string_to_sign) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  char text[EVP_MAX_MD_SIZE * 2];
  size_t len = 0;
  if (!compute_mac(key->mac, string_to_sign, bytes, &len)) return false;
  if (key->algorithm == SIGN_HMAC_SHA1) {
    buffer_append(out, text, base64_encode(text, bytes, len));
  } else {
    hex_encode(text, bytes, len);
    buffer_append(out, text, len * 2);
  }
  return buffer_ok(out);
}

void sign_authorization(struct buffer *out, enum sign_algorithm algorithm, struct slice access_key_id,
                        const struct sign_input *input, struct slice signature) {
  buffer_append_slice(out, sign_algorithm_name(algorithm));
  buffer_append_slice(out, SLICE(" Credential="));
  buffer_append_slice(out, access_key_id);
  buffer_append_slice(out, SLICE(",SignedHeaders="));
  append_signed_headers(out, input);
  buffer_append_slice(out, SLICE(",Signature="));
  buffer_append_slice(out, signature);
}
