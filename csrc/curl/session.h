/* One libcurl handle with its rules and, unless it shares those of others, its connection. It knows nothing of the
   requests that it is used for. */
#pragma once

#include "curl/sockets.h"

#include <sys/types.h>

#pragma GCC visibility push(hidden)

struct session {
  char *ca_file; /* NULL: the system's */
  char *client_certificate;
  char *client_key; /* NULL: in the file of the certificate */
  char *client_key_password;
  long min_tls; /* CURL_SSLVERSION_... */
  long connect_timeout_ms;
  size_t max_reply_bytes;
  bool allow_http;

  bool closed;
  CURL *handle;
  pid_t owner; /* the process that made the handle */
  struct sockets sockets;
};

/* Makes the handle, if there is none. A handle that was made before a fork is abandoned. */
CURLcode session_open(struct session *s);

/* Leaves the handle to the parent process that made it. */
void session_abandon(struct session *s);

/* Idempotent. In a forked child the parent's connection stays as it is. */
void session_close(struct session *s);

#pragma GCC visibility pop
