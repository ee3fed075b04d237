/* Percent-encoding as both signatures need it: A-Z a-z 0-9 - _ . ~ stay, every other byte is %XX. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

struct pair {
  struct slice name;
  struct slice value;
};

void percent_encode(struct buffer *out, struct slice text);

/* Both return the length. Encoded text has at most three times as many bytes. */
size_t percent_encode_to(char *to, struct slice text);
size_t percent_decode_to(char *to, struct slice text);

/* Bytes that percent_encode would write. */
size_t percent_encoded_length(struct slice text);

/* Sorts by the bytes of the raw names, as the canonical query demands. */
void percent_sort(struct pair *pairs, size_t count);

/* name=value&name=value, in the order given; an empty value keeps its '='. */
void percent_query(struct buffer *out, const struct pair *pairs, size_t count);

#pragma GCC visibility pop
