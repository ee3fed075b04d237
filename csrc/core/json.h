/* JSON text: a writer of scalars, and a scanner that checks a text and keeps its large integers exact. */
#ifndef DATAWORKS_JSON_H
#define DATAWORKS_JSON_H

#include "shared/buffer.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Objects and lists inside each other, written or read. */
#define JSON_DEPTH_LIMIT 128

/* Doubles count every integer up to here. */
#define JSON_SAFE_INTEGER INT64_C(9007199254740991)

/* Longest text of json_double and json_integer. */
#define JSON_NUMBER_SIZE 32

/* The offset of the first byte that is no UTF-8, or text.len. */
size_t json_utf8_error(struct slice text);

/* Quoted and escaped. False when the text is not UTF-8: ask json_utf8_error where. */
bool json_string(struct buffer *out, struct slice text);
void json_integer(struct buffer *out, int64_t value);

/* Integral values as integers, others as the shortest text that reads back the same. False for NaN and infinities. */
bool json_double(struct buffer *out, double value);

struct json_error {
  size_t offset;
  const char *message;
};

/* Is text one JSON value (RFC 8259)? */
bool json_check(struct slice text, struct json_error *error);

/* As json_check, but takes strings that aren't UTF-8; and writes to `out` a copy in which each integer beyond
   +-JSON_SAFE_INTEGER is a string "\u0001<digits>". A string value that begins with \u0001 already gets
   another \u0001 in front, so the mark can't be forged. `out` stays empty when nothing had to change. False also when
   `out` can't grow. */
bool json_quote_integers(struct buffer *out, struct slice text, struct json_error *error);

#pragma GCC visibility pop

#endif
