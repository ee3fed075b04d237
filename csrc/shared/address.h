/* IP addresses, and which hosts are this machine. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

#define MAX_ADDRESS_BYTES 16

struct address {
  unsigned char bytes[MAX_ADDRESS_BYTES]; /* in network order */
  size_t len;                             /* 4: IPv4; 16: IPv6 */
};

/* IPv6 may stand in brackets. An IPv4 address mapped into IPv6 becomes IPv4. No zone, no port; a number with a leading
   zero is refused, since some programs read it as octal. */
bool address_parse(struct slice text, struct address *address);

/* localhost in any case, with or without a final dot; 127.0.0.0/8; ::1. */
bool address_is_loopback(struct slice host);

#pragma GCC visibility pop
