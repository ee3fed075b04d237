#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens and locks the file. Returns the descriptor, or -1 and sets errno: EAGAIN if another process has the lock. */
static int open_locked(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  if (fcntl(fd, F_SETLK, &lock) == 0) return fd;
  int error = errno == EACCES ? EAGAIN : errno;
  close(fd);
  errno = error;
  return -1;
}

/* Returns whether the path still leads to the file: the process that had the lock may have removed it. */
static bool is_file(int fd, const char *path) {
  struct stat opened, named;
  return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

/* lock(path) -> true | false | nil, message. Creates the file, and locks it until this process ends. Returns false if
   another process has the lock. */
int core_lock(lua_State *L) {
  size_t len;
  const char *path = luaL_checklstring(L, 1, &len);
  luaL_argcheck(L, len > 0 && strlen(path) == len, 1, "a path is not empty and has no NUL");
  int fd = open_locked(path);
  while (fd >= 0 && !is_file(fd, path)) {
    close(fd);
    fd = open_locked(path);
  }
  if (fd < 0 && errno != EAGAIN) {
    lua_pushnil(L);
    push_system_error(L, errno);
    return 2;
  }
  lua_pushboolean(L, fd >= 0);
  return 1;
}
