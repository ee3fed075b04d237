/* Functions for specs, which call the operating system. Lua has no such functions. */
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
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int luaopen_native(lua_State *L);

/* fork(f) -> text: runs f in a child process; the text is "done", or the error of f */
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
    raise(SIGKILL); /* end the child without its exit handlers and leak checks */
  }
  close(fds[1]);
  while (len < sizeof text && (n = read(fds[0], text + len, sizeof text - len)) > 0) len += (size_t)n;
  close(fds[0]);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  lua_pushlstring(L, text, len);
  return 1;
}

struct thread {
  pthread_t thread;
  const char *code;
  char message[500];
};

static void *run_thread(void *context) {
  struct thread *thread = context;
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_dostring(L, thread->code)) snprintf(thread->message, sizeof thread->message, "%s", lua_tostring(L, -1));
  lua_close(L);
  return NULL;
}

/* threads(code) -> text: runs Lua code in two threads at once, each with its own Lua state; the text holds
   the errors, and is "" if there is none */
static int native_threads(lua_State *L) {
  struct thread threads[2] = { { .code = luaL_checkstring(L, 1) }, { .code = luaL_checkstring(L, 1) } };
  for (int i = 0; i < 2; i++) pthread_create(&threads[i].thread, NULL, run_thread, &threads[i]);
  for (int i = 0; i < 2; i++) pthread_join(threads[i].thread, NULL);
  lua_pushfstring(L, "%s%s", threads[0].message, threads[1].message);
  return 1;
}

/* connections() -> the number of connected IPv4 sockets of this process */
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

/* close_descriptors(): closes the file descriptors below 1024, as a daemon does after its start, except
   standard error and pipes; fork needs its pipe */
static int native_close_descriptors(lua_State *L) {
  (void)L;
  for (int fd = 0; fd < 1024; fd++) {
    struct stat st;
    if (fd != STDERR_FILENO && fstat(fd, &st) == 0 && !S_ISFIFO(st.st_mode)) close(fd);
  }
  return 0;
}

/* Binds a socket to a free port, pushes the port, and keeps the socket open. */
static int push_bound_port(lua_State *L, int listening) {
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

/* closed_port() -> a port that refuses connections; no other process gets this port while this process runs */
static int native_closed_port(lua_State *L) {
  return push_bound_port(L, 0);
}

/* silent_port() -> a port that accepts connections and never sends a byte */
static int native_silent_port(lua_State *L) {
  return push_bound_port(L, 1);
}

/* readable(fd, seconds) -> true if the descriptor becomes readable before this number of seconds has passed */
static int native_readable(lua_State *L) {
  struct pollfd p = { .fd = (int)luaL_checkinteger(L, 1), .events = POLLIN };
  lua_pushboolean(L, poll(&p, 1, (int)(luaL_checknumber(L, 2) * 1000)) > 0);
  return 1;
}

static void ignore(int number) {
  (void)number;
}

/* signal_after(seconds): once this time has passed, a signal with a handler interrupts the thread */
static int native_signal_after(lua_State *L) {
  struct sigaction action = { .sa_handler = ignore };
  struct itimerval timer = { .it_value.tv_usec = (suseconds_t)(luaL_checknumber(L, 1) * 1e6) };
  if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &timer, NULL) != 0)
    return luaL_error(L, "no timer");
  return 0;
}

int luaopen_native(lua_State *L) {
  static const struct {
    const char *name;
    lua_CFunction function;
  } all[] = {
    { "fork", native_fork },
    { "threads", native_threads },
    { "connections", native_connections },
    { "close_descriptors", native_close_descriptors },
    { "closed_port", native_closed_port },
    { "silent_port", native_silent_port },
    { "readable", native_readable },
    { "signal_after", native_signal_after },
  };
  lua_newtable(L);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    lua_pushcfunction(L, all[i].function);
    lua_setfield(L, -2, all[i].name);
  }
  return 1;
}
