/* One request and its reply on a session, alone or beside others on shared connections; the reply in bounded memory,
   each failure with an answer to "may the service have acted?". */
#pragma once

#include "curl/error.h"
#include "curl/headers.h"
#include "curl/reply.h"
#include "curl/session.h"
#include "curl/url.h"

#pragma GCC visibility push(hidden)

struct transfer;

/* Connections that several transfers use. */
struct connections {
  struct sockets sockets;
  /* Did the peer close the kept connection that the transfer is about to write to? */
  bool (*is_stale)(struct connections *connections, const struct transfer *t);
};

enum transfer_state { TRANSFER_IDLE, TRANSFER_RUNNING, TRANSFER_SUCCEEDED, TRANSFER_FAILED };

struct transfer {
  struct session session;
  enum transfer_state state;
  struct url url;
  struct headers headers;
  struct connections *connections; /* NULL: the session's own */
  unsigned starts;                 /* how often libcurl began to write this request */
  int local_port;                  /* of the connection that it began on */
  curl_socket_t opened;            /* the last socket that was opened for it; CURL_SOCKET_BAD: none */
  bool stale;                      /* the peer had closed that connection: nothing was written */
  char message[CURL_ERROR_SIZE];

  struct reply reply;
  long status;            /* of a success */
  struct failure failure; /* of a failure */
};

struct request {
  const char *method; /* "GET", "POST" or "PUT" */
  struct slice url;
  struct slice body;
  long timeout_ms; /* for the whole exchange; 0 or less: the deadline passed */
  long connect_timeout_ms;
  const char *proxy; /* "": none. libcurl never reads the environment */
};

/* Adds a header to the next request. False: t->failure says why. */
bool transfer_add_header(struct transfer *t, struct slice name, struct slice value);

/* Sends a request on the session's own connection and waits for the reply. The result is in `t` until
   transfer_clear. */
void transfer_send(struct transfer *t, const struct request *request);

/* The parts of transfer_send, for requests that run at the same time. After transfer_begin the state is
   TRANSFER_RUNNING: the session's handle is ready and has a copy of the body; or it is TRANSFER_FAILED. */
void transfer_begin(struct transfer *t, const struct request *request, struct connections *connections);
void transfer_finish(struct transfer *t, CURLcode code);

/* The end of a running transfer whose handle is in use no more: CURLE_ABORTED_BY_CALLBACK when it is cancelled. */
void transfer_abort(struct transfer *t, CURLcode code);

/* Wipes the headers and the reply. */
void transfer_clear(struct transfer *t);

/* Idempotent; closes the session too. */
void transfer_close(struct transfer *t);

#pragma GCC visibility pop
