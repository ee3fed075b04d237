/* A library to preload into a program. For the program, the address of each name under .test is 127.0.0.1, and no other name
   exists. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for RTLD_NEXT */
#endif
#include <dlfcn.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>

typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  static const char ending[] = ".test";
  size_t len = name ? strlen(name) : 0;
  resolve *original;
  *(void **)&original = dlsym(RTLD_NEXT, "getaddrinfo");
  struct addrinfo known = hints ? *hints : (struct addrinfo){ 0 };
  if (len >= sizeof ending && strcmp(name + len - (sizeof ending - 1), ending) == 0) name = "127.0.0.1";
  known.ai_flags |= AI_NUMERICHOST;
  return original(name, service, &known, result);
}
