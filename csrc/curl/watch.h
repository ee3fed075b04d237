/* Which of many sockets are ready: an epoll set, which is one descriptor that other event loops can wait for; where the
   system has no epoll, poll. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

/* Ready sockets that one wait returns; the rest come with the next one. */
#define MAX_READY 64

struct watch {
  bool open;
  int fd;             /* of the epoll set; -1: there is none */
  struct buffer list; /* for poll: of struct pollfd */
  size_t first;       /* where the next look at the list begins, so that each socket gets its turn */
};

enum watch_event { WATCH_IN = 1, WATCH_OUT = 2, WATCH_ERROR = 4 };

struct ready {
  int fd;
  int events;
};

bool watch_open(struct watch *w);

/* Idempotent. */
void watch_close(struct watch *w);

/* Every socket in it was closed. */
void watch_clear(struct watch *w);

/* After a fork: the set belongs to the parent too, and its number may now stand for a file of this process. */
void watch_abandon(struct watch *w);

/* Sets the events to wait for; 0: none. */
bool watch_set(struct watch *w, int fd, int events);

/* Returns how many of `ready` it filled in; -1: a signal came first. */
int watch_wait(struct watch *w, struct ready ready[MAX_READY], int timeout_ms);

#pragma GCC visibility pop
