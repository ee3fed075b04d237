/* Writes strings and numbers as JSON. Checks JSON texts, and preserves the large integers in them. */
#pragma once

#include "shared/buffer.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* The maximum depth of nested objects and lists, when JSON is written or checked. */
#define MAX_JSON_DEPTH 128

/* The largest integer up to which a double holds every integer exactly. */
#define MAX_SAFE_INTEGER INT64_C(9007199254740991)

/* The size of the texts that the json_format_ functions write. */
#define JSON_NUMBER_SIZE 32

/* Returns the offset of the first byte that is not UTF-8, or text.len. */
size_t json_utf8_error(struct slice text);

/* Appends the text in quotes, with escapes. Returns false if the text is not UTF-8. */
bool json_write_string(struct buffer *out, struct slice text);
void json_write_integer(struct buffer *out, int64_t value);

/* Writes the integer without a NUL. Returns the length. */
size_t json_format_integer(char text[JSON_NUMBER_SIZE], int64_t value);

/* Appends an integral value as an integer, and any other value as the shortest text that reads back as the same value.
   Returns false for NaN and infinities. */
bool json_write_double(struct buffer *out, double value);

/* Writes the text of json_write_double to `text`, without a NUL. Returns the length. Writes NaN and infinities as "nan"
   and "inf". */
size_t json_format_double(char text[JSON_NUMBER_SIZE], double value);

/* Writes the value with `places` digits, at most 9, after the decimal point. The value must be below 1e15. Returns the
   length. */
size_t json_format_fixed(char text[JSON_NUMBER_SIZE], double value, int places);

struct json_error {
  size_t offset;
  const char *message;
};

/* Returns whether the text is exactly one JSON value, as RFC 8259 defines it. Otherwise fills in `error`. */
bool json_check(struct slice text, struct json_error *error);

/* Checks the text as json_check does, but accepts strings that aren't UTF-8. Writes a copy to `out`, in which each
   integer beyond +-MAX_SAFE_INTEGER is replaced by a string "\u0001<digits>". A string value that begins with \u0001
   gets another \u0001 in front, so that no text can forge the mark. If nothing had to change, `out` stays empty.
   Returns false also if `out` can't grow. */
bool json_quote_integers(struct buffer *out, struct slice text, struct json_error *error);

#pragma GCC visibility pop
