/* State of the whole process for libcurl: starts libcurl, and blocks SIGPIPE while libcurl may write to a socket. */
#pragma once

#include <curl/curl.h>
#include <signal.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* Initializes libcurl, once. Call it before any other function of libcurl; any thread may call it. After a failure,
   such as a lack of memory, the next call tries again. */
CURLcode global_start_libcurl(void);

/* Creates a multi whose clean-up does not wait for a name look-up that hangs. Returns NULL if there is no memory. */
CURLM *global_create_multi(void);

/* Remembers a handle of libcurl that is dropped without being freed, so that leak checkers find the handle. */
void global_remember_dropped(void *handle);

struct sigpipe {
  bool blocked;
  sigset_t before;
};

/* Blocks SIGPIPE in this thread until sigpipe_restore. Has no effect while a SIGPIPE of the program is pending. */
void sigpipe_block(struct sigpipe *s);
/* Discards a SIGPIPE that libcurl caused, and restores the signal mask. */
void sigpipe_restore(const struct sigpipe *s);

#pragma GCC visibility pop
