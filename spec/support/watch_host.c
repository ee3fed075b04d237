/* watch_host: a program that uses csrc/curl/watch.c, and prints what it reports. -DDATAWORKS_NO_EPOLL: the watch without
   epoll. */
#define _GNU_SOURCE
#include "curl/watch.c"
#include "shared/buffer.c"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

#define PAIRS 100

static struct watch w;

static int by_descriptor(const void *a, const void *b) {
  return ((const struct ready *)a)->fd - ((const struct ready *)b)->fd;
}

/* Prints the events of the sockets that are ready, one letter for each event. */
static void show(const char *when) {
  struct ready ready[MAX_READY];
  int count = watch_wait(&w, ready, 0);
  if (count > 0) qsort(ready, (size_t)count, sizeof *ready, by_descriptor);
  printf("%s:", when);
  for (int i = 0; i < count; i++) {
    int e = ready[i].events;
    printf(" %s%s%s", e & WATCH_IN ? "i" : "", e & WATCH_OUT ? "o" : "", e & WATCH_ERROR ? "e" : "");
  }
  printf("\n");
}

/* Prints whether each of many ready sockets is reported in the first three waits. */
static void show_fairness(void) {
  static bool seen[1024];
  struct ready ready[MAX_READY];
  int pairs[PAIRS][2], missed = 0;
  for (int i = 0; i < PAIRS; i++) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) || !watch_set(&w, pairs[i][0], WATCH_OUT)) puts("no pair");
  }
  for (int round = 0; round < 3; round++) {
    int count = watch_wait(&w, ready, 0);
    if (count > MAX_READY) puts("too many");
    for (int i = 0; i < count; i++) seen[ready[i].fd] = true;
  }
  for (int i = 0; i < PAIRS; i++) {
    missed += !seen[pairs[i][0]];
    watch_set(&w, pairs[i][0], 0);
  }
  printf("missed: %d\n", missed);
}

static void ignore(int number) {
  (void)number;
}

static void show_signal(void) {
  struct ready ready[MAX_READY];
  struct sigaction action = { .sa_handler = ignore };
  struct itimerval timer = { .it_value.tv_usec = 100000 };
  if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &timer, NULL)) puts("no timer");
  printf("signal: %d\n", watch_wait(&w, ready, 20000));
}

int main(void) {
  int pair[2], other[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || socketpair(AF_UNIX, SOCK_STREAM, 0, other)) return 2;
  if (!watch_open(&w)) return 2;
  show("nothing watched");
  watch_set(&w, pair[0], WATCH_IN);
  show("no data");
  watch_set(&w, pair[0], WATCH_OUT);
  show("room to write");
  watch_set(&w, pair[0], WATCH_IN | WATCH_OUT);
  show("both, no data");
  if (write(pair[1], "x", 1) != 1) return 2;
  show("both, data");
  watch_set(&w, pair[0], WATCH_IN);
  watch_set(&w, other[0], WATCH_OUT);
  show("two sockets");
  watch_set(&w, other[0], 0);
  show("one removed");
  watch_set(&w, other[0], 0);
  watch_set(&w, other[0], WATCH_OUT);
  close(other[1]);
  watch_set(&w, pair[0], 0);
  show("the peer closed");
  watch_set(&w, other[0], 0);
  show_fairness();
  show_signal();
  watch_set(&w, pair[0], WATCH_OUT);
  close(pair[0]);
  watch_clear(&w);
  show("all closed and cleared");
  printf("open: %d", w.open);
  watch_close(&w);
  watch_close(&w);
  printf(" %d, descriptor: %d\n", w.open, w.fd);
  return 0;
}
