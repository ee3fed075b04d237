#include "curl/transfer.h"

#include "curl/global.h"

#include <stdio.h>

/* Sets the failure of the transfer. If `message` is NULL, the failure has the message of libcurl. */
static void set_failure(struct transfer *t, CURLcode code, enum request_sent sent, const char *message) {
  const char *text = message;
  if (!text) text = t->message[0] ? t->message : curl_easy_strerror(code);
  /* libcurl's message can quote the proxy's URL, with its password. */
  if (strchr(text, '@')) text = curl_easy_strerror(code);
  t->failure = (struct failure){ curl_code_kind(code, sent), sent, code, text, NULL, 0 };
  t->state = TRANSFER_FAILED;
}

bool transfer_add_header(struct transfer *t, struct slice name, struct slice value) {
  const char *refusal;
  CURLcode code = headers_add(&t->headers, name, value, &refusal);
  if (code != CURLE_OK) set_failure(t, code, SENT_NO, refusal);
  return code == CURLE_OK;
}

/* The beginning of a request */

#define SET(option, value)                                           \
  do {                                                               \
    if (code == CURLE_OK) code = curl_easy_setopt(h, option, value); \
  } while (0)

/* The callback for CURLOPT_PREREQFUNCTION: libcurl calls it when a connection is ready, each time before it writes the
   request. Refuses the second time, because libcurl repeats a request whenever a kept connection breaks before the
   reply, even if the service has already acted on the request. Also refuses a connection
   that must not be used. */
static int on_start(void *context, char *remote, char *local, int remote_port, int local_port) {
  struct transfer *t = context;
  if (t->connections && t->starts == 0) {
    t->addresses.local = socket_address_parse(local, local_port);
    t->addresses.remote = socket_address_parse(remote, remote_port);
    t->refusal = t->connections->check(t->connections, t);
  }
  if (t->refusal != REFUSED_NOT) return CURL_PREREQFUNC_ABORT;
  return ++t->starts == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* Returns the sockets of the shared connections, or those of the session. */
static struct sockets *transfer_sockets(struct transfer *t) {
  return t->connections ? &t->connections->sockets : &t->session.sockets;
}

/* The callback for CURLOPT_OPENSOCKETFUNCTION. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  struct transfer *t = context;
  t->opened = sockets_open(transfer_sockets(t), purpose, address, t->session.identity);
  return t->opened;
}

static CURLcode set_callbacks(struct transfer *t, CURL *h) {
  CURLcode code = CURLE_OK;
  SET(CURLOPT_ERRORBUFFER, t->message);
  SET(CURLOPT_WRITEFUNCTION, reply_on_body);
  SET(CURLOPT_WRITEDATA, &t->reply);
  SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->reply.max_body);
  SET(CURLOPT_HEADERFUNCTION, reply_on_header);
  SET(CURLOPT_HEADERDATA, &t->reply);
  SET(CURLOPT_PREREQFUNCTION, on_start);
  SET(CURLOPT_PREREQDATA, t);
  SET(CURLOPT_PRIVATE, t);
  return code;
}

/* Sets method and body. On a shared connection libcurl copies the body, because the caller frees it during the
   request. */
static CURLcode set_method(const struct transfer *t, CURL *h, const struct request *request) {
  CURLcode code = CURLE_OK;
  if (strcmp(request->method, "GET") == 0) {
    SET(CURLOPT_HTTPGET, 1L);
    SET(CURLOPT_CUSTOMREQUEST, NULL);
    return code;
  }
  SET(CURLOPT_POST, 1L);
  SET(CURLOPT_CUSTOMREQUEST, strcmp(request->method, "POST") == 0 ? NULL : request->method);
  SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
  if (t->connections) SET(CURLOPT_COPYPOSTFIELDS, request->body.data);
  else SET(CURLOPT_POSTFIELDS, request->body.data);
  return code;
}

/* A libcurl that was built without HTTP/2 refuses its option; requests then use HTTP/1.1. */
static CURLcode set_http_version(CURL *h, bool multiplexed) {
  CURLcode code = CURLE_UNSUPPORTED_PROTOCOL;
  if (multiplexed) code = curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  return code == CURLE_UNSUPPORTED_PROTOCOL ? curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)
                                            : code;
}

/* Sets how libcurl opens, reuses and closes the connection. A socket belongs to the list of the connection's owner,
   because a shared connection outlives the session. */
static CURLcode set_connection(struct transfer *t, CURL *h) {
  bool shared = t->connections != NULL;
  bool multiplexed = shared && !t->url.is_plain;
  struct sockets *sockets = transfer_sockets(t);
  CURLcode code = CURLE_OK;
  SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
  SET(CURLOPT_OPENSOCKETDATA, t);
  SET(CURLOPT_CLOSESOCKETDATA, sockets);
  SET(CURLOPT_FRESH_CONNECT, !shared && sockets_readable(sockets) ? 1L : 0L);
  SET(CURLOPT_FORBID_REUSE, 0L);
  SET(CURLOPT_PIPEWAIT, multiplexed ? 1L : 0L);
  return code == CURLE_OK ? set_http_version(h, multiplexed) : code;
}

/* Sets the URL, with path and query as a request target if possible. libcurl only copies a request target, but processes
   a query twice, byte by byte. */
static CURLcode set_url(const struct url *url, CURL *h) {
  CURLcode code = CURLE_OK;
  SET(CURLOPT_CURLU, url->handle);
  SET(CURLOPT_REQUEST_TARGET, url->target);
  return code;
}

/* Sets all that differs from request to request. Uses no proxy for a loopback host, because a proxy would carry plain
   http off this machine. */
static CURLcode set_request(struct transfer *t, CURL *h, const struct request *request) {
  const char *proxy = t->url.is_loopback ? "" : request->proxy;
  CURLcode code = set_method(t, h, request);
  if (code == CURLE_OK) code = set_url(&t->url, h);
  SET(CURLOPT_HTTPHEADER, t->headers.list);
  SET(CURLOPT_TIMEOUT_MS, request->timeout_ms);
  SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
  SET(CURLOPT_PROXY, proxy);
  return code;
}

/* Removes the handle's pointers to memory of the caller. */
static void unset_request(CURL *h) {
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt(h, CURLOPT_POSTFIELDS, NULL);
  curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
}

/* Checks the URL and the time limit. A proxy for plain http needs the whole URL. On failure returns false and sets t->failure. */
static bool check_request(struct transfer *t, const struct request *request) {
  CURLcode code = url_parse(&t->url, request->url, *request->proxy);
  if (request->timeout_ms <= 0) {
    set_failure(t, CURLE_OPERATION_TIMEDOUT, SENT_NO, "the deadline passed before the request was sent");
  } else if (code == CURLE_URL_MALFORMAT) {
    set_failure(t, code, SENT_NO, "the URL must be http:// or https:// and a host, without a user name or spaces");
  } else if (code != CURLE_OK) {
    set_failure(t, code, SENT_NO, NULL);
  } else if (t->url.is_plain && !t->url.is_loopback && !t->session.allow_http) {
    set_failure(t, CURLE_UNSUPPORTED_PROTOCOL, SENT_NO, "plain http is refused: the host is not loopback");
  } else {
    return true;
  }
  return false;
}

/* Sets all options of the handle for the request. */
static CURLcode prepare(struct transfer *t, const struct request *request) {
  CURLcode code = headers_finish(&t->headers) ? session_open(&t->session) : CURLE_OUT_OF_MEMORY;
  if (code != CURLE_OK) return code;
  CURL *h = t->session.handle;
  code = set_callbacks(t, h);
  if (code == CURLE_OK) code = set_request(t, h, request);
  if (code == CURLE_OK) code = set_connection(t, h);
  if (code != CURLE_OK) unset_request(h);
  return code;
}

void transfer_begin(struct transfer *t, const struct request *request, struct connections *connections) {
  t->connections = connections;
  t->starts = 0;
  t->refusal = REFUSED_NOT;
  t->opened = CURL_SOCKET_BAD;
  t->message[0] = '\0';
  reply_begin(&t->reply, t->session.max_reply_bytes);
  if (!check_request(t, request)) return;
  CURLcode code = prepare(t, request);
  if (code == CURLE_OK) t->state = TRANSFER_RUNNING;
  else set_failure(t, code, SENT_NO, NULL);
}

/* The end of a request */

/* If a proxy caused the failure, stores the proxy's status and the name of the failure. */
static void name_proxy_failure(struct transfer *t) {
  struct failure *f = &t->failure;
  long error = 0;
  curl_easy_getinfo(t->session.handle, CURLINFO_HTTP_CONNECTCODE, &f->proxy_status);
  /* With other codes libcurl still reports the proxy error of an earlier request. */
  if (f->code == CURLE_PROXY) curl_easy_getinfo(t->session.handle, CURLINFO_PROXY_ERROR, &error);
  f->name = proxy_failure_name(f->proxy_status, error);
}

/* Returns whether the server refused the client certificate, or missed one. In TLS 1.3 the server does so after the
   client has begun to write, but before the server's handshake is complete. Therefore the server has not read the
   request. */
static bool is_certificate_refused(const struct transfer *t, CURLcode code) {
  static const char *const alerts[] = { "certificate", "unknown ca", "access denied" };
  long connects = 0;
  if (code != CURLE_RECV_ERROR || t->reply.state != REPLY_NOTHING || !strstr(t->message, " alert ")) return false;
  curl_easy_getinfo(t->session.handle, CURLINFO_NUM_CONNECTS, &connects);
  if (connects == 0) return false;
  for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
    if (strstr(t->message, alerts[i])) return true;
  }
  return false;
}

/* Returns whether a message of libcurl or OpenSSL stands for a lack of memory. "No URL set" does: a URL is always set,
   so libcurl had no memory for its text. */
static bool is_out_of_memory(const struct transfer *t) {
  return strstr(t->message, "No URL set") || strstr(t->message, "malloc failure");
}

/* libcurl before 8.6 reports both with one code. */
#define LONG_LINE "out of memory, or the reply has a line above 100 KiB in its headers"

static bool is_reading_headers(const struct transfer *t) {
  return t->starts > 0 && t->reply.state != REPLY_BODY;
}

/* Returns whether the request was sent. If a reply has begun, the request was certainly sent. */
static enum request_sent classify_sent(const struct transfer *t) {
  if (t->starts == 0) return SENT_NO;
  return t->reply.state == REPLY_NOTHING ? SENT_UNKNOWN : SENT_YES;
}

static void set_too_large(struct transfer *t, enum request_sent sent) {
  snprintf(t->message, sizeof t->message, "the reply is larger than %zu bytes", t->reply.max_body);
  set_failure(t, CURLE_FILESIZE_EXCEEDED, sent, NULL);
}

/* Sets the failure of a request that libcurl ended with `code`. */
static void set_exchange_failure(struct transfer *t, CURLcode code) {
  enum request_sent sent = classify_sent(t);
  /* If a callback stopped the transfer, libcurl's code says only that a write failed; reply.stop has the reason. */
  switch (t->reply.stop) {
    case STOP_BODY_SIZE: set_too_large(t, sent); return;
    case STOP_HEADER_SIZE: set_failure(t, CURLE_WEIRD_SERVER_REPLY, sent, "the reply has too many headers"); return;
    case STOP_NUL: set_failure(t, CURLE_WEIRD_SERVER_REPLY, sent, "a header of the reply has a NUL in it"); return;
    case STOP_STATUS: set_failure(t, CURLE_WEIRD_SERVER_REPLY, sent, "the reply has no valid HTTP status"); return;
    case STOP_NO_MEMORY: set_failure(t, CURLE_OUT_OF_MEMORY, sent, NULL); return;
    case STOP_NONE: break;
  }
  /* Newer versions of libcurl give this code to a client key that they can't use. */
  if (code == CURLE_BAD_FUNCTION_ARGUMENT && sent == SENT_NO) code = CURLE_SSL_CERTPROBLEM;
  if (code == CURLE_FILESIZE_EXCEEDED) {
    set_too_large(t, sent);
  } else if (code == CURLE_WRITE_ERROR) {
    /* No callback stopped the transfer, so this code of libcurl stands for bytes after the end of a compressed body. */
    set_failure(t, CURLE_BAD_CONTENT_ENCODING, sent, "the reply has bytes after its compressed body");
  } else if (t->starts > 1) {
    set_failure(t, CURLE_GOT_NOTHING, sent, "the service closed the connection without a reply");
  } else if (is_certificate_refused(t, code)) {
    set_failure(t, CURLE_SSL_CLIENTCERT, SENT_NO, NULL);
  } else {
    if (is_out_of_memory(t)) set_failure(t, CURLE_OUT_OF_MEMORY, sent, curl_easy_strerror(CURLE_OUT_OF_MEMORY));
    else if (code == CURLE_OUT_OF_MEMORY && is_reading_headers(t)) set_failure(t, code, sent, LONG_LINE);
    else set_failure(t, code, sent, NULL);
    if (sent == SENT_NO) name_proxy_failure(t);
    /* libcurl has no code for a broken chunked encoding. */
    if (code == CURLE_RECV_ERROR && sent == SENT_YES && strstr(t->message, "chunk")) t->failure.kind = FAILURE_PROTOCOL;
  }
}

void transfer_finish(struct transfer *t, CURLcode code) {
  unset_request(t->session.handle);
  if (code != CURLE_OK) {
    set_exchange_failure(t, code);
  } else if (t->reply.state != REPLY_BODY) {
    /* libcurl reports success for a reply that ends before its headers do. */
    set_failure(t, CURLE_PARTIAL_FILE, classify_sent(t), "the reply ends within its headers");
  } else {
    curl_easy_getinfo(t->session.handle, CURLINFO_RESPONSE_CODE, &t->status);
    t->state = TRANSFER_SUCCEEDED;
  }
}

void transfer_abort(struct transfer *t, CURLcode code) {
  bool cancelled = code == CURLE_ABORTED_BY_CALLBACK;
  if (t->session.handle) unset_request(t->session.handle);
  set_failure(t, code, classify_sent(t), cancelled ? "the call was cancelled" : curl_easy_strerror(code));
  if (cancelled) t->failure.kind = FAILURE_CANCELLED;
}

void transfer_send(struct transfer *t, const struct request *request, const struct interruption *interruption) {
  transfer_begin(t, request, NULL);
  if (t->state != TRANSFER_RUNNING) return;
  bool interrupted = false;
  CURLcode code = session_perform(&t->session, interruption, &interrupted);
  if (interrupted) transfer_abort(t, CURLE_ABORTED_BY_CALLBACK);
  else transfer_finish(t, code);
}

void transfer_take_result(struct transfer *t, struct result *result) {
  result->failed = t->state == TRANSFER_FAILED;
  result->status = t->status;
  result->headers = t->reply.headers;
  result->body = t->reply.body;
  if (result->failed) {
    result->failure = t->failure;
    snprintf(result->message, sizeof result->message, "%s", t->failure.message);
    result->failure.message = result->message;
  }
  memset(&t->reply, 0, sizeof t->reply);
  transfer_clear(t);
  t->state = TRANSFER_IDLE;
}

void result_free(struct result *result) {
  buffer_wipe(&result->headers);
  buffer_wipe(&result->body);
}

void transfer_clear(struct transfer *t) {
  headers_free(&t->headers);
  reply_free(&t->reply);
}

void transfer_close(struct transfer *t) {
  transfer_clear(t);
  session_close(&t->session);
  url_free(&t->url);
}
