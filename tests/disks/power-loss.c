// Stands between a program and its disk (LD_PRELOAD) and writes down what the disk would still have after a power
// loss. Nothing is held back: every call goes through, and a journal outside the watched directory says which files
// were made, moved and removed, and how long each was when it was last synced. After the program was killed,
// support/power.ts reads the journal and takes away what no sync had made durable.
//
// What it relies on, of the program: files are only appended to, through stdio or write(). LevelDB's are.
//
// SKEIN_DISK_ROOT      the directory watched
// SKEIN_DISK_JOURNAL   a directory beside it, on the same file system: `journal`, and what was removed or replaced
//                      as `kept-N`; while a file `fail` is in it, every sync fails with EIO
// SKEIN_DISK_DELAY_MS  every sync takes up to so much longer

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// One at a time, so that the journal's order is that of the disk.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *folder;
static int journal = -1, delay_ms, kept_count;

__attribute__((constructor)) static void begin(void) {
  const char *delay = getenv("SKEIN_DISK_DELAY_MS");
  char path[PATH_MAX];
  root = getenv("SKEIN_DISK_ROOT");
  folder = getenv("SKEIN_DISK_JOURNAL");
  if (!root || !folder) return;
  delay_ms = delay ? atoi(delay) : 0;
  snprintf(path, sizeof path, "%s/journal", folder);
  journal = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (journal < 0) abort();
}

static int watched(const char *path) {
  size_t length = root ? strlen(root) : 0;
  return journal >= 0 && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

// A single write: a kill leaves the whole line or nothing.
static void note(const char *format, ...) {
  char line[3 * PATH_MAX];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  if (write(journal, line, length) != length) abort();
}

static int exists(const char *path) {
  struct stat found;
  return lstat(path, &found) == 0;
}

// Keeps the file at `path` under a name beside the journal; `kept` is "-" where there is none.
static void keep(const char *path, char *kept, int (*how)(const char *, const char *)) {
  strcpy(kept, "-");
  if (!exists(path)) return;
  snprintf(kept, PATH_MAX, "%s/kept-%d", folder, kept_count++);
  if (how(path, kept) != 0) abort();
}

// Before a file is opened: one that is made or emptied by it is noted, and what it was is kept.
static void will_open(const char *path, int creates, int empties) {
  char kept[PATH_MAX];
  if (!watched(path) || !creates || (exists(path) && !empties)) return;
  keep(path, kept, REAL(rename));
  note("made\t%s\t%s\n", path, kept);
}

#define OPEN(name)                                                    \
  int name(const char *path, int flags, ...) {                        \
    va_list rest;                                                     \
    va_start(rest, flags);                                            \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                     \
    pthread_mutex_lock(&turn);                                        \
    will_open(path, flags & O_CREAT, flags & O_TRUNC);                \
    int file = REAL(name)(path, flags, mode);                         \
    pthread_mutex_unlock(&turn);                                      \
    return file;                                                      \
  }
OPEN(open)
OPEN(open64)

#define FOPEN(name)                                                   \
  FILE *name(const char *path, const char *mode) {                    \
    pthread_mutex_lock(&turn);                                        \
    will_open(path, mode[0] != 'r', mode[0] == 'w');                  \
    FILE *file = REAL(name)(path, mode);                              \
    pthread_mutex_unlock(&turn);                                      \
    return file;                                                      \
  }
FOPEN(fopen)
FOPEN(fopen64)

int rename(const char *from, const char *to) {
  char kept[PATH_MAX];
  if (!watched(from)) return REAL(rename)(from, to);
  pthread_mutex_lock(&turn);
  if (exists(from)) {
    keep(to, kept, REAL(link));
    note("moved\t%s\t%s\t%s\n", from, to, kept);
  }
  int result = REAL(rename)(from, to);
  pthread_mutex_unlock(&turn);
  return result;
}

int link(const char *from, const char *to) {
  if (!watched(to)) return REAL(link)(from, to);
  pthread_mutex_lock(&turn);
  if (!exists(to)) note("linked\t%s\t%s\n", from, to);
  int result = REAL(link)(from, to);
  pthread_mutex_unlock(&turn);
  return result;
}

int unlink(const char *path) {
  char kept[PATH_MAX];
  if (!watched(path)) return REAL(unlink)(path);
  pthread_mutex_lock(&turn);
  keep(path, kept, REAL(link));
  if (strcmp(kept, "-") != 0) note("removed\t%s\t%s\n", path, kept);
  int result = REAL(unlink)(path);
  pthread_mutex_unlock(&turn);
  return result;
}

static int sync_with(int (*real)(int), int file) {
  char name[64], path[PATH_MAX], fail[PATH_MAX];
  snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return real(file);
  path[length] = 0;
  if (!watched(path)) return real(file);
  if (delay_ms > 0) usleep(rand() % (1000 * delay_ms));
  pthread_mutex_lock(&turn);
  struct stat now;
  snprintf(fail, sizeof fail, "%s/fail", folder);
  int refused = exists(fail);
  int result = fstat(file, &now) != 0 || refused ? -1 : real(file);
  note("%s\t%s\t%lld\n", result == 0 ? "synced" : "refused", path, (long long)now.st_size);
  pthread_mutex_unlock(&turn);
  if (refused) errno = EIO;
  return result;
}

int fsync(int file) { return sync_with(REAL(fsync), file); }
int fdatasync(int file) { return sync_with(REAL(fdatasync), file); }
