/* What specs need of the system and Lua doesn't have. */
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int luaopen_native(lua_State *L);

/* fork(f) -> "done", or what went wrong with f in the child */
static int native_fork(lua_State *L) {
  int fds[2];
  char text[1000];
  size_t len = 0;
  ssize_t n;
  if (pipe(fds) != 0) return luaL_error(L, "no pipe");
  pid_t child = fork();
  if (child < 0) return luaL_error(L, "no fork");
  if (child == 0) {
    lua_getglobal(L, "tostring");
    lua_insert(L, 1);
    if (lua_pcall(L, 0, 0, 0) == 0) lua_pushliteral(L, "done");
    lua_call(L, 1, 1);
    dprintf(fds[1], "%s", lua_tostring(L, -1));
    raise(SIGKILL); /* no exit handlers, no leak checks: those are the parent's */
  }
  close(fds[1]);
  while (len < sizeof text && (n = read(fds[0], text + len, sizeof text - len)) > 0) len += (size_t)n;
  close(fds[0]);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  lua_pushlstring(L, text, len);
  return 1;
}

struct job {
  pthread_t thread;
  const char *code;
  char message[500];
};

static void *work(void *context) {
  struct job *job = context;
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_dostring(L, job->code)) snprintf(job->message, sizeof job->message, "%s", lua_tostring(L, -1));
  lua_close(L);
  return NULL;
}

/* threads(code) -> what went wrong, "" if nothing; the code runs in two threads at once, with a Lua
   state each */
static int native_threads(lua_State *L) {
  struct job jobs[2] = { { .code = luaL_checkstring(L, 1) }, { .code = luaL_checkstring(L, 1) } };
  for (int i = 0; i < 2; i++) pthread_create(&jobs[i].thread, NULL, work, &jobs[i]);
  for (int i = 0; i < 2; i++) pthread_join(jobs[i].thread, NULL);
  lua_pushfstring(L, "%s%s", jobs[0].message, jobs[1].message);
  return 1;
}

/* connections() -> how many sockets to the network this process has open */
static int native_connections(lua_State *L) {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) {
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    bool connected = getpeername(fd, (struct sockaddr *)&address, &len) == 0;
    if (connected && address.ss_family == AF_INET) count++;
  }
  lua_pushinteger(L, count);
  return 1;
}

/* close_all(): what a daemon does with the descriptors it inherits, but for standard error and the
   pipe of fork */
static int native_close_all(lua_State *L) {
  (void)L;
  for (int fd = 0; fd < 1024; fd++) {
    struct stat st;
    if (fd != STDERR_FILENO && fstat(fd, &st) == 0 && !S_ISFIFO(st.st_mode)) close(fd);
  }
  return 0;
}

static int bound_port(lua_State *L, int listening) {
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &len) != 0 || (listening && listen(fd, 100) != 0))
    return luaL_error(L, "no socket");
  lua_pushinteger(L, ntohs(address.sin_port));
  return 1;
}

/* closed_port() -> a port that refuses connections, and is taken until the process ends */
static int native_closed_port(lua_State *L) {
  return bound_port(L, 0);
}

/* mute_port() -> a port that takes connections and never says anything */
static int native_mute_port(lua_State *L) {
  return bound_port(L, 1);
}

/* readable(fd, seconds) -> is there something to read before that time has passed? */
static int native_readable(lua_State *L) {
  struct pollfd p = { .fd = (int)luaL_checkinteger(L, 1), .events = POLLIN };
  lua_pushboolean(L, poll(&p, 1, (int)(luaL_checknumber(L, 2) * 1000)) > 0);
  return 1;
}

int luaopen_native(lua_State *L) {
  static const struct {
    const char *name;
    lua_CFunction function;
  } all[] = {
    { "fork", native_fork },           { "threads", native_threads },         { "connections", native_connections },
    { "close_all", native_close_all }, { "closed_port", native_closed_port }, { "mute_port", native_mute_port },
    { "readable", native_readable },
  };
  lua_newtable(L);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    lua_pushcfunction(L, all[i].function);
    lua_setfield(L, -2, all[i].name);
  }
  return 1;
}
