#include "curl/sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct known_socket {
  curl_socket_t fd;
  dev_t device;
  ino_t inode;
  struct identity *identity;         /* with which the connection was opened */
  struct socket_addresses addresses; /* the local port is 0 if not looked up yet */
  bool occupied;                     /* opened by sockets_occupy */
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
  if (!add_socket(s, fd, identity)) {
    close(fd);
    return CURL_SOCKET_BAD;
  }
  socket_items(s)[socket_count(s) - 1].addresses.remote = socket_address_from(&address->addr);
  return fd;
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

/* Returns the socket of a connection, or NULL. */
static struct known_socket *find_socket(struct sockets *s, const struct socket_addresses *addresses) {
  for (size_t i = 0; i < socket_count(s); i++) {
    struct known_socket *known = &socket_items(s)[i];
    if (known->addresses.local.port == 0) known->addresses.local = socket_address_local(known->fd);
    if (socket_addresses_equal(&known->addresses, addresses)) return known;
  }
  return NULL;
}

bool sockets_readable_at(struct sockets *s, const struct socket_addresses *addresses) {
  const struct known_socket *known = find_socket(s, addresses);
  return !known || is_readable(known->fd);
}

bool sockets_have_other_identity_at(struct sockets *s, const struct socket_addresses *addresses,
                                    const struct identity *identity) {
  const struct known_socket *known = find_socket(s, addresses);
  return known && !identity_equal(known->identity, identity);
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
