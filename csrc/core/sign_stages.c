#include "core/core.h"
#include "core/json.h"
#include "core/request.h"
#include "core/sign.h"
#include "core/task_param.h"

#include <stdio.h>
#include <string.h>

#define PAIR_LIMIT 512

/* Owns what one call needs, so that a Lua error leaks nothing. */
#define WORK "dataworks.sign"

struct work {
  struct sign_key key;
  struct buffer names; /* lower-case header names */
  struct buffer query;
  struct buffer canonical_request;
  struct buffer string_to_sign;
  struct buffer signature;
  struct buffer authorization;
  struct pair pairs[PAIR_LIMIT];
};

static int work_gc(lua_State *L) {
  struct work *w = luaL_checkudata(L, 1, WORK);
  sign_key_close(&w->key);
  buffer_wipe(&w->names);
  buffer_wipe(&w->query);
  buffer_wipe(&w->canonical_request);
  buffer_wipe(&w->string_to_sign);
  buffer_wipe(&w->signature);
  buffer_wipe(&w->authorization);
  return 0;
}

static struct work *new_work(lua_State *L) {
  struct work *w = lua_newuserdata(L, sizeof *w);
  memset(w, 0, sizeof *w);
  luaL_setmetatable(L, WORK);
  return w;
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

/* Replaces the value on top by its text as it goes on the wire. */
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

/* Reads the map fields[name] into w->pairs; its texts stay on the stack. */
static size_t read_pairs(lua_State *L, struct work *w, const char *name) {
  size_t count = 0;
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1)) return 0;
  if (!lua_istable(L, -1)) luaL_error(L, "%s: table expected, got %s", name, luaL_typename(L, -1));
  int map = lua_gettop(L);
  luaL_checkstack(L, 2 * PAIR_LIMIT + 8, "too many pairs to sign");
  lua_pushnil(L);
  while (lua_next(L, map)) {
    if (count == PAIR_LIMIT) luaL_error(L, "%s: more than %d entries", name, PAIR_LIMIT);
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "%s: string expected as key", name);
    struct pair *pair = &w->pairs[count++];
    pair->name.data = lua_tolstring(L, -2, &pair->name.len);
    pair->value = wire_text(L, name);
    lua_pushvalue(L, -2);
  }
  return count;
}

static void canonical_query(lua_State *L, struct work *w, const char *name) {
  size_t count = read_pairs(L, w, name);
  percent_sort(w->pairs, count);
  percent_query(&w->query, w->pairs, count);
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
    return value_fail(L, &path, "has CR, LF or NUL at byte %d, which a header can't carry", (int)i + 1);
  }
  return true;
}

static void lower_names(struct work *w, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += w->pairs[i].name.len;
  char *to = total ? buffer_reserve(&w->names, total) : NULL;
  for (size_t i = 0; to && i < count; i++) {
    struct slice *name = &w->pairs[i].name;
    for (size_t j = 0; j < name->len; j++) {
      char c = name->data[j];
      to[j] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    name->data = to;
    to += name->len;
  }
}

/* Leaves in w->pairs the headers that are signed: lower-case, trimmed, sorted. Pushes an error and returns false
   for what can't be signed. */
static bool read_headers(lua_State *L, struct work *w, size_t *count) {
  size_t all = read_pairs(L, w, "headers"), kept = 0;
  for (size_t i = 0; i < all; i++) {
    if (!check_header(L, &w->pairs[i])) return false;
  }
  lower_names(w, all);
  for (size_t i = 0; i < all; i++) {
    if (!sign_covers(w->pairs[i].name)) continue;
    w->pairs[kept] = w->pairs[i];
    w->pairs[kept].value = trim(w->pairs[kept].value);
    kept++;
  }
  percent_sort(w->pairs, kept);
  for (size_t i = 1; i < kept; i++) {
    struct path up = { .name = SLICE("headers") };
    struct path path = { .up = &up, .name = w->pairs[i].name };
    if (slice_equal(w->pairs[i - 1].name, w->pairs[i].name)) return value_fail(L, &path, "is given twice");
  }
  *count = kept;
  return true;
}

static void set_text(lua_State *L, const char *name, const struct buffer *text) {
  if (!buffer_ok(text)) luaL_error(L, "%s: too large, or memory ran out", name);
  lua_pushlstring(L, text->len ? text->data : "", text->len);
  lua_setfield(L, -2, name);
}

static void open_key(lua_State *L, struct work *w) {
  enum sign_algorithm algorithm = SIGN_ACS3_SHA256;
  struct slice name = text_field(L, "algorithm", "ACS3-HMAC-SHA256");
  struct slice secret = text_field(L, "access_key_secret", NULL);
  if (!sign_find(name, &algorithm)) luaL_error(L, "algorithm: unknown signature algorithm %s", name.data);
  if (!sign_key_open(&w->key, algorithm, secret)) luaL_error(L, "OpenSSL can't prepare %s", name.data);
}

static void need(lua_State *L, bool done) {
  if (!done) luaL_error(L, "the text to sign is too large, or memory ran out");
}

static int sign_rpc(lua_State *L, struct work *w, struct sign_input *input) {
  canonical_query(L, w, "params");
  input->query = buffer_content(&w->query);
  need(L, buffer_ok(&w->query) && sign_string_to_sign(&w->string_to_sign, &w->key, input, SLICE("")) &&
            sign_signature(&w->signature, &w->key, buffer_content(&w->string_to_sign)));
  lua_createtable(L, 0, 2);
  set_text(L, "string_to_sign", &w->string_to_sign);
  set_text(L, "signature", &w->signature);
  return 1;
}

static int sign_acs3(lua_State *L, struct work *w, struct sign_input *input) {
  char payload_hash[SIGN_TEXT_SIZE];
  struct slice id = text_field(L, "access_key_id", NULL);
  canonical_query(L, w, "query");
  need(L, buffer_ok(&w->query) && sign_digest(&w->key, text_field(L, "body", ""), payload_hash));
  if (!read_headers(L, w, &input->header_count)) return value_nil_and_error(L);
  input->query = buffer_content(&w->query);
  input->headers = w->pairs;
  input->payload_hash = (struct slice){ payload_hash, sizeof payload_hash };
  need(L, buffer_ok(&w->names));
  sign_canonical_request(&w->canonical_request, input);
  need(L, buffer_ok(&w->canonical_request) &&
            sign_string_to_sign(&w->string_to_sign, &w->key, input, buffer_content(&w->canonical_request)) &&
            sign_signature(&w->signature, &w->key, buffer_content(&w->string_to_sign)));
  sign_authorization(&w->authorization, w->key.algorithm, id, input, buffer_content(&w->signature));
  lua_createtable(L, 0, 4);
  set_text(L, "canonical_request", &w->canonical_request);
  set_text(L, "string_to_sign", &w->string_to_sign);
  set_text(L, "signature", &w->signature);
  set_text(L, "authorization", &w->authorization);
  return 1;
}

/* sign(fields) -> {canonical_request, string_to_sign, signature, authorization} | nil, err */
static int core_sign(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  struct work *w = new_work(L);
  struct sign_input input = { .method = text_field(L, "method", NULL), .path = text_field(L, "path", "/") };
  open_key(L, w);
  return w->key.algorithm == SIGN_HMAC_SHA1 ? sign_rpc(L, w, &input) : sign_acs3(L, w, &input);
}

void core_sign_open(lua_State *L) {
  if (luaL_newmetatable(L, WORK)) {
    lua_pushcfunction(L, work_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_pop(L, 1);
  lua_pushcfunction(L, core_sign);
  lua_setfield(L, -2, "sign");
}
