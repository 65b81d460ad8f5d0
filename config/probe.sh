#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Finds the compilers, MPI, PETSc, HDF5, xxHash and, if it is there, ADOL-C, and writes what the Makefile needs to FILE:
#
#   config/probe.sh FILE
#
# Looks at CC, MPICC, MPIEXEC, PETSC_DIR, PETSC_ARCH and PKG_CONFIG_PATH. It returns at once while none of these has
# changed. What is missing is named on standard output, one line each: `name: the reason`. The exit status is then 1.
set -u
out=$1
missing=0

lacks() {
  echo "$1: $2"
  missing=1
}

# With PETSC_DIR set, only that PETSc counts: silently taking another one would be worse than none.
pcdir=''
if [ -n "${PETSC_DIR:-}" ]; then
  pcdir=$PETSC_DIR/${PETSC_ARCH:+$PETSC_ARCH/}lib/pkgconfig
  export PKG_CONFIG_PATH="$pcdir:${PKG_CONFIG_PATH:-}"
fi

petsc=''
version=''
if command -v pkg-config >/dev/null; then
  for module in petsc PETSc petsc-real petsc_real; do
    if [ -n "$pcdir" ] && [ ! -f "$pcdir/$module.pc" ]; then continue; fi
    if version=$(pkg-config --modversion "$module" 2>/dev/null); then
      petsc=$module
      break
    fi
  done
fi

adolc=''
if command -v pkg-config >/dev/null; then adolc=$(pkg-config --modversion adolc 2>/dev/null); fi

key="# for: $(cksum <"$0") ${CC:-cc} ${MPICC:-} ${MPIEXEC:-} ${PETSC_DIR:-} ${PETSC_ARCH:-} ${PKG_CONFIG_PATH:-} $petsc $version $adolc"
if [ -f "$out" ] && [ "$(head -n 1 "$out")" = "$key" ]; then exit 0; fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# compiles FILE-TEXT COMPILER FLAGS...: can this be compiled?
compiles() {
  printf '%s\nint main(void) { return 0; }\n' "$1" >"$work/probe.c"
  shift
  "$@" -o "$work/probe" "$work/probe.c" >"$work/log" 2>&1
}

cc=${CC:-cc}
command -v "${cc%% *}" >/dev/null || lacks cc "there is no C compiler '$cc'"
command -v pkg-config >/dev/null || lacks pkg-config 'there is no pkg-config'

mpicc=${MPICC:-}
if [ -n "$petsc" ] && [ -z "$mpicc" ]; then
  mpicc=$(pkg-config --variable=ccompiler "$petsc")
fi
command -v "${mpicc%% *}" >/dev/null || mpicc=${MPICC:-mpicc}
mpiexec=${MPIEXEC:-}
if ! command -v "${mpicc%% *}" >/dev/null; then
  lacks mpi "there is no MPI compiler '$mpicc'; MPICC names one"
else
  if [ -z "$mpiexec" ]; then # beside the compiler, mpiexec.mpich for mpicc.mpich: with another MPI's each rank would be alone
    mpiexec=$(command -v "${mpicc%% *}")
    suffix=${mpiexec##*/mpicc}
    mpiexec=${mpiexec%/*}/mpiexec
    if [ -x "$mpiexec$suffix" ]; then mpiexec+=$suffix; fi
    [ -x "$mpiexec" ] || mpiexec=mpiexec
  fi
  command -v "${mpiexec%% *}" >/dev/null || lacks mpi "there is no '$mpiexec'; MPIEXEC names the command that starts MPI programs"
fi

petsc_cflags='' petsc_libs='' private=''
if [ -z "$petsc" ]; then
  if [ -n "${PETSC_DIR:-}" ]; then
    lacks petsc "PETSC_DIR=$PETSC_DIR PETSC_ARCH=${PETSC_ARCH:-} has no lib/pkgconfig/PETSc.pc; set them to an installed PETSc, or unset both"
  else
    lacks petsc 'pkg-config knows no petsc, and PETSC_DIR is not set'
  fi
elif ! pkg-config --atleast-version=3.18 "$petsc"; then
  lacks petsc "PETSc $version is too old, 3.18 is needed"
elif command -v "${mpicc%% *}" >/dev/null; then
  libdir=$(pkg-config --variable=libdir "$petsc")
  petsc_cflags=$(pkg-config --cflags "$petsc")
  petsc_libs="$(pkg-config --libs "$petsc") -Wl,-rpath,$libdir"
  read -ra flags <<<"$petsc_cflags"
  read -ra libs <<<"$petsc_libs"
  if ! compiles '#include <petscts.h>' $mpicc "${flags[@]}" "${libs[@]}"; then
    lacks petsc "a program with PETSc $version cannot be compiled by $mpicc: $(grep -m 1 -i error "$work/log")"
  else
    # Most installations have the private headers beside the public ones; a distribution may keep them apart.
    found=0
    series=${version%.*}
    for dir in '' "${PETSC_DIR:-/nonexistent}/include" "$(pkg-config --variable=prefix "$petsc")/share/petsc/include" \
      /usr/share/petsc/"$series"*/include; do
      if compiles '#include <petsc/private/tsimpl.h>' $mpicc "${flags[@]}" ${dir:+"-I$dir"} "${libs[@]}"; then
        private=${dir:+-I$dir}
        found=1
        break
      fi
    done
    [ $found = 1 ] || lacks petsc "PETSc $version comes without its private header petsc/private/tsimpl.h"
  fi
fi

# The HDF5 that PETSc was built with, where it has one, or the flavour of this MPI: two of them in one program would be one
# too many. A serial one serves too, since what is called is called on one rank.
hdf5_cflags='' hdf5_libs='' hdf5=''
if [ -n "$petsc" ] && command -v "${mpicc%% *}" >/dev/null; then
  modules='hdf5 hdf5-mpi hdf5-openmpi hdf5-mpich hdf5-serial'
  case $($mpicc -show 2>/dev/null) in
    *openmpi* | *ompi*) modules="hdf5-openmpi $modules" ;;
    *mpich*) modules="hdf5-mpich $modules" ;;
  esac
  read -ra flags <<<"$petsc_cflags $petsc_libs"
  for module in petsc $modules; do
    if [ $module = petsc ]; then
      cflags='' links=-lhdf5
    elif pkg-config --exists $module 2>/dev/null; then
      cflags=$(pkg-config --cflags $module)
      links="$(pkg-config --libs $module) $(pkg-config --libs-only-L $module | sed 's/-L/-Wl,-rpath,/g')"
    else
      continue
    fi
    read -ra more <<<"$cflags $links"
    if compiles $'#include <hdf5.h>\n#if !H5_VERSION_GE(1, 8, 12)\n#error "too old"\n#endif' $mpicc "${flags[@]}" "${more[@]}"; then
      hdf5=$module hdf5_cflags=$cflags hdf5_libs=$links
      break
    fi
  done
  [ -n "$hdf5" ] || lacks hdf5 "no program with HDF5 1.8.12 or newer can be compiled by $mpicc, neither with what PETSc names nor with pkg-config's hdf5"
elif ! pkg-config --exists hdf5 2>/dev/null && ! pkg-config --exists hdf5-openmpi 2>/dev/null; then
  lacks hdf5 'pkg-config knows no hdf5' # else a second round would be needed once PETSc and MPI are there
fi

xxhash=''
if command -v pkg-config >/dev/null; then xxhash=$(pkg-config --cflags libxxhash 2>/dev/null); fi
read -ra flags <<<"$xxhash"
compiles $'#define XXH_INLINE_ALL\n#include <xxhash.h>\n#if XXH_VERSION_NUMBER < 800\n#error "too old"\n#endif' $cc ${flags[@]+"${flags[@]}"} ||
  lacks xxhash 'no header xxhash.h of version 0.8 or newer can be compiled'

# ADOL-C may be missing: then there are providers of derivatives less. It is C++, and is called from C.
adolc_cflags='' adolc_libs=''
if [ -n "$adolc" ] && command -v "${mpicc%% *}" >/dev/null; then
  adolc_cflags=$(pkg-config --cflags adolc)
  adolc_libs="$(pkg-config --libs-only-L adolc) -ladolc $(pkg-config --libs-only-L adolc | sed 's/-L/-Wl,-rpath,/g')"
  read -ra more <<<"$adolc_cflags $adolc_libs"
  if compiles $'#include <adolc/interfaces.h>\n#include <adolc/taping.h>' $mpicc "${more[@]}"; then
    adolc_cflags="-DCOSTATE_HAVE_ADOLC $adolc_cflags"
  else
    adolc_cflags='' adolc_libs=''
  fi
fi

[ $missing = 0 ] || exit 1

mkdir -p "$(dirname "$out")"
cat >"$work/config.mk" <<EOF
$key
MPICC := $mpicc
MPIEXEC := $mpiexec
PETSC := $petsc
PETSC_VERSION := $version
PETSC_CFLAGS := $petsc_cflags
PETSC_LIBS := $petsc_libs
PETSC_PRIVATE := $private
PETSC_PCDIR := $(pkg-config --variable=pcfiledir "$petsc")
PETSC_HOME := ${PETSC_DIR:-$(pkg-config --variable=prefix "$petsc")}
PETSC_HOME_ARCH := ${PETSC_ARCH:-}
XXHASH_CFLAGS := $xxhash
HDF5_CFLAGS := $hdf5_cflags
HDF5_LIBS := $hdf5_libs
ADOLC_CFLAGS := $adolc_cflags
ADOLC_LIBS := $adolc_libs
EOF
mv "$work/config.mk" "$out"
