#include "curl/multi.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Idle connections that are kept. */
#define MAX_KEPT 256L

static void enter(struct session **list, struct session *s) {
  s->before = NULL;
  s->after = *list;
  if (*list) (*list)->before = s;
  *list = s;
}

static void leave(struct session **list, struct session *s) {
  if (s->before) s->before->after = s->after;
  else *list = s->after;
  if (s->after) s->after->before = s->before;
  s->before = s->after = NULL;
}

static void has_come_over(struct multi *m, struct session *s) {
  s->has_outcome = true;
  enter(&m->over, s);
}

struct abandoned {
  struct abandoned *next;
  CURLM *handle;
};

/* As with a single handle: nothing is said on the parent's connections, and no number is closed
   that may be this process's own by now. What was under way goes on in the parent. */
static void abandon(struct multi *m) {
  static _Atomic(struct abandoned *) all;
  struct abandoned *row = malloc(sizeof *row);
  if (row) { /* so that a leak checker sees it is meant */
    row->handle = m->handle;
    row->next = atomic_exchange(&all, row);
  }
  sockets_abandon(&m->sockets);
  watch_abandon(&m->watch);
  m->timed = false;
  m->handle = NULL;
  while (m->under_way) {
    struct session *s = m->under_way;
    leave(&m->under_way, s);
    session_abandon(s);
    s->ok = false;
    session_cancel(s, &s->failure);
    has_come_over(m, s);
  }
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int on_socket(CURL *h, curl_socket_t fd, int what, void *context, void *of_socket) {
  struct multi *m = context;
  (void)h, (void)of_socket;
  int events = what == CURL_POLL_INOUT ? WATCH_IN | WATCH_OUT
               : what == CURL_POLL_IN  ? WATCH_IN
               : what == CURL_POLL_OUT ? WATCH_OUT
                                       : 0;
  return watch_set(&m->watch, fd, events) ? 0 : -1;
}

static int on_timer(CURLM *h, long timeout_ms, void *context) {
  struct multi *m = context;
  (void)h;
  m->timed = timeout_ms >= 0;
  m->timer = m->timed ? now() + timeout_ms : 0;
  return 0;
}

#define SET(option, value)                                            \
  do {                                                                \
    if (code == CURLM_OK) code = curl_multi_setopt(h, option, value); \
  } while (0)

static CURLMcode set_up(struct multi *m, CURLM *h) {
  CURLMcode code = CURLM_OK;
  SET(CURLMOPT_MAXCONNECTS, MAX_KEPT);
  SET(CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
  SET(CURLMOPT_SOCKETFUNCTION, on_socket);
  SET(CURLMOPT_SOCKETDATA, m);
  SET(CURLMOPT_TIMERFUNCTION, on_timer);
  SET(CURLMOPT_TIMERDATA, m);
  if (code == CURLM_OK && !watch_open(&m->watch)) code = CURLM_OUT_OF_MEMORY;
  return code;
}

static CURLMcode open_handle(struct multi *m) {
  if (m->handle && m->owner != getpid()) abandon(m);
  if (m->handle) return CURLM_OK;
  CURLM *h = bring_up_libcurl() == CURLE_OK ? curl_multi_init() : NULL;
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

static void finish(struct multi *m, struct session *s, CURLcode code) {
  leave(&m->under_way, s);
  s->ok = session_finish(s, code, &s->status, &s->failure);
  has_come_over(m, s);
}

void multi_add(struct multi *m, struct session *s, const struct request *request) {
  s->multi = m;
  s->has_outcome = false;
  s->ok = session_begin(s, request, &m->sockets, &s->failure);
  if (!s->ok) {
    has_come_over(m, s);
    return;
  }
  CURLMcode code = open_handle(m);
  if (code != CURLM_OK) snprintf(s->message, sizeof s->message, "no descriptor, or no memory, is left");
  enter(&m->under_way, s);
  if (code == CURLM_OK) code = curl_multi_add_handle(m->handle, s->handle); /* writes nothing */
  if (code != CURLM_OK) finish(m, s, CURLE_OUT_OF_MEMORY);
}

void multi_refuse(struct multi *m, struct session *s) {
  s->multi = m;
  s->ok = false;
  has_come_over(m, s);
}

/* One that others are using may well be readable. */
bool multi_is_stale(struct multi *m, struct session *s) {
  long connects = 0;
  curl_easy_getinfo(s->handle, CURLINFO_NUM_CONNECTS, &connects);
  if (connects > 0 || !sockets_readable_at(&m->sockets, s->local_port)) return false;
  for (const struct session *other = m->under_way; other; other = other->after) {
    if (other != s && other->starts > 0 && other->local_port == s->local_port) return false;
  }
  return true;
}

static bool begin_afresh(struct multi *m, struct session *s) {
  s->stale = false;
  s->message[0] = '\0';
  return curl_easy_setopt(s->handle, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
         curl_multi_add_handle(m->handle, s->handle) == CURLM_OK;
}

static void collect(struct multi *m) {
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(m->handle, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL *h = message->easy_handle;
    CURLcode code = message->data.result;
    struct session *s = NULL;
    curl_easy_getinfo(h, CURLINFO_PRIVATE, (char **)&s);
    curl_multi_remove_handle(m->handle, h);
    if (s->stale && begin_afresh(m, s)) continue;
    finish(m, s, code);
  }
}

int64_t multi_timeout(const struct multi *m) {
  if (m->over) return 0;
  if (!m->timed) return -1;
  int64_t left = m->timer - now();
  return left > 0 ? left : 0;
}

bool multi_fd(struct multi *m, int *fd) {
  if (open_handle(m) != CURLM_OK) return false;
  *fd = m->watch.fd;
  return true;
}

/* Until the next call of libcurl's, at most. */
static int bounded(const struct multi *m, int timeout_ms) {
  int64_t left = multi_timeout(m);
  return left >= 0 && left < timeout_ms ? (int)left : timeout_ms;
}

static CURLMcode carry_on(struct multi *m, int timeout_ms) {
  struct ready ready[WATCH_MOST];
  int running;
  int count = watch_wait(&m->watch, ready, bounded(m, timeout_ms));
  CURLMcode code = CURLM_OK;
  for (int i = 0; i < count && code == CURLM_OK; i++) {
    int events = ready[i].events;
    int bits = (events & WATCH_IN ? CURL_CSELECT_IN : 0) | (events & WATCH_OUT ? CURL_CSELECT_OUT : 0) |
               (events & WATCH_ERROR ? CURL_CSELECT_ERR : 0);
    code = curl_multi_socket_action(m->handle, ready[i].fd, bits, &running);
  }
  if (code == CURLM_OK && m->timed && m->timer <= now()) {
    m->timed = false; /* libcurl sets the next one, but need not say that there is none */
    code = curl_multi_socket_action(m->handle, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  return code;
}

CURLMcode multi_poll(struct multi *m, int timeout_ms) {
  if (open_handle(m) != CURLM_OK) { /* so nothing is under way */
    poll(NULL, 0, m->over ? 0 : timeout_ms);
    return CURLM_OK;
  }
  sigset_t before;
  bool blocked = block_sigpipe(&before);
  CURLMcode code = carry_on(m, timeout_ms);
  collect(m);
  if (blocked) restore_sigpipe(&before);
  return code;
}

struct session *multi_next(struct multi *m) {
  struct session *s = m->over;
  if (s) {
    leave(&m->over, s);
    s->multi = NULL;
  }
  return s;
}

void multi_cancel(struct multi *m, struct session *s) {
  if (s->has_outcome) {
    leave(&m->over, s);
  } else if (m->handle && m->owner != getpid()) {
    abandon(m);
    leave(&m->over, s);
  } else {
    sigset_t before;
    bool blocked = block_sigpipe(&before);
    curl_multi_remove_handle(m->handle, s->handle);
    if (blocked) restore_sigpipe(&before);
    leave(&m->under_way, s);
    s->ok = false;
    session_cancel(s, &s->failure);
    s->has_outcome = true;
  }
  s->multi = NULL;
}

void multi_close(struct multi *m) {
  while (m->under_way) multi_cancel(m, m->under_way);
  while (multi_next(m)) continue;
  if (m->handle && m->owner != getpid()) abandon(m);
  if (m->handle) {
    sigset_t before;
    bool blocked = block_sigpipe(&before);
    curl_multi_cleanup(m->handle);
    if (blocked) restore_sigpipe(&before);
    m->handle = NULL;
    watch_close(&m->watch);
  }
  sockets_free(&m->sockets);
  m->closed = true;
}
