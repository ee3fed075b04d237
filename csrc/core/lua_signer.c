#include "core/core.h"
#include "core/encoding.h"
#include "core/request_builder.h"
#include "core/value.h"

struct signer *new_signer(lua_State *L) {
  struct signer *signer = lua_newuserdata(L, sizeof *signer);
  memset(signer, 0, sizeof *signer);
  luaL_setmetatable(L, REQUEST_SIGNER);
  return signer;
}

static struct signer *to_signer(lua_State *L) {
  return luaL_checkudata(L, 1, REQUEST_SIGNER);
}

/* close(), __gc and __close */
static int signer_close(lua_State *L) {
  struct signer *signer = to_signer(L);
  signer->open = false;
  sign_key_close(&signer->key);
  buffer_wipe(&signer->access_key_id);
  buffer_wipe(&signer->token);
  return 0;
}

static int signer_tostring(lua_State *L) {
  struct signer *signer = to_signer(L);
  lua_pushfstring(L, REQUEST_SIGNER " (%s)", signer->open ? sign_algorithm_name(signer->key.algorithm).data : "closed");
  return 1;
}

static bool is_quote(char c) {
  return c == '"' || c == '\'';
}

/* Checks that a text fits into a header, and that it has none of the characters that are copied together with a key. */
static bool check_header_text(lua_State *L, struct slice text, const struct path *path) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte > 0x7e)
      return value_fail(L, path, "has a character that is not printable ASCII at byte %d", clamp_to_int(i + 1));
    if (byte <= 0x20)
      return value_fail(L, path, "has a blank, a line break or a control character at byte %d", clamp_to_int(i + 1));
  }
  if (text.len && (is_quote(text.data[0]) || is_quote(text.data[text.len - 1])))
    return value_fail(L, path, "is in quotes, which are part of its value here");
  return true;
}

/* Reads a string that must fit into a header. On failure pushes an error and returns false. */
static bool parse_header_text(lua_State *L, const char *name, bool required, struct slice *text) {
  struct path path = { .name = { name, strlen(name) } };
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1) && !required) return true;
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s: string expected, got %s", name, luaL_typename(L, -1));
  *text = value_text(L, -1);
  if (!text->len && required) return value_fail(L, &path, "is empty");
  return check_header_text(L, *text, &path);
}

/* Returns the algorithm in the options; by default ACS3-HMAC-SHA256. */
static enum sign_algorithm parse_algorithm(lua_State *L) {
  enum sign_algorithm algorithm = SIGN_ACS3_SHA256;
  lua_getfield(L, 1, "algorithm");
  if (lua_isnil(L, -1)) return algorithm;
  luaL_checkstring(L, -1);
  struct slice name = value_text(L, -1);
  if (!sign_find_algorithm(name, &algorithm)) luaL_error(L, "unknown signature algorithm %s", name.data);
  return algorithm;
}

/* Reads a bearer token, or a key pair with an optional security token. */
static bool parse_keys(lua_State *L, struct slice *id, struct slice *secret, struct slice *token, bool *bearer) {
  lua_getfield(L, 1, "bearer_token");
  *bearer = !lua_isnil(L, -1);
  if (*bearer) return parse_header_text(L, "bearer_token", true, token);
  return parse_header_text(L, "access_key_id", true, id) && parse_header_text(L, "access_key_secret", true, secret) &&
         parse_header_text(L, "security_token", false, token);
}

/* Checks that the copy of a text succeeded. */
static bool check_copied(lua_State *L, const struct buffer *copy, const char *name) {
  struct path path = { .name = { name, strlen(name) } };
  return value_check_written(L, copy->state, &path);
}

/* signer{algorithm=, access_key_id=, access_key_secret=, security_token=} or signer{algorithm=, bearer_token=}
   -> signer | nil, err */
int core_signer(lua_State *L) {
  struct slice id = { NULL, 0 }, secret = { NULL, 0 }, token = { NULL, 0 };
  bool bearer;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  enum sign_algorithm algorithm = parse_algorithm(L);
  if (!parse_keys(L, &id, &secret, &token, &bearer)) return value_nil_and_error(L);
  struct signer *signer = new_signer(L);
  buffer_append_slice(&signer->access_key_id, id);
  buffer_append_slice(&signer->token, token);
  signer->bearer = bearer;
  if (!check_copied(L, &signer->access_key_id, "access_key_id") || !check_copied(L, &signer->token, "token"))
    return value_nil_and_error(L);
  /* With a bearer token nothing is signed, and only the key's digest is used. */
  if (!sign_key_open(&signer->key, algorithm, bearer ? token : secret))
    return luaL_error(L, "%s: %s", sign_algorithm_name(algorithm).data, crypto_failure());
  signer->open = true;
  return 1;
}

void core_create_signer_class(lua_State *L) {
  static const luaL_Reg metamethods[] = {
    { "__gc", signer_close }, { "__close", signer_close }, { "__tostring", signer_tostring }, { NULL, NULL }
  };
  static const luaL_Reg methods[] = { { "close", signer_close }, { NULL, NULL } };
  new_class(L, REQUEST_SIGNER, metamethods, methods);
}
