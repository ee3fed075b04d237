/* What libcurl needs of the whole process: its start-up, and SIGPIPE blocked while it may write to a socket. */
#pragma once

#include <curl/curl.h>
#include <signal.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* Before any other use of libcurl; from any thread. */
CURLcode global_start_libcurl(void);

struct sigpipe {
  bool blocked;
  sigset_t before;
};

void sigpipe_block(struct sigpipe *s);
void sigpipe_restore(const struct sigpipe *s);

#pragma GCC visibility pop
