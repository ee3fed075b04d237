#include "curl/error.h"

#include <stddef.h>

struct code_row {
  CURLcode code;
  enum failure_kind kind;
  const char *name;
};

#define ROW(kind, code) \
  { code, FAILURE_##kind, #code }

/* The codes that an HTTP or HTTPS exchange can end with. */
static const struct code_row codes[] = {
  ROW(INVALID, CURLE_UNSUPPORTED_PROTOCOL),
  ROW(INVALID, CURLE_URL_MALFORMAT),
  ROW(INVALID, CURLE_BAD_FUNCTION_ARGUMENT),
  ROW(TIMEOUT, CURLE_OPERATION_TIMEDOUT),
  ROW(PROTOCOL, CURLE_WEIRD_SERVER_REPLY),
  ROW(PROTOCOL, CURLE_BAD_CONTENT_ENCODING),
  ROW(PROTOCOL, CURLE_FILESIZE_EXCEEDED),
  ROW(PROTOCOL, CURLE_HTTP2),
  ROW(PROTOCOL, CURLE_HTTP2_STREAM),
#if LIBCURL_VERSION_NUM >= 0x080600
  ROW(PROTOCOL, CURLE_TOO_LARGE),
#endif
  ROW(TRANSPORT, CURLE_FAILED_INIT),
  ROW(TRANSPORT, CURLE_NOT_BUILT_IN),
  ROW(TRANSPORT, CURLE_UNKNOWN_OPTION),
  ROW(TRANSPORT, CURLE_OUT_OF_MEMORY),
  ROW(TRANSPORT, CURLE_COULDNT_RESOLVE_PROXY),
  ROW(TRANSPORT, CURLE_COULDNT_RESOLVE_HOST),
  ROW(TRANSPORT, CURLE_COULDNT_CONNECT),
  ROW(TRANSPORT, CURLE_INTERFACE_FAILED),
  ROW(TRANSPORT, CURLE_NO_CONNECTION_AVAILABLE),
  ROW(TRANSPORT, CURLE_PROXY),
  ROW(TRANSPORT, CURLE_SSL_CONNECT_ERROR),
  ROW(TRANSPORT, CURLE_SSL_ENGINE_NOTFOUND),
  ROW(TRANSPORT, CURLE_SSL_ENGINE_SETFAILED),
  ROW(TRANSPORT, CURLE_SSL_ENGINE_INITFAILED),
  ROW(TRANSPORT, CURLE_SSL_CERTPROBLEM),
  ROW(TRANSPORT, CURLE_SSL_CIPHER),
  ROW(TRANSPORT, CURLE_PEER_FAILED_VERIFICATION),
  ROW(TRANSPORT, CURLE_SSL_CACERT_BADFILE),
  ROW(TRANSPORT, CURLE_SSL_CRL_BADFILE),
  ROW(TRANSPORT, CURLE_SSL_ISSUER_ERROR),
  ROW(TRANSPORT, CURLE_SSL_PINNEDPUBKEYNOTMATCH),
  ROW(TRANSPORT, CURLE_SSL_INVALIDCERTSTATUS),
  ROW(TRANSPORT, CURLE_SSL_CLIENTCERT),
  ROW(TRANSPORT, CURLE_SSL_SHUTDOWN_FAILED),
  ROW(TRANSPORT, CURLE_LOGIN_DENIED),
  ROW(TRANSPORT, CURLE_AUTH_ERROR),
  ROW(TRANSPORT, CURLE_SEND_ERROR),
  ROW(TRANSPORT, CURLE_SEND_FAIL_REWIND),
  ROW(TRANSPORT, CURLE_RECV_ERROR),
  ROW(TRANSPORT, CURLE_GOT_NOTHING),
  ROW(TRANSPORT, CURLE_PARTIAL_FILE),
  ROW(TRANSPORT, CURLE_READ_ERROR),
  ROW(TRANSPORT, CURLE_WRITE_ERROR),
  ROW(TRANSPORT, CURLE_ABORTED_BY_CALLBACK),
  ROW(TRANSPORT, CURLE_AGAIN),
#if LIBCURL_VERSION_NUM >= 0x075400
  ROW(TRANSPORT, CURLE_UNRECOVERABLE_POLL),
#endif
};

static const struct code_row *find(CURLcode code) {
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    if (codes[i].code == code) return &codes[i];
  }
  return NULL;
}

const char *failure_kind_name(enum failure_kind kind) {
  switch (kind) {
    case FAILURE_INVALID: return "invalid";
    case FAILURE_TIMEOUT: return "timeout";
    case FAILURE_PROTOCOL: return "protocol";
    case FAILURE_CANCELLED: return "cancelled";
    case FAILURE_TRANSPORT: break;
  }
  return "transport";
}

const char *curl_code_name(CURLcode code) {
  const struct code_row *row = find(code);
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
    case CURLPX_RESOLVE_HOST: return "CURLE_COULDNT_RESOLVE_HOST"; /* with socks5 the name is looked up here */
    case CURLPX_REPLY_NOT_ALLOWED: return "PROXY_REFUSED";
    default: return "PROXY_FAILED";
  }
}

enum failure_kind curl_code_kind(CURLcode code, enum request_sent sent) {
  const struct code_row *row = find(code);
  if (!row) return FAILURE_TRANSPORT;
  /* libcurl calls an HTTP/0.9 reply unsupported too; a request that was sent was not refused here. */
  if (row->kind == FAILURE_INVALID && sent != SENT_NO) return FAILURE_PROTOCOL;
  return row->kind;
}
