#include "core/encoding.h"

#include <stdlib.h>

/* How a byte is written. */
struct encoded {
  char text[3];
  unsigned char len;
};

/* clang-format off */
#define KEPT(byte) { { byte, 0, 0 }, 1 }
#define ESCAPED(high, low) { { '%', high, low }, 3 }
#define ESCAPED_TO_9(high) \
  ESCAPED(high, '0'), ESCAPED(high, '1'), ESCAPED(high, '2'), ESCAPED(high, '3'), ESCAPED(high, '4'), \
  ESCAPED(high, '5'), ESCAPED(high, '6'), ESCAPED(high, '7'), ESCAPED(high, '8'), ESCAPED(high, '9')
#define ESCAPED_ROW(high) \
  ESCAPED_TO_9(high), ESCAPED(high, 'A'), ESCAPED(high, 'B'), ESCAPED(high, 'C'), ESCAPED(high, 'D'), \
  ESCAPED(high, 'E'), ESCAPED(high, 'F')

static const struct encoded encodings[256] = {
  ESCAPED_ROW('0'), ESCAPED_ROW('1'),
  ESCAPED_TO_9('2'), ESCAPED('2', 'A'), ESCAPED('2', 'B'), ESCAPED('2', 'C'), KEPT('-'), KEPT('.'), ESCAPED('2', 'F'),
  KEPT('0'), KEPT('1'), KEPT('2'), KEPT('3'), KEPT('4'), KEPT('5'), KEPT('6'), KEPT('7'), KEPT('8'), KEPT('9'),
  ESCAPED('3', 'A'), ESCAPED('3', 'B'), ESCAPED('3', 'C'), ESCAPED('3', 'D'), ESCAPED('3', 'E'), ESCAPED('3', 'F'),
  ESCAPED('4', '0'),
  KEPT('A'), KEPT('B'), KEPT('C'), KEPT('D'), KEPT('E'), KEPT('F'), KEPT('G'), KEPT('H'), KEPT('I'), KEPT('J'),
  KEPT('K'), KEPT('L'), KEPT('M'), KEPT('N'), KEPT('O'), KEPT('P'), KEPT('Q'), KEPT('R'), KEPT('S'), KEPT('T'),
  KEPT('U'), KEPT('V'), KEPT('W'), KEPT('X'), KEPT('Y'), KEPT('Z'),
  ESCAPED('5', 'B'), ESCAPED('5', 'C'), ESCAPED('5', 'D'), ESCAPED('5', 'E'), KEPT('_'), ESCAPED('6', '0'),
  KEPT('a'), KEPT('b'), KEPT('c'), KEPT('d'), KEPT('e'), KEPT('f'), KEPT('g'), KEPT('h'), KEPT('i'), KEPT('j'),
  KEPT('k'), KEPT('l'), KEPT('m'), KEPT('n'), KEPT('o'), KEPT('p'), KEPT('q'), KEPT('r'), KEPT('s'), KEPT('t'),
  KEPT('u'), KEPT('v'), KEPT('w'), KEPT('x'), KEPT('y'), KEPT('z'),
  ESCAPED('7', 'B'), ESCAPED('7', 'C'), ESCAPED('7', 'D'), KEPT('~'), ESCAPED('7', 'F'),
  ESCAPED_ROW('8'), ESCAPED_ROW('9'), ESCAPED_ROW('A'), ESCAPED_ROW('B'), ESCAPED_ROW('C'), ESCAPED_ROW('D'),
  ESCAPED_ROW('E'), ESCAPED_ROW('F'),
};
/* clang-format on */

/* Copies four bytes for each byte of the text, without a branch. The surplus bytes lie where the next three bytes are
   written; the last three bytes of the text have no surplus. */
size_t percent_encode_to(char *to, struct slice text) {
  const char *start = to;
  size_t i = 0;
  for (; i + 3 < text.len; i++) {
    const struct encoded *encoded = &encodings[(unsigned char)text.data[i]];
    memcpy(to, encoded, sizeof *encoded);
    to += encoded->len;
  }
  for (; i < text.len; i++) {
    const struct encoded *encoded = &encodings[(unsigned char)text.data[i]];
    memcpy(to, encoded->text, encoded->len);
    to += encoded->len;
  }
  return (size_t)(to - start);
}

/* Below this length a buffer may grow to the worst case of an encoded text. */
#define MAX_WORST_CASE ((size_t)16 * 1024)

/* Computes the exact length if the worst case is large, because a larger reservation could exceed the buffer's limit
   although the text does not. */
void percent_encode(struct buffer *out, struct slice text) {
  if (!text.len) return;
  if (text.len > BUFFER_LIMIT) out->state = BUFFER_TOO_LARGE; /* the encoded length could overflow */
  bool is_small = out->len + 3 * text.len <= MAX_WORST_CASE;
  char *to = buffer_reserve(out, is_small ? 3 * text.len : percent_encoded_length(text));
  if (to) out->len += percent_encode_to(to, text);
}

/* Returns the value of a hexadecimal digit, or -1. */
static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t percent_decode_to(char *to, struct slice text) {
  const char *start = to;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c == '%' && i + 2 < text.len) {
      int high = hex_value(text.data[i + 1]), low = hex_value(text.data[i + 2]);
      if (high >= 0 && low >= 0) {
        c = (char)(high << 4 | low);
        i += 2;
      }
      *to++ = c;
    } else {
      *to++ = c == '+' ? ' ' : c;
    }
  }
  return (size_t)(to - start);
}

size_t percent_encoded_length(struct slice text) {
  size_t len = 0;
  for (size_t i = 0; i < text.len; i++) len += encodings[(unsigned char)text.data[i]].len;
  return len;
}

static int compare_names(const void *a, const void *b) {
  const struct pair *left = a, *right = b;
  return slice_compare(left->name, right->name);
}

void percent_sort(struct pair *pairs, size_t count) {
  if (count > 1) qsort(pairs, count, sizeof *pairs, compare_names);
}

void percent_write_query(struct buffer *out, const struct pair *pairs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (i) buffer_append_byte(out, '&');
    percent_encode(out, pairs[i].name);
    buffer_append_byte(out, '=');
    percent_encode(out, pairs[i].value);
  }
}
