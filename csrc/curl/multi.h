/* Many sessions' requests at once, over connections that they share and that are kept. */
#ifndef DATAWORKS_CURL_MULTI_H
#define DATAWORKS_CURL_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "curl/session.h"
#include "curl/watch.h"

#pragma GCC visibility push(hidden)

struct multi {
  bool closed;
  CURLM *handle; /* NULL: none is needed yet */
  pid_t owner;   /* the process that made the handle */
  struct sockets sockets;
  struct watch watch;
  bool timed;    /* libcurl wants to be called */
  int64_t timer; /* by then, in milliseconds of the clock that only goes forward */
  struct session *under_way;
  struct session *over; /* with an outcome that nobody has asked for yet */
};

/* Begins the request of a session that has none under way. It is over when multi_next names it,
   which may be at once. */
void multi_add(struct multi *m, struct session *s, const struct request *request);

/* One that got no further than its headers, with s->failure. */
void multi_refuse(struct multi *m, struct session *s);

/* Has the other side let go of the kept connection that the session is about to write on? */
bool multi_is_stale(struct multi *m, struct session *s);

/* Carries all requests on; waits for at most so long, unless one is over. A signal ends it early. */
CURLMcode multi_poll(struct multi *m, int timeout_ms);

/* Milliseconds until multi_poll has something to do even if no socket is ready; -1: never. */
int64_t multi_timeout(const struct multi *m);

/* Readable when a socket is ready; -1: the system has no such descriptor. False: out of them, or of memory. */
bool multi_fd(struct multi *m, int *fd);

/* One that is over, which it is no longer part of; NULL: none. */
struct session *multi_next(struct multi *m);

/* The session has its outcome then: that of its request, if this came too late. */
void multi_cancel(struct multi *m, struct session *s);

/* Idempotent; cancels what is under way. In a forked child the parent's connections stay as they
   are. */
void multi_close(struct multi *m);

#pragma GCC visibility pop

#endif
