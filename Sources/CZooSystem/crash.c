#define _GNU_SOURCE
#include "crash.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

_Thread_local const char *zoo_thread_doing;

static const struct {
  int number;
  const char *name;
} faults[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGILL, "SIGILL"},
              {SIGTRAP, "SIGTRAP"}, {SIGFPE, "SIGFPE"}, {SIGABRT, "SIGABRT"}};
enum { FAULTS = sizeof faults / sizeof *faults };

/* Only what a signal's handler may: no memory, no locks. */
static void put(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t count = write(STDERR_FILENO, text, left);
    if (count < 0 && errno != EINTR) return;
    if (count > 0) {
      text += count;
      left -= (size_t)count;
    }
  }
}

/* Words hold names of strangers. */
static void put_visibly(const char *text) {
  static const char digits[] = "0123456789abcdef";
  char piece[256];
  size_t count = 0;
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    if (count + 5 > sizeof piece) {
      piece[count] = 0;
      put(piece);
      count = 0;
    }
    if (byte >= 0x20 && byte < 0x7f) {
      piece[count++] = (char)byte;
    } else {
      piece[count++] = '\\';
      piece[count++] = 'x';
      piece[count++] = digits[byte >> 4];
      piece[count++] = digits[byte & 15];
    }
  }
  piece[count] = 0;
  put(piece);
}

static struct sigaction before[FAULTS];

static void handle(int number, siginfo_t *info, void *context) {
  (void)context;
  const char *doing = zoo_thread_doing;
  zoo_thread_doing = NULL;
  for (size_t i = 0; i < FAULTS; i++) {
    if (faults[i].number != number) continue;
    if (doing) {
      put("zoo: crashed (");
      put(faults[i].name);
      put(") in ");
      put_visibly(doing);
      put("\n");
    }
    /* What comes next is what would have come without this: the fault happens again. */
    sigaction(number, &before[i], NULL);
  }
  if (info->si_code <= 0) raise(number);
}

void zoo_report_crashes(void) {
  /* A stack that overflowed has no room for a handler. */
  static char room[1 << 14];
  stack_t stack = {.ss_sp = room, .ss_size = sizeof room}, known;
  if (sigaltstack(NULL, &known) == 0 && known.ss_flags & SS_DISABLE) sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < FAULTS; i++) sigaction(faults[i].number, &action, &before[i]);
}
