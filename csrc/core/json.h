/* JSON text: scalars are written here; a scanner checks a text and keeps its large integers exact. */
#pragma once

#include "shared/buffer.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Nested objects and lists, written or scanned. */
#define MAX_JSON_DEPTH 128

/* The largest integer below which a double holds each one. */
#define MAX_SAFE_INTEGER INT64_C(9007199254740991)

/* Room for the text of json_write_double and json_write_integer. */
#define JSON_NUMBER_SIZE 32

/* The offset of the first byte that is not UTF-8, or text.len. */
size_t json_utf8_error(struct slice text);

/* Writes the text quoted and escaped. False when it is not UTF-8: json_utf8_error says where. */
bool json_write_string(struct buffer *out, struct slice text);
void json_write_integer(struct buffer *out, int64_t value);

/* Without a NUL. Returns the length. */
size_t json_format_integer(char text[JSON_NUMBER_SIZE], int64_t value);

/* Writes integral values as integers, others as the shortest text that reads back the same. False for NaN and
   infinities. */
bool json_write_double(struct buffer *out, double value);

/* The same, without a NUL. Returns the length. NaN and infinities are "nan" and "inf". */
size_t json_format_double(char text[JSON_NUMBER_SIZE], double value);

/* With so many places, at most 9. The value is below 1e15. */
size_t json_format_fixed(char text[JSON_NUMBER_SIZE], double value, int places);

struct json_error {
  size_t offset;
  const char *message;
};

/* True when the text is one JSON value (RFC 8259). */
bool json_check(struct slice text, struct json_error *error);

/* As json_check, but accepts strings that aren't UTF-8, and writes a copy to `out` in which each integer beyond
   +-MAX_SAFE_INTEGER is a string "\u0001<digits>". A string value that begins with \u0001 gets another \u0001 in front,
   so the mark can't be forged. `out` stays empty when nothing had to change. False also when `out` can't grow. */
bool json_quote_integers(struct buffer *out, struct slice text, struct json_error *error);

#pragma GCC visibility pop
