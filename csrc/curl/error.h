/* Describes a failed exchange: its kind, its code, and whether the service may have received the request. */
#pragma once

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

enum failure_kind { FAILURE_INVALID, FAILURE_TRANSPORT, FAILURE_TIMEOUT, FAILURE_PROTOCOL, FAILURE_CANCELLED };

/* SENT_NO means that the request was certainly not sent, so that a retry can't create a second task. SENT_UNKNOWN
   means that the request may have been sent, although no reply arrived. */
enum request_sent { SENT_NO, SENT_UNKNOWN, SENT_YES };

struct failure {
  enum failure_kind kind;
  enum request_sent sent;
  CURLcode code;
  const char *message; /* valid until the session's next request, and no longer than the session */
  const char *name;    /* if not NULL, replaces the name of `code` */
  long proxy_status;   /* HTTP status of a proxy that refused a tunnel, or 0 */
};

const char *failure_kind_name(enum failure_kind kind);

/* Returns the name of a code, such as "CURLE_COULDNT_CONNECT", or NULL for a code that HTTP never causes. */
const char *curl_code_name(CURLcode code);

/* Returns a name that says why a proxy opened no tunnel, such as "PROXY_REFUSED". Returns NULL if no proxy failed.
   `status` is the HTTP status of the proxy's reply, or 0. `error` is a CURLPXcode. */
const char *proxy_failure_name(long status, long error);

/* Returns the kind of failure that a code of libcurl means. */
enum failure_kind curl_code_kind(CURLcode code, enum request_sent sent);

#pragma GCC visibility pop
