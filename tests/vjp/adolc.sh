#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Tapes of ADOL-C: on 1, 2 and 3 ranks what programs/adolc.c asks of them; without ADOL-C, a message. The tapes are
# recorded by C++, the program that uses them is C.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
. "$ROOT/tests/vjp/programs/build.sh"

listed=$("$COSTATE_BIN" list vjps)
lacks=''
if [ -z "$(flag ADOLC_LIBS)" ]; then
  lacks='install libadolc-dev'
elif petsc_has PETSC_USE_COMPLEX; then
  lacks='needs a PETSc with real numbers'
fi
if [ -n "$lacks" ]; then
  t_like "$listed" "adolc  *[^[]*\\[not built in: $lacks" 'where it cannot serve the list says what it needs'
  "$COSTATE_BIN" run lotka -dt .1 -costate_vjp adolc >out 2>&1
  t_is $? 1 'and the provider is refused'
  t_like "$(cat out)" "$lacks" 'with the same words'
  t_skip "ADOL-C: $lacks" 4
  t_done
fi
t_like "$listed" $'\n  adolc [^[]*\n  adolc_sparse [^[]*\n  complex' 'both providers are built in'
if ! have_cxx; then
  t_skip "$no_cxx" 3
  t_done
fi
compile_tapes >log 2>&1
t_ok $? 'the tapes compile, by C++ and without a warning'
if [ -s log ]; then sed 's/^/# /' log >&2; fi
compile adolc -I"$ROOT/include" "$ROOT/tests/vjp/programs/adolc.c" -L"$(dirname "$COSTATE_LIB")" -lcostate \
  "-Wl,-rpath,$(dirname "$COSTATE_LIB")"
for ranks in 1 2 3; do
  timeout 250 "${MPIEXEC%% *}" ${MPIEXEC#"${MPIEXEC%% *}"} -n "$ranks" ./adolc -tapes "$PWD/tapes.so" >out 2>err
  status=$?
  grep -E '^not ok' out | sed 's/^/# /' >&2
  if [ $status != 0 ]; then tail -n 20 err | sed 's/^/# /' >&2; fi
  t_is "$status $(grep -c '^ok' out)" "0 $(sed -n 's/^1\.\.//p' out)" "all $(sed -n 's/^1\.\.//p' out) on $ranks rank(s)"
done
t_done
