/* The sockets of one libcurl handle: has the other side let go, and, after a fork, which numbers
   still stand for them? */
#ifndef DATAWORKS_CURL_SOCKETS_H
#define DATAWORKS_CURL_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#pragma GCC visibility push(hidden)

/* One kept connection, and a few attempts side by side when a host has many addresses. */
#define MAX_SOCKETS 16

struct sockets {
  struct {
    curl_socket_t fd;
    dev_t device;
    ino_t inode;
  } list[MAX_SOCKETS];
  size_t count;
};

/* For CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION; context is a struct sockets. */
curl_socket_t sockets_open(void *context, curlsocktype purpose, struct curl_sockaddr *address);
int sockets_close(void *context, curl_socket_t fd);

/* Between requests nothing should arrive: readable means closed, about to be, or out of step. */
bool sockets_readable(const struct sockets *s);

/* Gives up this process's copies without a word on the wire. */
void sockets_abandon(struct sockets *s);

#pragma GCC visibility pop

#endif
