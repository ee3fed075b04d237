/* Writes and reads JSON. Nothing here depends on the locale. */
#pragma once

#include "shared/buffer.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* The maximum depth of nested objects and lists, when JSON is written or read. */
#define MAX_JSON_DEPTH 128

/* The largest integer up to which a double holds every integer exactly. */
#define MAX_SAFE_INTEGER INT64_C(9007199254740991)

/* json_write.c */

/* The size of the texts that the json_format_ functions write. */
#define JSON_NUMBER_SIZE 32

/* Returns the length of the UTF-8 sequence at s, or 0 if the sequence is invalid. Overlong forms, surrogates and values
   above U+10FFFF are invalid. `len` is at least 1. */
size_t json_utf8_sequence(const unsigned char *s, size_t len);

/* Returns the offset of the first byte that is not UTF-8, or text.len. */
size_t json_utf8_error(struct slice text);

/* Returns the offset, from `at` on, of the first byte that is a quote, a backslash, a control character or not ASCII;
   or text.len. */
size_t json_skip_plain(struct slice text, size_t at);

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

/* json_number.c */

enum json_number_kind { JSON_NO_NUMBER, JSON_IS_INTEGER, JSON_IS_LONG_INTEGER, JSON_IS_DOUBLE };

struct json_number {
  enum json_number_kind kind;
  int64_t integer;     /* of JSON_IS_INTEGER */
  double value;        /* of JSON_IS_DOUBLE */
  struct slice digits; /* of JSON_IS_LONG_INTEGER, which has more than 64 bits: its text */
  const char *problem; /* of JSON_NO_NUMBER */
};

/* Reads the number that begins at `at`. Returns the offset after the number. */
size_t json_read_number(struct slice text, size_t at, struct json_number *number);

/* json_read.c */

enum json_token {
  JSON_ERROR,
  JSON_END, /* the end of the text */
  JSON_OBJECT,
  JSON_LIST,
  JSON_CLOSE, /* the end of an object or a list */
  JSON_KEY,
  JSON_STRING,
  JSON_NUMBER,
  JSON_TRUE,
  JSON_FALSE,
  JSON_NULL
};

/* The message is a predicate, such as "is not JSON: expected a value". */
struct json_error {
  size_t offset;
  const char *message;
};

/* What the reader expects next. */
enum json_state { JSON_VALUE, JSON_FIRST_ITEM, JSON_FIRST_KEY, JSON_COMMA };

/* Reads one JSON value, as RFC 8259 defines it, token by token and without recursion. The caller sets `text` and, if
   wanted, `unescaped` and `any_bytes`; all other fields are zero at first. */
struct json_reader {
  struct slice text;
  struct buffer *unescaped; /* receives the strings that have escapes; NULL if the strings are not wanted */
  bool any_bytes;           /* accept strings that aren't UTF-8 */

  /* The token that json_next returned last. */
  size_t offset;
  struct slice string; /* of JSON_KEY and JSON_STRING; valid until the next call */
  struct json_number number;
  struct json_error error;

  size_t at;
  enum json_state state;
  size_t depth;
  char closers[MAX_JSON_DEPTH]; /* the closing brackets that are still missing */
};

/* Reads the next token. The state of `unescaped` tells whether there was no memory for a string. */
enum json_token json_next(struct json_reader *r);

/* Skips a byte order mark before the value. Call it before the first json_next. */
void json_skip_byte_order_mark(struct json_reader *r);

/* Returns whether the text is exactly one JSON value. Otherwise fills in `error`. */
bool json_check(struct slice text, struct json_error *error);

/* json_place.c */

/* All three count from 1. `column` counts characters, as editors do. */
struct json_place {
  size_t byte;
  size_t line;
  size_t column;
};

/* Returns the place of an offset. */
struct json_place json_place_of(struct slice text, size_t offset);

/* Finds the offset of a value by its path, such as TaskParam.steps[1].parameter, whose first name stands for the whole
   text. For a member of an object, this is the offset of its key. If the text has no such value, finds the nearest
   object or list around it. Reads the text again, so call it only after a failure. `unescaped` is a buffer for keys.
   Returns false if the text is not JSON, or if the buffer failed. */
bool json_find(struct slice text, struct slice path, struct buffer *unescaped, size_t *offset);

#pragma GCC visibility pop
