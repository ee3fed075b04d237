/* The TLS settings of a session: which servers it trusts, and who it is. A connection may only be used with the settings
   with which it was opened. libcurl checks this itself, but ignores the key and its password. */
#pragma once

#include <stdbool.h>

#pragma GCC visibility push(hidden)

struct identity {
  unsigned references;
  char *ca_file; /* NULL means the system's certificates */
  char *client_certificate;
  char *client_key; /* NULL if the certificate's file contains the key */
  char *client_key_password;
  long min_tls; /* CURL_SSLVERSION_... */
};

/* Returns settings that are all empty, with one reference; NULL if there is no memory. */
struct identity *identity_new(void);

/* Adds a reference. Nothing changes the settings after that. Returns its argument, which may be NULL. */
struct identity *identity_share(struct identity *identity);

/* Drops a reference. The last one wipes and frees the settings. The argument may be NULL. */
void identity_release(struct identity *identity);

bool identity_equal(const struct identity *a, const struct identity *b);

#pragma GCC visibility pop
