/*
 * The least that a scan of node_modules can cost: list it and its scopes, then open, read and close every package.json.
 * Prints the milliseconds that took and how many files there were.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char buffer[256 * 1024];
static long files;

static void read_manifest(const char *directory, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s/package.json", directory, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  if (read(file, buffer, sizeof buffer) > 0) files++;
  close(file);
}

static void scan(const char *directory) {
  DIR *open_directory = opendir(directory);
  if (open_directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(open_directory)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    if (entry->d_name[0] != '@') {
      read_manifest(directory, entry->d_name);
      continue;
    }
    char scope[4096];
    snprintf(scope, sizeof scope, "%s/%s", directory, entry->d_name);
    scan(scope);
  }
  closedir(open_directory);
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  char modules[4096];
  snprintf(modules, sizeof modules, "%s/node_modules", arguments[1]);
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  scan(modules);
  clock_gettime(CLOCK_MONOTONIC, &after);
  double milliseconds = (after.tv_sec - before.tv_sec) * 1e3 + (after.tv_nsec - before.tv_nsec) / 1e6;
  printf("{\"milliseconds\": %.4f, \"found\": %ld}\n", milliseconds, files);
  return 0;
}
