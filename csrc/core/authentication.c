/* Adds the signature or the bearer token to a request, for ACS3 and for HMAC-SHA1 (the RPC protocol). */
#include "core/request_builder.h"

static const struct slice form_type = SLICE_INIT("application/x-www-form-urlencoded");

void add_header(struct request_builder *b, struct slice name, struct slice value) {
  b->request.headers[b->request.header_count++] = (struct pair){ name, value };
}

/* Writes the form as the body. */
static void write_body(struct request_builder *b) {
  percent_sort(b->form, b->form_count);
  percent_write_query(&b->s->body, b->form, b->form_count);
}

/* Appends the query to the URL. */
static void write_query(struct request_builder *b) {
  struct slice query = buffer_content(&b->s->canonical_query);
  if (query.len) buffer_append_byte(&b->s->url, '?');
  buffer_append_slice(&b->s->url, query);
}

static struct slice timestamp(const struct request_builder *b) {
  return (struct slice){ b->timestamp, DATE_SIZE };
}

/* ACS3 */

/* Adds the headers in sorted order, as the signature requires. */
static void add_acs3_headers(struct request_builder *b) {
  if (b->s->body.len) add_header(b, SLICE("content-type"), form_type);
  add_header(b, SLICE("host"), b->host);
  add_header(b, SLICE("x-acs-action"), b->action->name);
  add_header(b, SLICE("x-acs-content-sha256"), (struct slice){ b->payload_hash, SIGN_TEXT_SIZE });
  add_header(b, SLICE("x-acs-date"), timestamp(b));
  if (b->s->token.len && !b->signer->bearer) {
    add_header(b, SLICE("x-acs-security-token"), buffer_content(&b->s->token));
  }
  add_header(b, SLICE("x-acs-signature-nonce"), b->nonce);
  add_header(b, SLICE("x-acs-version"), b->action->version);
}

static bool add_acs3_authorization(struct request_builder *b) {
  struct scratch *s = b->s;
  struct sign_key *key = &b->signer->key;
  struct sign_input input = {
    .method = b->action->method,
    .path = SLICE("/"),
    .query = buffer_content(&s->canonical_query),
    .headers = b->request.headers,
    .header_count = b->request.header_count,
    .payload_hash = { b->payload_hash, SIGN_TEXT_SIZE },
  };
  sign_canonical_request(&s->canonical_request, &input);
  if (!buffer_ok(&s->canonical_request) ||
      !sign_string_to_sign(&s->string_to_sign, key, &input, buffer_content(&s->canonical_request)) ||
      !sign_signature(&s->signature, key, buffer_content(&s->string_to_sign))) {
    return false;
  }
  sign_authorization(&s->authorization, key->algorithm, buffer_content(&b->signer->access_key_id), &input,
                     buffer_content(&s->signature));
  add_header(b, SLICE("authorization"), buffer_content(&s->authorization));
  return true;
}

static bool authenticate_acs3(struct request_builder *b) {
  struct scratch *s = b->s;
  if (b->signer->bearer) add_query(b, SLICE("SignatureType"), SLICE("BEARERTOKEN"));
  percent_sort(b->query, b->query_count);
  percent_write_query(&s->canonical_query, b->query, b->query_count);
  write_query(b);
  write_body(b);
  if (!buffer_ok(&s->body) || !sign_digest(&b->signer->key, buffer_content(&s->body), b->payload_hash)) return false;
  add_acs3_headers(b);
  if (!b->signer->bearer) return add_acs3_authorization(b);
  add_header(b, SLICE("x-acs-bearer-token"), buffer_content(&s->token));
  return true;
}

/* HMAC-SHA1 */

/* Adds a pair to the form. For a GET, adds the pair to the query. The form is preferred, because URLs appear in
   logs. */
static void add_rpc_pair(struct request_builder *b, struct slice name, struct slice value) {
  if (has_form(b)) add_form(b, name, value);
  else add_query(b, name, value);
}

/* Adds the common parameters. */
static void add_rpc_common(struct request_builder *b) {
  add_rpc_pair(b, SLICE("Action"), b->action->name);
  add_rpc_pair(b, SLICE("Format"), SLICE("JSON"));
  add_rpc_pair(b, SLICE("SignatureNonce"), b->nonce);
  add_rpc_pair(b, SLICE("Timestamp"), timestamp(b));
  add_rpc_pair(b, SLICE("Version"), b->action->version);
  if (b->signer->bearer) {
    add_rpc_pair(b, SLICE("BearerToken"), buffer_content(&b->s->token));
    add_rpc_pair(b, SLICE("SignatureType"), SLICE("BEARERTOKEN"));
    return;
  }
  add_rpc_pair(b, SLICE("AccessKeyId"), buffer_content(&b->signer->access_key_id));
  if (b->s->token.len) add_rpc_pair(b, SLICE("SecurityToken"), buffer_content(&b->s->token));
  add_rpc_pair(b, SLICE("SignatureMethod"), sign_algorithm_name(SIGN_HMAC_SHA1));
  add_rpc_pair(b, SLICE("SignatureVersion"), SLICE("1.0"));
}

/* Signs all pairs of query and form, and adds the signature. */
static bool add_rpc_signature(struct request_builder *b) {
  struct scratch *s = b->s;
  size_t count = b->query_count + b->form_count;
  memcpy(b->all_pairs, b->query, b->query_count * sizeof *b->query);
  memcpy(b->all_pairs + b->query_count, b->form, b->form_count * sizeof *b->form);
  percent_sort(b->all_pairs, count);
  percent_write_query(&s->canonical_query, b->all_pairs, count);
  struct sign_input input = {
    .method = b->action->method,
    .path = SLICE("/"),
    .query = buffer_content(&s->canonical_query),
  };
  if (!buffer_ok(&s->canonical_query) || !sign_string_to_sign(&s->string_to_sign, &b->signer->key, &input, SLICE("")) ||
      !sign_signature(&s->signature, &b->signer->key, buffer_content(&s->string_to_sign))) {
    return false;
  }
  add_rpc_pair(b, SLICE("Signature"), buffer_content(&s->signature));
  return true;
}

static bool authenticate_rpc(struct request_builder *b) {
  struct scratch *s = b->s;
  add_rpc_common(b);
  if (!b->signer->bearer && !add_rpc_signature(b)) return false;
  percent_sort(b->query, b->query_count);
  s->canonical_query.len = 0;
  percent_write_query(&s->canonical_query, b->query, b->query_count);
  write_query(b);
  write_body(b);
  if (s->body.len) add_header(b, SLICE("content-type"), form_type);
  add_header(b, SLICE("host"), b->host);
  add_header(b, SLICE("x-acs-action"), b->action->name);
  add_header(b, SLICE("x-acs-version"), b->action->version);
  return true;
}

bool authenticate(struct request_builder *b) {
  return b->signer->key.algorithm == SIGN_HMAC_SHA1 ? authenticate_rpc(b) : authenticate_acs3(b);
}
