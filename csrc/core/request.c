#include "core/request.h"

#include "core/value.h"

#include <string.h>
#include <time.h>

#define TIMESTAMP_SIZE 32
#define HEADER_LIMIT 16
/* The common parameters of HMAC-SHA1 come on top of an action's own. */
#define COMMON_LIMIT 16

static const char *const generate_task_types[] = { "DI_REALTIME", "DI_SOLUTION", NULL };

static const struct param generate_params[] = {
  { SLICE_INIT("ProjectId"), PARAM_LONG, false, true, NULL },
  { SLICE_INIT("TaskType"), PARAM_STRING, false, true, generate_task_types },
  { SLICE_INIT("TaskParam"), PARAM_CREATING, false, true, NULL },
  { SLICE_INIT("ClientToken"), PARAM_STRING, false, false, NULL },
};

const struct action request_generate = {
  .name = SLICE_INIT("GenerateDISyncTaskConfigForCreating"),
  .version = SLICE_INIT("2020-05-18"),
  .method = SLICE_INIT("POST"),
  .params = generate_params,
  .param_count = sizeof generate_params / sizeof *generate_params,
};

static void each_buffer(struct scratch *s, void (*apply)(struct buffer *)) {
  struct buffer *const all[] = {
    &s->text, &s->keys, &s->collected,         &s->pairs,          &s->token,     &s->canonical_query,
    &s->url,  &s->body, &s->canonical_request, &s->string_to_sign, &s->signature, &s->authorization,
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) apply(all[i]);
}

void scratch_reset(struct scratch *s) {
  each_buffer(s, buffer_reset);
}

void scratch_wipe(struct scratch *s) {
  each_buffer(s, buffer_wipe);
}

/* One request on its way */
struct job {
  lua_State *L;
  struct scratch *s;
  const struct action *action;
  struct signer *signer;
  struct slice host;
  struct slice nonce;
  struct slice user_agent;
  char timestamp[TIMESTAMP_SIZE];
  size_t timestamp_len;
  struct param_value *values;
  size_t value_count;
  struct pair *query;
  size_t query_count;
  struct pair *form;
  size_t form_count;
  struct pair *both;
  char payload_hash[SIGN_TEXT_SIZE];
  struct pair headers[HEADER_LIMIT];
  size_t header_count;
};

/* The context: misuse raises, since only the client makes it. */

static bool printable(struct slice text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte < 0x20 || byte == 0x7f) return false;
  }
  return true;
}

static struct slice context_text(lua_State *L, int context, const char *name, bool required) {
  struct slice text = { NULL, 0 };
  lua_getfield(L, context, name);
  if (lua_type(L, -1) == LUA_TSTRING) {
    text.data = lua_tolstring(L, -1, &text.len);
  } else if (required || !lua_isnil(L, -1)) {
    luaL_error(L, "context.%s: string expected, got %s", name, luaL_typename(L, -1));
  }
  if (!printable(text)) luaL_error(L, "context.%s: has a control character", name);
  return text;
}

static bool host_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(".-_:[]", c));
}

/* Takes scheme://host[:port] apart; the Host header leaves out a scheme's own port. */
static void read_endpoint(struct job *job, struct slice endpoint) {
  static const char https[] = "https://", http[] = "http://";
  size_t scheme = 0;
  const char *port = NULL;
  if (endpoint.len > sizeof https - 1 && !memcmp(endpoint.data, https, sizeof https - 1)) {
    scheme = sizeof https - 1;
    port = ":443";
  } else if (endpoint.len > sizeof http - 1 && !memcmp(endpoint.data, http, sizeof http - 1)) {
    scheme = sizeof http - 1;
    port = ":80";
  }
  struct slice host = { endpoint.data + scheme, endpoint.len - scheme };
  bool good = scheme > 0;
  for (size_t i = 0; i < host.len; i++) good = good && host_byte(host.data[i]);
  if (!good) {
    luaL_error(job->L, "context.endpoint: expected https://host or https://host:port");
    return;
  }
  size_t port_len = strlen(port);
  if (host.len > port_len && !memcmp(host.data + host.len - port_len, port, port_len)) host.len -= port_len;
  job->host = host;
  buffer_append(&job->s->url, endpoint.data, scheme);
  buffer_slice(&job->s->url, host);
  buffer_byte(&job->s->url, '/');
}

static void read_date(lua_State *L, int context, struct job *job) {
  lua_getfield(L, context, "date");
  lua_Number date = lua_tonumber(L, -1);
  /* Years of four digits, which is what the format knows. */
  bool good = lua_type(L, -1) == LUA_TNUMBER && date >= 0 && date < 253402300800.0;
  struct tm utc;
  time_t seconds = good ? (time_t)date : 0;
  if (!good || !gmtime_r(&seconds, &utc)) {
    luaL_error(L, "context.date: seconds since 1970 expected");
    return;
  }
  job->timestamp_len = strftime(job->timestamp, sizeof job->timestamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void read_context(struct job *job, int context) {
  lua_State *L = job->L;
  lua_getfield(L, context, "signer");
  job->signer = luaL_checkudata(L, -1, REQUEST_SIGNER);
  read_endpoint(job, context_text(L, context, "endpoint", true));
  job->nonce = context_text(L, context, "nonce", true);
  job->user_agent = context_text(L, context, "user_agent", false);
  read_date(L, context, job);
}

/* After the last Lua code that may run before the request is signed: a finalizer can close a signer. One that runs
   while the result is pushed finds all of it in the scratch. */
static void use_signer(struct job *job) {
  if (!job->signer->open) luaL_error(job->L, "context.signer: is closed");
  buffer_slice(&job->s->token, buffer_content(&job->signer->token));
}

/* Query and form */

static size_t encoded_length(const struct param_value *value) {
  return percent_encoded_length(value->name) + percent_encoded_length(value->text) + 2;
}

static size_t longest_param(const struct job *job, const size_t lengths[PARAM_LIMIT]) {
  size_t longest = 0;
  for (size_t i = 1; i < job->action->param_count; i++) {
    if (lengths[i] > lengths[longest]) longest = i;
  }
  return longest;
}

/* While the query is too long, its longest parameter goes to the form: the service takes it in either place. */
static void shorten_query(struct job *job) {
  struct param_value *values = job->values;
  size_t total = 0, lengths[PARAM_LIMIT] = { 0 };
  for (size_t i = 0; i < job->value_count; i++)
    total += values[i].in_body ? 0 : values[i].name.len + values[i].text.len + 2;
  if (total * 3 <= REQUEST_QUERY_LIMIT) return;
  total = 0;
  for (size_t i = 0; i < job->value_count; i++) {
    size_t length = values[i].in_body ? 0 : encoded_length(&values[i]);
    lengths[values[i].param] += length;
    total += length;
  }
  while (total > REQUEST_QUERY_LIMIT) {
    size_t longest = longest_param(job, lengths);
    for (size_t i = 0; i < job->value_count; i++) values[i].in_body = values[i].in_body || values[i].param == longest;
    total -= lengths[longest];
    lengths[longest] = 0;
  }
}

static bool has_form(const struct job *job) {
  return !slice_equal(job->action->method, SLICE("GET"));
}

/* Room for all values in the query, in the form, and in both together. */
static bool reserve_pairs(struct job *job) {
  size_t most = job->value_count + COMMON_LIMIT;
  char *room = buffer_reserve(&job->s->pairs, 3 * most * sizeof(struct pair));
  if (!room) return false;
  job->query = (struct pair *)(void *)room;
  job->form = job->query + most;
  job->both = job->form + most;
  return true;
}

static void add_query(struct job *job, struct slice name, struct slice value) {
  job->query[job->query_count++] = (struct pair){ name, value };
}

static void add_form(struct job *job, struct slice name, struct slice value) {
  job->form[job->form_count++] = (struct pair){ name, value };
}

static void place(struct job *job) {
  if (has_form(job)) shorten_query(job);
  for (size_t i = 0; i < job->value_count; i++) {
    const struct param_value *value = &job->values[i];
    if (value->in_body) {
      add_form(job, value->name, value->text);
    } else {
      add_query(job, value->name, value->text);
    }
  }
}

static void write_body(struct job *job) {
  percent_sort(job->form, job->form_count);
  percent_query(&job->s->body, job->form, job->form_count);
}

static void write_url(struct job *job, struct slice query) {
  if (query.len) buffer_byte(&job->s->url, '?');
  buffer_slice(&job->s->url, query);
}

static void add_header(struct job *job, struct slice name, struct slice value) {
  job->headers[job->header_count++] = (struct pair){ name, value };
}

static struct slice timestamp(const struct job *job) {
  return (struct slice){ job->timestamp, job->timestamp_len };
}

static const struct slice form_type = SLICE_INIT("application/x-www-form-urlencoded");

/* ACS3 */

/* In sorted order, which is the order they are signed in. */
static void acs3_headers(struct job *job) {
  if (job->s->body.len) add_header(job, SLICE("content-type"), form_type);
  add_header(job, SLICE("host"), job->host);
  add_header(job, SLICE("x-acs-action"), job->action->name);
  add_header(job, SLICE("x-acs-content-sha256"), (struct slice){ job->payload_hash, SIGN_TEXT_SIZE });
  add_header(job, SLICE("x-acs-date"), timestamp(job));
  if (job->s->token.len && !job->signer->bearer) {
    add_header(job, SLICE("x-acs-security-token"), buffer_content(&job->s->token));
  }
  add_header(job, SLICE("x-acs-signature-nonce"), job->nonce);
  add_header(job, SLICE("x-acs-version"), job->action->version);
}

static bool sign_acs3(struct job *job) {
  struct scratch *s = job->s;
  struct sign_key *key = &job->signer->key;
  if (job->signer->bearer) add_query(job, SLICE("SignatureType"), SLICE("BEARERTOKEN"));
  percent_sort(job->query, job->query_count);
  percent_query(&s->canonical_query, job->query, job->query_count);
  write_url(job, buffer_content(&s->canonical_query));
  write_body(job);
  if (!buffer_ok(&s->body) || !sign_digest(key, buffer_content(&s->body), job->payload_hash)) return false;
  acs3_headers(job);
  if (job->signer->bearer) {
    add_header(job, SLICE("x-acs-bearer-token"), buffer_content(&s->token));
    return true;
  }
  struct sign_input input = {
    .method = job->action->method,
    .path = SLICE("/"),
    .query = buffer_content(&s->canonical_query),
    .headers = job->headers,
    .header_count = job->header_count,
    .payload_hash = { job->payload_hash, SIGN_TEXT_SIZE },
  };
  sign_canonical_request(&s->canonical_request, &input);
  if (!buffer_ok(&s->canonical_request) ||
      !sign_string_to_sign(&s->string_to_sign, key, &input, buffer_content(&s->canonical_request)) ||
      !sign_signature(&s->signature, key, buffer_content(&s->string_to_sign))) {
    return false;
  }
  sign_authorization(&s->authorization, key->algorithm, buffer_content(&job->signer->access_key_id), &input,
                     buffer_content(&s->signature));
  add_header(job, SLICE("authorization"), buffer_content(&s->authorization));
  return true;
}

/* HMAC-SHA1 */

/* A URL ends up in logs, so the common parameters and the signature go to the form where there is one. */
static void rpc_pair(struct job *job, struct slice name, struct slice value) {
  if (has_form(job)) {
    add_form(job, name, value);
  } else {
    add_query(job, name, value);
  }
}

static void rpc_common(struct job *job) {
  rpc_pair(job, SLICE("Action"), job->action->name);
  rpc_pair(job, SLICE("Format"), SLICE("JSON"));
  rpc_pair(job, SLICE("SignatureNonce"), job->nonce);
  rpc_pair(job, SLICE("Timestamp"), timestamp(job));
  rpc_pair(job, SLICE("Version"), job->action->version);
  if (job->signer->bearer) {
    rpc_pair(job, SLICE("BearerToken"), buffer_content(&job->s->token));
    rpc_pair(job, SLICE("SignatureType"), SLICE("BEARERTOKEN"));
    return;
  }
  rpc_pair(job, SLICE("AccessKeyId"), buffer_content(&job->signer->access_key_id));
  if (job->s->token.len) rpc_pair(job, SLICE("SecurityToken"), buffer_content(&job->s->token));
  rpc_pair(job, SLICE("SignatureMethod"), sign_name(SIGN_HMAC_SHA1));
  rpc_pair(job, SLICE("SignatureVersion"), SLICE("1.0"));
}

static bool rpc_signature(struct job *job) {
  struct scratch *s = job->s;
  size_t count = job->query_count + job->form_count;
  memcpy(job->both, job->query, job->query_count * sizeof *job->query);
  memcpy(job->both + job->query_count, job->form, job->form_count * sizeof *job->form);
  percent_sort(job->both, count);
  percent_query(&s->canonical_query, job->both, count);
  struct sign_input input = {
    .method = job->action->method,
    .path = SLICE("/"),
    .query = buffer_content(&s->canonical_query),
  };
  if (!buffer_ok(&s->canonical_query) ||
      !sign_string_to_sign(&s->string_to_sign, &job->signer->key, &input, SLICE("")) ||
      !sign_signature(&s->signature, &job->signer->key, buffer_content(&s->string_to_sign))) {
    return false;
  }
  rpc_pair(job, SLICE("Signature"), buffer_content(&s->signature));
  return true;
}

static bool sign_rpc(struct job *job) {
  struct scratch *s = job->s;
  rpc_common(job);
  if (!job->signer->bearer && !rpc_signature(job)) return false;
  percent_sort(job->query, job->query_count);
  s->canonical_query.len = 0;
  percent_query(&s->canonical_query, job->query, job->query_count);
  write_url(job, buffer_content(&s->canonical_query));
  write_body(job);
  if (s->body.len) add_header(job, SLICE("content-type"), form_type);
  add_header(job, SLICE("host"), job->host);
  add_header(job, SLICE("x-acs-action"), job->action->name);
  add_header(job, SLICE("x-acs-version"), job->action->version);
  return true;
}

/* The result */

static void push_slice(lua_State *L, struct slice text) {
  lua_pushlstring(L, text.len ? text.data : "", text.len);
}

static void push_request(struct job *job) {
  lua_State *L = job->L;
  lua_createtable(L, 0, 4);
  push_slice(L, job->action->method);
  lua_setfield(L, -2, "method");
  push_slice(L, buffer_content(&job->s->url));
  lua_setfield(L, -2, "url");
  lua_createtable(L, 0, (int)job->header_count);
  for (size_t i = 0; i < job->header_count; i++) {
    push_slice(L, job->headers[i].name);
    push_slice(L, job->headers[i].value);
    lua_rawset(L, -3);
  }
  lua_setfield(L, -2, "headers");
  push_slice(L, buffer_content(&job->s->body));
  lua_setfield(L, -2, "body");
}

static bool complete(const struct scratch *s) {
  return buffer_ok(&s->token) && buffer_ok(&s->canonical_query) && buffer_ok(&s->url) && buffer_ok(&s->body) &&
         buffer_ok(&s->authorization);
}

static bool collect(struct job *job, int params) {
  struct scratch *s = job->s;
  if (!param_collect(job->L, job->action, params, &s->collected, &s->text, &s->keys)) return false;
  job->values = (struct param_value *)(void *)s->collected.data;
  job->value_count = s->collected.len / sizeof *job->values;
  return true;
}

static bool sign(struct job *job) {
  if (!reserve_pairs(job)) return false;
  use_signer(job);
  place(job);
  return job->signer->key.algorithm == SIGN_HMAC_SHA1 ? sign_rpc(job) : sign_acs3(job);
}

static bool check_url(struct job *job) {
  if (has_form(job) || job->s->url.len <= REQUEST_URL_LIMIT) return true;
  size_t lengths[PARAM_LIMIT] = { 0 };
  for (size_t i = 0; i < job->value_count; i++) lengths[job->values[i].param] += encoded_length(&job->values[i]);
  struct path path = { .name = job->action->name };
  if (job->value_count) path.name = job->action->params[longest_param(job, lengths)].name;
  return value_fail(job->L, &path, "is too long: the URL has %d bytes, %d are the most, and GET has no body for it",
                    (int)job->s->url.len, (int)REQUEST_URL_LIMIT);
}

static bool build(struct job *job, int params, int context) {
  read_context(job, context);
  struct scratch *s = job->s;
  if (!collect(job, params)) return false;
  bool done = sign(job);
  add_header(job, SLICE("accept"), SLICE("application/json"));
  if (job->user_agent.data) add_header(job, SLICE("user-agent"), job->user_agent);
  struct path path = { .name = job->action->name };
  if (!done || !complete(s)) {
    return value_fail(job->L, &path, "the request is too large to be signed, or memory ran out");
  }
  if (!check_url(job)) return false;
  push_request(job);
  return true;
}

int request_build(lua_State *L, struct scratch *s, const struct action *action, int params, int context) {
  struct job job = { .L = L, .s = s, .action = action };
  luaL_checktype(L, params, LUA_TTABLE);
  luaL_checktype(L, context, LUA_TTABLE);
  /* No more than it takes: what a coroutine's stack has grown to stays with it while it waits. */
  luaL_checkstack(L, (int)action->param_count + 32, "too many parameters");
  bool built = build(&job, params, context);
  /* The token was part of what was signed. */
  if (s->token.len) scratch_wipe(s);
  return built ? 1 : value_nil_and_error(L);
}
