# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced after tests/traj/programs/build.sh by tests whose programs have a part in C++.

cxx() { pkg-config --variable=cxxcompiler "$(flag PETSC)" 2>/dev/null; }
have_cxx() { command -v "$(cxx)" >/dev/null; }
no_cxx='PETSc names no C++ compiler, or it is not on this machine'

# tapes.so of tapes.cpp, in the directory of the test
compile_tapes() {
  local -a cflags libs adolc
  read -ra cflags <<<"$(flag PETSC_CFLAGS)"
  read -ra libs <<<"$(flag PETSC_LIBS)"
  read -ra adolc <<<"$(flag ADOLC_CFLAGS) $(flag ADOLC_LIBS)"
  "$(cxx)" -std=c++11 -O2 -Wall -Wextra -fPIC -shared -I"$ROOT/include" "${cflags[@]}" -o tapes.so \
    "$ROOT/tests/vjp/programs/tapes.cpp" -L"$(dirname "$COSTATE_LIB")" -lcostate "-Wl,-rpath,$(dirname "$COSTATE_LIB")" \
    "${adolc[@]}" "${libs[@]}"
}
