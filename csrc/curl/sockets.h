/* The sockets of one libcurl handle, or of several that share them: which of them the peer has closed, and which
   descriptors are still theirs after a fork. */
#pragma once

#include "shared/buffer.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct sockets {
  struct buffer list; /* of struct known_socket */
};

/* For CURLOPT_OPENSOCKETFUNCTION, and for CURLOPT_CLOSESOCKETFUNCTION with a struct sockets as context. */
curl_socket_t sockets_open(struct sockets *s, curlsocktype purpose, struct curl_sockaddr *address);
int sockets_close(void *context, curl_socket_t fd);

/* Nothing should arrive between requests: a readable socket is closed, about to be, or out of step. */
bool sockets_readable(const struct sockets *s);

/* The same for the sockets that are bound to this port. */
bool sockets_readable_at(struct sockets *s, int port);

/* Takes the number of a closed socket, so that no other socket has it before sockets_free. False: it is not free. */
bool sockets_occupy(struct sockets *s, curl_socket_t fd);

/* After a fork: closes the child's descriptors and sends nothing. */
void sockets_close_all(struct sockets *s);

/* After libcurl closed them, or after sockets_close_all. */
void sockets_free(struct sockets *s);

#pragma GCC visibility pop
