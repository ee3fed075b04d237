#include "curl_multi.h"

#include <stdatomic.h>
#include <stdlib.h>
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

static CURLMcode open_handle(struct multi *m) {
  if (m->handle && m->owner != getpid()) abandon(m);
  if (m->handle) return CURLM_OK;
  CURLM *h = curl_multi_init();
  if (!h) return CURLM_OUT_OF_MEMORY;
  CURLMcode code = curl_multi_setopt(h, CURLMOPT_MAXCONNECTS, MAX_KEPT);
  if (code == CURLM_OK)
    code = curl_multi_setopt(h, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
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
  /* The session first: it brings up libcurl. */
  s->ok = session_begin(s, request, &m->sockets, &s->failure);
  if (!s->ok) {
    has_come_over(m, s);
    return;
  }
  CURLMcode code = open_handle(m);
  enter(&m->under_way, s);
  if (code == CURLM_OK) code = curl_multi_add_handle(m->handle, s->handle); /* writes nothing yet */
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

CURLMcode multi_poll(struct multi *m, int timeout_ms) {
  sigset_t before;
  CURLMcode code = open_handle(m);
  if (code != CURLM_OK) return code;
  bool blocked = block_sigpipe(&before);
  int running;
  /* It does not wait while one that was added has not been begun. */
  code = curl_multi_poll(m->handle, NULL, 0, m->over ? 0 : timeout_ms, NULL);
  if (code == CURLM_OK) code = curl_multi_perform(m->handle, &running);
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
  }
  sockets_free(&m->sockets);
  m->closed = true;
}
