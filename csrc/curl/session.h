/* One libcurl handle, kept alive: one request after another, alone or beside others in a multi,
   each reply in bounded memory, each failure with an answer to "may the service have acted?". */
#ifndef DATAWORKS_CURL_SESSION_H
#define DATAWORKS_CURL_SESSION_H

#include <curl/curl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "curl/error.h"
#include "curl/headers.h"
#include "curl/reply.h"
#include "curl/sockets.h"

#pragma GCC visibility push(hidden)

struct multi; /* curl_multi.h */

struct session {
  char *ca_file; /* NULL: the system's */
  char *client_certificate;
  char *client_key; /* NULL: in the certificate's file */
  char *client_key_password;
  long min_tls; /* CURL_SSLVERSION_... */
  long connect_timeout_ms;
  size_t max_reply_bytes;
  bool allow_http;

  bool closed;
  CURL *handle;
  pid_t owner; /* the process that made the handle */
  struct sockets sockets;

  CURLU *url;
  struct headers headers;
  struct reply reply;
  unsigned starts; /* how often libcurl set out to write this request */
  int local_port;  /* of the connection it set out on */
  bool stale;      /* which the other side had let go: nothing was written */
  char message[CURL_ERROR_SIZE];

  struct multi *multi;            /* that carries its request; NULL: none under way */
  struct session *before, *after; /* in the multi's list */
  bool has_outcome;
  bool ok;
  long status;
  struct failure failure;
};

struct request {
  const char *method; /* "GET", "POST" or "PUT" */
  const char *url;
  size_t url_len;
  const char *body;
  size_t body_len;
  long timeout_ms; /* of the whole exchange; 0 or less: it has passed */
  long connect_timeout_ms;
  const char *proxy; /* "": none. libcurl never asks the environment */
};

/* Adds a header to the next request. */
bool session_add_header(struct session *s, const char *name, size_t name_len, const char *value, size_t value_len,
                        struct failure *failure);

/* True: *status is set, and s->reply holds the rest until session_clear. */
bool session_send(struct session *s, const struct request *request, long *status, struct failure *failure);

/* The two halves of it, for who carries the request on with others. False: it is over, with
   *failure; otherwise s->handle is ready, has a copy of the body, and counts its sockets among
   `sockets`. */
bool session_begin(struct session *s, const struct request *request, struct sockets *sockets, struct failure *failure);
bool session_finish(struct session *s, CURLcode code, long *status, struct failure *failure);

/* The other end of one that was begun. */
void session_cancel(struct session *s, struct failure *failure);

/* Leaves the handle to the parent that it was made in. */
void session_abandon(struct session *s);

/* Before anything else of libcurl's; in any thread. */
CURLcode bring_up_libcurl(void);

/* For as long as libcurl may write to a socket. */
bool block_sigpipe(sigset_t *before);
void restore_sigpipe(const sigset_t *before);

/* Forgets the headers and the reply. */
void session_clear(struct session *s);

/* Idempotent. In a forked child the parent's connection stays as it is. */
void session_close(struct session *s);

#pragma GCC visibility pop

#endif
