#include "curl/watch.h"

#include <errno.h>
#include <poll.h>
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

void watch_clear(struct watch *w) {
  (void)w; /* the system removes a closed socket from the set */
}

void watch_abandon(struct watch *w) {
  *w = (struct watch){ .fd = -1 };
}

bool watch_set(struct watch *w, int fd, int events) {
  struct epoll_event e = { .data.fd = fd };
  if (events & WATCH_IN) e.events |= EPOLLIN;
  if (events & WATCH_OUT) e.events |= EPOLLOUT;
  if (!events) {
    epoll_ctl(w->fd, EPOLL_CTL_DEL, fd, &e); /* fails for a closed socket, which the system has already removed */
    return true;
  }
  if (epoll_ctl(w->fd, EPOLL_CTL_ADD, fd, &e) == 0) return true;
  return errno == EEXIST && epoll_ctl(w->fd, EPOLL_CTL_MOD, fd, &e) == 0;
}

int watch_wait(struct watch *w, struct ready ready[MAX_READY], int timeout_ms) {
  struct epoll_event events[MAX_READY];
  int count = epoll_wait(w->fd, events, MAX_READY, timeout_ms);
  for (int i = 0; i < count; i++) {
    unsigned e = events[i].events;
    ready[i] = (struct ready){ .fd = events[i].data.fd };
    if (e & EPOLLIN) ready[i].events |= WATCH_IN;
    if (e & EPOLLOUT) ready[i].events |= WATCH_OUT;
    if (e & (EPOLLERR | EPOLLHUP)) ready[i].events |= WATCH_ERROR;
  }
  return count;
}

#else

bool watch_open(struct watch *w) {
  *w = (struct watch){ .open = true, .fd = -1 };
  return true;
}

void watch_close(struct watch *w) {
  buffer_wipe(&w->list);
  *w = (struct watch){ .fd = -1 };
}

void watch_clear(struct watch *w) {
  buffer_reset(&w->list);
}

void watch_abandon(struct watch *w) {
  watch_close(w);
}

static struct pollfd *items(const struct watch *w) {
  return BUFFER_ITEMS(struct pollfd, &w->list);
}

/* Returns the socket's index in the list, or the list's length. */
static size_t find(const struct watch *w, int fd) {
  size_t i = 0, count = BUFFER_COUNT(struct pollfd, &w->list);
  while (i < count && items(w)[i].fd != fd) i++;
  return i;
}

bool watch_set(struct watch *w, int fd, int events) {
  size_t at = find(w, fd), count = BUFFER_COUNT(struct pollfd, &w->list);
  struct pollfd p = { .fd = fd };
  if (events & WATCH_IN) p.events |= POLLIN;
  if (events & WATCH_OUT) p.events |= POLLOUT;
  if (!events) {
    if (at < count) buffer_remove_item(&w->list, at, sizeof p);
    return true;
  }
  if (at == count) return buffer_add_item(&w->list, &p, sizeof p);
  items(w)[at].events = p.events;
  return true;
}

int watch_wait(struct watch *w, struct ready ready[MAX_READY], int timeout_ms) {
  size_t length = BUFFER_COUNT(struct pollfd, &w->list);
  int left = poll(items(w), (nfds_t)length, timeout_ms);
  int count = left < 0 ? -1 : 0;
  for (size_t i = 0; left > 0 && count < MAX_READY && i < length; i++) {
    const struct pollfd *p = &items(w)[w->first++ % length];
    int e = p->revents;
    if (!e) continue;
    left--;
    ready[count] = (struct ready){ .fd = p->fd };
    if (e & POLLIN) ready[count].events |= WATCH_IN;
    if (e & POLLOUT) ready[count].events |= WATCH_OUT;
    if (e & (POLLERR | POLLHUP | POLLNVAL)) ready[count].events |= WATCH_ERROR;
    count++;
  }
  return count;
}

#endif
