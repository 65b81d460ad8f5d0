#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# make install and make uninstall among files of others, with DESTDIR, over an older version and where they must refuse;
# the installed plugin in a tutorial of PETSc; what bash completes.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/install/programs/installed.sh"
. "$ROOT/tests/traj/programs/build.sh"

# Files of others, and of an older version
prefix=$PWD/prefix
mkdir -p prefix/lib prefix/share/man
touch prefix/lib/libother.so
find prefix | sort >before
install_to "$prefix" || exit 1
find prefix -type f -o -type l | sort >new
touch prefix/include/costate/older.h prefix/include/costate/theirs.h
sed -i '1i file include/costate/older.h' prefix/lib/costate/manifest
install_to "$prefix"
t_is "$(find prefix -type f -o -type l | sort | diff new - | sed 1d)" "> prefix/include/costate/theirs.h" "what an older version had put there is gone, and nothing else"

# The plugin
lib=$prefix/lib/libcostate.so
dir=$(examples_dir)
if [ -n "$dir" ]; then
  compile ex20adj "$dir/ts/tutorials/ex20adj.c"
  run=(run_mpi 1 ./ex20adj -monitor 0 -ts_type cn -ts_dt 0.001 -mu 100000)
  "${run[@]}" -ts_trajectory_type memory >full 2>&1
  "${run[@]}" -dll_append "$lib" -ts_trajectory_type costate -ts_trajectory_costate_ram 3 >out 2>&1
  t_is "$? $(diff full out)$(test -s full; echo $?)" "0 0" "a tutorial with the installed plugin prints what it prints without"
  "${run[@]}" -dll_append "$lib.0" -ts_trajectory_type costate -ts_trajectory_costate_ram 3 >out 2>&1
  t_is "$? $(diff full out)" "0 " "also by the name that a distribution has without development files"
else
  t_skip "$no_examples" 2
fi

# Completion
# shellcheck disable=SC1090
. "$prefix/share/bash-completion/completions/costate"
compopt() { :; }
completed() {
  COMP_WORDS=(costate "$@")
  COMP_CWORD=$#
  _costate
  printf '%s\n' "${COMPREPLY[@]}" | sort | xargs
}
listed() { "$COSTATE_BIN" list "$1" | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p' | sort | xargs; }
t_is "$(completed pl) $(completed -v)" "plan -version" "completion of commands"
t_is "$(completed '')" "$("$COSTATE_BIN" -help | sed -n 's/^  \([a-z]*\) .*/\1/p' | cat - <(printf '%s\n' -help -version) | sort | xargs)" "of all of them"
t_is "$(completed list '')" "$("$COSTATE_BIN" list -help | sed -n 's/.*\[\(.*\)\].*/\1/p' | tr '|' '\n' | sort | xargs)" "of the lists"
t_is "$(completed run '')" "$(listed problems)" "of problems"
t_is "$(completed plan -policy '')" "$(listed policies)" "of policies"
t_is "$(completed run heat -costate_type '' | sed 's/\bauto //')" "$(listed methods)" "of methods"
t_is "$(completed check heat -costate_vjp '' | sed 's/\bauto //')" "$(listed vjps)" "of providers"
for command in run check choose plan export inspect verify; do
  offered=" $(completed "$command" x -) "
  lacks=''
  for option in $("$COSTATE_BIN" "$command" -help 2>/dev/null | sed -n 's/^  \(-.*\)/\1/p' | sed 's/  .*//' | grep -oE -e '-[a-z][a-z0-9_]*'); do
    if [[ $offered != *" $option "* ]]; then lacks+=" $option"; fi
  done
  t_is "$(wc -w <<<"$offered" | awk '{ print ($1 > 1) }')$lacks" 1 "of every option that costate $command -help shows"
done
t_like "$(completed run heat -costate_v)" "-costate_view.*-costate_vjp" "and of the library's own"
mkdir results && t_is "$(completed verify res)" results "of directories"

uninstall_from "$prefix"
t_is "$(find prefix | sort | diff before -)" "$(printf '%s\n' 1a2,4 '> prefix/include' '> prefix/include/costate' '> prefix/include/costate/theirs.h')" \
  "uninstall leaves what is not ours, and where it is"

# DESTDIR, and directories of one's own
install_to /opt/c "DESTDIR=$PWD/dest" libdir=/opt/c/lib/triplet || exit 1
t_is "$(cd dest && echo * && ls -d opt/c/lib/triplet/libcostate.so opt/c/lib/triplet/pkgconfig/costate.pc opt/c/lib/costate/conf/rules | wc -l)" "opt
3" "DESTDIR and libdir"
t_is "$(grep -rl "$PWD/dest" dest)" "" "DESTDIR is in none of the files"
t_is "$(readlink -f "$(PKG_CONFIG_PATH=$PWD/dest/opt/c/lib/triplet/pkgconfig pkg-config --variable=plugin costate)")" \
  "$(readlink -f dest/opt/c/lib/triplet/libcostate.so)" "pkg-config knows where the plugin is"
t_is "$(ldd dest/opt/c/bin/costate | sed -n 's/.*libcostate.*=> \([^ ]*\) .*/\1/p' | xargs realpath)" "$(realpath dest/opt/c/lib/triplet/libcostate.so)" "the command finds the library there"
uninstall_from /opt/c "DESTDIR=$PWD/dest"
t_is "$(find dest | sort | xargs)" "dest dest/opt" "uninstall with DESTDIR"

# What is refused
quiet_make uninstall "PREFIX=$PWD/nowhere" 2>err
t_like "$?$(cat err)" "^1.*Nothing was installed under .*/nowhere" "uninstall where nothing is"
quiet_make install "PREFIX=$PWD/one" "libdir=$PWD/two/lib" 2>err
t_like "$?$(cat err)" "^1.*two/lib' is not below PREFIX" "a directory outside of PREFIX"
PETSC_DIR=$PWD quiet_make install "PREFIX=$PWD/one" 2>err
t_like "$?$(cat err)" "^1.*was built with the PETSc in .* run \`make\` first" "a PETSc that is not that of the build"
t_is "$(ls -d one two 2>/dev/null)" "" "and nothing is made"
mkdir -p odd/lib/costate
echo 'file ../new' >odd/lib/costate/manifest
quiet_make uninstall "PREFIX=$PWD/odd" 2>err
t_like "$?$(cat err) $(ls new)" "^1.*names '../new'.*not touched.* new$" "a manifest that leads out of PREFIX"
t_done
