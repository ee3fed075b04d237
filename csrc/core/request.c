#include "core/core.h"

#include "core/encoding.h"
#include "core/param.h"
#include "core/request_builder.h"

/* The longest URL of a GET, which has no body for its parameters. The provider states no limit, but its gateway answers
   414 to long URLs. */
#define MAX_URL_BYTES ((size_t)16 * 1024)

/* The context. A wrong context raises an error, because only the client creates contexts. */

/* Returns whether the text has no control character. */
static bool is_printable(struct slice text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte < 0x20 || byte == 0x7f) return false;
  }
  return true;
}

/* Returns the string in the field `name` of the context. The string stays on the stack. */
static struct slice context_text(lua_State *L, int context, const char *name, bool required) {
  lua_getfield(L, context, name);
  struct slice text = value_text(L, -1);
  if (!text.data && (required || !lua_isnil(L, -1)))
    luaL_error(L, "context.%s: string expected, got %s", name, luaL_typename(L, -1));
  if (!is_printable(text)) luaL_error(L, "context.%s: has a control character", name);
  return text;
}

static bool is_host_byte(char c) {
  return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
}

/* Moves the scheme from the beginning of `text` to the URL. Returns false if `text` has another beginning. */
static bool take_scheme(struct request_builder *b, struct slice *text, const char *scheme) {
  size_t len = strlen(scheme);
  if (text->len <= len || memcmp(text->data, scheme, len) != 0) return false;
  buffer_append(&b->s->url, scheme, len);
  text->data += len;
  text->len -= len;
  return true;
}

/* Parses scheme://host[:port] into the URL and the Host header. Both omit the default port of the scheme. */
static void parse_endpoint(lua_State *L, struct request_builder *b, struct slice endpoint) {
  struct slice host = endpoint;
  const char *port = NULL;
  if (take_scheme(b, &host, "https://")) port = ":443";
  else if (take_scheme(b, &host, "http://")) port = ":80";
  bool valid = port != NULL;
  for (size_t i = 0; i < host.len; i++) valid = valid && is_host_byte(host.data[i]);
  if (!valid) {
    luaL_error(L, "context.endpoint: expected https://host or https://host:port");
    return;
  }
  size_t port_len = strlen(port);
  if (host.len > port_len && !memcmp(host.data + host.len - port_len, port, port_len)) host.len -= port_len;
  b->host = host;
  buffer_append_slice(&b->s->url, host);
  buffer_append_byte(&b->s->url, '/');
}

static void parse_date(lua_State *L, struct request_builder *b, int context) {
  lua_getfield(L, context, "date");
  lua_Number date = lua_tonumber(L, -1);
  /* The limit is the end of the year 9999, because the format has only four digits for the year. */
  bool valid = lua_type(L, -1) == LUA_TNUMBER && date >= 0 && date < 253402300800.0;
  if (!valid) luaL_error(L, "context.date: seconds since 1970 expected");
  date_format(b->timestamp, (int64_t)date);
}

static void parse_context(lua_State *L, struct request_builder *b, int context) {
  lua_getfield(L, context, "signer");
  b->signer = luaL_checkudata(L, -1, REQUEST_SIGNER);
  parse_endpoint(L, b, context_text(L, context, "endpoint", true));
  b->nonce = context_text(L, context, "nonce", true);
  b->user_agent = context_text(L, context, "user_agent", false);
  parse_date(L, b, context);
}

/* Checks that the signer is open, and copies its token. A finalizer can close the signer. Therefore this function is
   called after the last Lua code that can run before signing. The token is copied, because a finalizer can also run
   while the result is pushed. */
static void copy_token(lua_State *L, struct request_builder *b) {
  if (!b->signer->open) luaL_error(L, "context.signer: is closed");
  buffer_append_slice(&b->s->token, buffer_content(&b->signer->token));
}

/* The result */

static bool check_url(lua_State *L, const struct request_builder *b) {
  if (has_form(b) || b->s->url.len <= MAX_URL_BYTES) return true;
  struct path path = { .name = b->action->name };
  if (b->value_count) path.name = b->action->params[longest_param(b)].name;
  return value_fail(L, &path, "is too long: the URL has %d bytes, the limit is %d, and GET has no body for it",
                    clamp_to_int(b->s->url.len), clamp_to_int(MAX_URL_BYTES));
}

static bool build(lua_State *L, struct request_builder *b, int params, int context, request_push *push) {
  struct scratch *s = b->s;
  parse_context(L, b, context);
  lua_getfield(L, context, "unchecked");
  if (!param_collect(L, s, b->action, params, lua_toboolean(L, -1))) return false;
  b->values = BUFFER_ITEMS(struct wire_param, &s->values);
  b->value_count = BUFFER_COUNT(struct wire_param, &s->values);
  copy_token(L, b);
  bool done = place_params(b) && authenticate(b);
  add_header(b, SLICE("accept"), SLICE("application/json"));
  if (b->user_agent.data) add_header(b, SLICE("user-agent"), b->user_agent);
  struct path path = { .name = b->action->name };
  if (!value_check_written(L, scratch_state(s), &path)) return false;
  if (!done) luaL_error(L, "%s", crypto_failure());
  if (!check_url(L, b)) return false;
  buffer_reset(&s->text); /* frees a large text, which the request contains, before Lua copies the request */
  b->request.method = b->action->method;
  b->request.url = buffer_content(&s->url);
  b->request.body = buffer_content(&s->body);
  push(L, &b->request);
  return true;
}

int request_build(lua_State *L, struct scratch *s, const struct action *action, int params, int context,
                  request_push *push) {
  struct request_builder b = { .s = s, .action = action };
  luaL_checktype(L, params, LUA_TTABLE);
  luaL_checktype(L, context, LUA_TTABLE);
  /* Reserves no more than needed, because a coroutine that waits keeps the size of its stack. */
  reserve_stack(L, clamp_to_int(action->param_count) + 32);
  bool built = build(L, &b, params, context, push);
  /* The scratch contains the token in several texts. */
  if (s->token.len) scratch_wipe(s);
  return built ? 1 : value_nil_and_error(L);
}
