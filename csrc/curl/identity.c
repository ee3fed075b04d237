#include "curl/identity.h"

#include "shared/buffer.h"

#include <stdlib.h>
#include <string.h>

struct identity *identity_new(void) {
  struct identity *identity = calloc(1, sizeof *identity);
  if (identity) identity->references = 1;
  return identity;
}

struct identity *identity_share(struct identity *identity) {
  if (identity) identity->references++;
  return identity;
}

void identity_release(struct identity *identity) {
  if (!identity || --identity->references > 0) return;
  if (identity->client_key_password) wipe(identity->client_key_password, strlen(identity->client_key_password));
  free(identity->ca_file);
  free(identity->client_certificate);
  free(identity->client_key);
  free(identity->client_key_password);
  free(identity);
}

static bool is_same(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

bool identity_equal(const struct identity *a, const struct identity *b) {
  if (a == b) return true;
  return a && b && a->min_tls == b->min_tls && is_same(a->ca_file, b->ca_file) &&
         is_same(a->client_certificate, b->client_certificate) && is_same(a->client_key, b->client_key) &&
         is_same(a->client_key_password, b->client_key_password);
}
