/* The kind and code of a failed exchange, and whether the service may have seen the request. */
#pragma once

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

enum failure_kind { FAILURE_INVALID, FAILURE_TRANSPORT, FAILURE_TIMEOUT, FAILURE_PROTOCOL, FAILURE_CANCELLED };

/* A second request may create a second task, so SENT_NO is used only when it is certain. */
enum request_sent { SENT_NO, SENT_UNKNOWN, SENT_YES };

struct failure {
  enum failure_kind kind;
  enum request_sent sent;
  CURLcode code;
  const char *message; /* lives as long as the session, until its next request */
  const char *name;    /* NULL: the name of the code */
  long proxy_status;   /* HTTP status of a proxy that refused a tunnel; 0: none */
};

const char *failure_kind_name(enum failure_kind kind);

/* "CURLE_COULDNT_CONNECT"; NULL for a code that an HTTP exchange can't end with. */
const char *curl_code_name(CURLcode code);

/* Why there is no tunnel: "PROXY_AUTHENTICATION", "PROXY_REFUSED", "PROXY_FAILED". NULL when it
   stands, or none was asked for. `error` is a CURLPXcode. */
const char *proxy_failure_name(long status, long error);

enum failure_kind curl_code_kind(CURLcode code, enum request_sent sent);

#pragma GCC visibility pop
