/* Parses IP addresses, and recognizes the hosts that stand for this machine. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

#define MAX_ADDRESS_BYTES 16

struct address {
  unsigned char bytes[MAX_ADDRESS_BYTES]; /* in network order */
  size_t len;                             /* 4 for IPv4, 16 for IPv6 */
};

/* Parses an IP address. Returns false for any other text. An IPv6 address may be in brackets. An IPv4 address that is
   mapped into IPv6 becomes an IPv4 address. A zone or a port is refused. A number with a leading zero is refused too,
   because some programs read such a number as octal. */
bool address_parse(struct slice text, struct address *address);

/* Returns whether the host is an address in 127.0.0.0/8, ::1, or the name localhost. The name may have a final dot and
   capital letters. */
bool address_is_loopback(struct slice host);

#pragma GCC visibility pop
