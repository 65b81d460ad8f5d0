/* SPDX-License-Identifier: BSD-2-Clause */
/* `costate export` without -step: the table of what there is. */
#include <stdio.h>
#include "export.h"

static void head(const CostateArchiveInfo *info)
{
  printf("%s: %d rank%s, %s", info->run, info->ranks, info->ranks > 1 ? "s" : "", info->scalar);
  if (info->dof)
    printf(", grid %lld x %lld x %lld, %lld component%s", (long long)info->dims[0], (long long)info->dims[1],
           (long long)info->dims[2], (long long)info->dof, info->dof > 1 ? "s" : "");
  else
    printf(", no grid");
  printf("\n%10s  %-14s  %-14s  %14s  %s\n", "step", "time", "what", "bytes", "complete");
}

static PetscInt64 frame_bytes(const export_source *s, PetscInt64 i, int vectors)
{
  PetscInt64 total = 0;

  for (int k = 0; k < vectors; k++) {
    CostateArchiveVector v;

    if (!CostateArchiveGetVector(s->archive, i, k, &v)) total += v.total;
  }
  return total * s->info.scalar_bytes;
}

void export_print(const export_source *s, const export_frame *frame, int csv)
{
  if (csv)
    printf("step,time,what,bytes,complete\n");
  else
    head(&s->info);
  for (PetscInt64 i = 0; i < s->info.frames; i++) {
    const CostateArchiveFrame f     = frame[i].about;
    const PetscInt64          bytes = frame_bytes(s, frame[i].index, f.vectors);

    if (csv)
      printf("%lld,%.17g,%s,%lld,%d\n", (long long)f.step, f.time, f.what, (long long)bytes, f.complete ? 1 : 0);
    else if (f.step < 0)
      printf("%10s  %-14s  %-14s  %14lld  %s\n", "-", "-", f.what, (long long)bytes, f.complete ? "yes" : "no");
    else
      printf("%10lld  %-14.10g  %-14s  %14lld  %s\n", (long long)f.step, f.time, f.what, (long long)bytes,
             f.complete ? "yes" : "no");
  }
  if (!csv && !s->info.frames) printf("  nothing: what a backward sweep no longer needs it lets go of\n");
}
