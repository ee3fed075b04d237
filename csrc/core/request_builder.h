/* A request while it is built: the values of its parameters are placed in query and form, then it is signed. */
#pragma once

#include "core/action.h"
#include "core/scratch.h"
#include "core/sign.h"

#pragma GCC visibility push(hidden)

#define TIMESTAMP_SIZE 32
#define MAX_SIGNED_HEADERS 16

/* A longer query moves its longest parameters to the form body: proxies and servers cut long URLs. */
#define MAX_QUERY_BYTES ((size_t)4096)

/* A key pair and its algorithm; or a bearer token, which is sent instead of a signature. */
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
  char timestamp[TIMESTAMP_SIZE];
  size_t timestamp_len;
  struct wire_param *values;
  size_t value_count;
  struct pair *query;
  size_t query_count;
  struct pair *form;
  size_t form_count;
  struct pair *all_pairs; /* memory for the pairs of query and form together */
  char payload_hash[SIGN_TEXT_SIZE];
  struct pair headers[MAX_SIGNED_HEADERS];
  size_t header_count;
};

/* placement.c */

bool has_form(const struct request_builder *b);

/* Puts each value into the query or the form. False: no memory. */
bool place_params(struct request_builder *b);

void add_query(struct request_builder *b, struct slice name, struct slice value);
void add_form(struct request_builder *b, struct slice name, struct slice value);

/* Index of the parameter that takes the most room in the URL of a GET. */
size_t longest_param(const struct request_builder *b);

/* authentication.c */

void add_header(struct request_builder *b, struct slice name, struct slice value);

/* Writes URL, body and headers, signed or with a bearer token. False: no memory. */
bool authenticate(struct request_builder *b);

#pragma GCC visibility pop
