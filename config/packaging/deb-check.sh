#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The Debian packages in a clean root:  config/packaging/deb-check.sh SUITE [DIR]     as root
#
# Those in DIR, by default build/deb (config/packaging/deb.sh makes them, on a machine of that suite), are installed by apt,
# with nothing but what they ask for; a gradient is computed by the command, and by a program that is compiled and linked with
# them; they are purged, and the root is searched for what they left. Exit status: that of config/ci/debian.sh.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
if [ "$1" != --inside ]; then
  carry=$(realpath "${2:-build/deb}")
  ls "$carry"/*.deb >/dev/null
  CARRY=$carry exec config/ci/debian.sh "$1" 'config/packaging/deb-check.sh --inside'
fi

. config/env.sh
export DEBIAN_FRONTEND=noninteractive
debs=/srv/carried
apt() { apt-get -q -y "$@" >/tmp/apt.log 2>&1 || { tail -n 20 /tmp/apt.log; exit 1; }; }
# Names of all files, but for what changes by itself
files() { find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /srv -o -path /var/cache -o -path /var/lib/apt -o -path /var/log \) -prune -o -print | sort; }
say() { echo "deb-check: $*"; }
fail() { say "FAILED: $*"; exit 1; }
# expect PATTERN TEXT FILE
expect() { grep -qE -e "$1" "$3" || { cat "$3"; fail "$2"; }; }

say 'the command and the library'
apt install --no-install-recommends "$debs"/libcostate0_*.deb "$debs"/costate_*.deb
costate run lotka -costate_type gauss -p 1.5,1,3,1 -tend 10 -ts_rtol 1e-8 >/tmp/run 2>&1 || { cat /tmp/run; fail 'costate run'; }
expect 'dG/dp' 'no gradient' /tmp/run
sed -n '/dG/p' /tmp/run
for page in /usr/share/man/man1/costate.1*; do if [ -f "$page" ]; then say "$page"; fi; done

say 'a program that is built with them'
apt install --no-install-recommends "$debs"/*.deb gcc pkgconf mpi-default-bin
cd /tmp
read -ra flags <<<"$(pkg-config --cflags --libs costate)"
mpicc -O1 -o gradient /srv/costate/tests/install/programs/gradient.c "${flags[@]}"
for n in 1 2; do
  mpiexec -n $n ./gradient -ts_trajectory_costate_ram 4 >out
  expect 'dG/dp 3\.85' "the gradient on $n ranks" out
done
cat out
plugin=$(echo /usr/lib/*/libcostate.so.0)
mpiexec -n 1 ./gradient -dll_append "$plugin" -ts_trajectory_costate_ram 4 | diff - out || fail 'with -dll_append'
say "-dll_append $plugin: the same"

say 'purged'
apt purge costate libcostate0 libcostate-dev
files >before
apt install --no-install-recommends "$debs"/*.deb
costate list methods >/dev/null
apt purge costate libcostate0 libcostate-dev
files >after
diff before after || fail 'they left these behind'
left=$(find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /srv \) -prune -o -name '*costate*' -print)
[ -z "$left" ] || fail "they left these behind: $left"
if dpkg -l | grep -i costate; then fail 'dpkg still knows them'; fi
say 'without a trace'
