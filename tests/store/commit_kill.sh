#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Killed at any failpoint, all ranks at once or one of them, a store is resumed at the last commit that came back, or at
# the one that was being made, and goes on to the same end.  Killed again while it resumes, too.  Here a sample by SEED;
# commit_kill_long takes every point.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
compile ./commit "$ROOT/tests/store/programs/commit.c" -I"$ROOT/include" -L"$(dirname "$COSTATE_LIB")" -lcostate -Wl,-rpath,"$(dirname "$COSTATE_LIB")" || exit 1

sample=${KILL_SAMPLE:-6} # points of each way; 0: all
RANDOM=$SEED
seed=$((RANDOM % 1000))

export OMPI_MCA_odls_base_sigkill_timeout=0 # mpiexec waits that long when a rank has died
store=store # in memory where there is some: what a kill leaves is what was written, synced or not
if [ -w /dev/shm ]; then
  memory=$(mktemp -d /dev/shm/costate-XXXXXX) || exit 1
  trap 'rm -rf "$memory"' EXIT
  store=$memory/store
  export OMPI_MCA_btl_vader_backing_directory=$memory # what killed ranks leave goes with it
fi

# run RANKS POINT: the status is that of the program; what it says is in `out`
run() {
  local -a start=()
  if [ "$1" != 1 ]; then read -ra start <<<"$MPIEXEC -n $1"; fi
  # the shell that says that it was killed is not this one
  (COSTATE_FAILPOINT=$2 timeout -k 2 60 "${start[@]}" ./commit -dir "$store" -seed $seed; exit $?) >out 2>&1
}

manifests() { compgen -G "$store/run-*/manifest-*.txt" >/dev/null; }

# ways RANKS SUFFIX TEXT: kills at points, and once more at a point of the resumed run
ways() {
  local ranks=$1 suffix=$2 text=$3 points point again status wrong=0 hangs=0 early=0 late=0
  rm -rf "$store"* count.*
  if ! run "$ranks" count:count; then
    cat out >&2
    t_ok 1 "$text: the program runs"
    return
  fi
  points=$(wc -l <count.0)
  for ((point = 1; point <= points; point++)); do
    # of a sample one point is not left to chance: by then there was a commit
    if [ "$sample" != 0 ] && [ $((RANDOM % points)) -ge "$sample" ] && [ $point != $((points * 3 / 4)) ]; then continue; fi
    rm -rf "$store"*
    run "$ranks" "$point$suffix"
    status=$?
    if [ $status = 124 ]; then hangs=$((hangs + 1)); fi
    if [ $status = 0 ]; then continue; fi # a point fewer than last time: threads
    if manifests; then late=$((late + 1)); else early=$((early + 1)); fi
    again=$((RANDOM % points / 2 + 1))
    run "$ranks" "$again$suffix"
    if [ $? = 124 ]; then hangs=$((hangs + 1)); fi
    if ! run "$ranks" '' || manifests; then
      wrong=$((wrong + 1))
      echo "# SEED=$SEED, $ranks ranks, killed at point $point$suffix ($(sed -n "${point}p" count.0)), then at $again$suffix:" >&2
      sed 's/^/#   /' out | head -20 >&2
    fi
  done
  t_is "$wrong wrong, $hangs hang" '0 wrong, 0 hang' "$text: resumed at the right commit, of $((early + late)) kills"
  [ "$late" -gt 0 ]
  t_ok $? "$text: some of them came after a commit"
}

ways 1 '' 'one rank'
ways 2 '' 'two ranks, both killed'
ways 2 :0 'two ranks, the first killed'
ways 2 :1 'two ranks, the second killed'
t_done
