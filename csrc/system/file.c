#define _XOPEN_SOURCE 700 /* realpath */

#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAMP_SIZE 160

/* Returns the argument as a path. Raises if the path is empty or has a NUL in it. */
static const char *check_path(lua_State *L, int index) {
  size_t len;
  const char *path = luaL_checklstring(L, index, &len);
  luaL_argcheck(L, len > 0 && strlen(path) == len, index, "a path is not empty and has no NUL");
  return path;
}

/* Pushes nil, the system's message, and whether the file is missing. */
static int push_failure(lua_State *L, int error) {
  lua_pushnil(L);
  push_system_error(L, error);
  lua_pushboolean(L, error == ENOENT || error == ENOTDIR);
  return 3;
}

/* stamp(path) -> stamp, size | nil, message, missing. The stamp is a text that changes whenever the file changes. The
   path must name a regular file, because opening another kind of file, such as a pipe, can block. */
int core_stamp(lua_State *L) {
  char text[STAMP_SIZE];
  struct stat s;
  if (stat(check_path(L, 1), &s)) return push_failure(L, errno);
  if (!S_ISREG(s.st_mode)) {
    lua_pushnil(L);
    lua_pushliteral(L, "not a regular file");
    return 2;
  }
  snprintf(text, sizeof text, "%jd.%09ld %jd.%09ld %jd %ju %ju", (intmax_t)s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
           (intmax_t)s.st_ctim.tv_sec, s.st_ctim.tv_nsec, (intmax_t)s.st_size, (uintmax_t)s.st_ino,
           (uintmax_t)s.st_dev);
  lua_pushstring(L, text);
  lua_pushnumber(L, (lua_Number)s.st_size);
  return 2;
}

/* Writes all bytes and waits until they are on the disk. Returns 0 or an errno. */
static int write_all(int fd, const char *data, size_t len) {
  while (len) {
    ssize_t written = write(fd, data, len);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    data += written;
    len -= (size_t)written;
  }
  return fsync(fd) ? errno : 0;
}

/* Gives the new file the owner of the file at `path`, so that a user keeps a file that root rewrites. Returns 0 or an
   errno. */
static int keep_owner(int fd, const char *path) {
  struct stat old, new;
  if (stat(path, &old)) return errno == ENOENT ? 0 : errno;
  if (fstat(fd, &new)) return errno;
  if (old.st_uid == new.st_uid && old.st_gid == new.st_gid) return 0;
  return fchown(fd, old.st_uid, old.st_gid) && old.st_uid != new.st_uid ? errno : 0;
}

/* Writes a temporary file and renames it to `path`. Only its owner can read the file, because mkstemp creates it with
   mode 0600. `temporary` is the template for mkstemp. Returns 0 or an errno. */
static int write_and_rename(char *temporary, const char *path, const char *data, size_t len) {
  int fd = mkstemp(temporary);
  if (fd < 0) return errno;
  int error = fcntl(fd, F_SETFD, FD_CLOEXEC) ? errno : keep_owner(fd, path);
  if (!error) error = write_all(fd, data, len);
  if (close(fd) && !error) error = errno;
  if (!error && rename(temporary, path)) error = errno;
  if (error) unlink(temporary);
  return error;
}

/* Replaces the content of the file at `path`. If `path` is a symbolic link, replaces the link's target. Returns 0 or an
   errno. */
static int replace_file(const char *path, const char *data, size_t len) {
  char *real = realpath(path, NULL);
  if (!real && errno != ENOENT) return errno;
  const char *target = real ? real : path;
  size_t size = strlen(target) + sizeof ".XXXXXX";
  char *temporary = malloc(size);
  int error = ENOMEM;
  if (temporary) {
    snprintf(temporary, size, "%s.XXXXXX", target);
    error = write_and_rename(temporary, target, data, len);
  }
  free(temporary);
  free(real);
  return error;
}

/* write_private(path, text) -> true | nil, message, missing. Writes a file that only its owner can read. Other programs
   see either the old content or the new content, never a part. */
int core_write_private(lua_State *L) {
  size_t len;
  const char *path = check_path(L, 1);
  const char *data = luaL_checklstring(L, 2, &len);
  int error = replace_file(path, data, len);
  if (error) return push_failure(L, error);
  lua_pushboolean(L, true);
  return 1;
}
