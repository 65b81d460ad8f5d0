/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  Problems, budgets, limits and costs made from a seed, with writes and reads that take a time made from it, another on
  each rank: the bits of a run that keeps everything, both budgets kept, nothing left, and no deadlock.
*/
#include "faults.h"
#include "disk.h"

static uint64_t    state;
static PetscMPIInt run_size;

static unsigned Draw(unsigned n)
{
  uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (unsigned)((z ^ z >> 31) % n);
}

/* A number from .01 to 100 */
static double DrawCost(void)
{
  return PetscPowReal(10, (PetscReal)Draw(401) / 100 - 2);
}

static const char *const types[] = {"-ts_type rk -ts_rk_type 4",
                                    "-ts_type rk -ts_rk_type 3bs",
                                    "-ts_type rk -ts_rk_type 1fe",
                                    "-ts_type cn",
                                    "-ts_type beuler",
                                    "-ts_type theta -ts_theta_theta .6"};

static App DrawApp(char type[], size_t length)
{
  App            app      = AppDefault();
  const unsigned which    = Draw(6);
  const int      adaptive = which == 1 && Draw(2);

  app.points   = 3 * run_size + (PetscInt)Draw(20);
  app.dt       = .005 * (1 + (PetscReal)Draw(10));
  app.end      = Draw(4) ? END_TIME : END_STEPS;
  app.end_step = 1 + (PetscInt)Draw(60);
  app.solves   = app.end == END_STEPS || Draw(4) ? 1 : 2;
  app.event    = (PetscBool)(app.solves == 1 && Draw(4) == 0);
  app.pieces   = (PetscBool)(Draw(4) == 0);
  app.integral = (PetscBool)(Draw(4) == 0);
  app.runs     = Draw(5) ? 1 : 2;
  app.carry    = PETSC_TRUE;
  app.T        = 1;
  (void)snprintf(type, length, "%s %s", types[which],
                 adaptive ? "-ts_adapt_type basic -ts_rtol 1e-5 -ts_atol 1e-5" : FIXED);
  return app;
}

static PetscErrorCode Problem(int number)
{
  char      type[256], more[512], costs[128] = "", limit[64] = "";
  App       app = DrawApp(type, sizeof(type));
  AppResult full, res;
  /* memory holds what the disk may not take: the states at two boundaries, a jump among them */
  const PetscInt ram   = 4 + (PetscInt)Draw(5);
  const unsigned quota = Draw(3) ? Draw(9) : 0, behind = Draw(4);
  PetscBool      same;
  double         peak, disk, cost[4];

  PetscFunctionBeginUser;
  for (int i = 0; i < 4; i++) cost[i] = DrawCost();
  if (Draw(4))
    (void)snprintf(costs, sizeof(costs), "-ts_trajectory_costate_costs %g,%g,%g,%g", cost[0], cost[1], cost[2],
                   cost[3]);
  if (quota) (void)snprintf(limit, sizeof(limit), "-ts_trajectory_costate_hdf5_limit %u", quota);
  PetscCall(PetscSNPrintf(more, sizeof(more), "%s %s -ts_trajectory_costate_behind %d -ts_trajectory_solution_only %d",
                          costs, limit, behind > 0, (int)Draw(2)));
  fault.seed  = state + 77 * (uint64_t)run_rank;
  fault.delay = 0;
  PetscCall(RunAll(app, type, &full));
  fault.delay = (int)Draw(3) ? 1 + (int)Draw(3000) : 0;
  PetscCall(RunDisk(app, type, ram, more, &res));
  fault.delay = 0;
  PetscCall(AppSame(&full, &res, &same));
  peak = Figure("peak_states");
  disk = Figure("peak_on_disk");
  T_OK(same && peak <= (double)ram && (!quota || disk <= (double)quota) && Gone("disk"),
       "problem %d of seed %s: %s, %d steps, %d in memory, %s: the same bits (%g written, %g read, %g on disk)", number,
       getenv("SEED") ? getenv("SEED") : "1", type, (int)res.steps, (int)ram, more, Figure("writes"), Figure("reads"),
       disk);
  PetscCall(AppResultFree(&full));
  PetscCall(AppResultFree(&res));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *seed  = getenv("SEED");
  const int   count = getenv("COSTATE_TEST_FAST") ? 4 : 24;

  PetscCall(RunBegin(&argc, &argv, count));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &run_size));
  state = seed ? strtoull(seed, NULL, 10) : 1;
  FaultsReset();
  for (int i = 0; i < count; i++) PetscCall(Problem(i));
  PetscCall(RunEnd());
  return done();
}
