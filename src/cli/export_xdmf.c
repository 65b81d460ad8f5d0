/* SPDX-License-Identifier: BSD-2-Clause */
/* `costate export`: the XDMF file, by which ParaView finds its way in the HDF5 files that were exported. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "export.h"

static void escaped(FILE *to, const char *text)
{
  for (; *text; text++) {
    if (*text == '&')
      fputs("&amp;", to);
    else if (*text == '<')
      fputs("&lt;", to);
    else if (*text == '"')
      fputs("&quot;", to);
    else
      fputc(*text, to);
  }
}

/* A mesh and the fields on it: all of those on the grid, or one that is on none, on a line. */
static void mesh(FILE *to, const export_source *s, const export_item *item, int from, int n, const char *time)
{
  const export_field *f    = item->field;
  const PetscInt64   *dims = s->info.dims;
  const char         *file = strrchr(item->path, '/') ? strrchr(item->path, '/') + 1 : item->path;
  const int           grid = f[from].grid;
  char                size[96];

  if (grid)
    snprintf(size, sizeof(size), "%lld %lld %lld", (long long)dims[2], (long long)dims[1], (long long)dims[0]);
  else
    snprintf(size, sizeof(size), "1 1 %lld", (long long)f[from].n);
  fprintf(to, "   <Grid Name=\"%s\" GridType=\"Uniform\">\n%s", grid ? "grid" : f[from].name, time);
  fprintf(to, "    <Topology TopologyType=\"3DCoRectMesh\" Dimensions=\"%s\"/>\n", size);
  fprintf(to, "    <Geometry GeometryType=\"ORIGIN_DXDYDZ\">\n");
  for (int i = 0; i < 2; i++) {
    const double *x = i ? s->spacing : s->origin;

    fprintf(to, "     <DataItem Format=\"XML\" NumberType=\"Float\" Precision=\"8\" Dimensions=\"3\">");
    if (grid)
      fprintf(to, "%.17g %.17g %.17g</DataItem>\n", x[2], x[1], x[0]);
    else
      fprintf(to, "%d %d %d</DataItem>\n", i, i, i);
  }
  fprintf(to, "    </Geometry>\n");
  for (int i = from; i < n; i++) {
    if (grid ? !f[i].grid : i != from) continue;
    fprintf(to, "    <Attribute Name=\"%s\" AttributeType=\"Scalar\" Center=\"Node\">\n", f[i].name);
    fprintf(to, "     <DataItem Format=\"HDF\" NumberType=\"Float\" Precision=\"%d\" Dimensions=\"%s\">", s->bytes,
            size);
    escaped(to, file);
    fprintf(to, ":/%s</DataItem>\n    </Attribute>\n", f[i].name);
  }
  fprintf(to, "   </Grid>\n");
}

/* A frame: one mesh where that is enough, else a collection of them. */
static void frame(FILE *to, const export_source *s, const export_item *item)
{
  int  meshes = 0, grid = -1;
  char time[64];

  for (int i = 0; i < item->nfields; i++) {
    if (!item->field[i].grid || grid < 0) meshes++;
    if (item->field[i].grid && grid < 0) grid = i;
  }
  snprintf(time, sizeof(time), "    <Time Value=\"%.17g\"/>\n", item->frame->about.time);
  if (meshes != 1)
    fprintf(to, "  <Grid Name=\"step %lld\" GridType=\"Collection\" CollectionType=\"Spatial\">\n%s",
            (long long)item->frame->about.step, time);
  for (int i = 0; i < item->nfields; i++)
    if (!item->field[i].grid || i == grid) mesh(to, s, item, i, item->nfields, meshes == 1 ? time : "");
  if (meshes != 1) fprintf(to, "  </Grid>\n");
}

PetscErrorCode export_xdmf(const export_source *s, int n, const export_item *item, const char *path)
{
  char  part[EXPORT_PATH + 8];
  FILE *to;
  int   bad;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(part, sizeof(part), "%s.part", path));
  to = fopen(part, "w");
  if (to) {
    fprintf(to, "<?xml version=\"1.0\"?>\n<Xdmf Version=\"3.0\">\n <Domain>\n");
    fprintf(to, "  <Grid Name=\"steps\" GridType=\"Collection\" CollectionType=\"Temporal\">\n");
    for (int i = 0; i < n; i++) frame(to, s, &item[i]);
    fprintf(to, "  </Grid>\n");
    fprintf(to, " </Domain>\n</Xdmf>\n");
  }
  bad = !to || ferror(to);
  if (to && fclose(to)) bad = 1;
  if (!bad && rename(part, path)) bad = 1;
  if (bad) {
    const int err = errno ? errno : EIO;

    unlink(part);
    SETERRQ(PETSC_COMM_SELF, PETSC_ERR_FILE_WRITE, "The file %s cannot be written: %s. Name another one with -out",
            path, strerror(err));
  }
  PetscFunctionReturn(0);
}
