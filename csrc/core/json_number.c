#include "core/json.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The value of a double depends on this many significant digits, and on whether a digit after them is not 0. */
#define MAX_SIGNIFICANT_DIGITS 768

/* Larger exponents are cut. Together with any fraction of at most BUFFER_LIMIT digits, this exponent gives 0 or a value
   that is too large. */
#define MAX_EXPONENT ((int64_t)1 << 40)

/* The number of digits that always fit into a mantissa of 64 bits. */
#define MAX_MANTISSA_DIGITS 19

/* The powers of ten that a double holds exactly. */
static const double powers_of_ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
#define MAX_EXACT_POWER 22

/* The parts of a number. The value is the digits of `whole` and `fraction`, times ten to the power `exponent`. */
struct decimal {
  bool negative;
  struct slice whole;
  struct slice fraction;
  int64_t exponent;
};

static int byte_at(struct slice text, size_t at) {
  return at < text.len ? (unsigned char)text.data[at] : -1;
}

static struct slice digits_at(struct slice text, size_t at) {
  size_t end = at;
  while (byte_at(text, end) >= '0' && byte_at(text, end) <= '9') end++;
  return (struct slice){ text.data + at, end - at };
}

static uint64_t add_digits(uint64_t mantissa, struct slice digits) {
  for (size_t i = 0; i < digits.len; i++) mantissa = mantissa * 10 + (uint64_t)(digits.data[i] - '0');
  return mantissa;
}

/* Appends digits to the text, without zeros at its start. For a digit that doesn't fit, increments the exponent.
   Returns whether such a digit is not 0. */
static bool copy_digits(char *text, size_t *len, struct slice digits, int64_t *exponent) {
  bool rest = false;
  for (size_t i = 0; i < digits.len; i++) {
    if (*len == MAX_SIGNIFICANT_DIGITS) {
      rest |= digits.data[i] != '0';
      ++*exponent;
    } else if (*len || digits.data[i] != '0') {
      text[(*len)++] = digits.data[i];
    }
  }
  return rest;
}

/* Rounds the number with strtod. The text for strtod has no decimal point, so that the locale makes no difference. */
static double round_decimal(const struct decimal *d, int64_t exponent) {
  char text[MAX_SIGNIFICANT_DIGITS + 2 + JSON_NUMBER_SIZE];
  size_t len = 0;
  bool rest = copy_digits(text, &len, d->whole, &exponent);
  rest |= copy_digits(text, &len, d->fraction, &exponent);
  if (!len) return 0;
  if (rest) {
    text[len++] = '1';
    exponent--;
  }
  text[len++] = 'e';
  len += json_format_integer(text + len, exponent);
  text[len] = '\0';
  return strtod(text, NULL);
}

static double to_double(const struct decimal *d) {
  int64_t exponent = d->exponent - (int64_t)d->fraction.len;
  double value;
  uint64_t mantissa = UINT64_MAX;
  if (d->whole.len + d->fraction.len <= MAX_MANTISSA_DIGITS)
    mantissa = add_digits(add_digits(0, d->whole), d->fraction);
  /* With both operands exact, the processor rounds correctly, unless it computes with more bits than a double has. */
  bool exact = FLT_EVAL_METHOD == 0 && mantissa <= (uint64_t)MAX_SAFE_INTEGER;
  if (exact && exponent >= 0 && exponent <= MAX_EXACT_POWER) value = (double)mantissa * powers_of_ten[exponent];
  else if (exact && exponent < 0 && exponent >= -MAX_EXACT_POWER) value = (double)mantissa / powers_of_ten[-exponent];
  else value = round_decimal(d, exponent);
  return d->negative ? -value : value;
}

/* Sets the number to an integer, whose text begins at `start`. */
static void set_integer(const struct decimal *d, const char *start, struct json_number *number) {
  uint64_t limit = (uint64_t)INT64_MAX + d->negative, value = add_digits(0, d->whole);
  if (d->whole.len > MAX_MANTISSA_DIGITS || value > limit) {
    number->kind = JSON_IS_LONG_INTEGER;
    number->digits = (struct slice){ start, d->whole.len + d->negative };
  } else {
    number->kind = JSON_IS_INTEGER;
    number->integer = d->negative ? (int64_t)(0 - value) : (int64_t)value;
  }
}

static size_t fail(struct json_number *number, size_t at, const char *problem) {
  number->kind = JSON_NO_NUMBER;
  number->problem = problem;
  return at;
}

/* Reads the exponent after the letter at `at`. Returns the offset after the exponent, or 0 if it has no digits. */
static size_t read_exponent(struct slice text, size_t at, int64_t *exponent) {
  bool negative = byte_at(text, at + 1) == '-';
  at += negative || byte_at(text, at + 1) == '+' ? 2 : 1;
  struct slice digits = digits_at(text, at);
  for (size_t i = 0; i < digits.len && *exponent < MAX_EXPONENT; i++)
    *exponent = *exponent * 10 + (digits.data[i] - '0');
  if (negative) *exponent = -*exponent;
  return digits.len ? at + digits.len : 0;
}

size_t json_read_number(struct slice text, size_t at, struct json_number *number) {
  size_t start = at;
  struct decimal d = { .negative = byte_at(text, at) == '-' };
  at += d.negative;
  d.whole = digits_at(text, at);
  if (!d.whole.len) return fail(number, start, "is not JSON: expected a value");
  if (d.whole.len > 1 && *d.whole.data == '0') return fail(number, start, "is not JSON: a number begins with 0");
  at += d.whole.len;
  int c = byte_at(text, at);
  if (c != '.' && c != 'e' && c != 'E') {
    set_integer(&d, text.data + start, number);
    return at;
  }
  if (c == '.') {
    d.fraction = digits_at(text, at + 1);
    if (!d.fraction.len) return fail(number, start, "is not JSON: a number ends after its decimal point");
    at += 1 + d.fraction.len;
    c = byte_at(text, at);
  }
  if (c == 'e' || c == 'E') {
    at = read_exponent(text, at, &d.exponent);
    if (!at) return fail(number, start, "is not JSON: a number has an empty exponent");
  }
  number->kind = JSON_IS_DOUBLE;
  number->value = to_double(&d);
  return isfinite(number->value) ? at : fail(number, start, "has a number that is too large");
}
