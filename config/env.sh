# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by whatever starts MPI programs: make's recipes, the test harness, the examples' run.sh.
# Every line is harmless under an MPI that does not know the variable.

# Containers and CI run as root, and have fewer cores than a test has ranks.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
# Tests run side by side: bound to cores they would all sit on the first ones, and waiting ranks would burn the rest.
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
# Open MPI 5 has other names for both, and version 6 others again, and a warning for those of 5.
export MPIEXEC=${MPIEXEC:-mpiexec}
if [ -z "${COSTATE_MPI:-}" ]; then
  COSTATE_MPI=$($MPIEXEC --version 2>/dev/null | head -n 1)
  export COSTATE_MPI=${COSTATE_MPI:-unknown}
fi
case $COSTATE_MPI in
  *'Open MPI'*' 5.'*) export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none ;;
  *'Open MPI'*) export PRTE_MCA_mapby=:oversubscribe PRTE_MCA_bindto=none ;;
esac
# Containers often forbid the kernel's process-to-process copy; Open MPI would warn and go on without it.
export OMPI_MCA_btl_vader_single_copy_mechanism=none
# One node is enough for tests and demonstrations: looking for a fast network costs Open MPI a second or more per start.
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=^openib,ofi,usnic,tcp
# One thread per rank, so that sums are the same everywhere.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
