#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A disk tier that cannot be had, or that fails on the way, ends with one clear message on every number of ranks, a status
# that is not 0 and no hang; what was in the directory before is there afterwards, and a run that went well leaves nothing.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

# In a mount namespace of its own, where there is one: nothing stays mounted, whatever happens to the test.
if [ -z "${COSTATE_TEST_MOUNTS:-}" ]; then
  for flags in -m -rm; do
    if unshare $flags sh -c 'mount -t tmpfs -o size=64k tmpfs /mnt' 2>/dev/null; then
      export COSTATE_TEST_MOUNTS=yes
      exec unshare $flags bash "${BASH_SOURCE[0]}"
    fi
  done
  export COSTATE_TEST_MOUNTS=no
fi
. "$ROOT/tests/traj/programs/build.sh"
compile ./faulty "$ROOT/tests/traj/programs/faulty.c" "-I$ROOT/include" -rdynamic -lpthread -ldl || exit 1

hdf5=-ts_trajectory_costate_hdf5
cheap='-ts_trajectory_costate_costs 1,1,.5,.5'
# drive RANKS ARGS... : in the folder RANKS: out, err, status
drive() {
  local ranks=$1 costs=
  local -a mpi=()
  shift
  if [[ " $* " == *" $hdf5 "* ]]; then costs=$cheap; fi
  if [ "$ranks" != 1 ]; then read -ra mpi <<<"$MPIEXEC -n $ranks"; fi
  mkdir -p "$ranks"
  # shellcheck disable=SC2086
  timeout -k 5 60 "${mpi[@]}" ./faulty -dll_append "$COSTATE_LIB" -ts_type rk -ts_rk_type 4 -ts_adapt_type none \
    -ts_trajectory_type costate -ts_trajectory_costate_ram 3 $costs "$@" >"$ranks/out" 2>"$ranks/err"
  echo $? >"$ranks/status"
} 2>/dev/null # the shell's own word on a signal

# judge RANKS TEXT PATTERN: one error with these words, a status, and no result
judge() {
  local ranks=$1 status
  status=$(cat "$ranks/status")
  [ "$status" != 0 ] && [ "$status" != 124 ] && [ "$status" != 137 ] && ! grep -q lambda "$ranks/out" &&
    tr '\n' ' ' <"$ranks/err" | grep -aqE "$3" && [ "$(grep -ac -e '- Error Message -' "$ranks/err")" = 1 ]
  status=$?
  t_ok $status "$2 ($ranks ranks)"
  if [ $status != 0 ]; then
    { echo "status $(cat "$ranks/status"), wanted $3"; grep -a ERROR "$ranks/err" | grep -v Configure | cut -c1-300 | head -n 5; } | sed 's/^/# /' >&2
  fi
}

# goes_on RANKS TEXT PATTERN: the gradient of a run with full storage, and a warning with these words
goes_on() {
  local ranks=$1 status
  [ "$(cat "$ranks/status")" = 0 ] && cmp -s "$ranks/out" "full.$ranks" && grep -qaE "costate: warning: .*($3)" "$ranks/err"
  status=$?
  t_ok $status "$2 ($ranks ranks)"
  if [ $status != 0 ]; then
    { echo "status $(cat "$ranks/status"), wanted $3"; cut -c1-300 "$ranks/err" | head -n 5; } | sed 's/^/# /' >&2
  fi
}

# refused TEXT PATTERN ARGS... : on 1, 2 and 3 ranks at once
refused() {
  local text=$1 pattern=$2 ranks
  shift 2
  for ranks in 1 2 3; do drive $ranks "$@" & done
  wait
  for ranks in 1 2 3; do judge $ranks "$text" "$pattern"; done
}

for ranks in 1 2 3; do
  drive $ranks -ts_trajectory_costate_ram 1000
  mv $ranks/out full.$ranks
done

# Places that cannot be had.
touch file
refused 'a directory whose parent is missing' 'missing/disk cannot be made: No such file.* Make the one above it, or name another one' $hdf5 missing/disk
refused 'a directory that is a file' "/file cannot be read: Not a directory. Name another one" $hdf5 file
drive 1 $hdf5 file/disk
judge 1 'a directory in a file' "file/disk cannot be made: Not a directory. Name another one"
refused 'a place where nothing can be made' '/proc/disk cannot be made: .*[nN]ame another one' $hdf5 /proc/disk
drive 2 -ts_trajectory_costate_adjoint_every 5,missing/maps
judge 2 'the directory of the lambdas likewise' 'missing/maps cannot be made: No such file.* Make the one above it'
mkdir -p mine/run-0001 mine2
echo dear >mine/run-0001/thesis.txt
echo dear >mine2/thesis.txt
refused "a directory that holds something else is left alone" "holds 'thesis.txt', which is no run of this program. Nothing there is touched" $hdf5 mine2
refused "a folder with the name of a run that is none, too" "holds 'run-0001', which is no run of this program. Nothing there is touched" $hdf5 mine
t_is "$(cat mine/run-0001/thesis.txt mine2/thesis.txt; find mine mine2 | sort | tr '\n' ' ')" \
  "dear
dear
mine mine/run-0001 mine/run-0001/thesis.txt mine2 mine2/thesis.txt " "and what was there is there"
refused 'a limit in bytes that holds no state' 'bytes in disk do not hold one state, which takes [0-9]+ bytes: give at least that' $hdf5 disk -ts_trajectory_costate_hdf5_limit 1000B
for bad in 'lots|give a number of states' '0|at least one state' '-2|at least one state' '3XB|unknown suffix'; do
  drive 1 $hdf5 disk -ts_trajectory_costate_hdf5_limit "${bad%|*}"
  judge 1 "a limit of ${bad%|*}" "costate_hdf5_limit ${bad%|*}: .*${bad#*|}"
done
for bad in '1,2,3|four numbers are needed' '0,1,1,1|a step costs more than nothing' '1,1,-1,1|not less than nothing'; do
  drive 1 $hdf5 disk -ts_trajectory_costate_costs "${bad%|*}"
  judge 1 "costs of ${bad%|*}" "${bad#*|}"
done
for bad in '5|a directory is missing' '0,maps|give a number and a directory' 'maps|give a number and a directory'; do
  drive 1 -ts_trajectory_costate_adjoint_every "${bad%|*}"
  judge 1 "lambdas of '${bad%|*}'" "${bad#*|}"
done
t_is "$(find . -maxdepth 1 -name disk -o -maxdepth 1 -name maps)" '' 'none of them made a directory'

# Faults on the way: which write, on which rank.
fault='Cannot (write|read) frame|cannot be (made|written|completed)'
for n in 1 4 9 20; do
  for ranks in 1 2 3; do FAULT_WRITE=$n FAULT_RANK=$((n % ranks)) drive $ranks $hdf5 "disk.$n.$ranks" & done
  wait
  for ranks in 1 2 3; do judge $ranks "write $n of rank $((n % ranks)) fails" "($fault).*(Input/output error|error).*[nN]ame another directory"; done
done
# Not a write of HDF5's own, which ends the run: which number those have, while a file is made, is a matter of time.
for ranks in 1 2 3; do FAULT_ERRNO=ENOSPC FAULT_SPARE_HDF5=1 FAULT_WRITE=4 FAULT_RANK=$((ranks - 1)) drive $ranks $hdf5 "full.disk.$ranks" & done
wait
for ranks in 1 2 3; do goes_on $ranks 'a disk that is full for the last rank alone: the run goes on without it' "($fault).*([Ff]ree some space|[nN]ame another directory)"; done
for ranks in 1 2 3; do FAULT_SPARE_HDF5=1 FAULT_READ=5 FAULT_RANK=$((ranks - 1)) drive $ranks $hdf5 "disk.read.$ranks" & done
wait
for ranks in 1 2 3; do goes_on $ranks 'a state that cannot be read is named, and computed again' 'Cannot read frame [0-9]+ \(state of step [0-9]+.*states-[0-9]+.h5: Input/output error.*It is computed again from state'; done
for n in 2 7; do
  for ranks in 1 2 3; do FAULT_DAMAGE=$n FAULT_RANK=$((ranks - 1)) drive $ranks $hdf5 "disk.damage.$n.$ranks" & done
  wait
  for ranks in 1 2 3; do
    goes_on $ranks "a byte that changed on the disk is found, and the state computed again" \
      "Cannot read frame [0-9]+ \(state of step $((n - 1)), .*on rank $((ranks - 1)) .*/run-0001/states-[0-9]+.h5.*bytes are not those that were written.*It is computed again from state"
  done
done
# A limit on file sizes (ulimit -f), with the signal that comes with it: to the main thread, which makes files, or to the
# I/O thread, which has it blocked and gets an error
for bytes in 300 9000; do
  for ranks in 1 2; do
    FAULT_LIMIT=$bytes drive $ranks $hdf5 "limit.$bytes.$ranks"
    status=$(cat $ranks/status)
    ! grep -q lambda $ranks/out && [ "$status" != 0 ] && [ "$status" != 124 ] && [ "$status" != 137 ] &&
      { [ "$status" = 153 ] || grep -qaE 'cannot be made|Cannot write|signal 25|File too large' $ranks/err; }
    t_ok $? "a limit of $bytes on the size of files ends the run with a status ($status) and a word ($ranks ranks)"
  done
done

# What such a run leaves does not hinder the next one.
for ranks in 1 2 3; do drive $ranks $hdf5 "disk.9.$ranks" & done
wait
for ranks in 1 2 3; do
  cmp -s $ranks/out full.$ranks && [ "$(find "disk.9.$ranks" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] &&
    grep -q 'holds 1 earlier run (.*), left alone' $ranks/err
  t_ok $? "the next run in that directory goes well, says what is there and leaves it ($ranks ranks)"
done

# Other file systems.
if [ "$COSTATE_TEST_MOUNTS" = yes ]; then
  mkdir -p ro small mid
  mount -t tmpfs -o ro,size=1m tmpfs ro && mount -t tmpfs -o size=12k tmpfs small && mount -t tmpfs -o size=64k tmpfs mid
  refused 'a file system that is read only' 'ro/disk cannot be made: Read-only file system. Name another one' $hdf5 ro/disk
  for ranks in 1 2 3; do
    drive $ranks $hdf5 small/disk
    judge $ranks 'one that is full' '(needs [0-9]+ bytes more than the [0-9]+ that are free there|cannot be (made|written).*No space left|No space left on device).*([nN]ame another directory)'
    rm -rf small/disk
  done
  for ranks in 1 2 3; do
    drive $ranks $hdf5 mid/disk -ts_trajectory_costate_behind $((ranks % 2))
    goes_on $ranks 'one that fills up on the way: the run goes on without it' '(needs [0-9]+ bytes more|No space left).*([nN]ame another directory)'
    rm -rf mid/disk
  done
  mount -t tmpfs -o size=10m tmpfs small
  for ranks in 1 2 3; do
    drive $ranks $hdf5 small/disk -ts_trajectory_costate_report report.json
    cmp -s $ranks/out full.$ranks && [ "$(report writes)" -gt 10 ] && [ -z "$(ls small)" ] && [ ! -s $ranks/err ]
    t_ok $? "one in memory, with O_DIRECT or without: the same bits, and nothing stays ($ranks ranks)"
  done
else
  t_skip 'nothing can be mounted here: not root, and no user namespaces' 12
fi
t_done
