/* Decides for each parameter whether it is sent in the query or in the form. */
#include "core/request_builder.h"

/* The maximum number of common parameters that HMAC-SHA1 adds, such as Action and Signature. */
#define MAX_COMMON_PARAMS 16

bool has_form(const struct request_builder *b) {
  return !slice_equal(b->action->method, SLICE("GET"));
}

void add_query(struct request_builder *b, struct slice name, struct slice value) {
  b->query[b->query_count++] = (struct pair){ name, value };
}

void add_form(struct request_builder *b, struct slice name, struct slice value) {
  b->form[b->form_count++] = (struct pair){ name, value };
}

static size_t index_of_longest(const struct request_builder *b, const size_t lengths[MAX_PARAMS]) {
  size_t longest = 0;
  for (size_t i = 1; i < b->action->param_count; i++) {
    if (lengths[i] > lengths[longest]) longest = i;
  }
  return longest;
}

/* Returns the encoded length of a text; for a text of more than `enough` bytes, any length above `enough`. */
static size_t encoded_length(struct slice text, size_t enough) {
  return text.len > enough ? text.len : percent_encoded_length(text);
}

/* Stores for each parameter the encoded length of its values in the query. Returns the sum of these lengths. */
static size_t measure_query(const struct request_builder *b, size_t lengths[MAX_PARAMS], size_t enough) {
  size_t total = 0;
  memset(lengths, 0, MAX_PARAMS * sizeof *lengths);
  for (size_t i = 0; i < b->value_count; i++) {
    const struct wire_param *value = &b->values[i];
    if (value->in_body) continue;
    size_t length = percent_encoded_length(value->name) + encoded_length(value->text, enough) + 2;
    lengths[value->param] += length;
    total += length;
  }
  return total;
}

size_t longest_param(const struct request_builder *b) {
  size_t lengths[MAX_PARAMS];
  measure_query(b, lengths, BUFFER_LIMIT);
  return index_of_longest(b, lengths);
}

/* Returns whether the query is short enough even if every byte must be encoded. This check is fast. */
static bool is_certainly_short(const struct request_builder *b) {
  size_t total = 0;
  for (size_t i = 0; i < b->value_count; i++) {
    const struct wire_param *value = &b->values[i];
    if (!value->in_body) total += value->name.len + value->text.len + 2;
  }
  return total * 3 <= MAX_QUERY_BYTES;
}

/* Moves the longest parameters to the form until the query is short enough. The service accepts them in either place. A
   text that is longer than the whole query may be must move, whatever its encoded length is. */
static void spill_to_form(struct request_builder *b) {
  size_t lengths[MAX_PARAMS];
  if (is_certainly_short(b)) return;
  size_t total = measure_query(b, lengths, MAX_QUERY_BYTES);
  while (total > MAX_QUERY_BYTES) {
    size_t longest = index_of_longest(b, lengths);
    for (size_t i = 0; i < b->value_count; i++) {
      if (b->values[i].param == longest) b->values[i].in_body = true;
    }
    total -= lengths[longest];
    lengths[longest] = 0;
  }
}

/* Reserves memory for the pairs of the query, of the form, and of both together. Returns false if there is not
   enough memory. */
static bool reserve_pairs(struct request_builder *b) {
  size_t in_form = 0;
  for (size_t i = 0; i < b->value_count; i++) in_form += b->values[i].in_body;
  size_t in_query = b->value_count - in_form + MAX_COMMON_PARAMS;
  in_form += MAX_COMMON_PARAMS;
  char *room = buffer_reserve(&b->s->pairs, 2 * (in_query + in_form) * sizeof(struct pair));
  if (!room) return false;
  b->query = (struct pair *)(void *)room;
  b->form = b->query + in_query;
  b->all_pairs = b->form + in_form;
  return true;
}

bool place_params(struct request_builder *b) {
  if (has_form(b)) spill_to_form(b);
  if (!reserve_pairs(b)) return false;
  for (size_t i = 0; i < b->value_count; i++) {
    const struct wire_param *value = &b->values[i];
    if (value->in_body) add_form(b, value->name, value->text);
    else add_query(b, value->name, value->text);
  }
  return true;
}
