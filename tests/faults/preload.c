/* Counts the calls by which a process changes or reads files of one folder, and lets the n-th of them go wrong.

   Loaded into a process with LD_PRELOAD; `fault_arm` says in a child of it what is to happen. Only what is linked by
   name passes through here: all of Python, OpenCV, torch and Rust does; the buffered writes of C's stdio do not. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OFF, ONCE, FROM_THEN_ON, KILL_BEFORE, KILL_HALFWAY };
enum { CHANGES = 1, READS = 2 };
enum { MOST = 4096 };

static char folder[MOST];
static size_t length;
static volatile long *counter;
static long at;
static int number, manner, kinds;
static char inside[MOST];

void fault_arm(const char *place, long *shared, long nth, int error, int how, int which) {
  strncpy(folder, place, sizeof folder - 1);
  counter = shared, at = nth, number = error, kinds = which, manner = how;
  length = strlen(folder);
}

#define REAL(name) ((__typeof__(&name))next(#name))

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

static int within(const char *path) {
  return length && path && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static int within_at(int at_folder, const char *path) {
  return within(path) || (path && path[0] != '/' && at_folder >= 0 && at_folder < MOST && inside[at_folder]);
}

static int ours(int file) { return length && file >= 0 && file < MOST && inside[file]; }

/* 0: go on; 1: fail; 2: do half of it, then die. */
static int verdict(int kind) {
  if (!counter || !(kind & kinds)) return 0;
  long count = __sync_add_and_fetch(counter, 1);
  if (manner == OFF || count < at || (count > at && manner != FROM_THEN_ON)) return 0;
  if (manner == KILL_BEFORE) kill(getpid(), SIGKILL);
  if (manner == KILL_HALFWAY) return 2;
  errno = number;
  return 1;
}

#define GUARD(kind, failed, call)                   \
  do {                                              \
    int said = verdict(kind);                       \
    if (said == 1) return failed;                   \
    if (said == 2) { call; kill(getpid(), SIGKILL); } \
  } while (0)

static int kind_of(int flags) { return flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) ? CHANGES : READS; }

static int noted(int file, int is_ours) {
  if (file >= 0 && file < MOST) inside[file] = (char)is_ours;
  return file;
}

#define MODE                              \
  mode_t mode = 0;                        \
  if (flags & (O_CREAT | O_TMPFILE)) {    \
    va_list list;                         \
    va_start(list, flags);                \
    mode = va_arg(list, mode_t);          \
    va_end(list);                         \
  }

#define OPEN(name)                                                                       \
  int name(const char *path, int flags, ...) {                                           \
    MODE if (within(path)) GUARD(kind_of(flags), -1, REAL(name)(path, flags, mode));     \
    return noted(REAL(name)(path, flags, mode), within(path));                           \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                    \
  int name(int place, const char *path, int flags, ...) {                                               \
    MODE if (within_at(place, path)) GUARD(kind_of(flags), -1, REAL(name)(place, path, flags, mode));   \
    return noted(REAL(name)(place, path, flags, mode), within_at(place, path));                         \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                                    \
  FILE *name(const char *path, const char *how) {                                                      \
    if (within(path)) GUARD(strpbrk(how, "wa+") ? CHANGES : READS, NULL, REAL(name)(path, how));       \
    FILE *file = REAL(name)(path, how);                                                                \
    if (file) noted(fileno(file), within(path));                                                       \
    return file;                                                                                       \
  }
FOPEN(fopen)
FOPEN(fopen64)

int fclose(FILE *file) {
  noted(fileno(file), 0);
  return REAL(fclose)(file);
}

int close(int file) {
  noted(file, 0);
  return REAL(close)(file);
}

/* A disk that becomes full takes what still fits, and says so the next time. */
ssize_t write(int file, const void *from, size_t count) {
  if (ours(file)) {
    int said = verdict(CHANGES);
    int fits = said == 1 && manner == FROM_THEN_ON && *counter == at && count > 1;
    if (fits) return REAL(write)(file, from, count / 2);
    if (said == 2) {
      (void)!REAL(write)(file, from, count / 2);
      kill(getpid(), SIGKILL);
    }
    if (said) {
      errno = number;
      return -1;
    }
  }
  return REAL(write)(file, from, count);
}

ssize_t writev(int file, const struct iovec *from, int count) {
  if (ours(file)) GUARD(CHANGES, -1, REAL(writev)(file, from, 1));
  return REAL(writev)(file, from, count);
}

#define PWRITE(name, offset)                                                        \
  ssize_t name(int file, const void *from, size_t count, offset place) {           \
    if (ours(file)) GUARD(CHANGES, -1, REAL(name)(file, from, count / 2, place));  \
    return REAL(name)(file, from, count, place);                                   \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define COPY(name, offset)                                                       \
  ssize_t name(int to, int from, offset *place, size_t count) {                  \
    if (ours(to)) GUARD(CHANGES, -1, REAL(name)(to, from, place, count / 2));    \
    return REAL(name)(to, from, place, count);                                   \
  }
COPY(sendfile, off_t)
COPY(sendfile64, off64_t)

#define READ(name, ...)                                                          \
  if (ours(file)) GUARD(READS, -1, (void)!REAL(name)(file, to, __VA_ARGS__));    \
  return REAL(name)(file, to, __VA_ARGS__);
ssize_t read(int file, void *to, size_t count) { READ(read, count) }
ssize_t pread(int file, void *to, size_t count, off_t place) { READ(pread, count, place) }
ssize_t pread64(int file, void *to, size_t count, off64_t place) { READ(pread64, count, place) }

#define OF_FILE(name)                                         \
  int name(int file) {                                        \
    if (ours(file)) GUARD(CHANGES, -1, REAL(name)(file));     \
    return REAL(name)(file);                                  \
  }
OF_FILE(fsync)
OF_FILE(fdatasync)

#define TRUNCATE(name, offset)                                        \
  int name(int file, offset size) {                                   \
    if (ours(file)) GUARD(CHANGES, -1, REAL(name)(file, size));       \
    return REAL(name)(file, size);                                    \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int rename(const char *from, const char *to) {
  if (within(from) || within(to)) GUARD(CHANGES, -1, REAL(rename)(from, to));
  return REAL(rename)(from, to);
}

int renameat(int there, const char *from, int here, const char *to) {
  if (within_at(there, from) || within_at(here, to)) GUARD(CHANGES, -1, REAL(renameat)(there, from, here, to));
  return REAL(renameat)(there, from, here, to);
}

int mkdir(const char *path, mode_t mode) {
  if (within(path)) GUARD(CHANGES, -1, REAL(mkdir)(path, mode));
  return REAL(mkdir)(path, mode);
}

int mkdirat(int place, const char *path, mode_t mode) {
  if (within_at(place, path)) GUARD(CHANGES, -1, REAL(mkdirat)(place, path, mode));
  return REAL(mkdirat)(place, path, mode);
}

int unlink(const char *path) {
  if (within(path)) GUARD(CHANGES, -1, REAL(unlink)(path));
  return REAL(unlink)(path);
}

int unlinkat(int place, const char *path, int flags) {
  if (within_at(place, path)) GUARD(CHANGES, -1, REAL(unlinkat)(place, path, flags));
  return REAL(unlinkat)(place, path, flags);
}

int rmdir(const char *path) {
  if (within(path)) GUARD(CHANGES, -1, REAL(rmdir)(path));
  return REAL(rmdir)(path);
}
