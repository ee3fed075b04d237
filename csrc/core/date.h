/* Dates as text, in UTC whatever the machine's time zone. */
#pragma once

#include "shared/buffer.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Parses "2026-11-24T09:24:00Z", or a date of HTTP in one of its three forms, into seconds since 1970. A leap second of
   HTTP counts as the second before it. False for any other text, and for a date that doesn't exist. */
bool date_parse(struct slice text, int64_t *seconds);

#pragma GCC visibility pop
