#include "core/encoding.h"

/* The first year that is accepted. A date in an earlier year is a placeholder, such as Go's zero time. */
#define MIN_YEAR 1000

struct date {
  int year, month, day, hour, minute, second;
  char month_name[3];
  size_t month_letters;
};

static bool is_letter(char c) {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

/* Appends a digit to the number. Returns false if the character is no digit. */
static bool add_digit(int *number, char c) {
  *number = *number * 10 + c - '0';
  return c >= '0' && c <= '9';
}

/* Matches one character against one character of the form. */
static bool match_char(struct date *d, char code, char c) {
  switch (code) {
    case 'y': return add_digit(&d->year, c);
    case 'n': return add_digit(&d->month, c);
    case '_': return c == ' ' || add_digit(&d->day, c);
    case 'd': return add_digit(&d->day, c);
    case 'h': return add_digit(&d->hour, c);
    case 'm': return add_digit(&d->minute, c);
    case 's': return add_digit(&d->second, c);
    case 'w': return is_letter(c);
    case 'b': d->month_name[d->month_letters++] = c; return true;
    default: return c == code;
  }
}

/* Parses a date by a form. In the form, y n d h m s stand for a digit of the year, month, day, hour, minute or second.
   The letter b stands for a letter of the month's name, w for any letter, and _ for a digit of the day or a space. Any
   other character stands for itself. */
static bool match(struct date *d, struct slice text, const char *form) {
  *d = (struct date){ 0 };
  if (text.len != strlen(form)) return false;
  for (size_t i = 0; i < text.len; i++) {
    if (!match_char(d, form[i], text.data[i])) return false;
  }
  return true;
}

/* Skips the full name of a weekday. Returns false if there is none. */
static bool skip_weekday(struct slice *text) {
  size_t len = 0;
  while (len < text->len && is_letter(text->data[len])) len++;
  if (len < sizeof "day" || memcmp(text->data + len - 3, "day", 3) != 0) return false;
  text->data += len;
  text->len -= len;
  return true;
}

/* Parses a date in any of the three forms of HTTP. */
static bool match_http(struct date *d, struct slice text) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  struct slice rest = text;
  if (skip_weekday(&rest) && match(d, rest, ", dd-bbb-yy hh:mm:ss GMT")) {
    d->year += d->year < 70 ? 2000 : 1900;
  } else if (!match(d, text, "www, dd bbb yyyy hh:mm:ss GMT") && !match(d, text, "www bbb _d hh:mm:ss yyyy")) {
    return false;
  }
  for (int i = 0; i < 12; i++) {
    if (memcmp(months + 3 * i, d->month_name, 3) == 0) d->month = i + 1;
  }
  if (d->second == 60) d->second = 59;
  return true;
}

static bool is_real_date(const struct date *d) {
  static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);
  if (d->year < MIN_YEAR || d->month < 1 || d->month > 12) return false;
  if (d->day < 1 || d->day > days[d->month - 1] + (d->month == 2 && leap)) return false;
  return d->hour < 24 && d->minute < 60 && d->second < 60;
}

/* Counts each year from March, so that the leap day is the last day of a year. */
static int64_t days_since_1970(const struct date *d) {
  int year = d->month <= 2 ? d->year - 1 : d->year;
  int day_of_year = (153 * ((d->month + 9) % 12) + 2) / 5 + d->day - 1;
  return (int64_t)year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

bool date_parse(struct slice text, int64_t *seconds) {
  struct date d;
  if (!match(&d, text, "yyyy-nn-ddThh:mm:ssZ") && !match_http(&d, text)) return false;
  if (!is_real_date(&d)) return false;
  *seconds = ((days_since_1970(&d) * 24 + d.hour) * 60 + d.minute) * 60 + d.second;
  return true;
}

/* Writes a number with leading zeros. Returns the address after it. */
static char *write_digits(char *to, int64_t number, int width) {
  for (int i = width - 1; i >= 0; i--, number /= 10) to[i] = (char)('0' + number % 10);
  return to + width;
}

/* As in days_since_1970, each year begins in March. 146097 is the number of days of 400 years. */
void date_format(char to[DATE_SIZE], int64_t seconds) {
  int64_t days = seconds / 86400 + 719468, second = seconds % 86400;
  int64_t era = days / 146097, day = days % 146097;
  int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  day -= year * 365 + year / 4 - year / 100;
  int64_t month = (5 * day + 2) / 153;
  day -= (153 * month + 2) / 5;
  year += era * 400 + (month >= 10);
  to = write_digits(to, year, 4);
  *to++ = '-';
  to = write_digits(to, month < 10 ? month + 3 : month - 9, 2);
  *to++ = '-';
  to = write_digits(to, day + 1, 2);
  *to++ = 'T';
  to = write_digits(to, second / 3600, 2);
  *to++ = ':';
  to = write_digits(to, second / 60 % 60, 2);
  *to++ = ':';
  to = write_digits(to, second % 60, 2);
  *to = 'Z';
}
