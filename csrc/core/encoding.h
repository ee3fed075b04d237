/* Bytes as text: hexadecimal, Base64, and a digest. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

/* SHA-256 and SM3 in hexadecimal. */
#define DIGEST_HEX_SIZE 64

/* Writes two digits a byte, in lower case, without a NUL. */
void hex_encode(char *to, const unsigned char *bytes, size_t len);

/* Room that base64_encode needs, its NUL included. */
#define BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* Returns the length. */
size_t base64_encode(char *to, const unsigned char *bytes, size_t len);

/* SHA-256 in hexadecimal, without a NUL. False when OpenSSL refuses. */
bool sha256_hex(char to[DIGEST_HEX_SIZE], struct slice text);

/* Why OpenSSL refused: "not enough memory", unless its queue of errors has another reason. Empties the queue. */
const char *crypto_failure(void);

#pragma GCC visibility pop
