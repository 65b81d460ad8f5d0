/* SPDX-License-Identifier: BSD-2-Clause */
/* What is checked and sized between TSSetUp() and the first step. */
#include "trajimpl.h"

/* clang-format off */
/*
  What the stages of a step are made of (TSGetStages()), and so what a record of a step adds to the states:

    rk                            Y_1 is the state before the step; a record is Y_2 .. Y_s.  After a rejection or a
                                  roll-back Y_1 differs from it in the last bits; where steps are adaptive it is kept too
    theta with end points,        the states before and after the step; nothing has to be kept beside them, and nothing
      beuler, cn                    executed where both are at hand
    theta without                 one stage of its own
    forward Euler as rk (1fe)     Y_1 alone: as with end points
    others                        not known: executed again

  A method that puts its own function in the place of the adjoint step (piece.c) wants end states and no stages,
  whatever the type.
*/
/* clang-format on */
static PetscErrorCode ClassifyMethod(CostateTraj tr, TS ts)
{
  PetscBool rk, theta, fixed;
  PetscInt  ns = 0;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)ts, TSRK, &rk));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ts, &theta, TSTHETA, TSBEULER, TSCN, ""));
  PetscCall(TSGetStages(ts, &ns, NULL));
  tr->method  = COSTATE_METHOD_ANY;
  tr->nstages = tr->first_stage = 0;
  tr->fsal                      = PETSC_FALSE;
  if (rk) {
    PetscBool multirate;

    PetscCall(TSRKGetMultirate(ts, &multirate));
    if (!multirate) {
      PetscCall(TSRKGetTableau(ts, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &tr->fsal));
      tr->method = COSTATE_METHOD_RK;
      PetscCall(PetscObjectTypeCompare((PetscObject)ts->adapt, TSADAPTNONE, &fixed));
      tr->nstages     = ns;
      tr->first_stage = fixed || ns == 1 ? 1 : 0;
    }
  } else if (theta && ns == 2) {
    tr->method = COSTATE_METHOD_ENDPOINT;
  } else if (theta) {
    tr->method  = COSTATE_METHOD_MIDPOINT;
    tr->nstages = ns;
  }
  tr->free_tape = (PetscBool)(tr->method == COSTATE_METHOD_ENDPOINT || (tr->method == COSTATE_METHOD_RK && ns == 1));
  PetscCall(CostateReplayable(ts, &tr->replayable));
  tr->from_ends = (PetscBool)(tr->reverse != NULL);
  tr->whole     = (PetscBool)(tr->from_ends && !tr->replayable);
  if (tr->from_ends) tr->free_tape = PETSC_TRUE;
  if (tr->nothing_kept) tr->fsal = PETSC_FALSE;
  PetscCheck(tr->replayable || tr->from_ends || tr->nothing_kept || !tr->tj->adjoint_solve_mode,
             PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "The adjoint step of TS type %s needs the stages of its step, and this step cannot be repeated: it uses a "
             "slope of the step before, as arkimex does for implicit equations and dirk always. Take "
             "-ts_trajectory_type memory, which keeps all stages, or another method: -costate_type interpolating",
             ((PetscObject)ts)->type_name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The bytes of a state frame and of a stage record, and the scheduler's g. */
static PetscErrorCode SizeFrames(CostateTraj tr, TS ts)
{
  size_t    v;
  PetscInt  extra  = tr->nstages - tr->first_stage;
  PetscBool record = (PetscBool)(tr->method == COSTATE_METHOD_RK || tr->method == COSTATE_METHOD_MIDPOINT);

  PetscFunctionBegin;
  PetscCall(CostateVecGetBytes(ts->vec_sol, &v));
  tr->state_bytes = v * (size_t)(tr->fsal ? 2 : 1);
  tr->stage_bytes = v * (size_t)PetscMax(extra, 0);
  if (tr->sens) {
    size_t s;

    PetscCall(CostateVecGetBytes(tr->sens, &s));
    tr->state_bytes += s;
  }
  /* IJacobianP may depend on udot, which the midpoint rule makes of a state that its stages do not contain */
  if (tr->method == COSTATE_METHOD_MIDPOINT && ts->ijacobianp) record = PETSC_FALSE;
  tr->g        = 0;
  tr->restarts = 0;
  /* what a stage hook sets, the Jacobians of the adjoint may depend on: such a step is executed right before its
   * adjoint */
  if (!tr->from_ends && (tr->stages == COSTATE_STAGES_NEVER || ts->forward_solve || ts->prestage || ts->poststage))
    PetscFunctionReturn(PETSC_SUCCESS);
  if (tr->free_tape) {
    tr->g        = 1;
    tr->restarts = 1;
  } else if (record && !tr->tj->solution_only) {
    PetscInt per = tr->fsal ? 2 : 1;

    tr->g = 1 + (extra + per - 1) / per;
    if (tr->stages == COSTATE_STAGES_ALWAYS) {
      tr->g = 1;
      tr->state_bytes += tr->stage_bytes;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The tangent matrix of TSForward, which the second-order adjoint reads, as one long vector without storage. */
static PetscErrorCode CreateSens(CostateTraj tr, TS ts)
{
  PetscInt  m, n, lda;
  PetscBool dense;
  MPI_Comm  comm = PetscObjectComm((PetscObject)ts);

  PetscFunctionBegin;
  if (!ts->mat_sensip) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(!ts->quadraturets || !ts->quadraturets->mat_sensip, comm, PETSC_ERR_SUP,
             "Second-order adjoints of cost integrals are not checkpointed by this trajectory: use -ts_trajectory_type "
             "memory");
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ts->mat_sensip, &dense, MATSEQDENSE, MATMPIDENSE, MATDENSE, ""));
  PetscCheck(dense, comm, PETSC_ERR_SUP, "The matrix of TSForwardSetSensitivities() must be dense, not %s",
             ((PetscObject)ts->mat_sensip)->type_name);
  PetscCall(MatGetLocalSize(ts->mat_sensip, &m, NULL));
  PetscCall(MatGetSize(ts->mat_sensip, NULL, &n));
  PetscCall(MatDenseGetLDA(ts->mat_sensip, &lda));
  PetscCheck(lda == m || n == 1, comm, PETSC_ERR_SUP,
             "The matrix of TSForwardSetSensitivities() must be stored without gaps");
  PetscCall(VecCreateMPIWithArray(comm, 1, m * n, PETSC_DETERMINE, NULL, &tr->sens));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A remeshed state cannot be put beside the others, and its adjoint would need the transfer's. */
PetscErrorCode CostateTrajCheckSize(CostateTraj tr, PetscInt step, Vec X)
{
  PetscInt N, n;

  PetscFunctionBegin;
  PetscCall(VecGetSize(X, &N));
  PetscCheck(N == tr->N, PetscObjectComm((PetscObject)X), PETSC_ERR_SUP,
             "At step %" PetscInt_FMT " the state has %" PetscInt_FMT " unknowns, but it had %" PetscInt_FMT
             " when the run began: a state that changes its size (remeshing, TSSetResize()) has no discrete adjoint "
             "here. Keep the "
             "mesh, or differentiate each piece between two meshes by itself",
             step, N, tr->N);
  PetscCall(VecGetLocalSize(X, &n));
  PetscCheck(n == tr->nlocal, PETSC_COMM_SELF, PETSC_ERR_SUP,
             "At step %" PetscInt_FMT " this rank owns %" PetscInt_FMT
             " unknowns of the state, but it owned %" PetscInt_FMT
             " when the run began: a state that is redistributed has no discrete adjoint here",
             step, n, tr->nlocal);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTrajDestroyVecs(CostateTraj tr)
{
  PetscFunctionBegin;
  PetscCall(VecDestroy(&tr->top));
  PetscCall(VecDestroy(&tr->base));
  PetscCall(VecDestroy(&tr->pre));
  PetscCall(VecDestroy(&tr->watch.work));
  PetscCall(VecDestroy(&tr->kfirst));
  PetscCall(VecDestroy(&tr->sens));
  PetscCall(VecDestroy(&tr->integral_before));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Anew for each run: the application may have given the TS a solution of another layout. */
static PetscErrorCode CreateVecs(CostateTraj tr, TS ts)
{
  PetscFunctionBegin;
  PetscCall(CostateTrajDestroyVecs(tr));
  if (tr->nothing_kept) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecDuplicate(ts->vec_sol, &tr->top));
  PetscCall(VecDuplicate(ts->vec_sol, &tr->base));
  if (tr->fsal) PetscCall(VecDuplicate(ts->vec_sol, &tr->kfirst));
  if (ts->forward_solve) PetscCall(CreateSens(tr, ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTrajSetUp(CostateTraj tr, TS ts)
{
  MPI_Comm  comm = PetscObjectComm((PetscObject)ts);
  PetscBool adjoint;

  PetscFunctionBegin;
  PetscCall(CostateOptionsCheck(((PetscObject)tr->tj)->options, comm, PETSC_FALSE));
  if (CostateDoor && tr->tj->adjoint_solve_mode) PetscCall(CostateDoor(tr->tj, ts));
  PetscCall(CostateHooksHaveAdjoint(ts, &adjoint));
  PetscCheck(!tr->tj->adjoint_solve_mode || adjoint || tr->reverse || tr->nothing_kept, comm, PETSC_ERR_SUP,
             "TS type %s has no adjoint step, so TSAdjointSolve() would fail after the whole forward run. Types that "
             "have one "
             "are shown by `costate list` (rk, theta, cn, beuler%s); to keep states for another purpose use "
             "-ts_trajectory_adjointmode 0",
             ((PetscObject)ts)->type_name, COSTATE_ARKIMEX_ADJOINT ? ", arkimex" : "");
  if (tr->tj->adjoint_solve_mode && !tr->reverse && !tr->nothing_kept) PetscCall(CostateTransposedCheckType(tr, ts));
  PetscCheck(tr->steps || strcmp(tr->policy, "offline"), comm, PETSC_ERR_ARG_INCOMP,
             "The policy offline has to know the number of steps: give -ts_trajectory_costate_steps, or use the policy "
             "online");
  PetscCall(CostateReportCheck(tr));
  tr->ts = ts;
  PetscCall(VecGetSize(ts->vec_sol, &tr->N));
  PetscCall(VecGetLocalSize(ts->vec_sol, &tr->nlocal));
  PetscCall(ClassifyMethod(tr, ts));
  PetscCall(CreateVecs(tr, ts));
  PetscCall(SizeFrames(tr, ts));
  if (tr->max_cps_disk && !tr->dir[0])
    PetscCall(PetscStrncpy(tr->dir, tr->tj->dirname ? tr->tj->dirname : "TS-data", sizeof(tr->dir)));
  if (tr->max_cps_disk && !tr->disk_states && !tr->disk_bytes) tr->disk_states = tr->max_cps_disk;
  PetscCheck(tr->dir[0] || (!tr->disk_states && !tr->disk_bytes && !tr->costs_given), comm, PETSC_ERR_ARG_INCOMP,
             "%s is about the disk, but there is none: say where with -ts_trajectory_costate_hdf5 DIR, or leave it out",
             tr->costs_given ? "-ts_trajectory_costate_costs" : "-ts_trajectory_costate_hdf5_limit");
  PetscCheck(tr->dir[0] || (tr->commit < 0 && !tr->walltime && !tr->resume), comm, PETSC_ERR_ARG_INCOMP,
             "-ts_trajectory_costate_%s needs a directory, but there is none: say where with "
             "-ts_trajectory_costate_hdf5 DIR, or leave it out",
             tr->resume       ? "resume"
             : tr->commit < 0 ? "walltime"
                              : "commit");
  PetscCheck(tr->dir[0] == 0 || (tr->commit < 0 && !tr->walltime && !tr->resume) || sizeof(PetscReal) <= sizeof(double),
             comm, PETSC_ERR_SUP,
             "Commits write times as double: they are not made for PETSc with longer real numbers");
  PetscCheck(!tr->dir[0] || (tr->commit < 0 && !tr->walltime && !tr->resume) || (!tr->whole && !tr->nothing_kept), comm,
             PETSC_ERR_SUP, "A run %s%s cannot be resumed: leave -ts_trajectory_costate_%s out",
             tr->nothing_kept ? "of which no state is kept" : "of TS type ",
             tr->nothing_kept ? "" : ((PetscObject)ts)->type_name,
             tr->resume       ? "resume"
             : tr->commit < 0 ? "walltime"
                              : "commit");
  /* PETSc removes the tree below dirname when the trajectory is destroyed; nothing of ours is there */
  PetscCall(PetscFree(tr->tj->dirname));
  PetscCall(CostateHooksInstall(ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}
