/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 4 */
/*
  The gradient has the same bits as with full storage when states go to HDF5 files, behind the computation or not, with
  and without a quota, for every method with an adjoint, fixed and adaptive, ended in every way; the report shows that
  the disk was used and both budgets kept; nothing is left behind.
*/
#include "cells.h"
#include <dirent.h>

static const char *const limits[] = {"1", "3", "none"};

/* Costs in the order of their periods with little memory: every step or every other; some; what is measured */
static const char *const costs[] = {"-ts_trajectory_costate_costs 1,1,.5,.5", "-ts_trajectory_costate_costs 1,2,3,2",
                                    ""};

static PetscInt ncells, visited, every = 1, turn;
static double   spilled, fetched;

/* Whether there is anything below the directory of the test that starts with this name. */
static PetscErrorCode Left(const char name[], PetscBool *left)
{
  int here = 0;

  PetscFunctionBeginUser;
  if (run_rank == 0) {
    DIR           *d = opendir(run_dir);
    struct dirent *e;

    while (d && (e = readdir(d))) here += !strncmp(e->d_name, name, strlen(name));
    if (d) closedir(d);
  }
  PetscCallMPI(MPI_Bcast(&here, 1, MPI_INT, 0, PETSC_COMM_WORLD));
  *left = (PetscBool)(here > 0);
  PetscFunctionReturn(0);
}

static PetscErrorCode Disk(const Method *m, PetscBool adaptive, const Ending *e, const AppResult *full, int config)
{
  const int       behind = config % 2, limit = config / 2;
  const PetscBool quota = (PetscBool)(limit < 2);
  /* without a quota the boundaries go to disk; memory holds two states and what the disk may not take */
  const PetscInt ram = 2 + (quota ? e->boundaries : 0);
  char           options[2 * PETSC_MAX_PATH_LEN];
  AppResult      res;
  PetscBool      same, left = PETSC_TRUE;
  double         peak, disk, writes, reads, steps;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options),
                          "-ts_trajectory_type costate -ts_trajectory_costate_ram %" PetscInt_FMT
                          " -ts_trajectory_costate_report %s -ts_trajectory_costate_hdf5 %s/disk "
                          "-ts_trajectory_costate_behind %d %s%s %s",
                          ram, run_report, run_dir, behind, quota ? "-ts_trajectory_costate_hdf5_limit " : "",
                          quota ? limits[limit] : "", costs[(ncells + config) % 3]));
  PetscCall(CellRun(m, adaptive, e, options, &res));
  PetscCall(AppSame(full, &res, &same));
  PetscCall(AppReport(run_report, "peak_states", &peak));
  PetscCall(AppReport(run_report, "peak_on_disk", &disk));
  PetscCall(AppReport(run_report, "writes", &writes));
  PetscCall(AppReport(run_report, "reads", &reads));
  PetscCall(AppReport(run_report, "steps", &steps));
  PetscCall(Left("disk", &left));
  T_OK(same && peak <= (double)ram && (!quota || disk <= atof(limits[limit])) && steps == (double)res.steps && !left,
       "%s, %s, %s, behind %d, %s on disk: same bits (%d steps, %g in memory, %g written, %g read), nothing is left",
       m->name, adaptive ? "adaptive" : "fixed", e->name, behind, limits[limit], (int)res.steps, peak, writes, reads);
  spilled += writes;
  fetched += reads;
  PetscCall(AppResultFree(&res));
  PetscFunctionReturn(0);
}

static PetscErrorCode Cell(const Method *m, PetscBool adaptive, const Ending *e)
{
  AppResult full;

  PetscFunctionBeginUser;
  if (visited++ % every != turn) PetscFunctionReturn(0);
  PetscCall(CellBasic(m, adaptive, e, &full));
  for (int config = 0; config < 6; config++) PetscCall(Disk(m, adaptive, e, &full, config));
  PetscCall(AppResultFree(&full));
  ncells++;
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *seed  = getenv("SEED");
  PetscInt    cells = CellCount();
  PetscMPIInt size;

  PetscCall(RunBegin(&argc, &argv, 0));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  /* more ranks than cores take long: they go through a part of the cells, another one for each seed */
  if (size > 2 && !getenv("COSTATE_TEST_ALL")) every = 5;
  if (every > 1) turn = (PetscInt)(strtoull(seed ? seed : "1", NULL, 10) % (unsigned)every);
  if (run_rank == 0) plan((int)((cells - turn + every - 1) / every) * 6 + 1);
  PetscCall(CellsVisit(Cell));
  T_OK(spilled > 6 * ncells && fetched > 3 * ncells, "the disk was used: %g states written, %g read", spilled, fetched);
  PetscCall(RunEnd());
  return done();
}
