/* Parameters, an action and a context in; a signed request out. Nothing is read but what is handed in. */
#ifndef DATAWORKS_REQUEST_H
#define DATAWORKS_REQUEST_H

#include "core/param.h"
#include "core/percent.h"
#include "core/sign.h"

#pragma GCC visibility push(hidden)

#define REQUEST_SIGNER "dataworks.signer"

/* A longer query moves its longest parameters to the form body: proxies and servers cut long URLs. */
#define REQUEST_QUERY_LIMIT ((size_t)4096)

/* GET has no body to move them to. The provider states no limit, but its gateway answers 414 to long URLs. */
#define REQUEST_URL_LIMIT ((size_t)16 * 1024)

/* A key pair, and the algorithm it signs with; or a bearer token, which goes along instead of a signature. */
struct signer {
  struct sign_key key;
  struct buffer access_key_id;
  struct buffer token; /* the security token of a key pair, or the bearer token */
  bool bearer;
  bool open;
};

/* Memory that the requests of one Lua state share, so that a request seldom allocates. `taken` from the start of a
   request to its end: a finalizer that runs meanwhile may want to make another one. */
struct scratch {
  bool taken;
  struct buffer text; /* the values that had to be written: numbers, JSON */
  struct buffer keys;
  struct buffer collected; /* of struct param_value */
  struct buffer pairs;     /* of struct pair, for query and form */
  struct buffer token;
  struct buffer canonical_query;
  struct buffer url;
  struct buffer body;
  struct buffer canonical_request;
  struct buffer string_to_sign;
  struct buffer signature;
  struct buffer authorization;
  struct param params[PARAM_LIMIT];
  const char *values[PARAM_VALUE_LIMIT];
};

void scratch_reset(struct scratch *s);
void scratch_wipe(struct scratch *s);

extern const struct action request_generate;

/* Pushes the request {method, url, headers, body} and returns 1, or nil and an error and returns 2. Both indices
   are absolute. A context of the wrong shape raises. */
int request_build(lua_State *L, struct scratch *s, const struct action *action, int params, int context);

#pragma GCC visibility pop

#endif
