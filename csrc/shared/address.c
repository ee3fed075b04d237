#include "shared/address.h"

#include <arpa/inet.h>
#include <strings.h>

#define IPV4_BYTES 4

/* Turns an IPv4 address that is mapped into IPv6 (::ffff:a.b.c.d) into its four bytes. */
static void unmap_ipv4(struct address *address) {
  static const unsigned char prefix[] = { [10] = 0xff, [11] = 0xff };
  if (memcmp(address->bytes, prefix, sizeof prefix) != 0) return;
  memmove(address->bytes, address->bytes + sizeof prefix, IPV4_BYTES);
  address->len = IPV4_BYTES;
}

bool address_parse(struct slice text, struct address *address) {
  char copy[INET6_ADDRSTRLEN];
  bool is_ipv6 = text.len && memchr(text.data, ':', text.len);
  if (is_ipv6 && text.data[0] == '[' && text.data[text.len - 1] == ']') {
    text.data++;
    text.len -= 2;
  }
  if (!text.len || text.len >= sizeof copy || memchr(text.data, '\0', text.len)) return false;
  memcpy(copy, text.data, text.len);
  copy[text.len] = '\0';
  address->len = is_ipv6 ? MAX_ADDRESS_BYTES : IPV4_BYTES;
  if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, copy, address->bytes) != 1) return false;
  if (is_ipv6) unmap_ipv4(address);
  return true;
}

static bool is_localhost(struct slice host) {
  static const char name[] = "localhost";
  if (host.len && host.data[host.len - 1] == '.') host.len--;
  return host.len == sizeof name - 1 && strncasecmp(host.data, name, host.len) == 0;
}

bool address_is_loopback(struct slice host) {
  static const unsigned char ipv6_loopback[MAX_ADDRESS_BYTES] = { [15] = 1 };
  struct address address;
  if (is_localhost(host)) return true;
  if (!address_parse(host, &address)) return false;
  if (address.len == IPV4_BYTES) return address.bytes[0] == 127;
  return memcmp(address.bytes, ipv6_loopback, sizeof ipv6_loopback) == 0;
}
