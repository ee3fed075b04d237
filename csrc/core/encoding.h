/* Hexadecimal digits, Base64, digests, dates and percent-encoding. */
#pragma once

#include "shared/buffer.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* The length of a SHA-256 or SM3 digest in hexadecimal. */
#define DIGEST_HEX_SIZE 64

/* Writes two lower-case digits for each byte, without a NUL. */
void hex_encode(char *to, const unsigned char *bytes, size_t len);

/* The size of the text that base64_encode writes, with its NUL. */
#define BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* Writes the bytes in Base64, with a NUL. Returns the length without the NUL. */
size_t base64_encode(char *to, const unsigned char *bytes, size_t len);

/* Writes the SHA-256 digest in hexadecimal, without a NUL. Returns false if OpenSSL fails. */
bool sha256_hex(char to[DIGEST_HEX_SIZE], struct slice text);

/* Returns why a function of OpenSSL failed, and empties OpenSSL's queue of errors. The reason is a lack of memory
   unless the queue says that OpenSSL does not provide an algorithm. */
const char *crypto_failure(void);

/* Parses a date such as "2026-11-24T09:24:00Z", or a date of HTTP in any of its three forms, into seconds since 1970.
   In a date of HTTP, a leap second counts as the second before it. Returns false for any other text, and for a date
   that doesn't exist. */
bool date_parse(struct slice text, int64_t *seconds);

/* The length of a date such as "2026-11-24T09:24:00Z". */
#define DATE_SIZE 20

/* Writes the date of a time in the years 1970 to 9999, without a NUL. */
void date_format(char to[DATE_SIZE], int64_t seconds);

/* Percent-encoding, in the form that both kinds of signature need: A-Z a-z 0-9 - _ . ~ stay, and every other byte
   becomes %XX. */

void percent_encode(struct buffer *out, struct slice text);

/* Both functions write to memory of the caller and return the length. Encoding makes a text at most three times as
   long. */
size_t percent_encode_to(char *to, struct slice text);
size_t percent_decode_to(char *to, struct slice text);

/* Returns the number of bytes that percent_encode would write. */
size_t percent_encoded_length(struct slice text);

/* Sorts the pairs by the bytes of their names before encoding, as the canonical query requires. */
void percent_sort(struct pair *pairs, size_t count);

/* Appends name=value&name=value, percent-encoded, in the given order. An empty value keeps its '='. */
void percent_write_query(struct buffer *out, const struct pair *pairs, size_t count);

#pragma GCC visibility pop
