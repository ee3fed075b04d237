/* The addresses of a TCP connection. Only both addresses together identify a connection: the system gives the same local
   port to connections with different peers. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#pragma GCC visibility push(hidden)

struct socket_address {
  unsigned char ip[16]; /* an IPv4 address fills the first four bytes; the rest is 0 */
  int port;
};

struct socket_addresses {
  struct socket_address local, remote;
};

/* Returns the address that a socket address stands for. */
struct socket_address socket_address_from(const struct sockaddr *socket_address);

/* Returns the local address of a socket. */
struct socket_address socket_address_local(int fd);

/* Returns an address that libcurl reports. */
struct socket_address socket_address_parse(const char *ip, int port);

bool socket_addresses_equal(const struct socket_addresses *a, const struct socket_addresses *b);

#pragma GCC visibility pop
