#include "core/json.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* What is read in place of half of a surrogate pair: U+FFFD */
#define REPLACEMENT 0xfffd

static enum json_token fail(struct json_reader *r, size_t offset, const char *message) {
  r->error = (struct json_error){ offset, message };
  return JSON_ERROR;
}

/* Returns the next byte, or -1 at the end. */
static int peek(const struct json_reader *r) {
  return r->at < r->text.len ? (unsigned char)r->text.data[r->at] : -1;
}

/* Skips blanks, and returns the byte after them. */
static int skip_space(struct json_reader *r) {
  int c = peek(r);
  while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
    r->at++;
    c = peek(r);
  }
  return c;
}

/* Strings */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the four hex digits at `at`. Returns -1 if there are none. */
static long read_hex(const struct json_reader *r, size_t at) {
  long value = 0;
  if (r->text.len - at < 4) return -1;
  for (size_t i = at; i < at + 4; i++) {
    int digit = hex_digit(r->text.data[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

static void append(const struct json_reader *r, const char *data, size_t len) {
  if (r->unescaped) buffer_append(r->unescaped, data, len);
}

static void append_utf8(const struct json_reader *r, long code) {
  char text[4];
  size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
  for (size_t i = len - 1; i; i--, code >>= 6) text[i] = (char)(0x80 | (code & 0x3f));
  text[0] = (char)(first[len] | code);
  append(r, text, len);
}

/* Reads the escape \uXXXX at r->at, or two of them that form a surrogate pair. */
static bool read_unicode_escape(struct json_reader *r) {
  long code = read_hex(r, r->at + 2), low = -1;
  if (code < 0) return fail(r, r->at, "is not JSON: \\u needs four hex digits");
  r->at += 6;
  if (code >= 0xd800 && code < 0xdc00 && r->text.len - r->at >= 6 && !memcmp(r->text.data + r->at, "\\u", 2))
    low = read_hex(r, r->at + 2);
  if (low >= 0xdc00 && low < 0xe000) {
    r->at += 6;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xd800 && code < 0xe000) {
    code = REPLACEMENT;
  }
  append_utf8(r, code);
  return true;
}

/* Returns what a backslash and this letter stand for; NUL for an unknown letter. */
static char escape_meaning(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
  }
}

static bool read_escape(struct json_reader *r) {
  char letter = r->text.len - r->at > 1 ? r->text.data[r->at + 1] : '\0';
  if (letter == 'u') return read_unicode_escape(r);
  char meaning = escape_meaning(letter);
  if (!meaning) return fail(r, r->at, "is not JSON: unknown escape in a string");
  if (r->unescaped) buffer_append_byte(r->unescaped, meaning);
  r->at += 2;
  return true;
}

/* Reads up to the next escape or the closing quote. Returns its first byte, or -1 after a failure. */
static int read_unescaped(struct json_reader *r) {
  for (;;) {
    r->at = json_skip_plain(r->text, r->at);
    int c = peek(r);
    if (c == '"' || c == '\\') return c;
    if (c < 0) fail(r, r->offset, "is not JSON: a string has no closing quote");
    else if (c < 0x20) fail(r, r->at, "is not JSON: a control character in a string must be escaped");
    if (c < 0x20) return -1;
    size_t step = json_utf8_sequence((const unsigned char *)r->text.data + r->at, r->text.len - r->at);
    if (!step && !r->any_bytes) {
      fail(r, r->at, "is not JSON: a string is not UTF-8");
      return -1;
    }
    r->at += step ? step : 1;
  }
}

/* Reads a string, whose opening quote is the next byte. */
static enum json_token read_string(struct json_reader *r, enum json_token token) {
  size_t start = ++r->at;
  r->offset = start - 1;
  int c = read_unescaped(r);
  if (c == '"') {
    r->string = (struct slice){ r->text.data + start, r->at++ - start };
    return token;
  }
  if (r->unescaped) buffer_reset(r->unescaped);
  while (c == '\\') {
    append(r, r->text.data + start, r->at - start);
    if (!read_escape(r)) return JSON_ERROR;
    start = r->at;
    c = read_unescaped(r);
  }
  if (c < 0) return JSON_ERROR;
  append(r, r->text.data + start, r->at++ - start);
  if (!r->unescaped) return token;
  r->string = buffer_content(r->unescaped);
  return buffer_ok(r->unescaped) ? token : fail(r, r->offset, "has a string that is too long");
}

/* Values */

/* Reads a key of an object, and the colon after it. */
static enum json_token read_key(struct json_reader *r, int c) {
  if (c != '"') return fail(r, r->at, "is not JSON: expected a key in quotes");
  if (!read_string(r, JSON_KEY)) return JSON_ERROR;
  if (skip_space(r) != ':') return fail(r, r->at, "is not JSON: expected ':' after a key");
  r->at++;
  r->state = JSON_VALUE;
  return JSON_KEY;
}

static enum json_token open(struct json_reader *r, int c) {
  if (r->depth == MAX_JSON_DEPTH) return fail(r, r->at, "is nested more than 128 levels deep");
  _Static_assert(MAX_JSON_DEPTH == 128, "the message names the depth");
  r->offset = r->at++;
  r->closers[r->depth++] = c == '{' ? '}' : ']';
  r->state = c == '{' ? JSON_FIRST_KEY : JSON_FIRST_ITEM;
  return c == '{' ? JSON_OBJECT : JSON_LIST;
}

static enum json_token close(struct json_reader *r) {
  r->offset = r->at++;
  r->depth--;
  r->state = JSON_COMMA;
  return JSON_CLOSE;
}

/* Fails at a byte that begins no value. */
static enum json_token fail_no_value(struct json_reader *r) {
  size_t mark = sizeof BYTE_ORDER_MARK - 1;
  if (!r->text.len) return fail(r, 0, "is empty");
  if (!r->at && r->text.len >= mark && !memcmp(r->text.data, BYTE_ORDER_MARK, mark))
    return fail(r, 0, "begins with a byte order mark, which JSON must not have");
  return fail(r, r->at, "is not JSON: expected a value");
}

/* Reads true, false or null. */
static enum json_token read_word(struct json_reader *r, struct slice word, enum json_token token) {
  if (r->text.len - r->at < word.len || memcmp(r->text.data + r->at, word.data, word.len)) return fail_no_value(r);
  r->offset = r->at;
  r->at += word.len;
  return token;
}

static enum json_token read_number(struct json_reader *r) {
  r->offset = r->at;
  r->at = json_read_number(r->text, r->at, &r->number);
  return r->number.kind ? JSON_NUMBER : fail(r, r->offset, r->number.problem);
}

static enum json_token read_value(struct json_reader *r, int c) {
  if (c == '{' || c == '[') return open(r, c);
  r->state = JSON_COMMA;
  switch (c) {
    case '"': return read_string(r, JSON_STRING);
    case 't': return read_word(r, SLICE("true"), JSON_TRUE);
    case 'f': return read_word(r, SLICE("false"), JSON_FALSE);
    case 'n': return read_word(r, SLICE("null"), JSON_NULL);
    default: return c == '-' || (c >= '0' && c <= '9') ? read_number(r) : fail_no_value(r);
  }
}

/* Reads what follows a value: a closing bracket, a comma with the next key or value, or the end. */
static enum json_token read_after_value(struct json_reader *r, int c) {
  if (!r->depth) {
    r->offset = r->at;
    return c < 0 ? JSON_END : fail(r, r->at, "is not JSON: more text after the value");
  }
  char closer = r->closers[r->depth - 1];
  if (c == closer) return close(r);
  if (c != ',')
    return fail(r, r->at, closer == ']' ? "is not JSON: expected ',' or ']'" : "is not JSON: expected ',' or '}'");
  r->at++;
  c = skip_space(r);
  return closer == '}' ? read_key(r, c) : read_value(r, c);
}

enum json_token json_next(struct json_reader *r) {
  int c = skip_space(r);
  switch (r->state) {
    case JSON_COMMA: return read_after_value(r, c);
    case JSON_FIRST_KEY: return c == '}' ? close(r) : read_key(r, c);
    case JSON_FIRST_ITEM: return c == ']' ? close(r) : read_value(r, c);
    default: return read_value(r, c);
  }
}

void json_skip_byte_order_mark(struct json_reader *r) {
  size_t mark = sizeof BYTE_ORDER_MARK - 1;
  if (r->text.len >= mark && !memcmp(r->text.data, BYTE_ORDER_MARK, mark)) r->at = mark;
}

bool json_check(struct slice text, struct json_error *error) {
  struct json_reader r = { .text = text };
  enum json_token token;
  do token = json_next(&r);
  while (token > JSON_END);
  *error = r.error;
  return token == JSON_END;
}
