#include "core/scratch.h"

enum buffer_state scratch_state(const struct scratch *s) {
  enum buffer_state state = BUFFER_OK;
  for (size_t i = 0; i < SCRATCH_BUFFERS && state == BUFFER_OK; i++) state = s->all[i].state;
  return state;
}

void scratch_reset(struct scratch *s) {
  for (size_t i = 0; i < SCRATCH_BUFFERS; i++) buffer_reset(&s->all[i]);
}

void scratch_wipe(struct scratch *s) {
  for (size_t i = 0; i < SCRATCH_BUFFERS; i++) buffer_wipe(&s->all[i]);
}
