/* reply_fuzz SEED: random header lines, as a server may send them, through the callback of libcurl. The names and values that
   it keeps must be as many texts as the block has NULs, two for each header. */
#include "curl/reply.h"

#include <stdio.h>
#include <stdlib.h>

static size_t random_line(char *line, size_t max) {
  static const char bytes[] = "aZ:: \t\r\n\0-";
  size_t len = (size_t)rand() % max;
  for (size_t i = 0; i < len; i++) line[i] = bytes[(size_t)rand() % (sizeof bytes - 1)];
  return len;
}

/* In memory of its own, so that a sanitizer sees each read past the end. */
static bool add_line(struct reply *r, const char *text, size_t len) {
  char *line = malloc(len ? len : 1);
  memcpy(line, text, len);
  bool goes_on = reply_on_header(line, 1, len, r) == len;
  free(line);
  return goes_on;
}

static bool is_well_formed(const struct reply *r) {
  size_t at = 0, texts = 0;
  while (at < r->headers.len) {
    const char *end = memchr(r->headers.data + at, '\0', r->headers.len - at);
    if (!end) return false;
    at = (size_t)(end + 1 - r->headers.data);
    texts++;
  }
  return texts % 2 == 0 && texts / 2 <= r->header_count;
}

int main(int argc, char **argv) {
  srand(argc > 1 ? (unsigned)atoi(argv[1]) : 1);
  for (int round = 0; round < 20000; round++) {
    static const char status[] = "HTTP/1.1 200 OK\r\n";
    struct reply r = { .max_body = 0 };
    char line[64];
    reply_begin(&r, 1000);
    add_line(&r, status, sizeof status - 1);
    while (rand() % 8 && add_line(&r, line, random_line(line, sizeof line))) continue;
    if (!is_well_formed(&r)) {
      printf("round %d: the block of headers is broken\n", round);
      return 1;
    }
    reply_free(&r);
  }
  return 0;
}
