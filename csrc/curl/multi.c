#include "curl/multi.h"

#include "curl/global.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MAX_IDLE_CONNECTIONS 256L
#define NEVER (-1)

/* How long libcurl may take to end a request whose timeout has passed. libcurl 8.22 can forget a request, and its
   timeout, if it has no memory while the request begins. */
#define GRACE_MS 1000

static void add_to_list(struct multi_entry **list, struct multi_entry *entry) {
  entry->previous = NULL;
  entry->next = *list;
  if (*list) (*list)->previous = entry;
  *list = entry;
}

static void remove_from_list(struct multi_entry **list, struct multi_entry *entry) {
  if (entry->previous) entry->previous->next = entry->next;
  else *list = entry->next;
  if (entry->next) entry->next->previous = entry->previous;
  entry->previous = entry->next = NULL;
}

static void mark_completed(struct multi *m, struct multi_entry *entry) {
  remove_from_list(&m->running, entry);
  add_to_list(&m->completed, entry);
}

/* Drops the handle without freeing it, closes its sockets without sending anything, and ends all running requests with
   `code`. */
static void abandon_handle(struct multi *m, CURLcode code) {
  global_remember_dropped(m->handle);
  sockets_close_all(&m->connections.sockets);
  m->timer = NEVER;
  m->handle = NULL;
  while (m->running) {
    struct multi_entry *entry = m->running;
    session_abandon(&entry->transfer.session);
    transfer_abort(&entry->transfer, code);
    mark_completed(m, entry);
  }
}

/* In a forked child, drops the parent's handle. Writes nothing to the parent's connections, and closes no descriptor
   whose number stands for another file. The requests are cancelled in the child and continue in the parent. */
static void abandon_after_fork(struct multi *m) {
  if (!m->handle || m->owner == getpid()) return;
  watch_abandon(&m->watch);
  abandon_handle(m, CURLE_ABORTED_BY_CALLBACK);
}

/* Returns whether the peer has closed the kept connection that the transfer is about to use. A readable connection
   counts as closed, unless another request uses it: then the data may belong to another HTTP/2 stream. */
static bool is_stale(struct multi *m, const struct transfer *t) {
  if (!sockets_readable_at(&m->connections.sockets, &t->addresses)) return false;
  for (const struct multi_entry *entry = m->running; entry; entry = entry->next) {
    const struct transfer *other = &entry->transfer;
    if (other != t && other->starts > 0 && socket_addresses_equal(&other->addresses, &t->addresses)) return false;
  }
  return true;
}

/* Returns whether the transfer may use the connection that libcurl has chosen for it. libcurl itself never chooses a
   connection with another certificate, but it ignores the key and its password. */
static enum refusal check_connection(struct connections *connections, const struct transfer *t) {
  struct sockets *sockets = &connections->sockets;
  long connects = 0;
  curl_easy_getinfo(t->session.handle, CURLINFO_NUM_CONNECTS, &connects);
  if (connects > 0) return REFUSED_NOT;
  if (!t->url.is_plain && sockets_have_other_identity_at(sockets, &t->addresses, t->session.identity)) {
    return REFUSED_IDENTITY;
  }
  return is_stale((struct multi *)connections, t) ? REFUSED_STALE : REFUSED_NOT;
}

void multi_init(struct multi *m) {
  *m = (struct multi){ .connections = { .check = check_connection }, .timer = NEVER, .next_overdue = INT64_MAX };
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Returns the entry of an easy handle, or NULL for a handle of libcurl's own. */
static struct multi_entry *find_entry(CURL *h) {
  struct multi_entry *entry = NULL;
  curl_easy_getinfo(h, CURLINFO_PRIVATE, (char **)&entry);
  return entry;
}

/* The callback for CURLMOPT_SOCKETFUNCTION: watches the socket for the events that libcurl wants. Always returns 0,
   because libcurl ends all requests, now and later, after any other value. */
static int on_socket(CURL *h, curl_socket_t fd, int what, void *context, void *of_socket) {
  struct multi *m = context;
  (void)of_socket;
  int events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= WATCH_IN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= WATCH_OUT;
  bool is_watched = watch_set(&m->watch, fd, events);
  struct multi_entry *entry = find_entry(h);
  if (!entry) return 0;
  if (!is_watched) entry->unwatchable = true;
  if (fd == entry->transfer.opened) entry->watched = true;
  return 0;
}

/* The callback for CURLMOPT_TIMERFUNCTION: stores the time at which libcurl must be called. */
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

static CURLMcode set_options(struct multi *m, CURLM *h) {
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

/* Creates the handle if there is none. */
static CURLMcode open_handle(struct multi *m) {
  abandon_after_fork(m);
  if (m->handle) return CURLM_OK;
  CURLM *h = global_start_libcurl() == CURLE_OK ? global_create_multi() : NULL;
  if (!h) return CURLM_OUT_OF_MEMORY;
  CURLMcode code = set_options(m, h);
  if (code != CURLM_OK) {
    curl_multi_cleanup(h);
    return code;
  }
  m->handle = h;
  m->owner = getpid();
  return CURLM_OK;
}

static void finish_entry(struct multi *m, struct multi_entry *entry, CURLcode code) {
  transfer_finish(&entry->transfer, code);
  mark_completed(m, entry);
}

static void expect_end(struct multi *m, struct multi_entry *entry, long timeout_ms) {
  entry->overdue_at = now() + timeout_ms + GRACE_MS;
  if (entry->overdue_at < m->next_overdue) m->next_overdue = entry->overdue_at;
}

void multi_report_failure(struct multi *m, struct multi_entry *entry) {
  entry->multi = m;
  add_to_list(&m->completed, entry);
}

void multi_add(struct multi *m, struct multi_entry *entry, const struct request *request) {
  struct transfer *t = &entry->transfer;
  transfer_begin(t, request, &m->connections);
  if (t->state == TRANSFER_FAILED) {
    multi_report_failure(m, entry);
    return;
  }
  CURLMcode code = open_handle(m);
  if (code != CURLM_OK) snprintf(t->message, sizeof t->message, "no descriptor, or no memory, is left");
  entry->multi = m;
  entry->watched = entry->unwatchable = false;
  expect_end(m, entry, request->timeout_ms);
  add_to_list(&m->running, entry);
  if (code == CURLM_OK) code = curl_multi_add_handle(m->handle, t->session.handle); /* writes nothing */
  if (code != CURLM_OK) finish_entry(m, entry, CURLE_OUT_OF_MEMORY);
}

static void end_entry(struct multi *m, struct multi_entry *entry, CURLcode code) {
  curl_multi_remove_handle(m->handle, entry->transfer.session.handle);
  finish_entry(m, entry, code);
}

/* Begins the request again after check_connection refused its connection, when nothing had been written. If libcurl
   confuses connections of different identities, it will choose the first one again. Therefore the new connection is not
   kept: such connections would accumulate. Returns false if there is no memory. */
static bool retry_on_new_connection(struct multi *m, struct transfer *t) {
  CURL *h = t->session.handle;
  long forbid_reuse = t->refusal == REFUSED_IDENTITY ? 1L : 0L;
  t->refusal = REFUSED_NOT;
  t->message[0] = '\0';
  return curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
         curl_easy_setopt(h, CURLOPT_FORBID_REUSE, forbid_reuse) == CURLE_OK &&
         curl_multi_add_handle(m->handle, h) == CURLM_OK;
}

/* Finishes the requests that libcurl reports as completed. Begins a request again if its connection was
   refused. */
static void collect_completed(struct multi *m) {
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(m->handle, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL *h = message->easy_handle;
    CURLcode code = message->data.result;
    struct multi_entry *entry = find_entry(h);
    curl_multi_remove_handle(m->handle, h);
    if (entry->transfer.refusal == REFUSED_NOT) finish_entry(m, entry, code);
    else if (!retry_on_new_connection(m, &entry->transfer)) finish_entry(m, entry, CURLE_OUT_OF_MEMORY);
  }
}

int64_t multi_timeout(const struct multi *m) {
  if (m->completed) return 0;
  int64_t time = m->timer == NEVER ? INT64_MAX : m->timer;
  if (m->running && m->next_overdue < time) time = m->next_overdue;
  if (time == INT64_MAX) return NEVER;
  int64_t left = time - now();
  return left > 0 ? left : 0;
}

bool multi_fd(struct multi *m, int *fd) {
  if (open_handle(m) != CURLM_OK) return false;
  *fd = m->watch.fd;
  return true;
}

/* Returns the request that libcurl had no memory for, or NULL. libcurl calls on_socket for each new socket before it
   continues. Therefore that request is the one with an open socket for which on_socket was not called. */
static struct multi_entry *find_failed(const struct multi *m) {
  struct multi_entry *entry = m->running;
  while (entry && (entry->watched || entry->transfer.opened == CURL_SOCKET_BAD)) entry = entry->next;
  return entry;
}

/* Tells libcurl that a socket is ready, or that its timer has expired. If libcurl has no memory for a socket, its
   record of that descriptor's number stays broken, and a new socket with the same number would crash libcurl (seen in
   7.88). Therefore this function occupies the number, or drops the whole handle. */
static void run_socket_action(struct multi *m, curl_socket_t fd, int bits) {
  int running;
  if (!m->handle || curl_multi_socket_action(m->handle, fd, bits, &running) == CURLM_OK) return;
  collect_completed(m);
  struct multi_entry *failed = find_failed(m);
  if (failed) end_entry(m, failed, CURLE_OUT_OF_MEMORY);
  if (failed && sockets_occupy(&m->connections.sockets, failed->transfer.opened)) return;
  abandon_handle(m, CURLE_OUT_OF_MEMORY);
  watch_clear(&m->watch);
}

/* Waits for events and passes them to libcurl. */
static void handle_events(struct multi *m, int timeout_ms) {
  struct ready ready[MAX_READY];
  int64_t timer = multi_timeout(m);
  int count = watch_wait(&m->watch, ready, timer >= 0 && timer < timeout_ms ? (int)timer : timeout_ms);
  for (int i = 0; i < count; i++) {
    int events = ready[i].events, bits = 0;
    if (events & WATCH_IN) bits |= CURL_CSELECT_IN;
    if (events & WATCH_OUT) bits |= CURL_CSELECT_OUT;
    if (events & WATCH_ERROR) bits |= CURL_CSELECT_ERR;
    run_socket_action(m, ready[i].fd, bits);
  }
  if (m->timer != NEVER && m->timer <= now()) {
    m->timer = NEVER; /* libcurl sets the next time if there is one */
    run_socket_action(m, CURL_SOCKET_TIMEOUT, 0);
  }
}

static void fail_unwatchable(struct multi *m) {
  for (struct multi_entry *entry = m->running, *next; entry; entry = next) {
    next = entry->next;
    if (entry->unwatchable) end_entry(m, entry, CURLE_OUT_OF_MEMORY);
  }
}

/* Ends the requests that libcurl has not ended in time. */
static void end_overdue(struct multi *m) {
  int64_t time = now();
  if (!m->running || m->next_overdue > time) return;
  m->next_overdue = INT64_MAX;
  for (struct multi_entry *entry = m->running, *next; entry; entry = next) {
    next = entry->next;
    if (entry->overdue_at <= time) end_entry(m, entry, CURLE_OPERATION_TIMEDOUT);
    else if (entry->overdue_at < m->next_overdue) m->next_overdue = entry->overdue_at;
  }
}

void multi_poll(struct multi *m, int timeout_ms) {
  if (open_handle(m) != CURLM_OK) { /* without a handle no request is running */
    poll(NULL, 0, m->completed ? 0 : timeout_ms);
    return;
  }
  struct sigpipe sigpipe;
  sigpipe_block(&sigpipe);
  handle_events(m, timeout_ms);
  if (m->handle) collect_completed(m);
  fail_unwatchable(m);
  end_overdue(m);
  sigpipe_restore(&sigpipe);
}

struct multi_entry *multi_next(struct multi *m) {
  struct multi_entry *entry = m->completed;
  if (entry) {
    remove_from_list(&m->completed, entry);
    entry->multi = NULL;
  }
  return entry;
}

static void cancel_running(struct multi *m, struct multi_entry *entry) {
  struct sigpipe sigpipe;
  sigpipe_block(&sigpipe);
  curl_multi_remove_handle(m->handle, entry->transfer.session.handle);
  sigpipe_restore(&sigpipe);
  transfer_abort(&entry->transfer, CURLE_ABORTED_BY_CALLBACK);
  mark_completed(m, entry);
}

void multi_cancel(struct multi *m, struct multi_entry *entry) {
  abandon_after_fork(m);
  if (entry->transfer.state == TRANSFER_RUNNING) cancel_running(m, entry);
  remove_from_list(&m->completed, entry);
  entry->multi = NULL;
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
