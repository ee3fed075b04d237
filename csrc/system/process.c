#define _POSIX_C_SOURCE 200809L

#include "core/core.h"
#include "shared/buffer.h"
#include "shared/lua_hook.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUN "dataworks.run"
#define READ_SIZE 4096
#define MAX_ARGUMENTS 1001
#define MAX_SECONDS 86400.0
/* The time between two checks whether a program has ended, after the program has closed its output. */
#define REAP_INTERVAL_NS 2000000L
/* The longest time between two checks for Ctrl-C. Its signal may arrive in another thread, so that poll goes on. */
#define POLL_SECONDS 0.1

extern char **environ;

/* A running program and its output, which may be secret. */
struct run {
  struct buffer output;
  pid_t pid; /* 0 if there is no process to wait for */
  int fd;    /* the end of the pipe that is read; -1 if it is closed */
  struct lua_hook hook;
};

/* Kills the program and its children if they still run, and closes the pipe. */
static void stop_program(struct run *run) {
  if (run->fd >= 0) close(run->fd);
  run->fd = -1;
  if (run->pid > 0) {
    kill(-run->pid, SIGKILL); /* a negative id means the process group */
    while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR) continue;
  }
  run->pid = 0;
}

static int run_gc(lua_State *L) {
  struct run *run = luaL_checkudata(L, 1, RUN);
  buffer_wipe(&run->output);
  return 0;
}

static struct run *new_run(lua_State *L) {
  struct run *run = lua_newuserdata(L, sizeof *run);
  *run = (struct run){ .pid = 0, .fd = -1 };
  luaL_setmetatable(L, RUN);
  return run;
}

/* Returns the strings of the table in the form that execvp takes. The strings stay on the stack, because a finalizer
   may empty the table. */
static char **check_arguments(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  size_t count = raw_length(L, 1);
  luaL_argcheck(L, count > 0 && count <= MAX_ARGUMENTS, 1, "a program and its arguments expected, at most 1000");
  reserve_stack(L, clamp_to_int(count) + LUA_MINSTACK);
  const char **arguments = lua_newuserdata(L, (count + 1) * sizeof *arguments);
  for (size_t i = 0; i < count; i++) {
    size_t len;
    lua_rawgeti(L, 1, clamp_to_int(i + 1));
    if (lua_type(L, -1) != LUA_TSTRING) luaL_argerror(L, 1, "strings expected");
    arguments[i] = lua_tolstring(L, -1, &len);
    luaL_argcheck(L, strlen(arguments[i]) == len, 1, "a string has a NUL in it");
  }
  arguments[count] = NULL;
  return (char **)arguments;
}

/* Gives the program a process group of its own, so that its children can be stopped too, and default signal
   handlers. */
static int set_attributes(posix_spawnattr_t *attributes) {
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGCHLD);
  sigaddset(&defaults, SIGTERM);
  int error =
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  if (!error) error = posix_spawnattr_setpgroup(attributes, 0);
  if (!error) error = posix_spawnattr_setsigdefault(attributes, &defaults);
  if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
  return error;
}

/* Connects the program's standard output to `output`. Discards its error output, which may be secret. */
static int set_files(posix_spawn_file_actions_t *files, int output) {
  int error = posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
  if (!error) error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!error) error = posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  return error;
}

/* Starts the program with its standard output connected to the descriptor `output`. Returns 0 or an errno. */
static int spawn(struct run *run, char **arguments, int output) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&files);
  if (error) return error;
  error = posix_spawnattr_init(&attributes);
  if (!error) {
    pid_t pid;
    error = set_attributes(&attributes);
    if (!error) error = set_files(&files, output);
    if (!error) error = posix_spawnp(&pid, arguments[0], &files, &attributes, arguments, environ);
    if (!error) run->pid = pid;
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&files);
  return error;
}

/* Opens the pipe and starts the program. Returns 0 or an errno. */
static int start_program(struct run *run, char **arguments) {
  int ends[2];
  if (pipe(ends)) return errno;
  run->fd = ends[0];
  int error = fcntl(ends[0], F_SETFD, FD_CLOEXEC) || fcntl(ends[1], F_SETFD, FD_CLOEXEC) ? errno : 0;
  if (!error) error = spawn(run, arguments, ends[1]);
  close(ends[1]);
  return error;
}

enum outcome {
  OUTCOME_DONE,
  OUTCOME_TIMEOUT,
  OUTCOME_TOO_LARGE,
  OUTCOME_READ_FAILED,
  OUTCOME_NO_MEMORY,
  OUTCOME_INTERRUPTED
};

/* Reads the program's output until the program closes it. */
static enum outcome read_output(struct run *run, double deadline, size_t limit) {
  for (;;) {
    double left = deadline - monotonic_seconds();
    struct pollfd wanted = { .fd = run->fd, .events = POLLIN };
    if (left <= 0) return OUTCOME_TIMEOUT;
    if (lua_hook_was_set(&run->hook)) return OUTCOME_INTERRUPTED;
    int ready = poll(&wanted, 1, (int)ceil((left < POLL_SECONDS ? left : POLL_SECONDS) * 1000));
    if (ready < 0 && errno != EINTR) return OUTCOME_READ_FAILED;
    if (ready <= 0) continue;
    char *to = buffer_reserve(&run->output, READ_SIZE);
    if (!to) return OUTCOME_NO_MEMORY;
    ssize_t got = read(run->fd, to, READ_SIZE);
    if (got < 0 && errno != EINTR) return OUTCOME_READ_FAILED;
    if (got == 0) return OUTCOME_DONE;
    if (got > 0) run->output.len += (size_t)got;
    if (run->output.len > limit) return OUTCOME_TOO_LARGE;
  }
}

/* Waits until the program has ended, and stores its exit status. The status is 0 if the host program, such as nginx,
   has already collected the exit status. */
static enum outcome wait_for_end(struct run *run, double deadline, int *status) {
  const struct timespec pause = { .tv_nsec = REAP_INTERVAL_NS };
  for (;;) {
    pid_t ended = waitpid(run->pid, status, WNOHANG);
    if (ended < 0 && errno != EINTR) *status = 0;
    if (ended > 0 || (ended < 0 && errno != EINTR)) break;
    if (monotonic_seconds() >= deadline) return OUTCOME_TIMEOUT;
    if (lua_hook_was_set(&run->hook)) return OUTCOME_INTERRUPTED;
    nanosleep(&pause, NULL);
  }
  run->pid = 0;
  return OUTCOME_DONE;
}

/* Pushes nil and the message. Returns 2. */
static int push_nil_and_message(lua_State *L, const char *format, int number) {
  lua_pushnil(L);
  lua_pushfstring(L, format, number);
  return 2;
}

static int push_start_failure(lua_State *L, int error) {
  lua_pushnil(L);
  lua_pushliteral(L, "it can't be started: ");
  push_system_error(L, error);
  lua_concat(L, 2);
  return 2;
}

static int push_result(lua_State *L, const struct run *run, enum outcome outcome, int status) {
  switch (outcome) {
    case OUTCOME_TIMEOUT: return push_nil_and_message(L, "it took too long and was stopped", 0);
    case OUTCOME_TOO_LARGE: return push_nil_and_message(L, "it wrote too much and was stopped", 0);
    case OUTCOME_READ_FAILED: return push_nil_and_message(L, "its output can't be read", 0);
    case OUTCOME_NO_MEMORY: return out_of_memory(L);
    case OUTCOME_INTERRUPTED: return push_nil_and_message(L, "it was stopped, because the program was interrupted", 0);
    case OUTCOME_DONE: break;
  }
  if (WIFSIGNALED(status)) return push_nil_and_message(L, "it was ended by signal %d", WTERMSIG(status));
  if (WEXITSTATUS(status)) return push_nil_and_message(L, "it ended with exit status %d", WEXITSTATUS(status));
  lua_pushlstring(L, run->output.len ? run->output.data : "", run->output.len);
  return 1;
}

/* run(arguments, seconds, limit) -> output | nil, reason. Runs a program without a shell; the first string of
   `arguments` names the program. Kills the program and its children after `seconds`, or when it writes more than
   `limit` bytes, or on Ctrl-C. */
int core_run(lua_State *L) {
  char **arguments = check_arguments(L);
  double seconds = (double)luaL_checknumber(L, 2);
  double limit = (double)luaL_checknumber(L, 3);
  luaL_argcheck(L, limit >= 0 && limit <= (double)BUFFER_LIMIT / 2, 3, "out of range");
  luaL_argcheck(L, seconds <= MAX_SECONDS, 2, "out of range");
  int status = 0;
  double deadline = monotonic_seconds() + seconds;
  struct run *run = new_run(L);
  lua_read_hook(L, &run->hook);
  int error = start_program(run, arguments);
  enum outcome outcome = OUTCOME_DONE;
  if (!error) outcome = read_output(run, deadline, (size_t)limit);
  if (!error && outcome == OUTCOME_DONE) outcome = wait_for_end(run, deadline, &status);
  stop_program(run);
  int results = error ? push_start_failure(L, error) : push_result(L, run, outcome, status);
  buffer_wipe(&run->output);
  return results;
}

void core_create_run_class(lua_State *L) {
  static const luaL_Reg metamethods[] = { { "__gc", run_gc }, { NULL, NULL } };
  new_class(L, RUN, metamethods, NULL);
}
