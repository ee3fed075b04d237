/* A request builder holds a request that is being built. It first places the values of the parameters in query and
   form, and then signs the request. */
#pragma once

#include "core/action.h"
#include "core/scratch.h"
#include "core/sign.h"
#include "shared/signed_request.h"

#pragma GCC visibility push(hidden)

/* If the query is longer than this, its longest parameters move to the form in the body, because some proxies and
   servers refuse long URLs. */
#define MAX_QUERY_BYTES ((size_t)4096)

/* A signer holds a key pair and its algorithm, or a bearer token, which is sent instead of a signature. */
struct signer {
  struct sign_key key;
  struct buffer access_key_id;
  struct buffer token; /* the security token of a key pair, or the bearer token */
  bool bearer;
  bool open;
};

struct request_builder {
  struct scratch *s;
  const struct action *action;
  struct signer *signer;
  struct slice host;
  struct slice nonce;
  struct slice user_agent;
  char timestamp[DATE_SIZE];
  struct wire_param *values;
  size_t value_count;
  struct pair *query;
  size_t query_count;
  struct pair *form;
  size_t form_count;
  struct pair *all_pairs; /* memory for all pairs of query and form */
  char payload_hash[SIGN_TEXT_SIZE];
  struct signed_request request; /* the result; its texts lie in the scratch, in the action or in the signer */
};

/* placement.c */

/* Returns whether the request has a body. A GET has none. */
bool has_form(const struct request_builder *b);

/* Puts each value into the query or the form. Returns false if there is no memory. */
bool place_params(struct request_builder *b);

void add_query(struct request_builder *b, struct slice name, struct slice value);
void add_form(struct request_builder *b, struct slice name, struct slice value);

/* Returns the index of the parameter whose values take the most bytes in the query. */
size_t longest_param(const struct request_builder *b);

/* authentication.c */

void add_header(struct request_builder *b, struct slice name, struct slice value);

/* Writes URL, body and headers, with a signature or a bearer token. Returns false if OpenSSL fails or there is no
   memory. */
bool authenticate(struct request_builder *b);

#pragma GCC visibility pop
