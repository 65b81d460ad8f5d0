# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by the tests of the fault matrix.

# In a mount namespace of its own, where there is one: a small, a full and a read-only disk, and nothing stays mounted.
if [ -z "${COSTATE_TEST_MOUNTS:-}" ]; then
  for flags in -m -rm; do
    if unshare $flags sh -c 'mount -t tmpfs -o size=64k tmpfs /mnt' 2>/dev/null; then
      export COSTATE_TEST_MOUNTS=-mounts
      exec unshare $flags bash "$0"
    fi
  done
  export COSTATE_TEST_MOUNTS=no
fi
. "$ROOT/tests/traj/programs/build.sh"
. "$ROOT/tests/harness/programs/build.sh"
export PYTHONDONTWRITEBYTECODE=1

# fault_matrix ARGS... : a test, and its table in the file table
fault_matrix() {
  local -a mounts=()
  local status
  command -v python3 >/dev/null || t_skip_all "$no_shim"
  command -v h5dump >/dev/null || t_skip_all 'no h5dump here'
  compile ./driver "$ROOT/tests/traj/programs/driver.c" "-I$ROOT/include" && build_shim || exit 1
  mkdir -p files
  if [ "$COSTATE_TEST_MOUNTS" = -mounts ]; then # in memory all is faster, but for the sync of a disk
    mounts=(-mounts)
    mount -t tmpfs -o size=2g tmpfs files
  fi
  python3 "$ROOT/tests/traj/programs/faults.py" -driver ./driver -lib "$COSTATE_LIB" -cli "$COSTATE_BIN" -shim ./shim.so \
    -root files "${mounts[@]}" "$@" >out 2>&1
  status=$?
  grep '^|' out >table
  t_ok $status "no wrong result and no hang: $(sed -n 's/^| \*\*all\*\* | //p' table | tr -d '*|') (cases, same, close, recomputed, anew, refused, wrong, hangs)"
  if [ $status != 0 ]; then head -n 60 out | cut -c1-400 | sed 's/^/# /' >&2; fi
  if [ "$COSTATE_TEST_MOUNTS" = no ]; then t_skip 'full and read-only disks: nothing can be mounted here'; fi
}
