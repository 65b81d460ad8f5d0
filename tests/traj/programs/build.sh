# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by tests that run programs of their own: PETSc's tutorials, which they compile where PETSc left them, and the
# driver beside this file.

# flag NAME: with what the library itself was built.
flag() { sed -n "s/^$1 *:*= *//p" "$BUILD/config.mk"; }

# petsc_since VERSION: is it this one, or a later one?
petsc_since() { printf '%s\n' "$1" "$(flag PETSC_VERSION)" | sort -VC; }

# petsc_has MACRO: whether PETSc's configuration defines it, as in PETSC_USE_COMPLEX, PETSC_HAVE_HYPRE
petsc_has() {
  local f
  for f in $(flag PETSC_CFLAGS); do
    if [[ $f = -I* ]] && grep -Eqs "define $1( |\$)" "${f#-I}/petscconf.h"; then return 0; fi
  done
  return 1
}

# Examples with real numbers in them, or which end in PETSc's optimisers.
real_only() {
  if petsc_has PETSC_USE_COMPLEX; then t_skip_all "PETSc's scalars are complex, and $1 for real ones"; fi
}

# compile PROGRAM SOURCE... : into the directory of the test
compile() {
  local -a cflags libs
  local out=$1
  shift
  read -ra cflags <<<"$(flag PETSC_CFLAGS)"
  read -ra libs <<<"$(flag PETSC_LIBS)"
  "$(flag MPICC)" -std=gnu11 -O1 "${cflags[@]}" -o "$out" "$@" "${libs[@]}" -lm
}

# compile_fortran PROGRAM SOURCE: PETSc's macros make long lines
compile_fortran() {
  local -a cflags libs
  read -ra cflags <<<"$(flag PETSC_CFLAGS)"
  read -ra libs <<<"$(flag PETSC_LIBS)"
  "${MPIFC:-mpifort}" -O1 -ffree-line-length-none "${cflags[@]}" -o "$1" "$2" "${libs[@]}"
}

# The folder src of PETSc's examples, empty if this machine has none.
examples_dir() {
  local dir
  for dir in ${PETSC_DIR:+"$PETSC_DIR/src" "$PETSC_DIR/share/petsc/examples/src"} /usr/share/petsc/*/share/petsc/examples/src; do
    if [ -r "$dir/ts/tutorials/ex20adj.c" ]; then
      echo "$dir"
      return
    fi
  done
}

# shellcheck disable=SC2034 # for who sources this file
no_examples="PETSc's tutorials are not on this machine: install libpetsc3.*-dev-examples (Debian, Ubuntu), or set PETSC_DIR to PETSc's sources"

# report KEY [FILE]: a number of the JSON report
report() { sed -n "s/.*\"$1\": *\([-0-9.e]*\).*/\1/p" "${2:-report.json}"; }
