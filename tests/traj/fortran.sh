#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A Fortran program runs through the plugin as any other does. (PETSc's own Fortran tutorials have no adjoint.)
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"

fortran=${MPIFC:-mpifort}
command -v "$fortran" >/dev/null || t_skip_all "there is no MPI Fortran compiler $fortran (Debian: gfortran); MPIFC names one"
cat >modules.F90 <<'EOF'
#include <petsc/finclude/petscts.h>
program modules
  use petscts
end program
EOF
compile_fortran ./modules modules.F90 >log 2>&1 || t_skip_all "this PETSc has no Fortran modules for $fortran: $(grep -im 1 error log)"
compile_fortran ./adjoint "$ROOT/tests/traj/programs/adjoint.F90" >log 2>&1
compiled=$?
t_ok $compiled 'the program is compiled'
[ $compiled = 0 ] || sed 's/^/# /' log >&2

plugin="-dll_append $COSTATE_LIB -ts_trajectory_type costate -ts_trajectory_costate_report report.json"
for ranks in 1 2; do
  for type in 'cn' 'rk -ts_rk_type 3bs'; do
    PETSC_OPTIONS="-ts_type $type -ts_trajectory_type memory" run_mpi $ranks ./adjoint >full 2>err
    t_like "$(cat full)" '^[0-9]+[[:space:]]+[0-9A-F]{16}' "$type: the gradient with full storage in memory ($ranks ranks)"
    PETSC_OPTIONS="-ts_type $type $plugin -ts_trajectory_costate_ram 3" run_mpi $ranks ./adjoint >out 2>err
    t_is "$(cat out)" "$(cat full)" "$type: three checkpoints: the same bits ($ranks ranks)"
    [ "$(report recomputed)" -gt 0 ]
    t_ok $? "$type: and $(report recomputed) steps were repeated ($ranks ranks)"
  done
done
t_done
