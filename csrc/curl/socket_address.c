#include "curl/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct socket_address socket_address_from(const struct sockaddr *socket_address) {
  struct socket_address address = { 0 };
  if (socket_address->sa_family == AF_INET) {
    struct sockaddr_in v4;
    memcpy(&v4, socket_address, sizeof v4);
    memcpy(address.ip, &v4.sin_addr, sizeof v4.sin_addr);
    address.port = ntohs(v4.sin_port);
  } else if (socket_address->sa_family == AF_INET6) {
    struct sockaddr_in6 v6;
    memcpy(&v6, socket_address, sizeof v6);
    memcpy(address.ip, &v6.sin6_addr, sizeof v6.sin6_addr);
    address.port = ntohs(v6.sin6_port);
  }
  return address;
}

struct socket_address socket_address_local(int fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in6 largest;
  } own = { 0 };
  socklen_t len = sizeof own;
  return getsockname(fd, &own.any, &len) == 0 ? socket_address_from(&own.any) : (struct socket_address){ 0 };
}

struct socket_address socket_address_parse(const char *ip, int port) {
  struct socket_address address = { .port = port };
  if (inet_pton(AF_INET, ip, address.ip) != 1) inet_pton(AF_INET6, ip, address.ip);
  return address;
}

static bool socket_address_equal(const struct socket_address *a, const struct socket_address *b) {
  return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool socket_addresses_equal(const struct socket_addresses *a, const struct socket_addresses *b) {
  return socket_address_equal(&a->local, &b->local) && socket_address_equal(&a->remote, &b->remote);
}
