#include "curl/multi.h"

#include "curl/global.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MAX_IDLE_CONNECTIONS 256L
#define NEVER (-1)

static void enter(struct carried **list, struct carried *c) {
  c->before = NULL;
  c->after = *list;
  if (*list) (*list)->before = c;
  *list = c;
}

static void leave(struct carried **list, struct carried *c) {
  if (c->before) c->before->after = c->after;
  else *list = c->after;
  if (c->after) c->after->before = c->before;
  c->before = c->after = NULL;
}

static void mark_completed(struct multi *m, struct carried *c) {
  leave(&m->running, c);
  enter(&m->completed, c);
}

struct abandoned {
  struct abandoned *next;
  CURLM *handle;
};

/* Closes the sockets and nothing else of the handle, and ends the requests. */
static void abandon(struct multi *m, CURLcode code) {
  static _Atomic(struct abandoned *) all;
  struct abandoned *row = malloc(sizeof *row);
  if (row) { /* for leak checkers */
    row->handle = m->handle;
    row->next = atomic_exchange(&all, row);
  }
  sockets_abandon(&m->connections.sockets);
  m->timer = NEVER;
  m->handle = NULL;
  while (m->running) {
    struct carried *c = m->running;
    session_abandon(&c->transfer.session);
    transfer_end(&c->transfer, code);
    mark_completed(m, c);
  }
}

/* As with a single handle, after a fork: nothing is written to the parent's connections, and no descriptor is closed whose
   number may belong to this process by now. The requests continue in the parent. */
static void abandon_after_fork(struct multi *m) {
  if (!m->handle || m->owner == getpid()) return;
  watch_abandon(&m->watch);
  abandon(m, CURLE_ABORTED_BY_CALLBACK);
}

/* A shared HTTP/2 connection may have data for another stream, so a readable one is stale only when no other request
   uses it. */
static bool is_stale(struct connections *connections, const struct transfer *t) {
  const struct multi *m = (const struct multi *)connections;
  long connects = 0;
  curl_easy_getinfo(t->session.handle, CURLINFO_NUM_CONNECTS, &connects);
  if (connects > 0 || !sockets_readable_at(&connections->sockets, t->local_port)) return false;
  for (const struct carried *c = m->running; c; c = c->after) {
    const struct transfer *other = &c->transfer;
    if (other != t && other->starts > 0 && other->local_port == t->local_port) return false;
  }
  return true;
}

void multi_init(struct multi *m) {
  *m = (struct multi){ .connections = { .is_stale = is_stale }, .timer = NEVER };
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct carried *find_carried(CURL *h) {
  struct carried *c = NULL;
  curl_easy_getinfo(h, CURLINFO_PRIVATE, (char **)&c);
  return c;
}

/* Returns 0 always: after another value libcurl ends all requests, and does so from then on. */
static int on_socket(CURL *h, curl_socket_t fd, int what, void *context, void *of_socket) {
  struct multi *m = context;
  (void)of_socket;
  int events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= WATCH_IN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= WATCH_OUT;
  bool done = watch_set(&m->watch, fd, events);
  struct carried *c = find_carried(h);
  if (!c) return 0; /* a handle of libcurl's own */
  if (!done) c->unwatchable = true;
  if (fd == c->transfer.opened) c->watched = true;
  return 0;
}

static int on_timer(CURLM *h, long timeout_ms, void *context) {
  struct multi *m = context;
  (void)h;
  m->timer = timeout_ms >= 0 ? now() + timeout_ms : NEVER;
  return 0;
}

#define SET(option, value)                                            \
  do {                                                                \
    if (code == CURLM_OK) code = curl_multi_setopt(h, option, value); \
  } while (0)

static CURLMcode set_up(struct multi *m, CURLM *h) {
  CURLMcode code = CURLM_OK;
  SET(CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS);
  SET(CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
  SET(CURLMOPT_SOCKETFUNCTION, on_socket);
  SET(CURLMOPT_SOCKETDATA, m);
  SET(CURLMOPT_TIMERFUNCTION, on_timer);
  SET(CURLMOPT_TIMERDATA, m);
  if (code == CURLM_OK && !m->watch.open && !watch_open(&m->watch)) code = CURLM_OUT_OF_MEMORY;
  return code;
}

static CURLMcode open_handle(struct multi *m) {
  abandon_after_fork(m);
  if (m->handle) return CURLM_OK;
  CURLM *h = global_start() == CURLE_OK ? curl_multi_init() : NULL;
  if (!h) return CURLM_OUT_OF_MEMORY;
  CURLMcode code = set_up(m, h);
  if (code != CURLM_OK) {
    curl_multi_cleanup(h);
    return code;
  }
  m->handle = h;
  m->owner = getpid();
  return CURLM_OK;
}

static void finish(struct multi *m, struct carried *c, CURLcode code) {
  transfer_finish(&c->transfer, code);
  mark_completed(m, c);
}

void multi_add_failed(struct multi *m, struct carried *c) {
  c->multi = m;
  enter(&m->completed, c);
}

void multi_add(struct multi *m, struct carried *c, const struct request *request) {
  struct transfer *t = &c->transfer;
  transfer_begin(t, request, &m->connections);
  if (t->state == TRANSFER_FAILED) {
    multi_add_failed(m, c);
    return;
  }
  CURLMcode code = open_handle(m);
  if (code != CURLM_OK) snprintf(t->message, sizeof t->message, "no descriptor, or no memory, is left");
  c->multi = m;
  c->watched = c->unwatchable = false;
  enter(&m->running, c);
  if (code == CURLM_OK) code = curl_multi_add_handle(m->handle, t->session.handle); /* writes nothing */
  if (code != CURLM_OK) finish(m, c, CURLE_OUT_OF_MEMORY);
}

static void end_without_memory(struct multi *m, struct carried *c) {
  curl_multi_remove_handle(m->handle, c->transfer.session.handle);
  finish(m, c, CURLE_OUT_OF_MEMORY);
}

static bool retry_on_new_connection(struct multi *m, struct transfer *t) {
  t->stale = false;
  t->message[0] = '\0';
  return curl_easy_setopt(t->session.handle, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
         curl_multi_add_handle(m->handle, t->session.handle) == CURLM_OK;
}

static void collect(struct multi *m) {
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(m->handle, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL *h = message->easy_handle;
    CURLcode code = message->data.result;
    struct carried *c = find_carried(h);
    curl_multi_remove_handle(m->handle, h);
    if (!c->transfer.stale) finish(m, c, code);
    else if (!retry_on_new_connection(m, &c->transfer)) finish(m, c, CURLE_OUT_OF_MEMORY);
  }
}

int64_t multi_timeout(const struct multi *m) {
  if (m->completed) return 0;
  if (m->timer == NEVER) return NEVER;
  int64_t left = m->timer - now();
  return left > 0 ? left : 0;
}

bool multi_fd(struct multi *m, int *fd) {
  if (open_handle(m) != CURLM_OK) return false;
  *fd = m->watch.fd;
  return true;
}

/* libcurl tells of a socket before it goes on, so the request with a new socket of which it did not tell is the one that
   it had no memory for. */
static struct carried *find_failed(const struct multi *m) {
  struct carried *c = m->running;
  while (c && (c->watched || c->transfer.opened == CURL_SOCKET_BAD)) c = c->after;
  return c;
}

/* After a lack of memory for a socket, libcurl's row for its number is broken: another socket of that number would crash it
   (seen in 7.88). */
static void act(struct multi *m, curl_socket_t fd, int bits) {
  int running;
  if (!m->handle || curl_multi_socket_action(m->handle, fd, bits, &running) == CURLM_OK) return;
  collect(m);
  struct carried *failed = find_failed(m);
  if (failed) end_without_memory(m, failed);
  if (failed && sockets_occupy(&m->connections.sockets, failed->transfer.opened)) return;
  abandon(m, CURLE_OUT_OF_MEMORY);
  watch_clear(&m->watch);
}

static void handle_events(struct multi *m, int timeout_ms) {
  struct ready ready[MAX_READY];
  int64_t timer = multi_timeout(m);
  int count = watch_wait(&m->watch, ready, timer >= 0 && timer < timeout_ms ? (int)timer : timeout_ms);
  for (int i = 0; i < count; i++) {
    int events = ready[i].events, bits = 0;
    if (events & WATCH_IN) bits |= CURL_CSELECT_IN;
    if (events & WATCH_OUT) bits |= CURL_CSELECT_OUT;
    if (events & WATCH_ERROR) bits |= CURL_CSELECT_ERR;
    act(m, ready[i].fd, bits);
  }
  if (m->timer != NEVER && m->timer <= now()) {
    m->timer = NEVER; /* libcurl sets the next one, but need not say that there is none */
    act(m, CURL_SOCKET_TIMEOUT, 0);
  }
}

static void end_unwatchable(struct multi *m) {
  for (struct carried *c = m->running, *after; c; c = after) {
    after = c->after;
    if (c->unwatchable) end_without_memory(m, c);
  }
}

void multi_poll(struct multi *m, int timeout_ms) {
  if (open_handle(m) != CURLM_OK) { /* so no request is running */
    poll(NULL, 0, m->completed ? 0 : timeout_ms);
    return;
  }
  struct sigpipe sigpipe;
  sigpipe_block(&sigpipe);
  handle_events(m, timeout_ms);
  if (m->handle) collect(m);
  end_unwatchable(m);
  sigpipe_restore(&sigpipe);
}

struct carried *multi_next(struct multi *m) {
  struct carried *c = m->completed;
  if (c) {
    leave(&m->completed, c);
    c->multi = NULL;
  }
  return c;
}

static void stop(struct multi *m, struct carried *c) {
  struct sigpipe sigpipe;
  sigpipe_block(&sigpipe);
  curl_multi_remove_handle(m->handle, c->transfer.session.handle);
  sigpipe_restore(&sigpipe);
  transfer_end(&c->transfer, CURLE_ABORTED_BY_CALLBACK);
  mark_completed(m, c);
}

void multi_cancel(struct multi *m, struct carried *c) {
  abandon_after_fork(m);
  if (c->transfer.state == TRANSFER_RUNNING) stop(m, c);
  leave(&m->completed, c);
  c->multi = NULL;
}

void multi_close(struct multi *m) {
  while (m->running) multi_cancel(m, m->running);
  while (multi_next(m)) continue;
  abandon_after_fork(m);
  if (m->handle) {
    struct sigpipe sigpipe;
    sigpipe_block(&sigpipe);
    curl_multi_cleanup(m->handle);
    sigpipe_restore(&sigpipe);
    m->handle = NULL;
    watch_close(&m->watch);
  }
  sockets_free(&m->connections.sockets);
  m->closed = true;
}
