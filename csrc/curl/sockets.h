/* A list of the sockets that libcurl uses for one session, or for one multi. The list tells which sockets the peer has
   closed, with which identities the connections were opened, and which descriptors still belong to libcurl after a
   fork. */
#pragma once

#include "curl/identity.h"
#include "curl/socket_address.h"
#include "shared/buffer.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct sockets {
  struct buffer list; /* of struct known_socket */
};

/* Opens a socket and adds it to the list, as CURLOPT_OPENSOCKETFUNCTION must. The socket keeps a reference to the
   identity until it is closed. */
curl_socket_t sockets_open(struct sockets *s, curlsocktype purpose, struct curl_sockaddr *address,
                           struct identity *identity);

/* Closes a socket and removes it from the list. The callback for CURLOPT_CLOSESOCKETFUNCTION; `context` is a struct
   sockets. */
int sockets_close(void *context, curl_socket_t fd);

/* Returns whether any socket is readable. Between requests a readable socket is unusable, because no data should
   arrive: the peer has closed the connection or has sent something unexpected. */
bool sockets_readable(const struct sockets *s);

/* Returns whether the socket of a connection is readable, or missing. */
bool sockets_readable_at(struct sockets *s, const struct socket_addresses *addresses);

/* Returns whether a connection was opened with another identity. */
bool sockets_have_other_identity_at(struct sockets *s, const struct socket_addresses *addresses,
                                    const struct identity *identity);

/* Opens a socket that is never used under the number of a closed socket, so that no other socket gets this number
   before sockets_free. Returns false if the number is not free. */
bool sockets_occupy(struct sockets *s, curl_socket_t fd);

/* Closes all descriptors and sends nothing, not even TLS's closing message. Skips a descriptor whose number now stands
   for another file. Empties the list. */
void sockets_close_all(struct sockets *s);

/* Frees the list. Call it after libcurl has closed the sockets, or after sockets_close_all. */
void sockets_free(struct sockets *s);

#pragma GCC visibility pop
