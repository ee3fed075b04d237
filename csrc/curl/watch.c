#include "curl/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__linux__) && !defined(DATAWORKS_NO_EPOLL)

#include <sys/epoll.h>

bool watch_open(struct watch *w) {
  w->fd = epoll_create1(EPOLL_CLOEXEC);
  w->open = w->fd >= 0;
  return w->open;
}

void watch_close(struct watch *w) {
  if (w->open) close(w->fd);
  *w = (struct watch){ .fd = -1 };
}

void watch_abandon(struct watch *w) {
  *w = (struct watch){ .fd = -1 };
}

bool watch_set(struct watch *w, int fd, int events) {
  struct epoll_event e = { .data.fd = fd };
  if (events & WATCH_IN) e.events |= EPOLLIN;
  if (events & WATCH_OUT) e.events |= EPOLLOUT;
  if (!events) {
    epoll_ctl(w->fd, EPOLL_CTL_DEL, fd, &e); /* a socket that was closed has left the set already */
    return true;
  }
  if (epoll_ctl(w->fd, EPOLL_CTL_ADD, fd, &e) == 0) return true;
  return errno == EEXIST && epoll_ctl(w->fd, EPOLL_CTL_MOD, fd, &e) == 0;
}

int watch_wait(struct watch *w, struct ready ready[WATCH_MOST], int timeout_ms) {
  struct epoll_event events[WATCH_MOST];
  int count = epoll_wait(w->fd, events, WATCH_MOST, timeout_ms);
  for (int i = 0; i < count; i++) {
    unsigned e = events[i].events;
    ready[i].fd = events[i].data.fd;
    ready[i].events =
      (e & EPOLLIN ? WATCH_IN : 0) | (e & EPOLLOUT ? WATCH_OUT : 0) | (e & (EPOLLERR | EPOLLHUP) ? WATCH_ERROR : 0);
  }
  return count;
}

#else

#define FIRST_CAPACITY ((size_t)16)

bool watch_open(struct watch *w) {
  *w = (struct watch){ .open = true, .fd = -1 };
  return true;
}

void watch_close(struct watch *w) {
  free(w->list);
  *w = (struct watch){ .fd = -1 };
}

void watch_abandon(struct watch *w) {
  watch_close(w);
}

static struct pollfd *find(struct watch *w, int fd) {
  for (size_t i = 0; i < w->count; i++) {
    if (w->list[i].fd == fd) return &w->list[i];
  }
  return NULL;
}

static struct pollfd *add(struct watch *w, int fd) {
  if (w->count == w->capacity) {
    size_t capacity = w->capacity ? w->capacity * 2 : FIRST_CAPACITY;
    struct pollfd *grown = realloc(w->list, capacity * sizeof *grown);
    if (!grown) return NULL;
    w->list = grown;
    w->capacity = capacity;
  }
  w->list[w->count] = (struct pollfd){ .fd = fd };
  return &w->list[w->count++];
}

bool watch_set(struct watch *w, int fd, int events) {
  struct pollfd *p = find(w, fd);
  if (!events) {
    if (p) *p = w->list[--w->count];
    return true;
  }
  if (!p) p = add(w, fd);
  if (!p) return false;
  p->events = (short)((events & WATCH_IN ? POLLIN : 0) | (events & WATCH_OUT ? POLLOUT : 0));
  return true;
}

int watch_wait(struct watch *w, struct ready ready[WATCH_MOST], int timeout_ms) {
  int left = poll(w->list, (nfds_t)w->count, timeout_ms);
  int count = left < 0 ? -1 : 0;
  for (size_t i = 0; left > 0 && count < WATCH_MOST && i < w->count; i++) {
    const struct pollfd *p = &w->list[w->first++ % w->count];
    int e = p->revents;
    if (!e) continue;
    left--;
    ready[count].fd = p->fd;
    ready[count++].events = (e & POLLIN ? WATCH_IN : 0) | (e & POLLOUT ? WATCH_OUT : 0) |
                            (e & (POLLERR | POLLHUP | POLLNVAL) ? WATCH_ERROR : 0);
  }
  return count;
}

#endif
