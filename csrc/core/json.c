#include "core/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "\\u0001"
#define MARK_LENGTH (sizeof(MARK) - 1)
#define MAX_SAFE_DIGITS "9007199254740991"

static bool is_continuation(unsigned char byte) {
  return (byte & 0xc0) == 0x80;
}

/* Returns the length of the UTF-8 sequence at s, or 0 if the sequence is invalid. Overlong forms, surrogates and values
   above U+10FFFF are invalid. */
static size_t utf8_sequence(const unsigned char *s, size_t len) {
  if (s[0] < 0x80) return 1;
  if (s[0] < 0xc2 || len < 2 || !is_continuation(s[1])) return 0;
  if (s[0] < 0xe0) return 2;
  if (len < 3 || !is_continuation(s[2])) return 0;
  if (s[0] < 0xf0) {
    if (s[0] == 0xe0 && s[1] < 0xa0) return 0;
    if (s[0] == 0xed && s[1] > 0x9f) return 0;
    return 3;
  }
  if (len < 4 || !is_continuation(s[3])) return 0;
  if (s[0] > 0xf4 || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) return 0;
  return 4;
}

size_t json_utf8_error(struct slice text) {
  const unsigned char *s = (const unsigned char *)text.data;
  size_t at = 0;
  while (at < text.len) {
    size_t step = s[at] < 0x80 ? 1 : utf8_sequence(s + at, text.len - at);
    if (!step) return at;
    at += step;
  }
  return text.len;
}

/* Appends the JSON escape of a byte, such as \n or \u0007. */
static void write_escape(struct buffer *out, unsigned char byte) {
  static const char digits[] = "0123456789abcdef", special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
  const char *found = memchr(special, byte, sizeof special - 1);
  char text[6] = { '\\', found ? letters[found - special] : 'u', '0', '0', digits[byte >> 4], digits[byte & 15] };
  buffer_append(out, text, found ? 2 : sizeof text);
}

/* Returns whether the byte is an ASCII character that needs no escape. */
static bool is_plain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

bool json_write_string(struct buffer *out, struct slice text) {
  const unsigned char *s = (const unsigned char *)text.data;
  size_t done = 0, at = 0;
  buffer_append_byte(out, '"');
  for (;;) {
    while (at < text.len && is_plain(s[at])) at++;
    if (at == text.len) break;
    size_t step = utf8_sequence(s + at, text.len - at);
    if (!step) return false;
    if (step == 1) {
      buffer_append(out, text.data + done, at - done);
      write_escape(out, s[at]);
      done = at + 1;
    }
    at += step;
  }
  buffer_append(out, text.data + done, text.len - done);
  buffer_append_byte(out, '"');
  return true;
}

size_t json_format_integer(char text[JSON_NUMBER_SIZE], int64_t value) {
  return (size_t)snprintf(text, JSON_NUMBER_SIZE, "%" PRId64, value);
}

void json_write_integer(struct buffer *out, int64_t value) {
  char text[JSON_NUMBER_SIZE];
  buffer_append(out, text, json_format_integer(text, value));
}

/* Replaces the decimal point by '.'. printf writes the decimal point of the locale, which may have several bytes.
   Returns the new length. */
static size_t normalize_point(char *text, size_t len) {
  size_t kept = 0;
  bool point = false;
  for (size_t i = 0; i < len; i++) {
    if (strchr("0123456789+-eainf", text[i])) {
      text[kept++] = text[i];
    } else if (!point) {
      text[kept++] = '.';
      point = true;
    }
  }
  return kept;
}

size_t json_format_double(char text[JSON_NUMBER_SIZE], double value) {
  int len = 0;
  if (fabs(value) < 9223372036854775808.0 && (double)(int64_t)value == value) {
    return json_format_integer(text, (int64_t)value);
  }
  for (int precision = 1; precision <= 17; precision++) {
    len = snprintf(text, JSON_NUMBER_SIZE, "%.*g", precision, value);
    if (strtod(text, NULL) == value) break;
  }
  return normalize_point(text, (size_t)len);
}

size_t json_format_fixed(char text[JSON_NUMBER_SIZE], double value, int places) {
  return normalize_point(text, (size_t)snprintf(text, JSON_NUMBER_SIZE, "%.*f", places, value));
}

bool json_write_double(struct buffer *out, double value) {
  char text[JSON_NUMBER_SIZE];
  if (!isfinite(value)) return false;
  buffer_append(out, text, json_format_double(text, value));
  return true;
}

/* The scanner reads the text once, without recursion. `nesting` is a stack of the closing brackets that are still
   missing. */
struct scanner {
  struct slice text;
  size_t at;
  size_t copied;      /* offset up to which the text was copied to `out` */
  struct buffer *out; /* NULL if no copy is wanted */
  bool any_bytes;     /* accept strings that aren't UTF-8 */
  struct json_error *error;
  size_t depth;
  char nesting[MAX_JSON_DEPTH];
};

/* Fills in the error. Returns false. */
static bool fail(struct scanner *s, size_t offset, const char *message) {
  s->error->offset = offset;
  s->error->message = message;
  return false;
}

/* Returns the next byte, or -1 at the end. */
static int peek(const struct scanner *s) {
  return s->at < s->text.len ? (unsigned char)s->text.data[s->at] : -1;
}

static void skip_space(struct scanner *s) {
  int c = peek(s);
  while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
    s->at++;
    c = peek(s);
  }
}

/* Copies the text up to the offset `from`, and then appends `insert` to the copy. */
static void insert_text(struct scanner *s, size_t from, const char *insert, size_t len) {
  if (!s->out) return;
  buffer_append(s->out, s->text.data + s->copied, from - s->copied);
  buffer_append(s->out, insert, len);
  s->copied = from;
}

static bool is_hex_digit(int c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool scan_escape(struct scanner *s) {
  size_t start = s->at++;
  int c = peek(s);
  if (c == 'u') {
    for (int i = 0; i < 4; i++) {
      s->at++;
      if (!is_hex_digit(peek(s))) return fail(s, start, "\\u needs four hex digits");
    }
  } else if (c <= 0 || !strchr("\"\\/bfnrt", c)) {
    return fail(s, start, "unknown escape in a string");
  }
  s->at++;
  return true;
}

static bool scan_string(struct scanner *s, bool is_value) {
  size_t start = s->at++;
  if (is_value && s->text.len - s->at >= MARK_LENGTH && !memcmp(s->text.data + s->at, MARK, MARK_LENGTH)) {
    insert_text(s, s->at, MARK, MARK_LENGTH);
  }
  for (;;) {
    int c = peek(s);
    if (c < 0) return fail(s, start, "a string has no closing quote");
    if (c < 0x20) return fail(s, s->at, "a control character in a string must be escaped");
    if (c == '\\') {
      if (!scan_escape(s)) return false;
    } else {
      s->at++;
      if (c == '"') break;
    }
  }
  struct slice content = { s->text.data + start + 1, s->at - start - 2 };
  size_t bad = s->any_bytes ? content.len : json_utf8_error(content);
  return bad == content.len || fail(s, start + 1 + bad, "a string is not UTF-8");
}

static size_t scan_digits(struct scanner *s) {
  size_t start = s->at;
  while (peek(s) >= '0' && peek(s) <= '9') s->at++;
  return s->at - start;
}

/* Replaces the integer that begins at `start` by a marked string if it is too large for a double. */
static void quote_if_large(struct scanner *s, size_t start) {
  size_t first = start + (s->text.data[start] == '-');
  size_t digits = s->at - first;
  size_t safe = sizeof(MAX_SAFE_DIGITS) - 1;
  if (digits < safe) return;
  if (digits == safe && memcmp(s->text.data + first, MAX_SAFE_DIGITS, safe) <= 0) return;
  insert_text(s, start, "\"" MARK, 1 + MARK_LENGTH);
  insert_text(s, s->at, "\"", 1);
}

static bool scan_number(struct scanner *s) {
  size_t start = s->at;
  bool integer = true;
  if (peek(s) == '-') s->at++;
  if (peek(s) == '0') {
    s->at++;
  } else if (!scan_digits(s)) {
    return fail(s, start, "expected a value");
  }
  if (peek(s) == '.') {
    integer = false;
    s->at++;
    if (!scan_digits(s)) return fail(s, start, "a number ends after its decimal point");
  }
  if (peek(s) == 'e' || peek(s) == 'E') {
    integer = false;
    s->at++;
    if (peek(s) == '+' || peek(s) == '-') s->at++;
    if (!scan_digits(s)) return fail(s, start, "a number has an empty exponent");
  }
  if (integer) quote_if_large(s, start);
  return true;
}

/* Scans true, false or null. */
static bool scan_word(struct scanner *s) {
  static const char *const words[] = { "true", "false", "null" };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t len = strlen(words[i]);
    if (s->text.len - s->at >= len && !memcmp(s->text.data + s->at, words[i], len)) {
      s->at += len;
      return true;
    }
  }
  return fail(s, s->at, "expected a value");
}

/* Scans a key of an object, and the colon after it. */
static bool scan_key(struct scanner *s) {
  skip_space(s);
  if (peek(s) != '"') return fail(s, s->at, "expected a key in quotes");
  if (!scan_string(s, false)) return false;
  skip_space(s);
  if (peek(s) != ':') return fail(s, s->at, "expected ':' after a key");
  s->at++;
  return true;
}

/* Enters a list or an object, and scans an object's first key. Sets `*empty` if the list or object has no values; its
   closing bracket is then the next character. */
static bool scan_open(struct scanner *s, char open, bool *empty) {
  if (s->depth == MAX_JSON_DEPTH) return fail(s, s->at, "nested too deeply");
  char close = open == '{' ? '}' : ']';
  s->nesting[s->depth++] = close;
  s->at++;
  skip_space(s);
  *empty = peek(s) == close;
  if (*empty) return true;
  return open == '[' || scan_key(s);
}

/* Scans the text after a value: the closing brackets of all lists and objects that end there, or a comma and a key.
   Sets `*more` if another value follows. */
static bool scan_after(struct scanner *s, bool *more) {
  *more = false;
  for (;;) {
    skip_space(s);
    if (!s->depth) return true;
    char close = s->nesting[s->depth - 1];
    int c = peek(s);
    if (c == close) {
      s->at++;
      s->depth--;
    } else if (c == ',') {
      s->at++;
      *more = true;
      return close == ']' || scan_key(s);
    } else {
      return fail(s, s->at, close == ']' ? "expected ',' or ']'" : "expected ',' or '}'");
    }
  }
}

/* Scans a scalar, or the beginning of a list or object. Sets `*opened` if the list or object has values. */
static bool scan_value(struct scanner *s, bool *opened) {
  bool empty = false;
  *opened = false;
  skip_space(s);
  int c = peek(s);
  if (c == '{' || c == '[') {
    if (!scan_open(s, (char)c, &empty)) return false;
    *opened = !empty;
    return true;
  }
  if (c == '"') return scan_string(s, true);
  if (c == '-' || (c >= '0' && c <= '9')) return scan_number(s);
  return scan_word(s);
}

static bool scan(struct scanner *s) {
  bool more = true, opened = false;
  while (more) {
    if (!scan_value(s, &opened)) return false;
    if (!opened && !scan_after(s, &more)) return false;
  }
  if (s->at < s->text.len) return fail(s, s->at, "more text after the value");
  if (s->out && s->copied) insert_text(s, s->text.len, "", 0);
  return !s->out || buffer_ok(s->out) || fail(s, s->at, "the copy of the text is too large");
}

bool json_check(struct slice text, struct json_error *error) {
  struct scanner s = { .text = text, .error = error };
  return scan(&s);
}

bool json_quote_integers(struct buffer *out, struct slice text, struct json_error *error) {
  struct scanner s = { .text = text, .out = out, .any_bytes = true, .error = error };
  return scan(&s);
}
