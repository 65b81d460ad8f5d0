#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What `make install` and `make uninstall` do:  config/install.sh install | uninstall
#
# What was put where, below PREFIX, is in PREFIX/lib/costate/manifest: files first, then the directories that were made, each
# before the one that holds it. uninstall removes just these, the directories if nothing else is in them by then. install
# begins with that, so that nothing of an older version stays.
set -eu -o pipefail
cd "$(dirname "$0")/.."
fail() {
  echo "$*" >&2
  exit 1
}

PREFIX=$(realpath -ms "${PREFIX:-/usr/local}")
to=${DESTDIR:-}$PREFIX
# below DIR: what is left of it without PREFIX
below() {
  local dir
  dir=$(realpath -ms "$1")
  [[ $dir == "$PREFIX"/* ]] || fail "'$1' is not below PREFIX, '$PREFIX': set PREFIX too, or name a directory below it."
  echo "${dir#"$PREFIX"/}"
}
manifest=lib/costate/manifest

uninstall() {
  local kind path
  while read -r kind path; do
    [[ $path != /* && /$path/ != */../* ]] || fail "$to/$manifest names '$path', which is not below it: not touched."
    case $kind in
      file) rm -f "$to/$path" ;;
      dir) rmdir --ignore-fail-on-non-empty "$(realpath -ms "$to/$path")" ;;
    esac
  done <"$to/$manifest"
}

# made DIR: makes a directory, and each above it that is missing, and notes which these were. PREFIX itself is one of them,
# written as a dot; what is above it is not ours.
made() {
  local dir=$1
  local -a new=()
  while [ ! -d "$to/$dir" ]; do
    new=("$dir" ${new[@]+"${new[@]}"})
    [ "$dir" != . ] || break
    dir=$(dirname "$dir")
  done
  for dir in ${new[@]+"${new[@]}"}; do
    mkdir -p "$to/$dir"
    dirs=("$dir" ${dirs[@]+"${dirs[@]}"})
  done
}
# put MODE FILE DIR [NAME]
put() {
  made "$3"
  install -m "$1" "$2" "$to/$3/${4:-$(basename "$2")}"
  files+=("$3/${4:-$(basename "$2")}")
}
# symbolic TARGET DIR NAME
symbolic() {
  made "$2"
  ln -sfn "$1" "$to/$2/$3"
  files+=("$2/$3")
}

# What the library was built with; there are no spaces in it that matter.
flag() { sed -n "s|^$1 *:= *||p" "$BUILD/config.mk"; }
up() { realpath -ms --relative-to="/$1" /; } # from a directory below PREFIX to PREFIX

# fill TEMPLATE DIR [NAME]: a file of config/install with its @NAMES@ replaced
fill() {
  local name=${3:-$(basename "$1" .in)} text key
  text=$(cat "config/install/$1")
  for key in "${!values[@]}"; do text=${text//"@$key@"/"${values[$key]}"}; done
  text=${text//@UP@/$(up "$2")}
  if [[ $text =~ @[A-Z_]+@ ]]; then fail "config/install/$1: what is ${BASH_REMATCH[0]}?"; fi
  made "$2"
  printf '%s\n' "$text" >"$work/$name"
  put 644 "$work/$name" "$2"
}

words() { sort -u | xargs; }
# names TABLE: of a table include/TABLE.def; options COMMAND: what its help lists
names() { sed -n 's/^COSTATE_[A-Z]*(\([a-z0-9_]*\),.*/\1/p' "include/$1.def" | words; }
options() {
  sed -n '/"  -/{s/[^"]*"  \(-[a-z0-9_]*\)\( [A-Z]*, \(-[a-z0-9_]*\)\)\{0,1\}.*/\1 \3/p}' src/cli/"$1"*.c | words
}
# library_options TABLE FILE: of the library itself
library_options() { sed -n "/$1\[\] = {/,/}/s/.*\"\([a-z0-9_]*\)\".*/-\1/p" "$2" | words; }

install_all() {
  local series minor command page
  series=$(flag PETSC_VERSION)
  series=${series%.*}
  minor=${series##*.}
  declare -gA values=([VERSION]=$VERSION [LIB]=$lib [INCLUDE]=$include [PETSC]=$(flag PETSC)
    [PETSC_FROM]=$series [PETSC_BELOW]=${series%.*}.$((minor + 1)) [PETSC_PCDIR]=$(flag PETSC_PCDIR)
    [SONAME]=$SONAME [RUN_OPTIONS]="$(options run)" [PETSC_DIR]=$(flag PETSC_HOME) [PETSC_ARCH]=$(flag PETSC_HOME_ARCH) [MPICC]=$(flag MPICC)
    [STATIC]=$(xargs <<<"$(flag HDF5_LIBS) $(flag ADOLC_LIBS) -lpthread -lm")
    [PC_PREFIX]="\${pcfiledir}/$(up "$lib/pkgconfig")" [RPATH]='-Wl,-rpath,${libdir} '
    [MAKE_RPATH]='-Wl,-rpath,${COSTATE_LIB_DIR} ')
  # In the system's own place nothing moves, and everybody looks there.
  if [ "$PREFIX" = /usr ]; then values[PC_PREFIX]=$PREFIX values[RPATH]='' values[MAKE_RPATH]='' values[STATIC]=$(sed 's/-Wl,-rpath,[^ ]* *//g' <<<"${values[STATIC]}"); fi
  for command in $(sed -n 's/^COSTATE_COMMAND(\([a-z]*\),.*/\1/p' src/cli/commands.def); do
    values[COMMANDS]="${values[COMMANDS]:-}${values[COMMANDS]:+ }$command"
    values[OPTIONS]="${values[OPTIONS]:-}      $command) words='$(options "$command")' ;;"$'\n'
  done
  values[LISTS]=$(sed -n 's/^    "usage: costate list \[\(.*\)\].*/\1/p; s/.*usage: costate list \[\([a-z|]*\)\].*/\1/p' src/cli/list.c | tr '|' ' ')
  values[METHODS]="auto $(names methods)" values[VJPS]="auto $(names vjps)"
  values[POLICIES]=$(names policies) values[PROBLEMS]=$(names problems)
  values[OBJECT_OPTIONS]=$(library_options CostateObjectOptions src/costate/options.c)
  values[TRAJECTORY_OPTIONS]=$(library_options CostateTrajOptions src/traj/options.c)

  put 755 "$LIB" "$lib" "libcostate.so.$VERSION"
  symbolic "libcostate.so.$VERSION" "$lib" "$SONAME"
  symbolic "$SONAME" "$lib" libcostate.so
  put 644 "$BUILD/install/libcostate.a" "$lib"
  put 755 "$BUILD/install/costate" "$bin"
  put 644 include/costate.h "$include"
  for page in include/costate/*; do put 644 "$page" "$include/costate"; done
  fill costate.pc.in "$lib/pkgconfig"
  fill costate-config.cmake.in "$lib/cmake/costate"
  fill costate-config-version.cmake.in "$lib/cmake/costate"
  fill variables.in lib/costate/conf
  fill rules.in lib/costate/conf
  fill completion.bash.in "$share/bash-completion/completions" costate
  for page in "$BUILD"/man/man[13]/*.[13]; do
    if [ -f "$page" ]; then put 644 "$page" "$share/man/$(basename "$(dirname "$page")")"; fi
  done
}

case ${1:-} in
  uninstall)
    [ -f "$to/$manifest" ] || fail "Nothing was installed under $to: there is no $to/$manifest."
    uninstall
    echo "costate: removed from $to"
    ;;
  install)
    lib=$(below "$libdir")
    include=$(below "$includedir")
    bin=$(below "$bindir")
    share=$(below "$datadir")
    petsc=$(flag PETSC_HOME)/$(flag PETSC_HOME_ARCH)
    [ -n "$(flag PETSC_PCDIR)" ] || fail "$BUILD/config.mk is of another version of this program: run \`make\` first."
    if [[ -n ${PETSC_DIR:-} && $(realpath -m "$PETSC_DIR/${PETSC_ARCH:-}") != "$(realpath -m "$petsc")" ]]; then
      fail "What is in $BUILD was built with the PETSc in ${petsc%/}, and PETSC_DIR is $PETSC_DIR: run \`make\` first, or unset it."
    fi
    if [ -f "$to/$manifest" ]; then uninstall; fi
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    umask 022
    declare -a files=() dirs=()
    made "$(dirname "$manifest")"
    install_all
    { printf 'file %s\n' "${files[@]}" "$manifest"; [ ${#dirs[@]} = 0 ] || printf 'dir %s\n' "${dirs[@]}"; } >"$to/$manifest"
    echo "costate $VERSION for PETSc $(flag PETSC_VERSION) in ${petsc%/}: installed under $to"
    ;;
  *) fail 'usage: config/install.sh install | uninstall' ;;
esac
