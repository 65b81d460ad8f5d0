/* SPDX-License-Identifier: BSD-2-Clause */
/* What somebody may have meant. */
#include <string.h>
#include "cli.h"

/* Levenshtein's distance; what is longer than any name is far from all. */
static size_t distance(const char *a, const char *b)
{
  size_t       row[64];
  const size_t n = strlen(b);

  if (n >= 64) return 64;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 0; a[i]; i++) {
    size_t diagonal = row[0];

    row[0] = i + 1;
    for (size_t j = 0; j < n; j++) {
      const size_t above = row[j + 1];
      size_t       least = diagonal + (a[i] != b[j]);

      if (above + 1 < least) least = above + 1;
      if (row[j] + 1 < least) least = row[j] + 1;
      row[j + 1] = least;
      diagonal   = above;
    }
  }
  return row[n];
}

const char *costate_cli_nearest(const char *name, const char *const *names)
{
  const char *best = names[0];

  for (int i = 1; names[i]; i++) {
    if (distance(names[i], name) < distance(best, name)) best = names[i];
  }
  return best;
}
