#include "core/core.h"
#include "core/json.h"
#include "core/sign.h"
#include "core/value.h"

#include <stdio.h>

#define MAX_PAIRS 512

/* Memory of one call, in a userdata so that a Lua error leaks nothing. */
#define SIGN_STATE "dataworks.sign"

struct sign_state {
  struct sign_key key;
  struct buffer names; /* lower-case header names */
  struct buffer query;
  struct buffer canonical_request;
  struct buffer string_to_sign;
  struct buffer signature;
  struct buffer authorization;
  struct pair pairs[MAX_PAIRS];
};

static int sign_state_gc(lua_State *L) {
  struct sign_state *state = luaL_checkudata(L, 1, SIGN_STATE);
  sign_key_close(&state->key);
  buffer_wipe(&state->names);
  buffer_wipe(&state->query);
  buffer_wipe(&state->canonical_request);
  buffer_wipe(&state->string_to_sign);
  buffer_wipe(&state->signature);
  buffer_wipe(&state->authorization);
  return 0;
}

static struct sign_state *new_sign_state(lua_State *L) {
  struct sign_state *state = lua_newuserdata(L, sizeof *state);
  memset(state, 0, sizeof *state);
  luaL_setmetatable(L, SIGN_STATE);
  return state;
}

static struct slice text_field(lua_State *L, const char *name, const char *otherwise) {
  struct slice text = { NULL, 0 };
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1) && otherwise) {
    lua_pop(L, 1);
    lua_pushstring(L, otherwise);
  }
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s: string expected, got %s", name, luaL_typename(L, -1));
  text.data = lua_tolstring(L, -1, &text.len);
  return text;
}

/* Replaces the value on top by its text on the wire. */
static struct slice wire_text(lua_State *L, const char *what) {
  char number[JSON_NUMBER_SIZE];
  struct slice text = { NULL, 0 };
  struct path path = { .name = { what, strlen(what) } };
  long long integer;
  if (lua_type(L, -1) == LUA_TNUMBER) {
    if (!value_integer(L, lua_gettop(L), &path, &integer)) luaL_error(L, "%s: numbers must be whole and exact", what);
    lua_pushlstring(L, number, (size_t)snprintf(number, sizeof number, "%lld", integer));
    lua_replace(L, -2);
  } else if (lua_isboolean(L, -1)) {
    lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
    lua_replace(L, -2);
  }
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s: text expected, got %s", what, luaL_typename(L, -1));
  text.data = lua_tolstring(L, -1, &text.len);
  return text;
}

/* Copies the map fields[name] to state->pairs; its texts stay on the stack. */
static size_t parse_pairs(lua_State *L, struct sign_state *state, const char *name) {
  size_t count = 0;
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1)) return 0;
  if (!lua_istable(L, -1)) luaL_error(L, "%s: table expected, got %s", name, luaL_typename(L, -1));
  int map = lua_gettop(L);
  luaL_checkstack(L, 2 * MAX_PAIRS + 8, "too many pairs to sign");
  lua_pushnil(L);
  while (lua_next(L, map)) {
    if (count == MAX_PAIRS) luaL_error(L, "%s: more than %d entries", name, MAX_PAIRS);
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "%s: string expected as key", name);
    struct pair *pair = &state->pairs[count++];
    pair->name.data = lua_tolstring(L, -2, &pair->name.len);
    pair->value = wire_text(L, name);
    lua_pushvalue(L, -2);
  }
  return count;
}

static void canonical_query(lua_State *L, struct sign_state *state, const char *name) {
  size_t count = parse_pairs(L, state, name);
  percent_sort(state->pairs, count);
  percent_query(&state->query, state->pairs, count);
}

static struct slice trim(struct slice text) {
  while (text.len && (text.data[0] == ' ' || text.data[0] == '\t')) {
    text.data++;
    text.len--;
  }
  while (text.len && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) text.len--;
  return text;
}

static bool check_header(lua_State *L, const struct pair *header) {
  struct path up = { .name = SLICE("headers") };
  struct path path = { .up = &up, .name = header->name };
  for (size_t i = 0; i < header->value.len; i++) {
    if (!memchr("\r\n", header->value.data[i], 3)) continue;
    return value_fail(L, &path, "has CR, LF or NUL at byte %d; a header can't carry it", (int)i + 1);
  }
  return true;
}

static void lower_names(struct sign_state *state, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += state->pairs[i].name.len;
  char *to = total ? buffer_reserve(&state->names, total) : NULL;
  for (size_t i = 0; to && i < count; i++) {
    struct slice *name = &state->pairs[i].name;
    for (size_t j = 0; j < name->len; j++) {
      char c = name->data[j];
      to[j] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    name->data = to;
    to += name->len;
  }
}

/* Leaves in state->pairs the headers to sign: lower-case, trimmed, sorted. On failure pushes an error. */
static bool parse_headers(lua_State *L, struct sign_state *state, size_t *count) {
  size_t all = parse_pairs(L, state, "headers"), kept = 0;
  for (size_t i = 0; i < all; i++) {
    if (!check_header(L, &state->pairs[i])) return false;
  }
  lower_names(state, all);
  for (size_t i = 0; i < all; i++) {
    if (!sign_covers(state->pairs[i].name)) continue;
    state->pairs[kept] = state->pairs[i];
    state->pairs[kept].value = trim(state->pairs[kept].value);
    kept++;
  }
  percent_sort(state->pairs, kept);
  for (size_t i = 1; i < kept; i++) {
    struct path up = { .name = SLICE("headers") };
    struct path path = { .up = &up, .name = state->pairs[i].name };
    if (slice_equal(state->pairs[i - 1].name, state->pairs[i].name)) return value_fail(L, &path, "is given twice");
  }
  *count = kept;
  return true;
}

static void set_text(lua_State *L, const char *name, const struct buffer *text) {
  if (!buffer_ok(text)) luaL_error(L, "%s: too large, or memory ran out", name);
  lua_pushlstring(L, text->len ? text->data : "", text->len);
  lua_setfield(L, -2, name);
}

static void open_key(lua_State *L, struct sign_state *state) {
  enum sign_algorithm algorithm = SIGN_ACS3_SHA256;
  struct slice name = text_field(L, "algorithm", "ACS3-HMAC-SHA256");
  struct slice secret = text_field(L, "access_key_secret", NULL);
  if (!sign_find(name, &algorithm)) luaL_error(L, "algorithm: unknown signature algorithm %s", name.data);
  if (!sign_key_open(&state->key, algorithm, secret)) luaL_error(L, "OpenSSL can't prepare %s", name.data);
}

static void check_done(lua_State *L, bool done) {
  if (!done) luaL_error(L, "the text to sign is too large, or memory ran out");
}

static int sign_rpc(lua_State *L, struct sign_state *state, struct sign_input *input) {
  canonical_query(L, state, "params");
  input->query = buffer_content(&state->query);
  check_done(L, buffer_ok(&state->query) &&
                  sign_string_to_sign(&state->string_to_sign, &state->key, input, SLICE("")) &&
                  sign_signature(&state->signature, &state->key, buffer_content(&state->string_to_sign)));
  lua_createtable(L, 0, 2);
  set_text(L, "string_to_sign", &state->string_to_sign);
  set_text(L, "signature", &state->signature);
  return 1;
}

static int sign_acs3(lua_State *L, struct sign_state *state, struct sign_input *input) {
  char payload_hash[SIGN_TEXT_SIZE];
  struct slice id = text_field(L, "access_key_id", NULL);
  canonical_query(L, state, "query");
  check_done(L, buffer_ok(&state->query) && sign_digest(&state->key, text_field(L, "body", ""), payload_hash));
  if (!parse_headers(L, state, &input->header_count)) return value_nil_and_error(L);
  input->query = buffer_content(&state->query);
  input->headers = state->pairs;
  input->payload_hash = (struct slice){ payload_hash, sizeof payload_hash };
  check_done(L, buffer_ok(&state->names));
  sign_canonical_request(&state->canonical_request, input);
  check_done(
    L, buffer_ok(&state->canonical_request) &&
         sign_string_to_sign(&state->string_to_sign, &state->key, input, buffer_content(&state->canonical_request)) &&
         sign_signature(&state->signature, &state->key, buffer_content(&state->string_to_sign)));
  sign_authorization(&state->authorization, state->key.algorithm, id, input, buffer_content(&state->signature));
  lua_createtable(L, 0, 4);
  set_text(L, "canonical_request", &state->canonical_request);
  set_text(L, "string_to_sign", &state->string_to_sign);
  set_text(L, "signature", &state->signature);
  set_text(L, "authorization", &state->authorization);
  return 1;
}

/* sign(fields) -> {canonical_request, string_to_sign, signature, authorization} | nil, err */
int core_sign(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  struct sign_state *state = new_sign_state(L);
  struct sign_input input = { .method = text_field(L, "method", NULL), .path = text_field(L, "path", "/") };
  open_key(L, state);
  return state->key.algorithm == SIGN_HMAC_SHA1 ? sign_rpc(L, state, &input) : sign_acs3(L, state, &input);
}

void core_sign_open(lua_State *L) {
  if (luaL_newmetatable(L, SIGN_STATE)) {
    lua_pushcfunction(L, sign_state_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_pop(L, 1);
}
