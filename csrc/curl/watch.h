/* Waits until some of many sockets are ready. Uses an epoll set: one descriptor, for which other event loops can wait
   too. On a system without epoll, uses poll. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

/* The maximum number of sockets that one watch_wait returns. The next call returns the others. */
#define MAX_READY 64

struct watch {
  bool open;
  int fd;             /* of the epoll set; -1 if there is none */
  struct buffer list; /* of struct pollfd; used without epoll */
  size_t first;       /* index at which the next search of the list begins, so that no socket is starved */
};

enum watch_event { WATCH_IN = 1, WATCH_OUT = 2, WATCH_ERROR = 4 };

struct ready {
  int fd;
  int events;
};

bool watch_open(struct watch *w);

/* Closes the watch. A second call has no effect. */
void watch_close(struct watch *w);

/* Removes all sockets. Call it after all of them were closed. */
void watch_clear(struct watch *w);

/* Forgets the set without closing its descriptor. For use in a forked child, where the number of the descriptor may
   stand for another file. */
void watch_abandon(struct watch *w);

/* Sets the events to wait for at a socket. 0 removes the socket. Returns false if there is no memory. */
bool watch_set(struct watch *w, int fd, int events);

/* Waits until a socket is ready. Returns the number of sockets that it wrote to `ready`, or -1 if a signal ended the
   wait. */
int watch_wait(struct watch *w, struct ready ready[MAX_READY], int timeout_ms);

#pragma GCC visibility pop
