#define _DEFAULT_SOURCE

#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_COLUMNS 80

/* terminal(fd) -> the number of columns, or nil if the file descriptor is not a terminal */
int core_terminal(lua_State *L) {
  lua_Integer fd = luaL_checkinteger(L, 1);
  luaL_argcheck(L, fd >= 0 && fd <= 2, 1, "0, 1 or 2 expected");
  if (!isatty(clamp_to_int((size_t)fd))) return 0;
  struct winsize size;
  bool known = ioctl(clamp_to_int((size_t)fd), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  lua_pushinteger(L, known ? size.ws_col : DEFAULT_COLUMNS);
  return 1;
}

/* occupy_standard() opens each of the descriptors 0 to 2 that is closed, so that no other file or socket gets its
   number. Reading from descriptor 0, or writing to 1 or 2, still fails with EBADF. */
int core_occupy_standard(lua_State *L) {
  (void)L;
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) break;
  return 0;
}
