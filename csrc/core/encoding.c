#include "core/encoding.h"

#include <openssl/evp.h>

void hex_encode(char *to, const unsigned char *bytes, size_t len) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    to[2 * i] = digits[bytes[i] >> 4];
    to[2 * i + 1] = digits[bytes[i] & 15];
  }
}

size_t base64_encode(char *to, const unsigned char *bytes, size_t len) {
  return (size_t)EVP_EncodeBlock((unsigned char *)to, bytes, (int)len);
}

bool sha256_hex(char to[DIGEST_HEX_SIZE], struct slice text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  bool done = EVP_Digest(text.data, text.len, bytes, &len, EVP_sha256(), NULL) && len * 2 == DIGEST_HEX_SIZE;
  if (done) hex_encode(to, bytes, len);
  return done;
}
