/* A session is one easy handle of libcurl, the options that hold for all its requests, and the sockets of its
   connection. A session in a multi uses the multi's connections instead. */
#pragma once

#include "curl/sockets.h"

#include <sys/types.h>

#pragma GCC visibility push(hidden)

struct session {
  struct identity *identity; /* NULL after the session was closed */
  long connect_timeout_ms;
  size_t max_reply_bytes;
  bool allow_http;

  bool closed;
  CURL *handle;
  CURLM *perform_multi; /* keeps the session's own connection; NULL until the first session_perform */
  pid_t owner;          /* the process that created the handles */
  struct sockets sockets;
};

/* Asks whether a request must end because the program was interrupted, for example by Ctrl-C. */
struct interruption {
  bool (*is_due)(void *context);
  void *context;
};

/* Creates the handle if there is none. In a forked child, first drops the parent's handle with session_abandon. */
CURLcode session_open(struct session *s);

/* Sends the request that the handle is prepared for, and waits for the reply. Asks `interruption` after each signal,
   and at least every 100 ms. Ends the request and sets `interrupted` if an interruption is due. */
CURLcode session_perform(struct session *s, const struct interruption *interruption, bool *interrupted);

/* Drops the handles without freeing them, and closes their sockets without sending anything. For a forked child, whose
   parent still uses the connection, and for a handle that a failure of libcurl has made unusable. */
void session_abandon(struct session *s);

/* Frees the session. A second call has no effect. In a forked child, leaves the parent's connection untouched. */
void session_close(struct session *s);

#pragma GCC visibility pop
