#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Sees to it that what is needed is on the machine:
#
#   config/setup.sh [-n] build | check | demo | man | docs | lint | sanitize | root ...
#
# What there is is used, wherever it comes from (PETSC_DIR, Spack, a module). What is missing is installed through apt on
# Debian and Ubuntu, with sudo where needed; elsewhere, and with -n, it only says what to install.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
dry=0
if [ "${1:-}" = -n ]; then
  dry=1
  shift
fi
[ $# -gt 0 ] || set -- build

probed=$(config/probe.sh "$BUILD/config.mk" 2>&1)
has_probed() { [[ $'\n'$probed != *$'\n'"$1:"* ]]; }
has_cc() { has_probed cc; }
has_pkg-config() { has_probed pkg-config; }
has_mpi() { has_probed mpi; }
has_petsc() { has_probed petsc; }
has_hdf5() { has_probed hdf5; }
has_xxhash() { has_probed xxhash; }
# has_module NAME: has a Python of this machine that module?
has_module() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c "import importlib.util as u, sys; sys.exit(not u.find_spec('$1'))" 2>/dev/null; then return 0; fi
  done
  return 1
}
has_adolc() { pkg-config --exists adolc 2>/dev/null; }
has_petsc4py() { has_module petsc4py; }
has_h5py() { has_module h5py; }
has_sphinx() { has_module sphinx; }
has_myst() { has_module myst_parser; }
has_netcdf() { pkg-config --exists netcdf 2>/dev/null; }
has_data() { [ -f /usr/share/ferret-vis/data/coads_climatology.cdf ]; }
has_tutorials() {
  local found
  for found in ${PETSC_DIR:+"$PETSC_DIR"/src/ts/tutorials "$PETSC_DIR"/share/petsc/examples/src/ts/tutorials} \
    /usr/share/petsc/*/share/petsc/examples/src/ts/tutorials; do
    if [ -d "$found" ]; then return 0; fi
  done
  return 1
}

# asked GROUPS WANTED...: is one of the wanted groups among them?
asked() {
  local groups=" $1 " wanted
  shift
  for wanted in "$@"; do
    if [[ $groups == *" $wanted "* ]]; then return 0; fi
  done
  return 1
}

missing='' packages='' spack=''
while IFS='|' read -r name group debs specs what; do
  name=${name// /}
  if [[ -z $name || $name = \#* ]] || ! asked "$group" "$@"; then continue; fi
  if declare -F "has_$name" >/dev/null; then "has_$name" || lacking=1; else command -v "$name" >/dev/null || lacking=1; fi
  if [ "${lacking:-}" ]; then
    missing+="  -$what"$'\n'
    packages+=" $debs"
    spack+=" $specs"
    lacking=''
  fi
done <config/dependencies
[ -n "$missing" ] || exit 0

read -ra packages <<<"$packages"
read -ra spack <<<"$spack"
echo 'Missing on this machine:'
printf '%s' "$missing"
if [ -n "$probed" ]; then printf '%s\n' "$probed" | sed 's/^/    (/; s/$/)/'; fi

by_hand() {
  echo "$1"
  echo "  with apt:   apt-get install ${packages[*]}"
  if [ ${#spack[@]} -gt 0 ]; then echo "  with Spack: spack install ${spack[*]}, then spack load them, or set PETSC_DIR and PETSC_ARCH"; fi
  echo '  or set PETSC_DIR and PETSC_ARCH to a PETSc of your own (configured with hypre for the examples).'
  exit 1
}
if [ -n "${PETSC_DIR:-}" ] && ! has_petsc; then
  by_hand 'PETSC_DIR is set, so no PETSc is installed beside it. Mend or unset it, or install by hand:'
fi
if ! command -v apt-get >/dev/null; then by_hand 'There is no apt-get here. To install by hand:'; fi
if [ $dry = 1 ]; then by_hand 'Nothing is installed. To install by hand:'; fi

sudo=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then by_hand 'Installing needs root, and there is no sudo. As root:'; fi
  sudo=(sudo)
  # Without a terminal sudo could not ask for a password, and would fail or wait for ever.
  if [ ! -t 0 ] && ! sudo -n true 2>/dev/null; then by_hand 'Installing needs root, and sudo wants a password. As root:'; fi
fi

mkdir -p "$BUILD"
log=$BUILD/setup.log
: >"$log"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkfifo "$work/status"

# Draws one live line from what apt reports about its progress, until a line `end`. The first half of the bar is the download,
# the second the unpacking.
draw() {
  local phase percent rest bar shown=-100
  while IFS=: read -r phase _ percent rest && [ "$phase" != end ]; do
    case $phase in
      dlstatus) percent=$((${percent%%.*} / 2)) ;;
      pmstatus) percent=$((50 + ${percent%%.*} / 2)) ;;
      *) continue ;;
    esac
    bar=$(printf '%*s' $((percent / 4)) '')
    if [ -t 1 ]; then
      printf '\r\033[K%s [%-25s] %3d %%  %.50s' "$1" "${bar// /#}" "$percent" "$rest"
    elif [ $((percent - shown)) -ge 10 ]; then
      shown=$percent
      printf '%s %3d %%\n' "$1" "$percent"
    fi
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

# apt TEXT ARGS...: apt-get with that line; its own messages go to the log, and are shown when it fails. The progress has a
# pipe of its own, by name, because sudo closes all but the first three descriptors and apt makes this one non-blocking.
apt() {
  local text=$1 start=$SECONDS status=0
  shift
  echo "set-up: ${sudo[*]}${sudo[*]:+ }apt-get $*"
  exec 4<>"$work/status"
  draw "$text" <"$work/status" &
  # shellcheck disable=SC2016 # expanded by the inner shell
  "${sudo[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive bash -c 'exec 3>"$0" && exec apt-get -q -y -o Dpkg::Use-Pty=0 -o APT::Status-Fd=3 "$@"' \
    "$work/status" "$@" >>"$log" 2>&1 </dev/null || status=$?
  echo end >&4
  wait
  exec 4>&-
  if [ $status = 0 ]; then
    echo "$text: done in $((SECONDS - start)) s"
  else
    tail -n 20 "$log"
    echo "$text: apt-get failed, see above; everything it said is in $log"
  fi
  return $status
}

# The lists may be absent or old: a fresh image has none, and old ones name files that are gone.
if [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -mmin -1440 2>/dev/null | head -n 1)" ]; then
  apt 'reading the package lists' update || exit 1
fi

wanted=()
for package in "${packages[@]}"; do
  case $package in
    *\**)
      # shellcheck disable=SC2053 # the * in the name is a pattern
      found=$(apt-cache pkgnames | while read -r name; do if [[ $name == $package ]]; then echo "$name"; fi; done | sort -V | tail -n 1)
      if [ -z "$found" ]; then
        echo "apt knows no package $package."
        exit 1
      fi
      wanted+=("$found")
      ;;
    *) wanted+=("$package") ;;
  esac
done
apt 'installing' install --no-install-recommends "${wanted[@]}" || exit 1

if ! rest=$(config/setup.sh -n "$@"); then
  printf 'The installation went well, and still:\n%s\n' "$rest"
  exit 1
fi
