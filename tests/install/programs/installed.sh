# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by the tests of installations: make, as a user calls it, with what the tests were built with.

# BUILD as it was given to make: a relative `build` means the library in lib
built() { if [ "$BUILD" = "$ROOT/build" ]; then echo build; else echo "$BUILD"; fi; }
# quiet_make ARGS...: shows what it said if it fails. One at a time, since tests run side by side and share BUILD.
quiet_make() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL flock "$BUILD/config.mk" make -C "$ROOT" "BUILD=$(built)" "$@" >make.log 2>&1 || { cat make.log >&2; return 1; }
}
install_to() { quiet_make install "PREFIX=$1" "${@:2}"; }
uninstall_from() { quiet_make uninstall "PREFIX=$1" "${@:2}"; }
