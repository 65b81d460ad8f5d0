#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A run on a DMDA that was killed goes on with more or fewer ranks, forward and backward, and ends with the gradient of a
# run that nobody killed, up to rounding; what cannot be divided anew is refused.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
python=''
for p in python3 /usr/bin/python3; do if "$p" -c 'import numpy' 2>/dev/null; then python=$p; fi; done
src=$(examples_dir)
if [ -z "$src" ] || [ -z "$python" ]; then
  t_skip "${src:+no numpy here}${src:-$no_examples}"
  t_done
fi
dir=$src/ts/tutorials/advection-diffusion-reaction
compile ./ex5adj "$dir/ex5adj.c" "$dir/reaction_diffusion.c" 2>log || { cat log >&2; exit 1; }
plugin=(-dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_save_trajectory -ts_trajectory_costate_ram 3
  -ts_trajectory_costate_commit always -ts_trajectory_costate_resume_vouch hooks -ts_trajectory_costate_hdf5 d)
rk=(-implicitform 0 -ts_type rk -ts_adapt_type none)
# shellcheck disable=SC2034 # by name, below
cn=(-ts_type cn -ts_adapt_type none -snes_rtol 1e-12 -snes_atol 1e-13 -snes_stol 1e-14 -ksp_rtol 1e-13)
# shellcheck disable=SC2034
adaptive=(-implicitform 0 -ts_type rk -ts_rk_type 3bs -ts_adapt_type basic -ts_rtol 1e-6 -ts_atol 1e-6)

# sweep RANKS NAME ARGS... : lambdas, the last of them at step 0, to NAME.bin, in natural order
sweep() {
  local n=$1 name=$2
  shift 2
  run_mpi "$n" ./ex5adj -ts_max_steps 20 -da_grid_x 20 -da_grid_y 12 "${plugin[@]}" "$@" \
    -ts_adjoint_monitor_sensi "binary:$name.bin" >"$name.out" 2>&1
}

# close A B: the relative difference is below 1e-10
close() {
  "$python" - "$1.bin" "$2.bin" <<'END'
import sys, numpy
a, b = [numpy.fromfile(f, dtype='>f8')[-480:] for f in sys.argv[1:]] # of the last vector
d = abs(a - b).max() / abs(a).max()
sys.exit(0 if d < 1e-10 and abs(a).min() < abs(a).max() else 'relative difference %g' % d)
END
}

# The failpoint N lies in the forward sweep, or in the backward sweep, as the message says.
for case in rk cn adaptive; do
  declare -n how=$case
  rm -rf d
  sweep 2 "$case" "${how[@]}" || cat "$case.out" >&2
  for kill in "forward 300" "backward 900"; do
    for n in 1 3; do
      if [ "$case" = adaptive ] && [ $n = 1 ]; then continue; fi
      rm -rf d
      COSTATE_FAILPOINT=${kill#* } sweep 2 killed "${how[@]}"
      sweep "$n" again "${how[@]}" -ts_trajectory_costate_resume
      t_is "$? $(ls d 2>/dev/null)" '0 ' "$case, ${kill% *}, 2 ranks and then $n: it ends, and leaves nothing"
      t_like "$(tr '\n' ' ' <again.out)" "resumed on $n ranks? what 2 ranks began: .*costate: going on in d .*(forward sweep|adjoint steps left)" 'it is said'
      close "$case" again
      t_ok $? 'with the same gradient'
    done
  done
done
t_like "$(cat again.out)" 'adjoint steps left' 'the last of them on the way back'

# Killed again on the way, right after it was divided anew or later, and resumed on a third number of ranks.
for second in 60 400; do
  rm -rf d
  COSTATE_FAILPOINT=300 sweep 2 killed "${rk[@]}"
  COSTATE_FAILPOINT=$second sweep 3 killed "${rk[@]}" -ts_trajectory_costate_resume
  COSTATE_FAILPOINT=500 sweep 1 killed "${rk[@]}" -ts_trajectory_costate_resume
  sweep 1 again "${rk[@]}" -ts_trajectory_costate_resume
  t_is $? 0 "2, 3, 1, 1 ranks, killed at failpoint $second of the second: it ends"
  close rk again
  t_ok $? 'with the same gradient'
done

# What is not whole is not divided anew.
rm -rf d
COSTATE_FAILPOINT=300 sweep 2 killed "${rk[@]}"
rm d/run-0001/journal-00001.txt
sweep 3 again "${rk[@]}" -ts_trajectory_costate_resume
t_is "$? $(grep -c 'none of its commits is whole' again.out) $(ls d)" '79 1 run-0001' 'a run that lost a journal is refused, and left as it was' ||
  tail -n 30 again.out >&2

# Nor are files of each rank; for vectors that are on no grid see tests/store/commit.c.
rm -rf d
COSTATE_FAILPOINT=300 sweep 2 killed "${rk[@]}" -ts_trajectory_costate_hdf5_layout rank
sweep 3 again "${rk[@]}" -ts_trajectory_costate_hdf5_layout rank -ts_trajectory_costate_resume
t_is "$(($? != 0)) $(ls d)" '1 run-0001' 'a run with files of each rank is refused, and left as it was'
t_like "$(t_text again.out)" 'was written by 2 ranks, and these are 3; it cannot be divided in another way because its files are not shared by all' 'and it is said why'
t_done
