#include "percent.h"

#include <stdlib.h>

/* One bit a byte: set where the byte stays as it is. */
static const unsigned char unreserved[256 / 8] = {
  [0x2d / 8] = 1u << (0x2d % 8) | 1u << (0x2e % 8),
  [0x30 / 8] = 0xff,
  [0x38 / 8] = 0x03,
  [0x40 / 8] = 0xfe,
  [0x48 / 8] = 0xff,
  [0x50 / 8] = 0xff,
  [0x58 / 8] = 0x87,
  [0x60 / 8] = 0xfe,
  [0x68 / 8] = 0xff,
  [0x70 / 8] = 0xff,
  [0x78 / 8] = 0x47,
};

static bool stays(unsigned char byte) {
  return (unreserved[byte >> 3] >> (byte & 7)) & 1;
}

void percent_encode(struct buffer *out, struct slice text) {
  static const char digits[] = "0123456789ABCDEF";
  if (!text.len) return;
  char *start = text.len <= BUFFER_LIMIT ? buffer_reserve(out, text.len * 3) : NULL;
  if (!start) {
    out->failed = true;
    return;
  }
  char *to = start;
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (stays(byte)) {
      *to++ = (char)byte;
    } else {
      *to++ = '%';
      *to++ = digits[byte >> 4];
      *to++ = digits[byte & 15];
    }
  }
  out->len += (size_t)(to - start);
}

size_t percent_encoded_length(struct slice text) {
  size_t len = text.len;
  for (size_t i = 0; i < text.len; i++) {
    if (!stays((unsigned char)text.data[i])) len += 2;
  }
  return len;
}

static int by_name(const void *a, const void *b) {
  const struct pair *left = a, *right = b;
  return slice_compare(left->name, right->name);
}

void percent_sort(struct pair *pairs, size_t count) {
  if (count > 1) qsort(pairs, count, sizeof *pairs, by_name);
}

void percent_query(struct buffer *out, const struct pair *pairs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (i) buffer_byte(out, '&');
    percent_encode(out, pairs[i].name);
    buffer_byte(out, '=');
    percent_encode(out, pairs[i].value);
  }
}
