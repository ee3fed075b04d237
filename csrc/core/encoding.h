/* Bytes, digests and dates as text, and percent-encoding. */
#pragma once

#include "shared/buffer.h"

#include <stdint.h>

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

/* Parses "2026-11-24T09:24:00Z", or a date of HTTP in one of its three forms, into seconds since 1970. A leap second of
   HTTP counts as the second before it. False for any other text, and for a date that doesn't exist. */
bool date_parse(struct slice text, int64_t *seconds);

/* Percent-encoding as both signatures need it: A-Z a-z 0-9 - _ . ~ stay, every other byte is %XX. */

struct pair {
  struct slice name;
  struct slice value;
};

void percent_encode(struct buffer *out, struct slice text);

/* Both return the length. Encoded text has at most three times as many bytes. */
size_t percent_encode_to(char *to, struct slice text);
size_t percent_decode_to(char *to, struct slice text);

/* Bytes that percent_encode would write. */
size_t percent_encoded_length(struct slice text);

/* Sorts by the bytes of the raw names, as the canonical query demands. */
void percent_sort(struct pair *pairs, size_t count);

/* name=value&name=value, in the order given; an empty value keeps its '='. */
void percent_write_query(struct buffer *out, const struct pair *pairs, size_t count);

#pragma GCC visibility pop
