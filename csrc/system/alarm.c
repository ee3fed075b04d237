#define _POSIX_C_SOURCE 200809L

#include "core/core.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECONDS 86400
#define MAX_STATUS 255

/* The alarm belongs to the process, as SIGALRM does. It is set by the command only, which has one thread. */
static struct {
  char text[512];
  size_t length;
  int status;
} last_words;

static void end_process(int signal_number) {
  (void)signal_number;
  ssize_t written = write(STDERR_FILENO, last_words.text, last_words.length);
  (void)written; /* nothing can be done if it fails */
  _exit(last_words.status);
}

/* alarm(seconds, status, text): after these seconds, the process writes the text to standard error and exits with the
   status, even within a C function that never returns. The next call of alarm replaces the alarm; alarm(0) ends it. */
int core_alarm(lua_State *L) {
  lua_Integer seconds = luaL_checkinteger(L, 1);
  luaL_argcheck(L, seconds >= 0 && seconds <= MAX_SECONDS, 1, "0 to 86400 expected");
  alarm(0);
  if (seconds == 0) return 0;
  lua_Integer status = luaL_checkinteger(L, 2);
  luaL_argcheck(L, status >= 0 && status <= MAX_STATUS, 2, "0 to 255 expected");
  size_t length;
  const char *text = luaL_checklstring(L, 3, &length);
  luaL_argcheck(L, length <= sizeof last_words.text, 3, "at most 512 bytes expected");
  memcpy(last_words.text, text, length);
  last_words.length = length;
  last_words.status = clamp_to_int((size_t)status);
  struct sigaction action = { .sa_handler = end_process };
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  alarm((unsigned)seconds);
  return 0;
}
