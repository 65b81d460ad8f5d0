#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An installation: a program of somebody else is built with it by pkg-config, by a makefile in the manner of PETSc, by CMake
# and by the plain MPI compiler, with the shared library and with the static one; the plugin and the command work from there,
# also when the whole is moved; nothing is left when it is gone.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/install/programs/installed.sh"
source=$ROOT/tests/install/programs
flag() { sed -n "s/^$1 *:= *//p" "$BUILD/config.mk"; }
read -ra cc <<<"$(flag MPICC)"
petsc=$(flag PETSC)
pcdir=$(flag PETSC_PCDIR)

mkdir foreign
echo theirs >foreign/file
prefix=$PWD/a/prefix
install_to "$prefix" || exit 1
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$pcdir

# The library: one file, with the name that programs ask for, and links to it.
version=$(sed -n 's/^#define COSTATE_VERSION_M[AI][JN]OR *//p; s/^#define COSTATE_VERSION_PATCH *//p' "$ROOT/include/costate.h" | paste -sd.)
t_is "$(readlink -f "$prefix/lib/libcostate.so")" "$prefix/lib/libcostate.so.$version" "libcostate.so leads to libcostate.so.$version"
t_is "$(readelf -d "$prefix/lib/libcostate.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')" "libcostate.so.${version%%.*}" "whose soname is libcostate.so.${version%%.*}"
t_is "$(pkg-config --modversion costate)" "$version" "pkg-config knows that version"
(cd "$ROOT/include" && find . -name '*.h' -o -name '*.hpp') | sort >headers
here=$PWD
t_is "$(cd "$prefix/include" && find . -type f | sort | diff "$here/headers" -)" "" "every header is there"
grep -rlF -e "$ROOT/" -e "$BUILD/" "$prefix" --include='*.pc' --include='*.cmake' --include=variables --include=rules --include=costate >traces
t_is "$(cat traces)" "" "no file names the folder that it was built in"

# same PROGRAM TEXT [RANKS]: on 1 and 2 ranks it prints the gradient, the same by all ways
same() {
  local n
  for n in ${3:-1 2}; do
    run_mpi $n "$1" -ts_trajectory_costate_ram 4 >out 2>err
    t_is "$? $(cat out)" "0 $wanted" "$2: the gradient on $n ranks" || cat err >&2
  done
}
# needs PROGRAM: the libcostate that the dynamic linker finds for it
needs() { ldd "$1" | sed -n 's/.*libcostate[^ ]* => \([^ ]*\) .*/\1/p' | xargs -r realpath; }

read -ra flags <<<"$(pkg-config --cflags "$petsc")"
read -ra libs <<<"$(pkg-config --libs "$petsc") -Wl,-rpath,$(pkg-config --variable=libdir "$petsc")"
"${cc[@]}" -O1 -o plain "$source/gradient.c" "-I$prefix/include" "${flags[@]}" "-L$prefix/lib" "-Wl,-rpath,$prefix/lib" -lcostate "${libs[@]}" -lm
t_ok $? "plain $(basename "${cc[0]}")"
wanted=$(run_mpi 1 ./plain -ts_trajectory_costate_ram 4)
t_like "$wanted" "^costate $version.cost 1\.927.*dG/du0 3\.85.*dG/dp 3\.85" "prints what is known of the gradient"
same ./plain plain
t_is "$(needs plain)" "$prefix/lib/libcostate.so.$version" "it runs with the installed library"

read -ra all <<<"$(pkg-config --cflags --libs costate)"
"${cc[@]}" -O1 -o pkg "$source/gradient.c" "${all[@]}" "-Wl,-rpath,$(pkg-config --variable=libdir "$petsc")"
t_ok $? "pkg-config"
read -ra static <<<"$(pkg-config --variable=static_libs costate)"
same ./pkg pkg-config
"${cc[@]}" -O1 -o pkg-static "$source/gradient.c" "${flags[@]}" "-I$prefix/include" "${static[@]}" "${libs[@]}"
t_ok $? "and static"
same ./pkg-static static
t_is "$(needs pkg-static)" "" "without the shared library"

mkdir make && cp "$source/makefile" "$source/gradient.c" make
(cd make && env -u MAKEFLAGS -u MFLAGS make COSTATE_DIR="$prefix") >log 2>&1
t_ok $? "a makefile in the manner of PETSc" || cat log >&2
same make/gradient makefile
same make/gradient-static "makefile, static" 1
t_is "$(needs make/gradient) $(needs make/gradient-static)" "$prefix/lib/libcostate.so.$version " "each with its library"

PKG_CONFIG_PATH='' cmake -S "$source" -B cmake -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release "-DMPI_C_COMPILER=${cc[*]}" >log 2>&1 &&
  env -u MAKEFLAGS -u MFLAGS cmake --build cmake >>log 2>&1
t_ok $? "CMake" || cat log >&2
same cmake/gradient CMake
same cmake/gradient-static "CMake, static" 1
t_is "$(needs cmake/gradient) $(needs cmake/gradient-static)" "$prefix/lib/libcostate.so.$version " "each with its library"
sed 's/costate 0.1/costate 99/' "$source/CMakeLists.txt" >make/CMakeLists.txt
cmake -S make -B refused -DCMAKE_PREFIX_PATH="$prefix" >log 2>&1
t_like "$?$(cat log)" '^1.*compatible with requested version "99"' "CMake refuses a version that this is not"

# Static, and the plugin loaded by an option besides: two copies that know nothing of each other
run_mpi 1 ./pkg-static -dll_append "$prefix/lib/libcostate.so" >out 2>err
t_like "$?$(t_text out err)" '^[1-9].*[Tt]wo copies' "a static program that loads the plugin too is refused"

# Moved
mv a b
PKG_CONFIG_PATH=$PWD/b/prefix/lib/pkgconfig:$pcdir
prefix=$PWD/b/prefix
read -ra all <<<"$(pkg-config --cflags --libs costate)"
"${cc[@]}" -O1 -o moved "$source/gradient.c" "${all[@]}" "-Wl,-rpath,$(pkg-config --variable=libdir "$petsc")"
t_ok $? "moved: pkg-config"
same ./moved moved 1
rm -rf make cmake/CMakeCache.txt
mkdir make && cp "$source/makefile" "$source/gradient.c" make
(cd make && env -u MAKEFLAGS -u MFLAGS make COSTATE_DIR="$prefix" gradient) >log 2>&1 &&
  cmake -S "$source" -B cmake -DCMAKE_PREFIX_PATH="$prefix" >log 2>&1 && env -u MAKEFLAGS -u MFLAGS cmake --build cmake >>log 2>&1
t_ok $? "moved: makefile, CMake" || cat log >&2
t_is "$(needs make/gradient) $(needs cmake/gradient)" "$prefix/lib/libcostate.so.$version $prefix/lib/libcostate.so.$version" "they find it there"
t_is "$(needs "$prefix/bin/costate")" "$prefix/lib/libcostate.so.$version" "the command finds its own library"
t_is "$("$prefix/bin/costate" list)" "$("$COSTATE_BIN" list)" "and does what the one that was built does"

uninstall_from "$prefix"
t_is "$(find b foreign | sort | xargs)" "b foreign foreign/file" "uninstall leaves nothing"
t_done
