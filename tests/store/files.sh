#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What is kept on disk is for anybody: h5dump and h5py read it.  A file system that is full is an error before anything is
# lost, on all ranks.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
compile ./write "$ROOT/tests/store/archive.c" -I"$ROOT/include" -L"$(dirname "$COSTATE_LIB")" -lcostate -Wl,-rpath,"$(dirname "$COSTATE_LIB")" || exit 1

run_mpi 2 ./write -write >out 2>&1 || cat out >&2
run=kept/run-0001
t_is "$(ls $run | tr '\n' ' ')" 'costate.json journal-00000.txt journal-00001.txt layout.h5 states-0000.h5 states-0001.h5 states-0002.h5 ' \
  'a kept run is a few files'

if command -v h5dump >/dev/null; then
  h5dump -H $run/states-0000.h5 >dump 2>&1
  t_ok $? 'h5dump reads its structure'
  t_is "$(grep -c 'DATASET "state"' dump)" 4 'a state in each slot'
  first='(0):101000,101001,101002,'
  if petsc_has PETSC_USE_COMPLEX; then first='(0):{101000,0},(1):{101001,0},(2):{101002,0},'; fi
  h5dump -d /step/00000001/tangent $run/states-0000.h5 | tr -d ' \n' | grep -qF "$first"
  t_ok $? 'and the numbers of a step by its name'
  h5dump -pH $run/states-0000.h5 | grep -q 'CONTIGUOUS'
  t_ok $? 'they are contiguous'
  h5dump -H killed/run-0001/states-0000.h5 >dump 2>&1 && h5dump -d /slot_0003/state killed/run-0001/states-0000.h5 >dump 2>&1
  t_ok $? 'h5dump reads what a run left that was never ended'
else
  t_skip 'no h5dump here' 5
fi

python=''
for p in python3 /usr/bin/python3; do if "$p" -c 'import h5py' 2>/dev/null; then python=$p; fi; done
if [ -n "$python" ]; then
  "$python" - $run >out 2>&1 <<'END'
import glob, h5py, json, sys
run = sys.argv[1]
about = json.load(open(run + '/costate.json'))
assert about['ranks'] == 2 and about['dims'] == [13, 7, 1] and about['dof'] == 3 and about['names'] == ['state', 'tangent'], about
natural = h5py.File(run + '/layout.h5', 'r')['/map/natural'][:]
assert sorted(natural) == list(range(13 * 7 * 3))
seen, empty = {}, 0
for name in sorted(glob.glob(run + '/states-*.h5')):
    f = h5py.File(name, 'r')
    for slot in [f[k] for k in f if k.startswith('slot_')]:
        step, time, what = int(slot.attrs['step']), float(slot.attrs['time']), slot.attrs['what'].decode()
        if step < 0:
            empty += 1
            continue
        seen[step] = what
        assert time == 0.1 * step, (step, time)
        assert (slot['state'][:] == 1000 * step + natural).all(), step
        if step != 5: assert (slot['tangent'][:] == 1000 * (step + 100) + natural).all(), step
        assert slot['state'].attrs['units'] == b'1'
    for k in f.get('step', {}): assert int(f['step'][k].attrs['step']) == int(k[:8]), k
assert sorted(seen) == [0, 1, 4, 5, 6, 7, 8] and seen[4] == 'before jump' and seen[5] == 'state', seen
assert empty > 0
END
  t_is "$(cat out)" '' 'h5py finds each step with its time, its numbers and where they belong'
else
  t_skip 'no h5py here'
fi

# full KB ARGS...: on a file system of that size; it hides what happens behind the script's back
mkdir full
full() {
  local -a mpiexec
  local size=$1
  shift
  read -ra mpiexec <<<"$MPIEXEC"
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare -m bash -c 'mount -t tmpfs -o "size=$0k" none full && cd full && "$@"; echo "status $?"' "$size" "${mpiexec[@]}" \
    -n 2 ../write -write "$@" >out 2>&1
}
if unshare -m mount -t tmpfs -o size=64k none full 2>/dev/null; then
  full 1000 -times 100
  t_like "$(cat out)" 'The file .*/full/kept/run-0001/states-0000.h5 needs [0-9]{6,} bytes more than the [0-9]+ that are free there. Free some space' \
    'states for which there is no room are refused before they are written, with the bytes that are lacking'
  full 64
  t_like "$(cat out)" 'The file .*/full/k.*h5 needs [0-9]+ bytes more than the [0-9]+ that are free there. Free some space' \
    'and so are files for which there is none'
  ! grep -q 'status 0' out
  t_ok $? 'and the program ends'
else
  t_skip 'no file system can be mounted here' 3
fi
t_done
