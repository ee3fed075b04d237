/* Many requests at once, over connections that they share and that are kept. */
#pragma once

#include "curl/transfer.h"
#include "curl/watch.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

struct multi;

/* A transfer with its place in a multi. */
struct multi_entry {
  struct transfer transfer; /* first: libcurl's callbacks find the rest through it */
  struct multi *multi;      /* NULL: it is in none */
  bool watched;             /* the socket that was opened for it */
  bool unwatchable;         /* the system has no memory to watch its socket */
  struct multi_entry *previous, *next;
};

struct multi {
  struct connections connections; /* first: is_stale finds the rest through it */
  bool closed;
  CURLM *handle; /* NULL: none is needed yet */
  pid_t owner;   /* the process that made the handle */
  struct watch watch;
  int64_t timer; /* when libcurl wants to be called, in milliseconds of a clock that never jumps; -1: never */
  struct multi_entry *running;
  struct multi_entry *completed; /* with a result that multi_next has not returned yet */
};

void multi_init(struct multi *m);

/* Begins the request of a session that has none in flight. multi_next returns it once it is complete, which may be at
   once. */
void multi_add(struct multi *m, struct multi_entry *entry, const struct request *request);

/* Adds a transfer that failed before its request began. */
void multi_report_failure(struct multi *m, struct multi_entry *entry);

/* Moves all requests on. Waits for at most this long, unless one is complete. A signal ends the wait. A lack of memory ends
   one request; where libcurl does not say which one, all that are running. */
void multi_poll(struct multi *m, int timeout_ms);

/* Milliseconds until multi_poll has work even when no socket is ready; -1: never. */
int64_t multi_timeout(const struct multi *m);

/* Gives a descriptor that is readable when a socket is ready; -1: the system has none. False: no descriptor or no
   memory is left. */
bool multi_fd(struct multi *m, int *fd);

/* Removes and returns a completed request, or NULL. */
struct multi_entry *multi_next(struct multi *m);

/* Removes a request. If it was running it is cancelled; a result that came before stays. */
void multi_cancel(struct multi *m, struct multi_entry *entry);

/* Idempotent; cancels the running requests. In a forked child the parent's connections stay as they are. */
void multi_close(struct multi *m);

#pragma GCC visibility pop
