#include "core/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_continuation(unsigned char byte) {
  return (byte & 0xc0) == 0x80;
}

size_t json_utf8_sequence(const unsigned char *s, size_t len) {
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
    size_t step = s[at] < 0x80 ? 1 : json_utf8_sequence(s + at, text.len - at);
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

/* Loads up to eight bytes, the first of them as the lowest byte of the word. The bytes above them are zeros. */
static uint64_t load_bytes(const char *from, size_t count) {
  uint64_t bytes = 0;
  if (count == sizeof bytes && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) memcpy(&bytes, from, sizeof bytes);
  else
    while (count) bytes = bytes << 8 | (unsigned char)from[--count];
  return bytes;
}

/* Returns the position of the first byte that is special: not ASCII, a control character, a quote or a backslash; or 8.
   In a word, the highest bit of a special byte is set. After the first one, other bytes can have this bit by mistake. */
static size_t first_special(uint64_t bytes) {
  const uint64_t each = UINT64_C(0x0101010101010101);
  uint64_t quote = bytes ^ each * '"', backslash = bytes ^ each * '\\';
  uint64_t special = (bytes | (bytes - each * 0x20) | (quote - each) | (backslash - each)) & each * 0x80;
  return special ? (size_t)__builtin_ctzll(special) / 8 : sizeof bytes;
}

size_t json_skip_plain(struct slice text, size_t at) {
  for (; text.len - at >= 8; at += 8) {
    size_t plain = first_special(load_bytes(text.data + at, 8));
    if (plain < 8) return at + plain;
  }
  /* The last bytes as the lowest ones of a word. The bytes above them are zeros, which are special. */
  size_t rest = text.len - at;
  uint64_t last = text.len < 8 || !rest ? load_bytes(text.data + at, rest)
                                        : load_bytes(text.data + text.len - 8, 8) >> (8 - rest) * 8;
  return at + first_special(last);
}

/* Appends a text that has special bytes, the first of them at `at`. Returns false if the text is not UTF-8. */
static bool write_special(struct buffer *out, struct slice text, size_t at) {
  const unsigned char *s = (const unsigned char *)text.data;
  size_t done = 0;
  buffer_append_byte(out, '"');
  for (; at < text.len; at = json_skip_plain(text, at)) {
    size_t step = json_utf8_sequence(s + at, text.len - at);
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

bool json_write_string(struct buffer *out, struct slice text) {
  size_t plain = json_skip_plain(text, 0);
  if (plain < text.len) return write_special(out, text, plain);
  char *to = buffer_reserve(out, text.len + 2);
  if (!to) return true;
  *to++ = '"';
  memcpy(to, text.data, text.len);
  to[text.len] = '"';
  out->len += text.len + 2;
  return true;
}

size_t json_format_integer(char text[JSON_NUMBER_SIZE], int64_t value) {
  char digits[JSON_NUMBER_SIZE];
  size_t count = 0, len = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[count++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (value < 0) text[len++] = '-';
  while (count) text[len++] = digits[--count];
  return len;
}

void json_write_integer(struct buffer *out, int64_t value) {
  char text[JSON_NUMBER_SIZE];
  size_t len = json_format_integer(text, value);
  buffer_append(out, text, len);
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

/* Returns whether the text of a finite number reads back as this value. */
static bool reads_as(const char *text, size_t len, double value) {
  struct json_number number;
  json_read_number((struct slice){ text, len }, 0, &number);
  return (number.kind == JSON_IS_DOUBLE && number.value == value) ||
         (number.kind == JSON_IS_INTEGER && (double)number.integer == value);
}

/* The limits of short decimals. They have at most 15 digits, which a double holds exactly. */
#define MIN_SHORT 1e-3
#define MAX_SHORT 1e9
#define MAX_SHORT_PLACES 6

/* Writes digits with a decimal point before the last `places` digits. Returns the length. */
static size_t format_decimal(char *text, uint64_t digits, size_t places) {
  char number[JSON_NUMBER_SIZE];
  size_t count = json_format_integer(number, (int64_t)digits), len = 0;
  size_t whole = count > places ? count - places : 0;
  memcpy(text, whole ? number : "0", len = whole ? whole : 1);
  text[len++] = '.';
  for (size_t zeros = places - (count - whole); zeros; zeros--) text[len++] = '0';
  memcpy(text + len, number + whole, count - whole);
  return len + count - whole;
}

/* Writes a value that has few places after the decimal point, as printf with the precision DBL_DIG does. Returns 0 for
   any other value. With two exact operands, the processor rounds the quotient as a reader of the text does, unless it
   computes with more bits than a double has. */
static size_t format_short(char text[JSON_NUMBER_SIZE], double value) {
  double magnitude = fabs(value), power = 10;
  if (FLT_EVAL_METHOD != 0 || !(magnitude >= MIN_SHORT && magnitude < MAX_SHORT)) return 0;
  *text = '-';
  for (size_t places = 1; places <= MAX_SHORT_PLACES; places++, power *= 10) {
    uint64_t digits = (uint64_t)(magnitude * power + 0.5);
    if ((double)digits / power == magnitude) return format_decimal(text + (value < 0), digits, places) + (value < 0);
  }
  return 0;
}

size_t json_format_double(char text[JSON_NUMBER_SIZE], double value) {
  if (fabs(value) < 9223372036854775808.0 && (double)(int64_t)value == value) {
    return json_format_integer(text, (int64_t)value);
  }
  size_t len = format_short(text, value);
  if (len) return len;
  /* If the shortest text has at most DBL_DIG digits, printf writes it with this precision too, because it leaves out the
     zeros at the end. This isn't true of the smallest values, which have fewer bits. */
  int precision = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
  for (; precision <= DBL_DECIMAL_DIG; precision++) {
    len = normalize_point(text, (size_t)snprintf(text, JSON_NUMBER_SIZE, "%.*g", precision, value));
    if (!isfinite(value) || reads_as(text, len, value)) break;
  }
  return len;
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
