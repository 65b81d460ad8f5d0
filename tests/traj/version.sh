#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A plugin that was built for another PETSc than the one that runs is refused, with both named, before it does anything.
# Such a plugin is this one with the file that asks compiled for headers that say something else.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"

cat >empty.c <<'E_O_F'
#include <petscts.h>
int main(int argc, char **argv)
{
  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "started\n"));
  PetscCall(PetscFinalize());
  return 0;
}
E_O_F
compile empty empty.c || exit 1
objects=()
while IFS= read -r o; do objects+=("$o"); done < <(find "$BUILD/obj/src" "$BUILD/obj/petsc-plugins" -name '*.o' ! -path '*/src/cli/*' ! -path '*/src/base/version.o')
read -ra libs <<<"$(flag PETSC_LIBS) $(flag HDF5_LIBS) $(flag ADOLC_LIBS)"
read -ra cflags <<<"$(flag PETSC_CFLAGS)"

# plugin NAME LINES: NAME/libcostate.so, built for headers that begin so
plugin() {
  mkdir -p "$1"
  printf '%s\n#include "%s/src/base/version.c"\n' "$2" "$ROOT" >"$1/version.c"
  "$(flag MPICC)" -std=gnu11 -fPIC "${cflags[@]}" -I"$ROOT/include" -c -o "$1/version.o" "$1/version.c" &&
    "$(flag MPICC)" -shared -o "$1/libcostate.so" "$1/version.o" "${objects[@]}" "${libs[@]}" -lpthread -lm
}

# loads RANKS NAME: its status; what it printed is in out and err
loads() { run_mpi "$1" timeout 60 ./empty -dll_append "$PWD/$2/libcostate.so" >out 2>err; }

plugin same '' || exit 1
plugin later "#include \"$ROOT/src/base/compat.h\""$'\n#undef PETSC_VERSION_MINOR\n#define PETSC_VERSION_MINOR 99' || exit 1
plugin wide $'#include <petscconf.h>\n#ifdef PETSC_USE_64BIT_INDICES\n#undef PETSC_USE_64BIT_INDICES\n#else\n#define PETSC_USE_64BIT_INDICES 1\n#endif' || exit 1
version=$(flag PETSC_VERSION)
for ranks in 1 2; do
  loads $ranks same && grep -qx started out
  t_ok $? "on $ranks ranks a plugin built for this PETSc is loaded"
  ! loads $ranks later && ! grep -q started out
  t_ok $? "on $ranks ranks one built for another version is an error before the program begins"
  t_like "$(tr '\n\0' '  ' <err)" "built for PETSc ${version%%.*}\.99\.[0-9]+, and this program runs PETSc ${version//./\\.}: build it again" \
    "... which names both versions and says what to do"
  ! loads $ranks wide && ! grep -q started out
  t_ok $? "on $ranks ranks one built for other indices is an error before the program begins"
  t_like "$(tr '\n\0' '  ' <err)" '(real|complex) scalars of [0-9]+ bytes and indices of (32|64) bits, and this program runs one with (real|complex) scalars of [0-9]+ bytes and indices of (32|64) bits: build it again' \
    "... which names both"
done
t_done
