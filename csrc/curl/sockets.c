#include "curl/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct known_socket {
  curl_socket_t fd;
  dev_t device;
  ino_t inode;
  struct identity *identity; /* with which the connection was opened */
  int port;                  /* local port; 0 if not looked up yet */
  bool occupied;             /* opened by sockets_occupy */
};

static struct known_socket *socket_items(const struct sockets *s) {
  return BUFFER_ITEMS(struct known_socket, &s->list);
}

static size_t socket_count(const struct sockets *s) {
  return BUFFER_COUNT(struct known_socket, &s->list);
}

/* Adds a socket to the list, and sets FD_CLOEXEC, so that programs that os.execute starts don't inherit the socket. */
static bool add_socket(struct sockets *s, int fd, struct identity *identity) {
  struct stat st;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fstat(fd, &st) != 0) return false;
  struct known_socket known = { .fd = fd, .device = st.st_dev, .inode = st.st_ino };
  if (!buffer_add_item(&s->list, &known, sizeof known)) return false;
  socket_items(s)[socket_count(s) - 1].identity = identity_share(identity);
  return true;
}

curl_socket_t sockets_open(struct sockets *s, curlsocktype purpose, struct curl_sockaddr *address,
                           struct identity *identity) {
  if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
  int fd = socket(address->family, address->socktype, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  if (add_socket(s, fd, identity)) return fd;
  close(fd);
  return CURL_SOCKET_BAD;
}

int sockets_close(void *context, curl_socket_t fd) {
  struct sockets *s = context;
  for (size_t i = 0; i < socket_count(s); i++) {
    if (socket_items(s)[i].fd != fd) continue;
    identity_release(socket_items(s)[i].identity);
    buffer_remove_item(&s->list, i, sizeof(struct known_socket));
    break;
  }
  return close(fd);
}

bool sockets_occupy(struct sockets *s, curl_socket_t fd) {
  int first = socket(AF_UNIX, SOCK_DGRAM, 0);
  int taken = first < 0 || first == fd ? first : fcntl(first, F_DUPFD, fd);
  if (first >= 0 && first != taken) close(first);
  if (taken == fd && add_socket(s, fd, NULL)) {
    socket_items(s)[socket_count(s) - 1].occupied = true;
    return true;
  }
  if (taken >= 0) close(taken);
  return false;
}

static bool is_readable(curl_socket_t fd) {
  struct pollfd p = { .fd = fd, .events = POLLIN };
  return poll(&p, 1, 0) != 0;
}

bool sockets_readable(const struct sockets *s) {
  for (size_t i = 0; i < socket_count(s); i++) {
    if (is_readable(socket_items(s)[i].fd)) return true;
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

/* Returns whether a socket is bound to this local port. */
static bool is_bound_to(struct known_socket *known, int port) {
  if (known->port == 0) known->port = local_port(known->fd);
  return known->port == port;
}

bool sockets_readable_at(struct sockets *s, int port) {
  for (size_t i = 0; i < socket_count(s); i++) {
    struct known_socket *known = &socket_items(s)[i];
    if (is_bound_to(known, port) && is_readable(known->fd)) return true;
  }
  return false;
}

bool sockets_have_other_identity_at(struct sockets *s, int port, const struct identity *identity) {
  for (size_t i = 0; i < socket_count(s); i++) {
    struct known_socket *known = &socket_items(s)[i];
    if (is_bound_to(known, port) && !identity_equal(known->identity, identity)) return true;
  }
  return false;
}

/* The numbers can stand for other files after a fork, because a daemon closes the descriptors that it inherits. */
void sockets_close_all(struct sockets *s) {
  for (size_t i = 0; i < socket_count(s); i++) {
    const struct known_socket *known = &socket_items(s)[i];
    struct stat st;
    bool same = fstat(known->fd, &st) == 0 && st.st_dev == known->device && st.st_ino == known->inode;
    if (same) close(known->fd);
    identity_release(known->identity);
  }
  buffer_reset(&s->list);
}

void sockets_free(struct sockets *s) {
  for (size_t i = 0; i < socket_count(s); i++) {
    if (socket_items(s)[i].occupied) close(socket_items(s)[i].fd);
    identity_release(socket_items(s)[i].identity);
  }
  buffer_wipe(&s->list);
}
