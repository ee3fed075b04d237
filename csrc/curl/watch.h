/* Which of many sockets can go on: an epoll set, which is one descriptor that other event loops can wait for; where the
   system has none, poll. */
#ifndef DATAWORKS_CURL_WATCH_H
#define DATAWORKS_CURL_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Sockets that one wait tells of. */
#define WATCH_MOST 64

struct watch {
  bool open;
  int fd; /* of the set; -1: it has none */
  struct pollfd *list;
  size_t count;
  size_t capacity;
  size_t first; /* of the list the next time, so that those behind it have their turn */
};

enum watch_event { WATCH_IN = 1, WATCH_OUT = 2, WATCH_ERROR = 4 };

struct ready {
  int fd;
  int events;
};

bool watch_open(struct watch *w);

/* Idempotent. */
void watch_close(struct watch *w);

/* After a fork: the set is the parent's too, and the number may by now stand for a file of this process's own. */
void watch_abandon(struct watch *w);

/* What to wait for from now on; 0: nothing. */
bool watch_set(struct watch *w, int fd, int events);

/* Says how many it filled in; -1: a signal came first. Those left out come the next time. */
int watch_wait(struct watch *w, struct ready ready[WATCH_MOST], int timeout_ms);

#pragma GCC visibility pop

#endif
