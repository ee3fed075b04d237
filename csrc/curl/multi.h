/* A multi sends many requests at once, over connections that the requests share and that stay open between requests. */
#pragma once

#include "curl/transfer.h"
#include "curl/watch.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

struct multi;

/* A transfer, and its place in a multi's list of running or completed transfers. */
struct multi_entry {
  struct transfer transfer; /* must be the first field: libcurl's callbacks cast between the two types */
  struct multi *multi;      /* NULL if the transfer is in no multi */
  bool watched;             /* libcurl has asked to watch the socket that it opened for the transfer */
  bool unwatchable;         /* the system had no memory to watch the transfer's socket */
  int64_t overdue_at;       /* when the multi ends the transfer because libcurl has not */
  struct multi_entry *previous, *next;
};

struct multi {
  struct connections connections; /* must be the first field: check_connection casts between the two types */
  bool closed;
  CURLM *handle; /* NULL until the first request */
  pid_t owner;   /* the process that created the handle */
  struct watch watch;
  int64_t timer; /* the time at which libcurl must be called, in milliseconds of the monotonic clock; -1 means never */
  int64_t next_overdue; /* no running transfer is overdue before this time */
  struct multi_entry *running;
  struct multi_entry *completed; /* transfers that multi_next has not returned yet */
};

void multi_init(struct multi *m);

/* Begins a request. The session must have no other request in flight. The transfer may complete at once, for example if
   the request is invalid; multi_next then returns it. */
void multi_add(struct multi *m, struct multi_entry *entry, const struct request *request);

/* Adds a transfer to the completed ones, so that multi_next returns it. The transfer must have failed before its
   request began. */
void multi_report_failure(struct multi *m, struct multi_entry *entry);

/* Lets libcurl send and receive what it can. First waits, for at most `timeout_ms`, until a socket is ready; does not
   wait if a request is complete. A signal ends the wait. A lack of memory fails the request that needed the memory, or
   all running requests if libcurl does not say which one needed it. */
void multi_poll(struct multi *m, int timeout_ms);

/* Returns the milliseconds after which multi_poll must be called even if no socket is ready; -1 means never. */
int64_t multi_timeout(const struct multi *m);

/* Stores a descriptor that is readable when a socket is ready, or -1 on a system without epoll. Returns false if no
   descriptor or no memory is left. */
bool multi_fd(struct multi *m, int *fd);

/* Removes and returns a completed transfer, or returns NULL. */
struct multi_entry *multi_next(struct multi *m);

/* Removes a transfer from the multi. Cancels the transfer if it is running; otherwise keeps its result. */
void multi_cancel(struct multi *m, struct multi_entry *entry);

/* Cancels the running requests and frees the multi. A second call has no effect. In a forked child, leaves the parent's
   connections untouched. */
void multi_close(struct multi *m);

#pragma GCC visibility pop
