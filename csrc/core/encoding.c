#include "core/encoding.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/evperr.h>

void hex_encode(char *to, const unsigned char *bytes, size_t len) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    to[2 * i] = digits[bytes[i] >> 4];
    to[2 * i + 1] = digits[bytes[i] & 15];
  }
}

size_t base64_encode(char *to, const unsigned char *bytes, size_t len) {
  return (size_t)EVP_EncodeBlock((unsigned char *)to, bytes, clamp_to_int(len));
}

bool sha256_hex(char to[DIGEST_HEX_SIZE], struct slice text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  bool done = EVP_Digest(text.data, text.len, bytes, &len, EVP_sha256(), NULL) && len * 2 == DIGEST_HEX_SIZE;
  if (done) hex_encode(to, bytes, len);
  return done;
}

const char *crypto_failure(void) {
  bool is_unsupported = false, no_memory = false;
  unsigned long code;
  while ((code = ERR_get_error()) != 0) {
    int reason = ERR_GET_REASON(code);
    no_memory |= reason == ERR_R_MALLOC_FAILURE;
    is_unsupported |= reason == ERR_R_UNSUPPORTED || reason == EVP_R_UNSUPPORTED_ALGORITHM;
  }
  return is_unsupported && !no_memory ? "OpenSSL does not provide it" : "not enough memory";
}
