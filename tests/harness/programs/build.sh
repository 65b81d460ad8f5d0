# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by tests that want a disk with faults (shim.c) or a power loss (powerloss.py).

# build_shim: ./shim.so, to be named in LD_PRELOAD
build_shim() {
  "$(sed -n 's/^MPICC *:*= *//p' "$BUILD/config.mk")" -std=gnu11 -O1 -shared -fPIC -o shim.so "$ROOT/tests/harness/programs/shim.c" -lpthread -ldl
}

# shim VARIABLE=VALUE... COMMAND... : under the shim, for paths below ./disk
shim() { env LD_PRELOAD="$PWD/shim.so" SHIM_DIR="${SHIM_DIR:-$PWD/disk}" "$@"; }

# power_loss SHADOW OUT [SEED PRESENT]
power_loss() { python3 "$ROOT/tests/harness/programs/powerloss.py" "$@"; }

# shellcheck disable=SC2034 # for who sources this file
no_shim='no python3 here'
