#include "curl/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_CAPACITY ((size_t)4)

struct known_socket {
  curl_socket_t fd;
  dev_t device;
  ino_t inode;
  int port; /* 0: not looked up yet */
};

static bool make_room(struct sockets *s) {
  if (s->count < s->capacity) return true;
  size_t capacity = s->capacity ? s->capacity * 2 : FIRST_CAPACITY;
  struct known_socket *grown = realloc(s->list, capacity * sizeof *grown);
  if (!grown) return false;
  s->list = grown;
  s->capacity = capacity;
  return true;
}

curl_socket_t sockets_open(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  struct sockets *s = context;
  struct stat st;
  if (purpose != CURLSOCKTYPE_IPCXN || !make_room(s)) return CURL_SOCKET_BAD;
  int fd = socket(address->family, address->socktype, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  /* A program started by os.execute has no business with it. */
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fstat(fd, &st) != 0) {
    close(fd);
    return CURL_SOCKET_BAD;
  }
  s->list[s->count].port = 0;
  s->list[s->count].fd = fd;
  s->list[s->count].device = st.st_dev;
  s->list[s->count].inode = st.st_ino;
  s->count++;
  return fd;
}

int sockets_close(void *context, curl_socket_t fd) {
  struct sockets *s = context;
  for (size_t i = 0; i < s->count; i++) {
    if (s->list[i].fd == fd) {
      s->list[i] = s->list[--s->count];
      break;
    }
  }
  return close(fd);
}

static bool is_readable(curl_socket_t fd) {
  struct pollfd p = { .fd = fd, .events = POLLIN };
  return poll(&p, 1, 0) != 0;
}

bool sockets_readable(const struct sockets *s) {
  for (size_t i = 0; i < s->count; i++) {
    if (is_readable(s->list[i].fd)) return true;
  }
  return false;
}

static int local_port(curl_socket_t fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } address = { 0 };
  socklen_t len = sizeof address;
  if (getsockname(fd, &address.any, &len) != 0) return 0;
  if (address.any.sa_family == AF_INET) return ntohs(address.v4.sin_port);
  return address.any.sa_family == AF_INET6 ? ntohs(address.v6.sin6_port) : 0;
}

bool sockets_readable_at(struct sockets *s, int port) {
  for (size_t i = 0; i < s->count; i++) {
    struct known_socket *known = &s->list[i];
    if (known->port == 0) known->port = local_port(known->fd);
    if (known->port == port && is_readable(known->fd)) return true;
  }
  return false;
}

/* A daemon closes what it inherits, so the number may by now stand for a file of its own. */
void sockets_abandon(struct sockets *s) {
  for (size_t i = 0; i < s->count; i++) {
    struct stat st;
    bool same = fstat(s->list[i].fd, &st) == 0 && st.st_dev == s->list[i].device && st.st_ino == s->list[i].inode;
    if (same) close(s->list[i].fd);
  }
  s->count = 0;
}

void sockets_free(struct sockets *s) {
  free(s->list);
  *s = (struct sockets){ 0 };
}
