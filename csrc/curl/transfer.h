/* A transfer is one request on a session, and its reply or failure. It runs alone, or together with others on shared
   connections. Each failure says whether the request may have reached the service. */
#pragma once

#include "curl/error.h"
#include "curl/headers.h"
#include "curl/reply.h"
#include "curl/session.h"
#include "curl/url.h"

#pragma GCC visibility push(hidden)

struct transfer;

/* Why a transfer must not use a kept connection: the peer has closed the connection, or another client opened the
   connection with other TLS settings. */
enum refusal { REFUSED_NOT, REFUSED_STALE, REFUSED_IDENTITY };

/* The connections that several transfers share. */
struct connections {
  struct sockets sockets;
  /* Returns whether the transfer may use the connection that libcurl has chosen for it. */
  enum refusal (*check)(struct connections *connections, const struct transfer *t);
};

enum transfer_state { TRANSFER_IDLE, TRANSFER_RUNNING, TRANSFER_SUCCEEDED, TRANSFER_FAILED };

struct transfer {
  struct session session;
  enum transfer_state state;
  struct url url;
  struct headers headers;
  struct connections *connections;   /* NULL if the session has a connection of its own */
  unsigned starts;                   /* how often libcurl has begun to write this request */
  struct socket_addresses addresses; /* of the connection that libcurl chose for the request */
  curl_socket_t opened;              /* the last socket opened for this request, or CURL_SOCKET_BAD */
  enum refusal refusal;              /* of the connection; if it was refused, nothing was written */
  char message[CURL_ERROR_SIZE];

  struct reply reply;
  long status;            /* HTTP status, in TRANSFER_SUCCEEDED */
  struct failure failure; /* in TRANSFER_FAILED */
};

/* The reply or the failure of a transfer that has ended. */
struct result {
  bool failed;
  long status; /* HTTP status */
  struct buffer headers, body;
  struct failure failure; /* if the transfer failed; its message is in `message` */
  char message[CURL_ERROR_SIZE];
};

struct request {
  const char *method; /* "GET", "POST" or "PUT" */
  struct slice url;
  struct slice body;
  long timeout_ms; /* for the whole exchange; 0 or less if the deadline has passed */
  long connect_timeout_ms;
  const char *proxy; /* "" means no proxy, not even one from the environment */
};

/* Adds a header to the next request. On failure returns false and sets t->failure. */
bool transfer_add_header(struct transfer *t, struct slice name, struct slice value);

/* Sends a request on the session's own connection and waits for the reply. Stores the reply or the failure in `t`. An
   interruption cancels the request. */
void transfer_send(struct transfer *t, const struct request *request, const struct interruption *interruption);

/* Prepares the session's handle for a request that will share `connections` with others; NULL means the session's own
   connection. Copies the request's body unless `connections` is NULL. Sets the state to TRANSFER_RUNNING or
   TRANSFER_FAILED. */
void transfer_begin(struct transfer *t, const struct request *request, struct connections *connections);

/* Stores the reply or the failure, after libcurl has ended the request with `code`. */
void transfer_finish(struct transfer *t, CURLcode code);

/* Fails a running transfer whose handle libcurl no longer uses. CURLE_ABORTED_BY_CALLBACK means that it was
   cancelled. */
void transfer_abort(struct transfer *t, CURLcode code);

/* Moves the result of a completed transfer into `result`, and makes the transfer idle. The result no longer depends on
   the transfer, which may be used again or closed. */
void transfer_take_result(struct transfer *t, struct result *result);
void result_free(struct result *result);

/* Wipes the headers and the reply. */
void transfer_clear(struct transfer *t);

/* Frees the transfer and closes its session. A second call has no effect. */
void transfer_close(struct transfer *t);

#pragma GCC visibility pop
