/* libcurl sending ready bytes, and discarding the replies. The query is a part of the request target, which libcurl
   copies in one piece; libcurl would format a query in the URL byte by byte, twice. */
#include "floor.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

struct bytes {
  const char *url, *target, *body;
  struct curl_slist *headers;
  size_t body_len;
};

static size_t discard(char *data, size_t size, size_t count, void *context) {
  (void)data, (void)context;
  return size * count;
}

/* Takes the arguments url, target, { "name: value", ... }, body from index 1 on. */
static struct bytes check_bytes(lua_State *L) {
  struct bytes b = { luaL_checkstring(L, 1), luaL_checkstring(L, 2), NULL, NULL, 0 };
  b.body = luaL_checklstring(L, 4, &b.body_len);
  for (int i = 1;; i++) {
    lua_rawgeti(L, 3, i);
    if (lua_isnil(L, -1)) break;
    b.headers = curl_slist_append(b.headers, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  return b;
}

static CURL *new_handle(const struct bytes *b) {
  CURL *curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, b->url);
  curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, b->target);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, b->headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, b->body);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)b->body_len);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
  return curl;
}

/* curl(url, target, headers, body, count) -> CPU seconds, wall seconds; over one connection, which is open before */
int floor_curl(lua_State *L) {
  struct bytes b = check_bytes(L);
  lua_Integer count = luaL_checkinteger(L, 5);
  CURL *curl = new_handle(&b);
  CURLcode code = curl_easy_perform(curl);
  struct usage start = usage_now();
  for (lua_Integer n = 0; n < count && code == CURLE_OK; n++) code = curl_easy_perform(curl);
  int results = usage_push_since(L, start);
  curl_easy_cleanup(curl);
  curl_slist_free_all(b.headers);
  return code == CURLE_OK ? results : luaL_error(L, "libcurl: %s", curl_easy_strerror(code));
}

/* Many requests in flight */

#define MAX_AT_ONCE 1024

struct loop {
  CURLM *multi;
  int epoll;
  long timeout;
  lua_Integer to_start, done;
  CURLcode code;
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known) {
  struct loop *loop = context;
  struct epoll_event event = { .events = 0, .data.fd = fd };
  (void)easy;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  int operation = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL : known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  epoll_ctl(loop->epoll, operation, fd, &event);
  curl_multi_assign(loop->multi, fd, what == CURL_POLL_REMOVE ? NULL : loop);
  return 0;
}

static int on_timer(CURLM *multi, long timeout, void *context) {
  (void)multi;
  ((struct loop *)context)->timeout = timeout;
  return 0;
}

/* Starts each completed handle again while requests are left to make. */
static void run_again(struct loop *loop) {
  int left;
  for (CURLMsg *m; (m = curl_multi_info_read(loop->multi, &left));) {
    CURL *curl = m->easy_handle;
    if (m->data.result != CURLE_OK) loop->code = m->data.result;
    loop->done++;
    curl_multi_remove_handle(loop->multi, curl);
    if (loop->to_start-- > 0) curl_multi_add_handle(loop->multi, curl);
  }
}

static void step(struct loop *loop) {
  struct epoll_event events[MAX_AT_ONCE];
  int running, ready = epoll_wait(loop->epoll, events, MAX_AT_ONCE, (int)loop->timeout);
  if (ready == 0 || loop->timeout == 0) {
    loop->timeout = -1;
    curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  for (int i = 0; i < ready; i++) {
    int what =
      (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(loop->multi, events[i].data.fd, what, &running);
  }
  run_again(loop);
}

static void open_loop(struct loop *loop) {
  loop->multi = curl_multi_init();
  loop->epoll = epoll_create1(0);
  loop->timeout = 0;
  curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, (long)MAX_AT_ONCE);
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
}

/* Makes `count` requests, of which the first open the connections. */
static void make_requests(struct loop *loop, CURL **handles, lua_Integer at_once, lua_Integer count) {
  loop->to_start = count - at_once;
  loop->done = 0;
  for (lua_Integer i = 0; i < at_once; i++) curl_multi_add_handle(loop->multi, handles[i]);
  while (loop->done < count && loop->code == CURLE_OK) step(loop);
}

/* multi(url, target, headers, body, count, at_once) -> CPU seconds, wall seconds; over open connections */
int floor_multi(lua_State *L) {
  struct bytes b = check_bytes(L);
  lua_Integer count = luaL_checkinteger(L, 5), at_once = luaL_checkinteger(L, 6);
  luaL_argcheck(L, at_once > 0 && at_once <= MAX_AT_ONCE && count >= at_once, 6, "out of range");
  CURL *handles[MAX_AT_ONCE];
  struct loop loop = { .code = CURLE_OK };
  open_loop(&loop);
  for (lua_Integer i = 0; i < at_once; i++) handles[i] = new_handle(&b);
  make_requests(&loop, handles, at_once, at_once);
  struct usage start = usage_now();
  make_requests(&loop, handles, at_once, count);
  int results = usage_push_since(L, start);
  for (lua_Integer i = 0; i < at_once; i++) {
    curl_multi_remove_handle(loop.multi, handles[i]);
    curl_easy_cleanup(handles[i]);
  }
  curl_multi_cleanup(loop.multi);
  close(loop.epoll);
  curl_slist_free_all(b.headers);
  return loop.code == CURLE_OK ? results : luaL_error(L, "libcurl: %s", curl_easy_strerror(loop.code));
}
