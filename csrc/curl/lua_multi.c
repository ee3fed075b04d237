#include "curl/lua_transfer.h"

int lua_new_multi(lua_State *L) {
  struct multi *m = lua_newuserdata(L, sizeof *m);
  multi_init(m);
  luaL_setmetatable(L, MULTI);
  return 1;
}

static struct multi *check_open(lua_State *L) {
  struct multi *m = luaL_checkudata(L, 1, MULTI);
  if (m->closed) luaL_error(L, "the multi is closed");
  return m;
}

/* multi:add(session, request, timeout, ...) -> id. Begins a request; the arguments after the session are those of
   session:send. The id is a light userdata, which poll returns when the request is complete. The caller must keep the
   session, because the garbage collector cancels the request of a session that it collects. */
static int multi_lua_add(lua_State *L) {
  struct request request;
  lua_settop(L, 6);
  struct multi_entry *entry = lua_check_request(L, 2, &request);
  struct multi *m = check_open(L); /* after Lua's last allocation, because a finalizer can close the multi */
  reserve_stack(L, 10);
  transfer_clear(&entry->transfer);
  if (lua_add_headers(L, 3, &entry->transfer)) multi_add(m, entry, &request);
  else multi_report_failure(m, entry);
  lua_pushlightuserdata(L, entry);
  return 1;
}

/* multi:poll(seconds) -> list of the ids of the completed requests. Waits for at most `seconds`. */
static int multi_lua_poll(lua_State *L) {
  struct multi *m = check_open(L);
  int count = 0;
  multi_poll(m, (int)lua_milliseconds(lua_check_seconds(L, 2)));
  lua_newtable(L);
  for (struct multi_entry *entry = m->completed; entry; entry = entry->next) {
    lua_pushlightuserdata(L, entry);
    lua_rawseti(L, -2, ++count);
  }
  while (multi_next(m)) continue; /* not earlier, because Lua could run out of memory */
  return 1;
}

/* multi:timeout() -> the seconds after which poll must be called even if no socket is ready, or nil */
static int multi_lua_timeout(lua_State *L) {
  int64_t left = multi_timeout(check_open(L));
  if (left < 0) lua_pushnil(L);
  else lua_pushnumber(L, (lua_Number)left / 1000);
  return 1;
}

/* multi:fd() -> a descriptor that is readable when a socket is ready, or nil on a system without epoll */
static int multi_lua_fd(lua_State *L) {
  int fd = -1;
  if (!multi_fd(check_open(L), &fd)) return luaL_error(L, "no descriptor, or no memory, is left");
  if (fd < 0) lua_pushnil(L);
  else lua_pushinteger(L, fd);
  return 1;
}

/* multi:cancel(session) -> whether the session had a request in this multi. If so, session:result() then returns its
   result. */
static int multi_lua_cancel(lua_State *L) {
  struct multi *m = check_open(L);
  struct multi_entry *entry = luaL_checkudata(L, 2, SESSION);
  bool here = entry->multi == m;
  if (here) multi_cancel(m, entry);
  lua_pushboolean(L, here);
  return 1;
}

/* close(), __gc and __close */
static int multi_lua_close(lua_State *L) {
  multi_close(luaL_checkudata(L, 1, MULTI));
  return 0;
}

static int multi_lua_tostring(lua_State *L) {
  const struct multi *m = luaL_checkudata(L, 1, MULTI);
  lua_pushfstring(L, MULTI " (%s)", m->closed ? "closed" : "open");
  return 1;
}

void lua_create_multi_class(lua_State *L) {
  static const luaL_Reg methods[] = {
    { "add", multi_lua_add }, { "poll", multi_lua_poll },     { "timeout", multi_lua_timeout },
    { "fd", multi_lua_fd },   { "cancel", multi_lua_cancel }, { "close", multi_lua_close },
    { NULL, NULL },
  };
  static const luaL_Reg metamethods[] = {
    { "__gc", multi_lua_close }, { "__close", multi_lua_close }, { "__tostring", multi_lua_tostring }, { NULL, NULL }
  };
  new_class(L, MULTI, metamethods, methods);
}
