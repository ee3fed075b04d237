/* A library to preload. It binds each socket that connects from 127.0.0.1 to the local port in the variable LOCAL_PORT, so
   that connections with different peers have the same local port. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>

int connect(int fd, const struct sockaddr *address, socklen_t len) {
  int (*next)(int, const struct sockaddr *, socklen_t) =
    (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
  struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(getenv("LOCAL_PORT"))) };
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (address->sa_family == AF_INET && bind(fd, (struct sockaddr *)&own, sizeof own) != 0) return -1;
  return next(fd, address, len);
}
