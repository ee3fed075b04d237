#include "core/core.h"

#include "core/encoding.h"
#include "core/json.h"
#include "shared/address.h"

#include <math.h>

/* Returns argument 1, which must be a string of at most BUFFER_LIMIT bytes. */
static struct slice check_text(lua_State *L) {
  struct slice text;
  text.data = luaL_checklstring(L, 1, &text.len);
  luaL_argcheck(L, text.len <= BUFFER_LIMIT, 1, "the text is too large");
  return text;
}

/* percent_encode(text) -> text */
int core_percent_encode(lua_State *L) {
  struct slice text = check_text(L);
  char *encoded = lua_newuserdata(L, 3 * text.len + 1);
  lua_pushlstring(L, encoded, percent_encode_to(encoded, text));
  return 1;
}

/* percent_decode(text) -> text. Turns + into a space, as in a form. Keeps a % that no two hexadecimal digits follow. */
int core_percent_decode(lua_State *L) {
  struct slice text = check_text(L);
  char *decoded = lua_newuserdata(L, text.len + 1);
  lua_pushlstring(L, decoded, percent_decode_to(decoded, text));
  return 1;
}

/* base64_encode(bytes) -> text */
int core_base64_encode(lua_State *L) {
  struct slice text = check_text(L);
  char *encoded = lua_newuserdata(L, BASE64_SIZE(text.len));
  lua_pushlstring(L, encoded, base64_encode(encoded, (const unsigned char *)text.data, text.len));
  return 1;
}

/* decimal(number [, places]) -> text. Writes a number with a decimal point in every locale. Writes `places` digits
   after the point; without `places`, writes the shortest text that reads back as the same number. */
int core_decimal(lua_State *L) {
  char text[JSON_NUMBER_SIZE];
  double number = (double)luaL_checknumber(L, 1);
  lua_Integer places = luaL_optinteger(L, 2, -1);
  size_t len;
  if (places >= 0 && places <= 9 && fabs(number) < 1e15) len = json_format_fixed(text, number, (int)places);
  else if (lua_isinteger(L, 1)) len = json_format_integer(text, (int64_t)lua_tointeger(L, 1));
  else len = json_format_double(text, number);
  lua_pushlstring(L, text, len);
  return 1;
}

/* parse_date(text) -> seconds since 1970 | nil. Accepts nil too, so that the caller need not check for a missing
   header. */
int core_parse_date(lua_State *L) {
  int64_t seconds;
  bool parsed = !lua_isnoneornil(L, 1) && date_parse(check_text(L), &seconds);
  if (parsed) lua_pushinteger(L, (lua_Integer)seconds);
  else lua_pushnil(L);
  return 1;
}

/* parse_address(text) -> the 4 or 16 bytes of the IP address, or nil */
int core_parse_address(lua_State *L) {
  struct address address;
  if (address_parse(check_text(L), &address)) lua_pushlstring(L, (const char *)address.bytes, address.len);
  else lua_pushnil(L);
  return 1;
}

/* is_loopback(host) -> boolean */
int core_is_loopback(lua_State *L) {
  lua_pushboolean(L, address_is_loopback(check_text(L)));
  return 1;
}
