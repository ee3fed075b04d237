#include "core/core.h"
#include "core/encoding.h"
#include "core/json.h"
#include "core/request_builder.h"
#include "core/value.h"

/* The maximum number of entries of a query, of headers or of params. */
#define MAX_PAIRS 512

/* Returns the string fields[name], which stays on the stack. If the field is nil, returns `otherwise`. */
static struct slice text_field(lua_State *L, const char *name, const char *otherwise) {
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1) && otherwise) lua_pushstring(L, otherwise);
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s must be a string, got %s", name, luaL_typename(L, -1));
  return value_text(L, -1);
}

/* Replaces the value on top of the stack, whose key is below it, by the text that is sent for it. */
static struct slice wire_text(lua_State *L, const char *what) {
  char number[JSON_NUMBER_SIZE];
  struct path path = { .name = { what, strlen(what) } };
  long long integer;
  if (lua_type(L, -1) == LUA_TNUMBER) {
    if (!value_integer(L, lua_gettop(L), &path, &integer))
      luaL_error(L, "%s.%s: a number must be whole and exact", what, lua_tostring(L, -3));
    lua_pushlstring(L, number, json_format_integer(number, integer));
    lua_replace(L, -2);
  } else if (lua_isboolean(L, -1)) {
    lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
    lua_replace(L, -2);
  }
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "%s.%s must be a string, a number or a boolean, got %s", what, lua_tostring(L, -2),
               luaL_typename(L, -1));
  return value_text(L, -1);
}

/* Copies the entries of the table fields[name] to `pairs`, which has room for MAX_PAIRS. Their texts stay on the stack.
   Returns their number. */
static size_t parse_pairs(lua_State *L, struct pair *pairs, const char *name) {
  size_t count = 0;
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1)) return 0;
  if (!lua_istable(L, -1)) luaL_error(L, "%s must be a table, got %s", name, luaL_typename(L, -1));
  int map = lua_gettop(L);
  reserve_stack(L, 2 * MAX_PAIRS + 8);
  lua_pushnil(L);
  while (lua_next(L, map)) {
    if (count == MAX_PAIRS) luaL_error(L, "%s: more than %d entries", name, MAX_PAIRS);
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "%s: each key must be a string, got %s", name, luaL_typename(L, -2));
    struct pair *pair = &pairs[count++];
    pair->name = value_text(L, -2);
    pair->value = wire_text(L, name);
    lua_pushvalue(L, -2);
  }
  return count;
}

/* Returns the canonical query of the table fields[name]. */
static struct slice canonical_query(lua_State *L, struct scratch *s, struct pair *pairs, const char *name) {
  size_t count = parse_pairs(L, pairs, name);
  percent_sort(pairs, count);
  percent_write_query(&s->canonical_query, pairs, count);
  return buffer_content(&s->canonical_query);
}

/* Checks that the header's value has no CR, LF or NUL. */
static bool check_header(lua_State *L, const struct pair *header) {
  struct path up = { .name = SLICE("headers") };
  struct path path = { .up = &up, .name = header->name };
  for (size_t i = 0; i < header->value.len; i++) {
    if (!memchr("\r\n", header->value.data[i], 3)) continue;
    return value_fail(L, &path, "has CR, LF or NUL at byte %d; a header can't carry it", clamp_to_int(i + 1));
  }
  return true;
}

/* Replaces the names of the pairs by copies in lower case, in s->names. */
static void lower_names(struct scratch *s, struct pair *pairs, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += pairs[i].name.len;
  char *to = total ? buffer_reserve(&s->names, total) : NULL;
  for (size_t i = 0; to && i < count; i++) {
    struct slice *name = &pairs[i].name;
    for (size_t j = 0; j < name->len; j++) to[j] = to_lower(name->data[j]);
    name->data = to;
    to += name->len;
  }
}

/* Reads the headers to sign into `pairs`: sorted, with names in lower case and trimmed values. On failure pushes an
   error and returns false. */
static bool parse_headers(lua_State *L, struct scratch *s, struct pair *pairs, size_t *count) {
  size_t all = parse_pairs(L, pairs, "headers");
  *count = 0;
  for (size_t i = 0; i < all; i++) {
    if (!check_header(L, &pairs[i])) return false;
  }
  lower_names(s, pairs, all);
  for (size_t i = 0; i < all; i++) {
    if (sign_covers_header(pairs[i].name))
      pairs[(*count)++] = (struct pair){ pairs[i].name, slice_trim(pairs[i].value) };
  }
  percent_sort(pairs, *count);
  for (size_t i = 1; i < *count; i++) {
    struct path up = { .name = SLICE("headers") };
    struct path path = { .up = &up, .name = pairs[i].name };
    if (slice_equal(pairs[i - 1].name, pairs[i].name)) return value_fail(L, &path, "is given twice");
  }
  return true;
}

/* Sets a field of the table on top of the stack. */
static void set_text(lua_State *L, const char *name, const struct buffer *text) {
  lua_pushlstring(L, text->len ? text->data : "", text->len);
  lua_setfield(L, -2, name);
}

/* Creates the key in a userdata that stays on the stack, so that no memory is leaked if Lua raises an error. */
static struct sign_key *open_key(lua_State *L) {
  enum sign_algorithm algorithm = SIGN_ACS3_SHA256;
  struct slice name = text_field(L, "algorithm", "ACS3-HMAC-SHA256");
  struct slice secret = text_field(L, "access_key_secret", NULL);
  if (!sign_find_algorithm(name, &algorithm))
    luaL_error(L, "algorithm must be ACS3-HMAC-SHA256, ACS3-HMAC-SM3 or HMAC-SHA1, got %s", name.data);
  struct signer *signer = new_signer(L);
  if (!sign_key_open(&signer->key, algorithm, secret)) luaL_error(L, "%s: %s", name.data, crypto_failure());
  return &signer->key;
}

/* Signs s->canonical_request, or the parameters for HMAC-SHA1. Pushes the table of the stages and returns 1, or pushes
   nil and an error and returns 2. */
static int push_stages(lua_State *L, struct scratch *s, struct sign_key *key, const struct sign_input *input) {
  struct path path = { .name = SLICE("the text to sign") };
  bool done = sign_string_to_sign(&s->string_to_sign, key, input, buffer_content(&s->canonical_request)) &&
              sign_signature(&s->signature, key, buffer_content(&s->string_to_sign));
  if (!value_check_written(L, scratch_state(s), &path)) return value_nil_and_error(L);
  if (!done) return luaL_error(L, "%s", crypto_failure());
  lua_createtable(L, 0, 4);
  set_text(L, "string_to_sign", &s->string_to_sign);
  set_text(L, "signature", &s->signature);
  return 1;
}

static int sign_acs3(lua_State *L, struct scratch *s, struct sign_key *key, struct sign_input *input,
                     struct pair *pairs) {
  char payload_hash[SIGN_TEXT_SIZE];
  struct slice id = text_field(L, "access_key_id", NULL);
  input->query = canonical_query(L, s, pairs, "query");
  if (!sign_digest(key, text_field(L, "body", ""), payload_hash)) return luaL_error(L, "%s", crypto_failure());
  if (!parse_headers(L, s, pairs, &input->header_count)) return value_nil_and_error(L);
  input->headers = pairs;
  input->payload_hash = (struct slice){ payload_hash, sizeof payload_hash };
  sign_canonical_request(&s->canonical_request, input);
  int results = push_stages(L, s, key, input);
  if (results == 2) return results;
  sign_authorization(&s->authorization, key->algorithm, id, input, buffer_content(&s->signature));
  if (!buffer_ok(&s->authorization)) return out_of_memory(L);
  set_text(L, "canonical_request", &s->canonical_request);
  set_text(L, "authorization", &s->authorization);
  return 1;
}

/* sign(fields) -> {canonical_request, string_to_sign, signature, authorization} | nil, err. HMAC-SHA1 has no
   canonical_request and no authorization. */
int core_sign(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  struct scratch *s = take_scratch(L);
  struct sign_input input = { .method = text_field(L, "method", NULL), .path = text_field(L, "path", "/") };
  struct sign_key *key = open_key(L);
  struct pair *pairs = lua_newuserdata(L, MAX_PAIRS * sizeof *pairs);
  int results;
  if (key->algorithm == SIGN_HMAC_SHA1) {
    input.query = canonical_query(L, s, pairs, "params");
    results = push_stages(L, s, key, &input);
  } else {
    results = sign_acs3(L, s, key, &input, pairs);
  }
  release_scratch(s);
  return results;
}
