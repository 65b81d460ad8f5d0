#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds the release's own PETSc in a way in which Debian has no package of it, in a root made by config/ci/debian.sh:
#
#   config/ci/petsc.sh DIR [mpich] [debug] [complex] [64]
#   config/ci/debian.sh bookworm 'config/setup.sh build check demo' 'config/ci/petsc.sh /opt/petsc mpich debug' \
#     'make SETUP=no PETSC_DIR=/opt/petsc check'
#
# With HDF5 of the same MPI; with hypre under Open MPI only, for which alone Debian builds it.
set -eu
dir=$1
shift
wanted=" $* "
mpi=openmpi
flags=(--with-fc=0 --with-x=0 --with-debugging=0 'COPTFLAGS=-O2 -g' --with-cxx=0)
packages=(dpkg-dev python3 libopenblas-dev)
case $wanted in *' mpich '*) mpi=mpich packages+=(mpich libmpich-dev libhdf5-mpich-dev) ;; esac
case $wanted in *' debug '*) flags+=(--with-debugging=1 'COPTFLAGS=-O1 -g') ;; esac
case $wanted in *' complex '*) flags+=(--with-scalar-type=complex) ;; esac
case $wanted in *' 64 '*) flags+=(--with-64-bit-indices=1) ;; esac
multi=$(gcc -print-multiarch)
hdf5=/usr/lib/$multi/hdf5/$mpi
flags+=("--with-cc=mpicc.$mpi" "--with-mpiexec=mpiexec.$mpi" "--with-hdf5-include=/usr/include/hdf5/$mpi"
  "--with-hdf5-lib=-L$hdf5 -Wl,-rpath,$hdf5 -lhdf5")
# hypre is built with the default sizes of Debian's PETSc alone
if [ $mpi = openmpi ] && [[ $wanted != *' complex '* && $wanted != *' 64 '* ]]; then
  flags+=(--with-hypre-include=/usr/include/hypre --with-hypre-lib=-lHYPRE)
fi

sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >/etc/apt/sources.list.d/petsc-source.list
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${packages[@]}" >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq source petsc
cd petsc-*/
# what Debian's own build would set
unset PETSC_DIR PETSC_ARCH
python3 ./configure "--prefix=$dir" PETSC_ARCH=build "${flags[@]}"
make -s PETSC_DIR="$PWD" PETSC_ARCH=build all >make.log 2>&1 || { tail -n 40 make.log; exit 1; }
make -s PETSC_DIR="$PWD" PETSC_ARCH=build install >>make.log
# the programs that the tests compile
mkdir -p "$dir/share/petsc/examples"
cp -r --parents src/*/tutorials "$dir/share/petsc/examples/"
