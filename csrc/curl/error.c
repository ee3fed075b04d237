#include "curl/error.h"

#include <stddef.h>

struct code_row {
  CURLcode code;
  enum failure_kind kind;
  const char *name;
};

/* The codes that an HTTP or HTTPS exchange can end with. */
/* clang-format off */
#define INVALID_CODES(X) \
  X(CURLE_UNSUPPORTED_PROTOCOL) X(CURLE_URL_MALFORMAT) X(CURLE_BAD_FUNCTION_ARGUMENT)
#define PROTOCOL_CODES(X) \
  X(CURLE_WEIRD_SERVER_REPLY) X(CURLE_BAD_CONTENT_ENCODING) X(CURLE_FILESIZE_EXCEEDED) X(CURLE_HTTP2) \
  X(CURLE_HTTP2_STREAM)
#define TRANSPORT_CODES(X) \
  X(CURLE_FAILED_INIT) X(CURLE_NOT_BUILT_IN) X(CURLE_UNKNOWN_OPTION) X(CURLE_OUT_OF_MEMORY) \
  X(CURLE_COULDNT_RESOLVE_PROXY) X(CURLE_COULDNT_RESOLVE_HOST) X(CURLE_COULDNT_CONNECT) X(CURLE_INTERFACE_FAILED) \
  X(CURLE_NO_CONNECTION_AVAILABLE) X(CURLE_PROXY) X(CURLE_SSL_CONNECT_ERROR) X(CURLE_SSL_ENGINE_NOTFOUND) \
  X(CURLE_SSL_ENGINE_SETFAILED) X(CURLE_SSL_ENGINE_INITFAILED) X(CURLE_SSL_CERTPROBLEM) X(CURLE_SSL_CIPHER) \
  X(CURLE_PEER_FAILED_VERIFICATION) X(CURLE_SSL_CACERT_BADFILE) X(CURLE_SSL_CRL_BADFILE) X(CURLE_SSL_ISSUER_ERROR) \
  X(CURLE_SSL_PINNEDPUBKEYNOTMATCH) X(CURLE_SSL_INVALIDCERTSTATUS) X(CURLE_SSL_CLIENTCERT) \
  X(CURLE_SSL_SHUTDOWN_FAILED) X(CURLE_LOGIN_DENIED) X(CURLE_AUTH_ERROR) X(CURLE_SEND_ERROR) \
  X(CURLE_SEND_FAIL_REWIND) X(CURLE_RECV_ERROR) X(CURLE_GOT_NOTHING) X(CURLE_PARTIAL_FILE) X(CURLE_READ_ERROR) \
  X(CURLE_WRITE_ERROR) X(CURLE_ABORTED_BY_CALLBACK) X(CURLE_AGAIN)

#define INVALID_ROW(code) { code, FAILURE_INVALID, #code },
#define PROTOCOL_ROW(code) { code, FAILURE_PROTOCOL, #code },
#define TRANSPORT_ROW(code) { code, FAILURE_TRANSPORT, #code },

static const struct code_row codes[] = {
  INVALID_CODES(INVALID_ROW)
  PROTOCOL_CODES(PROTOCOL_ROW)
  TRANSPORT_CODES(TRANSPORT_ROW)
  { CURLE_OPERATION_TIMEDOUT, FAILURE_TIMEOUT, "CURLE_OPERATION_TIMEDOUT" },
#if LIBCURL_VERSION_NUM >= 0x075400
  TRANSPORT_ROW(CURLE_UNRECOVERABLE_POLL)
#endif
#if LIBCURL_VERSION_NUM >= 0x080600
  PROTOCOL_ROW(CURLE_TOO_LARGE)
#endif
};
/* clang-format on */

static const struct code_row *find_row(CURLcode code) {
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    if (codes[i].code == code) return &codes[i];
  }
  return NULL;
}

const char *failure_kind_name(enum failure_kind kind) {
  static const char *const names[] = {
    [FAILURE_INVALID] = "invalid",   [FAILURE_TRANSPORT] = "transport", [FAILURE_TIMEOUT] = "timeout",
    [FAILURE_PROTOCOL] = "protocol", [FAILURE_CANCELLED] = "cancelled",
  };
  return names[kind];
}

const char *curl_code_name(CURLcode code) {
  const struct code_row *row = find_row(code);
  return row ? row->name : NULL;
}

const char *proxy_failure_name(long status, long error) {
  /* Some proxies answer 401 to a wrong password. */
  if (status == 407 || status == 401) return "PROXY_AUTHENTICATION";
  if (status >= 400 && status < 500) return "PROXY_REFUSED";
  if (status >= 300) return "PROXY_FAILED";
  switch (error) {
    case CURLPX_OK: return NULL;
    case CURLPX_NO_AUTH:
    case CURLPX_USER_REJECTED:
    case CURLPX_LONG_USER:
    case CURLPX_LONG_PASSWD: return "PROXY_AUTHENTICATION";
    case CURLPX_RESOLVE_HOST: return "CURLE_COULDNT_RESOLVE_HOST"; /* with socks5 this machine looks up the name */
    case CURLPX_REPLY_NOT_ALLOWED: return "PROXY_REFUSED";
    default: return "PROXY_FAILED";
  }
}

enum failure_kind curl_code_kind(CURLcode code, enum request_sent sent) {
  const struct code_row *row = find_row(code);
  if (!row) return FAILURE_TRANSPORT;
  /* libcurl reports an HTTP/0.9 reply as an unsupported protocol. The failure is "invalid" only if the request was
     not sent. */
  if (row->kind == FAILURE_INVALID && sent != SENT_NO) return FAILURE_PROTOCOL;
  return row->kind;
}
