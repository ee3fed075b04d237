#include "curl/session.h"

#include "curl/global.h"

#include <errno.h>
#include <unistd.h>

/* CURLOPT_PREREQFUNCTION needs this version. Without that callback, libcurl could repeat a request unnoticed. */
#if LIBCURL_VERSION_NUM < 0x075000
#error "dataworks.curl needs libcurl 7.80.0 or newer"
#endif

/* The gateway closes an idle connection after 25 s, as its keep-alive header says. */
#define MAX_IDLE_SECONDS 20L

#define MAX_WAIT_MS 100 /* the longest time without a question for an interruption */

#define SET(option, value)                                           \
  do {                                                               \
    if (code == CURLE_OK) code = curl_easy_setopt(h, option, value); \
  } while (0)

/* Sets the options that are the same for all sessions. */
static CURLcode set_rules(CURL *h) {
  CURLcode code = CURLE_OK;
  SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  /* Without this option, the end of a transfer would wait for a name look-up that hangs, beyond the deadline. */
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
  SET(CURLOPT_CLOSESOCKETFUNCTION, sockets_close);
  return code;
}

/* Sets the same TLS options for the service and for a proxy that speaks TLS. Only the service gets the client
   certificate. */
static CURLcode set_tls(const struct identity *identity, CURL *h) {
  CURLcode code = CURLE_OK;
  SET(CURLOPT_SSLVERSION, identity->min_tls);
  SET(CURLOPT_PROXY_SSLVERSION, identity->min_tls);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
  if (identity->ca_file) {
    SET(CURLOPT_CAINFO, identity->ca_file);
    SET(CURLOPT_PROXY_CAINFO, identity->ca_file);
    SET(CURLOPT_CAPATH, NULL); /* else libcurl would trust the system's directory as well */
    SET(CURLOPT_PROXY_CAPATH, NULL);
  }
  if (identity->client_certificate) {
    SET(CURLOPT_SSLCERT, identity->client_certificate);
    SET(CURLOPT_SSLKEY, identity->client_key);
    /* Without a password, OpenSSL would ask for one at the terminal. */
    SET(CURLOPT_KEYPASSWD, identity->client_key_password ? identity->client_key_password : "");
  }
  return code;
}

/* Freeing the handles would write to the parent's connection. It would also close descriptors whose numbers may stand
   for other files of this process. Therefore a child loses about 100 KiB, once. */
void session_abandon(struct session *s) {
  sockets_close_all(&s->sockets);
  if (s->handle) global_remember_dropped(s->handle);
  if (s->perform_multi) global_remember_dropped(s->perform_multi);
  s->handle = NULL;
  s->perform_multi = NULL;
}

CURLcode session_open(struct session *s) {
  if (s->handle && s->owner != getpid()) session_abandon(s);
  if (s->handle) return CURLE_OK;
  CURLcode code = global_start_libcurl();
  if (code != CURLE_OK) return code;
  CURL *h = curl_easy_init();
  if (!h) return CURLE_OUT_OF_MEMORY;
  code = set_rules(h);
  if (code == CURLE_OK) code = set_tls(s->identity, h);
  if (code != CURLE_OK) {
    curl_easy_cleanup(h);
    return code;
  }
  s->handle = h;
  s->owner = getpid();
  return CURLE_OK;
}

/* Creates the multi that curl_easy_perform would create for itself. */
static CURLMcode open_perform_multi(struct session *s) {
  if (s->perform_multi) return CURLM_OK;
  CURLM *m = global_create_multi();
  if (!m) return CURLM_OUT_OF_MEMORY;
  s->perform_multi = m;
  return curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, 1L);
}

static void close_perform_multi(struct session *s) {
  if (s->perform_multi) curl_multi_cleanup(s->perform_multi);
  s->perform_multi = NULL;
}

/* Waits until a socket is ready, a signal arrives, or MAX_WAIT_MS have passed. Some versions of libcurl report a signal
   as a failure. */
static CURLMcode wait_for_socket(CURLM *m) {
  errno = 0;
  CURLMcode code = curl_multi_poll(m, NULL, 0, MAX_WAIT_MS, NULL);
  return code != CURLM_OUT_OF_MEMORY && errno == EINTR ? CURLM_OK : code;
}

/* Carries the handle until libcurl has ended its request. Sets `interrupted` if an interruption came before that. */
static CURLMcode carry(CURLM *m, const struct interruption *interruption, bool *interrupted) {
  int running = 1;
  CURLMcode code = curl_multi_perform(m, &running);
  while (code == CURLM_OK && running && !*interrupted) {
    code = wait_for_socket(m);
    if (code == CURLM_OK) code = curl_multi_perform(m, &running);
    *interrupted = running && interruption->is_due(interruption->context);
  }
  return code;
}

/* Returns the code with which libcurl ended the only request of a multi. */
static CURLcode request_result(CURLM *m) {
  int left;
  const CURLMsg *message = curl_multi_info_read(m, &left);
  return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_OUT_OF_MEMORY;
}

CURLcode session_perform(struct session *s, const struct interruption *interruption, bool *interrupted) {
  struct sigpipe sigpipe;
  CURLMcode code = open_perform_multi(s);
  if (code == CURLM_OK) code = curl_multi_add_handle(s->perform_multi, s->handle); /* writes nothing */
  if (code != CURLM_OK) return CURLE_OUT_OF_MEMORY;
  sigpipe_block(&sigpipe);
  code = carry(s->perform_multi, interruption, interrupted);
  CURLcode result = code == CURLM_OK ? request_result(s->perform_multi) : CURLE_OUT_OF_MEMORY;
  curl_multi_remove_handle(s->perform_multi, s->handle);
  if (code != CURLM_OK) close_perform_multi(s); /* libcurl's records of its sockets may be incomplete */
  sigpipe_restore(&sigpipe);
  return result;
}

void session_close(struct session *s) {
  if (s->handle && s->owner != getpid()) session_abandon(s);
  if (s->handle) {
    struct sigpipe sigpipe;
    sigpipe_block(&sigpipe);
    curl_easy_cleanup(s->handle);
    close_perform_multi(s);
    sigpipe_restore(&sigpipe);
    s->handle = NULL;
  }
  sockets_free(&s->sockets);
  identity_release(s->identity);
  s->identity = NULL;
  s->closed = true;
}
