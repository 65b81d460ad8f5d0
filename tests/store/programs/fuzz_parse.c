/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What parses journals and manifests, for libFuzzer, and as a program that takes the files of its arguments, for the
  corpus that is kept.  The first byte says what the rest is: j a journal, J one whose lines get the hash that they
  lack, m a manifest, M one that gets its last line.
*/
#include "../../../src/store/parse.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static volatile uint64_t sum;

/* Everything that was understood is looked at, that a wrong pointer or length comes to light. */
static void Look(const CostateJournal *j)
{
  for (int s = 0; s < j->nsegments; s++) {
    const CostateParsedSegment *seg = &j->segment[s];

    for (int b = 0; b < seg->nblocks; b++) sum += strlen(seg->block[b].name) + (uint64_t)seg->block[b].total;
    for (int i = 0; i < seg->slots; i++) {
      sum += (uint64_t)seg->cell[i].key + strlen(seg->cell[i].what);
      for (int b = 0; seg->cell[i].part && b < seg->nblocks; b++) sum += seg->cell[i].part[b].hash;
    }
  }
  for (size_t i = 0; i < j->nnotes; i++)
    for (size_t c = 0; c < j->note[i].length; c++) sum += (unsigned char)j->note[i].text[c];
}

static void Journal(const char *text, size_t n)
{
  CostateJournal j;

  if (CostateJournalParse(text, n, &j)) abort();
  Look(&j);
  CostateJournalFree(&j);
}

static void Manifest(const char *text, size_t n)
{
  CostateManifest m;

  if (CostateManifestParse(text, n, &m)) return;
  for (int r = 0; r < m.ranks; r++) sum += (uint64_t)m.journal[r].length + m.journal[r].hash;
  sum += strlen(m.owner) + strlen(m.petsc) + strlen(m.scalar) + strlen(m.layout);
  CostateManifestFree(&m);
}

static void Hashed(const char *text, size_t n)
{
  char  *out  = malloc(n * 20 + 32);
  size_t used = 0;

  for (size_t at = 0; at < n;) {
    const char  *end = memchr(text + at, '\n', n - at);
    const size_t len = end ? (size_t)(end - text) - at : n - at;

    memcpy(out + used, text + at, len);
    used += len + (size_t)sprintf(out + used + len, " #%016" PRIx64 "\n", (uint64_t)XXH3_64bits(text + at, len));
    at += len + 1;
  }
  Journal(out, used);
  free(out);
}

static void Ended(const char *text, size_t n)
{
  char *out = malloc(n + 32);

  memcpy(out, text, n);
  Manifest(out, n + (size_t)sprintf(out + n, "end %016" PRIx64 "\n", (uint64_t)XXH3_64bits(text, n)));
  free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data + 1;

  if (!size) return 0;
  switch (data[0]) {
  case 'j': Journal(text, size - 1); break;
  case 'J': Hashed(text, size - 1); break;
  case 'm': Manifest(text, size - 1); break;
  case 'M': Ended(text, size - 1); break;
  default: break;
  }
  return 0;
}

#if !defined(COSTATE_FUZZER)
int main(int argc, char **argv)
{
  int n = 0;

  for (int i = 1; i < argc; i++) {
    FILE    *f = fopen(argv[i], "rb");
    uint8_t *data;
    long     size;

    if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) return 2;
    data = malloc((size_t)size + 1);
    if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) return 2;
    fclose(f);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    n++;
  }
  printf("%d inputs\n", n);
  return 0;
}
#endif
