#include "core/encoding.h"

#include <stdlib.h>

/* clang-format off */
static const bool unreserved[256] = {
  ['-'] = 1, ['.'] = 1, ['_'] = 1, ['~'] = 1,
  ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1,
  ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1,
  ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1,
  ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
  ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1,
  ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1,
  ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
};
/* clang-format on */

size_t percent_encode_to(char *to, struct slice text) {
  static const char digits[] = "0123456789ABCDEF";
  const char *start = to;
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (unreserved[byte]) {
      *to++ = (char)byte;
    } else {
      to[0] = '%';
      to[1] = digits[byte >> 4];
      to[2] = digits[byte & 15];
      to += 3;
    }
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
  size_t len = text.len;
  for (size_t i = 0; i < text.len; i++) {
    if (!unreserved[(unsigned char)text.data[i]]) len += 2;
  }
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
