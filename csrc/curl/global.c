#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, RTLD_NODELETE */
#endif
#include "curl/global.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Initializes libcurl, and keeps this shared object loaded until the process ends. This is necessary because a name
   look-up that outlives its deadline continues in a thread of libcurl. `in_this_library` is any address inside the
   shared object. */
static CURLcode start(const void *in_this_library) {
  Dl_info info;
  if (dladdr(in_this_library, &info) && info.dli_fname) dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  return curl_global_init(CURL_GLOBAL_DEFAULT);
}

CURLcode global_start_libcurl(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static CURLcode state = CURLE_FAILED_INIT;
  pthread_mutex_lock(&lock);
  if (state != CURLE_OK) state = start(&lock);
  CURLcode code = state;
  pthread_mutex_unlock(&lock);
  return code;
}

/* CURLMOPT_QUICK_EXIT. By its number, because libcurl 8.20 or newer may be installed after this file was compiled; an
   older libcurl ignores the number. */
#define MULTI_QUICK_EXIT ((CURLMoption)21)

CURLM *global_create_multi(void) {
  CURLM *m = curl_multi_init();
  if (m) curl_multi_setopt(m, MULTI_QUICK_EXIT, 1L);
  return m;
}

/* An entry in the list of dropped handles. */
struct dropped {
  struct dropped *next;
  void *handle;
};

void global_remember_dropped(void *handle) {
  static _Atomic(struct dropped *) all;
  struct dropped *row = malloc(sizeof *row);
  if (!row) return;
  row->handle = handle;
  row->next = atomic_exchange(&all, row);
}

/* With CURLOPT_NOSIGNAL libcurl does not ignore SIGPIPE, and before 7.88 it writes to TLS sockets without
   MSG_NOSIGNAL. A signal can only be pending while it is blocked. */
void sigpipe_block(struct sigpipe *s) {
  sigset_t pipe_only, pending;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  s->blocked = pthread_sigmask(SIG_BLOCK, &pipe_only, &s->before) == 0;
  if (!s->blocked || sigismember(&s->before, SIGPIPE) != 1) return;
  sigpending(&pending);
  s->blocked = sigismember(&pending, SIGPIPE) != 1;
}

void sigpipe_restore(const struct sigpipe *s) {
  sigset_t pending;
  int signal_number;
  if (!s->blocked) return;
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE) == 1) {
    sigemptyset(&pending);
    sigaddset(&pending, SIGPIPE);
    sigwait(&pending, &signal_number);
  }
  pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
