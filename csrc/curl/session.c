#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, RTLD_NODELETE */
#endif
#include "curl/session.h"

#include "curl/multi.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* CURLOPT_PREREQFUNCTION, without which a request could be repeated unseen, is that old. */
#if LIBCURL_VERSION_NUM < 0x075000
#error "dataworks.curl needs libcurl 7.80.0 or newer"
#endif

/* The gateway closes an idle connection after 25 s (its keep-alive header). */
#define MAX_IDLE_SECONDS 20L

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_state = CURLE_FAILED_INIT;

/* The library stays loaded for good: a name look-up that outlived its deadline goes on in a thread
   of libcurl's. */
static void init_once(void) {
  Dl_info info;
  if (dladdr(&once, &info) && info.dli_fname) dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  global_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

CURLcode bring_up_libcurl(void) {
  pthread_once(&once, init_once);
  return global_state;
}

static bool fail(struct session *s, struct failure *f, CURLcode code, enum request_sent sent, const char *message) {
  const char *text = message;
  if (!text) text = s->message[0] ? s->message : curl_easy_strerror(code);
  /* libcurl quotes a proxy it can't use with the password in it. */
  if (strchr(text, '@')) text = curl_easy_strerror(code);
  *f = (struct failure){ curl_code_kind(code, sent), sent, code, text, NULL, 0 };
  return false;
}

bool session_add_header(struct session *s, const char *name, size_t name_len, const char *value, size_t value_len,
                        struct failure *failure) {
  const char *refusal;
  CURLcode code = headers_add(&s->headers, name, name_len, value, value_len, &refusal);
  return code == CURLE_OK || fail(s, failure, code, SENT_NO, refusal);
}

static bool is_loopback(const char *host) {
  struct in_addr address;
  if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) return true;
  return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool begins_with(const char *text, const char *prefix) {
  return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* What was checked is what s->url asks for: libcurl takes what has no scheme for a part of the URL before. */
static bool parse_url(struct session *s, const struct request *request, bool *plain, bool *loopback) {
  const unsigned flags = CURLU_PATH_AS_IS | CURLU_DISALLOW_USER;
  char *host = NULL;
  if (strlen(request->url) != request->url_len) return false;
  *plain = begins_with(request->url, "http://");
  if (!*plain && !begins_with(request->url, "https://")) return false;
  if (!s->url) s->url = curl_url();
  bool ok = s->url && curl_url_set(s->url, CURLUPART_URL, request->url, flags) == CURLUE_OK &&
            curl_url_get(s->url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
  if (ok) *loopback = is_loopback(host);
  curl_free(host);
  return ok;
}

/* What goes into the request line, where the URL shows it plainly; of a URL that was parsed. */
static const char *find_target(const char *url) {
  const char *authority = strstr(url, "://") + 3;
  const char *path = authority + strcspn(authority, "/?#");
  if (path == authority || *path != '/') return NULL;
  for (const char *c = path; *c; c++) {
    if (*c == '#' || (unsigned char)*c > 0x7e) return NULL; /* which libcurl leaves out, and escapes */
  }
  return path;
}

/* libcurl repeats a request by itself when a kept connection breaks before the reply, even one that
   the service has read and acted on. It passes here before each try, once the connection stands:
   the second is refused. */
static int on_start(void *context, char *remote, char *local, int remote_port, int local_port) {
  struct session *s = context;
  (void)remote, (void)local, (void)remote_port;
  s->local_port = local_port;
  if (s->multi && s->starts == 0 && multi_is_stale(s->multi, s)) {
    s->stale = true;
    return CURL_PREREQFUNC_ABORT;
  }
  return ++s->starts == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

#define SET(option, value)                                           \
  do {                                                               \
    if (code == CURLE_OK) code = curl_easy_setopt(h, option, value); \
  } while (0)

static CURLcode set_callbacks(struct session *s, CURL *h) {
  CURLcode code = CURLE_OK;
  SET(CURLOPT_ERRORBUFFER, s->message);
  SET(CURLOPT_WRITEFUNCTION, reply_on_body);
  SET(CURLOPT_WRITEDATA, &s->reply);
  SET(CURLOPT_HEADERFUNCTION, reply_on_header);
  SET(CURLOPT_HEADERDATA, &s->reply);
  SET(CURLOPT_PREREQFUNCTION, on_start);
  SET(CURLOPT_PREREQDATA, s);
  SET(CURLOPT_PRIVATE, s);
  SET(CURLOPT_OPENSOCKETFUNCTION, sockets_open);
  SET(CURLOPT_CLOSESOCKETFUNCTION, sockets_close);
  return code;
}

static CURLcode set_rules(CURL *h) {
  CURLcode code = CURLE_OK;
  SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  /* Or a name look-up that hangs would outlast the deadline. */
  SET(CURLOPT_QUICK_EXIT, 1L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_ACCEPT_ENCODING, "");
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(CURLOPT_MAXCONNECTS, 1L);
  SET(CURLOPT_MAXAGE_CONN, MAX_IDLE_SECONDS);
  SET(CURLOPT_NOPROXY, "");
  return code;
}

/* The same rules for the service and for a proxy that is spoken to in TLS; only the service is
   shown the client's certificate. */
static CURLcode set_tls(const struct session *s, CURL *h) {
  CURLcode code = CURLE_OK;
  SET(CURLOPT_SSLVERSION, s->min_tls);
  SET(CURLOPT_PROXY_SSLVERSION, s->min_tls);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
  if (s->ca_file) {
    SET(CURLOPT_CAINFO, s->ca_file);
    SET(CURLOPT_PROXY_CAINFO, s->ca_file);
    SET(CURLOPT_CAPATH, NULL); /* or the system's directory would be trusted as well */
    SET(CURLOPT_PROXY_CAPATH, NULL);
  }
  if (s->client_certificate) {
    SET(CURLOPT_SSLCERT, s->client_certificate);
    SET(CURLOPT_SSLKEY, s->client_key);
    /* Without any, OpenSSL would ask at the terminal. */
    SET(CURLOPT_KEYPASSWD, s->client_key_password ? s->client_key_password : "");
  }
  return code;
}

/* Frees no memory of libcurl's: that would say goodbye on the parent's connection, and close
   descriptors by numbers that may be this process's own by now. A child pays some 100 KiB once.
   Chained, so that a leak checker sees it is meant. */
void session_abandon(struct session *s) {
  static _Atomic(CURL *) abandoned;
  sockets_abandon(&s->sockets);
  if (!s->handle) return;
  curl_easy_setopt(s->handle, CURLOPT_PRIVATE, atomic_exchange(&abandoned, s->handle));
  s->handle = NULL;
}

static CURLcode open_handle(struct session *s) {
  if (s->handle && s->owner != getpid()) session_abandon(s);
  if (s->handle) return CURLE_OK;
  CURLcode code = bring_up_libcurl();
  if (code != CURLE_OK) return code;
  CURL *h = curl_easy_init();
  if (!h) return CURLE_OUT_OF_MEMORY;
  code = set_callbacks(s, h);
  if (code == CURLE_OK) code = set_rules(h);
  if (code == CURLE_OK) code = set_tls(s, h);
  if (code != CURLE_OK) {
    curl_easy_cleanup(h);
    return code;
  }
  s->handle = h;
  s->owner = getpid();
  return CURLE_OK;
}

static CURLcode set_method(CURL *h, const struct request *request, bool copied) {
  CURLcode code = CURLE_OK;
  if (strcmp(request->method, "GET") == 0) {
    SET(CURLOPT_HTTPGET, 1L);
    SET(CURLOPT_CUSTOMREQUEST, NULL);
    return code;
  }
  SET(CURLOPT_POST, 1L);
  SET(CURLOPT_CUSTOMREQUEST, strcmp(request->method, "POST") == 0 ? NULL : request->method);
  SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
  if (copied) SET(CURLOPT_COPYPOSTFIELDS, request->body);
  else SET(CURLOPT_POSTFIELDS, request->body);
  return code;
}

/* A connection outlives the session where many share it. */
static CURLcode set_connection(struct session *s, bool plain, struct sockets *sockets) {
  CURL *h = s->handle;
  bool shared = sockets != &s->sockets;
  bool multiplexed = shared && !plain;
  CURLcode code = CURLE_OK;
  SET(CURLOPT_OPENSOCKETDATA, sockets);
  SET(CURLOPT_CLOSESOCKETDATA, sockets);
  SET(CURLOPT_FRESH_CONNECT, !shared && sockets_readable(sockets) ? 1L : 0L);
  SET(CURLOPT_HTTP_VERSION, multiplexed ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_PIPEWAIT, multiplexed ? 1L : 0L);
  return code;
}

/* libcurl writes a query byte by byte, twice, but copies a target. */
static CURLcode set_url(struct session *s, const char *target) {
  CURL *h = s->handle;
  CURLcode code = CURLE_OK;
  if (target && curl_url_set(s->url, CURLUPART_QUERY, NULL, 0) != CURLUE_OK) code = CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_CURLU, s->url);
  SET(CURLOPT_REQUEST_TARGET, target);
  return code;
}

/* Loopback is reached directly: through a proxy, plain http would leave the machine after all. */
static CURLcode set_request(struct session *s, const struct request *request, bool plain, bool loopback, bool copied) {
  CURL *h = s->handle;
  const char *proxy = loopback ? "" : request->proxy;
  bool whole = plain && *proxy; /* a proxy may have to be told the whole URL */
  CURLcode code = set_method(h, request, copied);
  if (code == CURLE_OK) code = set_url(s, whole ? NULL : find_target(request->url));
  SET(CURLOPT_HTTPHEADER, s->headers.list);
  SET(CURLOPT_TIMEOUT_MS, request->timeout_ms);
  SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
  SET(CURLOPT_PROXY, proxy);
  return code;
}

/* The caller's memory is not the handle's to remember. */
static void unset_request(CURL *h) {
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt(h, CURLOPT_POSTFIELDS, NULL);
  curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
}

/* With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE to us, and before 7.88 its TLS sockets are written
   to without MSG_NOSIGNAL. */
bool block_sigpipe(sigset_t *before) {
  sigset_t pipe_only, pending;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE) == 1) return false;
  return pthread_sigmask(SIG_BLOCK, &pipe_only, before) == 0;
}

void restore_sigpipe(const sigset_t *before) {
  sigset_t pipe_only, pending;
  int signal_number;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE) == 1) sigwait(&pipe_only, &signal_number);
  pthread_sigmask(SIG_SETMASK, before, NULL);
}

static CURLcode perform(struct session *s) {
  sigset_t before;
  bool blocked = block_sigpipe(&before);
  CURLcode code = curl_easy_perform(s->handle);
  if (blocked) restore_sigpipe(&before);
  return code;
}

/* What a proxy refuses never got to the service, and has names of its own. */
static void name_proxy_failure(struct session *s, struct failure *f) {
  long error = 0;
  curl_easy_getinfo(s->handle, CURLINFO_HTTP_CONNECTCODE, &f->proxy_status);
  /* libcurl keeps an old one. */
  if (f->code == CURLE_PROXY) curl_easy_getinfo(s->handle, CURLINFO_PROXY_ERROR, &error);
  f->name = proxy_failure_name(f->proxy_status, error);
}

/* In TLS 1.3 a server refuses the client's certificate, or misses one, when the client has written
   already: before the handshake is done, and so before it reads a request. */
static bool is_certificate_refused(const struct session *s, CURLcode code) {
  static const char *const alerts[] = { "certificate", "unknown ca", "access denied" };
  long connects = 0;
  if (code != CURLE_RECV_ERROR || s->reply.begun || !strstr(s->message, " alert ")) return false;
  curl_easy_getinfo(s->handle, CURLINFO_NUM_CONNECTS, &connects);
  if (connects == 0) return false;
  for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
    if (strstr(s->message, alerts[i])) return true;
  }
  return false;
}

static enum request_sent was_sent(const struct session *s) {
  if (s->starts == 0) return SENT_NO;
  return s->reply.begun ? SENT_YES : SENT_UNKNOWN;
}

/* What libcurl reports as a failed write or an abort was decided here. */
static bool fail_exchange(struct session *s, struct failure *f, CURLcode code) {
  enum request_sent sent = was_sent(s);
  switch (s->reply.stop) {
    case STOP_BODY_SIZE:
      snprintf(s->message, sizeof s->message, "the reply is larger than %zu bytes", s->reply.max_body);
      return fail(s, f, CURLE_FILESIZE_EXCEEDED, sent, NULL);
    case STOP_HEADER_SIZE: return fail(s, f, CURLE_FILESIZE_EXCEEDED, sent, "the reply has too many headers");
    case STOP_NO_MEMORY: return fail(s, f, CURLE_OUT_OF_MEMORY, sent, NULL);
    case STOP_NONE: break;
  }
  if (s->starts > 1) return fail(s, f, CURLE_GOT_NOTHING, sent, "the service closed the connection without a reply");
  if (is_certificate_refused(s, code)) return fail(s, f, CURLE_SSL_CLIENTCERT, SENT_NO, NULL);
  fail(s, f, code, sent, NULL);
  if (sent == SENT_NO) name_proxy_failure(s, f);
  /* Broken chunks have no code of their own. */
  if (code == CURLE_RECV_ERROR && sent == SENT_YES && strstr(s->message, "chunk")) f->kind = FAILURE_PROTOCOL;
  return false;
}

/* Everything that is refused before libcurl hears of it. */
static bool check_request(struct session *s, const struct request *request, bool *plain, bool *loopback,
                          struct failure *failure) {
  if (request->timeout_ms <= 0)
    return fail(s, failure, CURLE_OPERATION_TIMEDOUT, SENT_NO, "the deadline passed before the request was sent");
  if (!parse_url(s, request, plain, loopback))
    return fail(s, failure, CURLE_URL_MALFORMAT, SENT_NO,
                "the URL must be http:// or https:// and a host, without a user name or spaces");
  if (*plain && !*loopback && !s->allow_http)
    return fail(s, failure, CURLE_UNSUPPORTED_PROTOCOL, SENT_NO, "plain http is refused: the host is not loopback");
  return true;
}

bool session_begin(struct session *s, const struct request *request, struct sockets *sockets, struct failure *failure) {
  bool plain = false;
  bool loopback = false;
  s->starts = 0;
  s->stale = false;
  s->message[0] = '\0';
  reply_begin(&s->reply, s->max_reply_bytes);
  if (!check_request(s, request, &plain, &loopback, failure)) return false;

  CURLcode code = headers_finish(&s->headers) ? open_handle(s) : CURLE_OUT_OF_MEMORY;
  if (code != CURLE_OK) return fail(s, failure, code, SENT_NO, NULL);
  code = set_request(s, request, plain, loopback, sockets != &s->sockets);
  if (code == CURLE_OK) code = set_connection(s, plain, sockets);
  if (code == CURLE_OK) return true;
  unset_request(s->handle);
  return fail(s, failure, code, SENT_NO, NULL);
}

bool session_finish(struct session *s, CURLcode code, long *status, struct failure *failure) {
  unset_request(s->handle);
  if (code != CURLE_OK) return fail_exchange(s, failure, code);
  if (!s->reply.complete) /* which libcurl lets pass */
    return fail(s, failure, CURLE_PARTIAL_FILE, was_sent(s), "the reply ends within its headers");
  curl_easy_getinfo(s->handle, CURLINFO_RESPONSE_CODE, status);
  return true;
}

void session_cancel(struct session *s, struct failure *failure) {
  if (s->handle) unset_request(s->handle);
  fail(s, failure, CURLE_ABORTED_BY_CALLBACK, was_sent(s), "the call was cancelled");
  failure->kind = FAILURE_CANCELLED;
}

bool session_send(struct session *s, const struct request *request, long *status, struct failure *failure) {
  if (!session_begin(s, request, &s->sockets, failure)) return false;
  CURLcode code = perform(s);
  return session_finish(s, code, status, failure);
}

void session_clear(struct session *s) {
  headers_free(&s->headers);
  reply_free(&s->reply);
}

void session_close(struct session *s) {
  if (s->multi) multi_cancel(s->multi, s);
  session_clear(s);
  if (s->handle && s->owner != getpid()) session_abandon(s);
  if (s->handle) {
    sigset_t before;
    bool blocked = block_sigpipe(&before);
    curl_easy_cleanup(s->handle);
    if (blocked) restore_sigpipe(&before);
    s->handle = NULL;
  }
  sockets_free(&s->sockets);
  curl_url_cleanup(s->url);
  s->url = NULL;
  if (s->client_key_password) wipe(s->client_key_password, strlen(s->client_key_password));
  char **const texts[] = { &s->ca_file, &s->client_certificate, &s->client_key, &s->client_key_password };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    free(*texts[i]);
    *texts[i] = NULL;
  }
  s->closed = true;
}
