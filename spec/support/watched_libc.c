/* A library to preload. It watches and disturbs functions of the C library:

   CALLS=FILE writes the names of the calls of write, fsync, close and rename by core.so into a file, in order.
   FAIL=NAME lets the calls of this function by core.so fail with EIO. FAIL=interrupt lets each second write fail with
   EINTR, and shortens the others to one byte.
   BLOCKS=FILE writes the size of each block that core.so takes with malloc into a file, one a line.
   SECRET=TEXT writes the name of each library of ours that frees a block with this text into the file that FREED names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void __libc_free(void *block);

/* Is this the address of code in core.so? */
static bool is_ours(void *code) {
  Dl_info info;
  return dladdr(code, &info) && info.dli_fname && strstr(info.dli_fname, "dataworks/");
}

/* Writes a line without the functions that this library replaces. */
static void note(const char *variable, const char *text) {
  const char *path = getenv(variable);
  FILE *file = path ? fopen(path, "ae") : NULL;
  if (!file) return;
  fprintf(file, "%s\n", text);
  fclose(file);
}

/* Notes a call, and returns whether it must fail. */
static bool must_fail(const char *name) {
  note("CALLS", name);
  const char *failing = getenv("FAIL");
  if (!failing || strcmp(failing, name) != 0) return false;
  errno = EIO;
  return true;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CALLER __builtin_return_address(0)

ssize_t write(int fd, const void *data, size_t len) {
  static bool interrupted;
  if (!is_ours(CALLER)) return REAL(write)(fd, data, len);
  if (must_fail("write")) return -1;
  const char *failing = getenv("FAIL");
  if (failing && strcmp(failing, "interrupt") == 0) {
    interrupted = !interrupted;
    errno = EINTR;
    return interrupted ? -1 : REAL(write)(fd, data, 1);
  }
  return REAL(write)(fd, data, len);
}

int fsync(int fd) {
  return is_ours(CALLER) && must_fail("fsync") ? -1 : REAL(fsync)(fd);
}

int close(int fd) {
  int status = REAL(close)(fd);
  return is_ours(CALLER) && must_fail("close") ? -1 : status;
}

int rename(const char *from, const char *to) {
  return is_ours(CALLER) && must_fail("rename") ? -1 : REAL(rename)(from, to);
}

void *malloc(size_t size) {
  if (getenv("BLOCKS") && is_ours(CALLER)) {
    char text[30];
    snprintf(text, sizeof text, "%zu", size);
    note("BLOCKS", text);
  }
  return __libc_malloc(size);
}

void free(void *block) {
  const char *secret = getenv("SECRET");
  if (block && secret && is_ours(CALLER) && memmem(block, malloc_usable_size(block), secret, strlen(secret))) {
    note("FREED", "a block with the secret");
  }
  __libc_free(block);
}
