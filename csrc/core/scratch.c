#include "core/scratch.h"

static void each_buffer(struct scratch *s, void (*apply)(struct buffer *)) {
  struct buffer *const all[] = {
    &s->text,
    &s->keys,
    &s->values,
    &s->pairs,
    &s->token,
    &s->canonical_query,
    &s->url,
    &s->body,
    &s->canonical_request,
    &s->string_to_sign,
    &s->signature,
    &s->authorization,
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) apply(all[i]);
}

void scratch_reset(struct scratch *s) {
  each_buffer(s, buffer_reset);
}

void scratch_wipe(struct scratch *s) {
  each_buffer(s, buffer_wipe);
}
