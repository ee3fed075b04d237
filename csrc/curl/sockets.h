/* The sockets of a libcurl handle, or of many that share theirs: has the other side let go, and, after a fork, which numbers
   still stand for them? */
#ifndef DATAWORKS_CURL_SOCKETS_H
#define DATAWORKS_CURL_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#pragma GCC visibility push(hidden)

struct sockets {
  struct known_socket *list;
  size_t count;
  size_t capacity;
};

/* For CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION; context is a struct sockets. */
curl_socket_t sockets_open(void *context, curlsocktype purpose, struct curl_sockaddr *address);
int sockets_close(void *context, curl_socket_t fd);

/* Between requests nothing should arrive: readable means closed, about to be, or out of step. */
bool sockets_readable(const struct sockets *s);

/* The same of those that are bound to this port. */
bool sockets_readable_at(struct sockets *s, int port);

/* Gives up this process's copies without a word on the wire. */
void sockets_abandon(struct sockets *s);

/* Once libcurl has closed them, or they were abandoned. */
void sockets_free(struct sockets *s);

#pragma GCC visibility pop

#endif
