#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a newcomer sees: a clean root of a Debian (or Ubuntu) release, the checkout copied in, and the README's two commands.
#
#   config/ci/debian.sh SUITE [COMMAND]...      as root; SUITE is bookworm, trixie, sid, ...
#
# The commands are by default `make demo` and `make check`. The archive, its key and its proxy are those of this machine's
# apt. Exit status: 0 all commands succeeded, 77 the root could not be bootstrapped (skipped, nothing was shown), else 1.
# KEEP=1 leaves the root behind; CARRY=DIR takes a copy of DIR along, as /srv/carried.
set -u
suite=${1:?usage: config/ci/debian.sh SUITE [COMMAND]...}
shift
cd "$(dirname "$0")/../.." || exit 1
[ $# -gt 0 ] || set -- 'make demo' 'make check'

skip() {
  echo "debian.sh: SKIPPED: $suite: $*"
  exit 77
}
[ "$(id -u)" = 0 ] || skip 'debootstrap needs root'
command -v debootstrap >/dev/null || skip 'there is no debootstrap; config/setup.sh root installs it'
if [ ! -e "/usr/share/debootstrap/scripts/$suite" ]; then
  echo "debian.sh: debootstrap knows no suite '$suite'" >&2
  exit 1
fi

# All mounts are made in a mount namespace, and all processes run in a process namespace of their own: both are gone with
# this script, however it ends, so that removing the root can never reach through a mount.
spaces=(--mount --propagation private --pid --fork --kill-child)
if [ "${COSTATE_IN_NAMESPACE:-}" != 1 ]; then
  command -v unshare >/dev/null || skip 'there is no unshare'
  unshare "${spaces[@]}" true 2>/dev/null || skip 'no namespaces here'
  top=$(mktemp -d "${TMPDIR:-/tmp}/costate-$suite.XXXXXX") || exit 1
  if [ "${KEEP:-0}" = 1 ]; then echo "debian.sh: the root stays in $top/root"; else trap 'rm -rf --one-file-system "$top"' EXIT; fi
  COSTATE_IN_NAMESPACE=1 COSTATE_TOP=$top unshare "${spaces[@]}" "$0" "$suite" "$@" </dev/null &
  child=$!
  # unshare itself ignores what asks it to stop; killed, it takes all of its processes along.
  trap 'kill -KILL "$child"; wait "$child"; exit 130' INT TERM
  wait "$child"
  status=$?
  echo 'debian.sh: removing the root'
  exit $status
fi
top=$COSTATE_TOP
root=$top/root

# apt's sources, one line each: URI SUITE COMPONENTS, [options] dropped; both formats.
apt_sources() {
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    if [ -f "$file" ]; then
      sed -nE 's/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]+)?//p' "$file"
    fi
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    if [ -f "$file" ]; then
      awk -v RS= '
        { uris = suites = components = ""; deb = 0; on = 1; n = split($0, line, "\n")
          for (i = 1; i <= n; i++) {
            key = tolower(line[i]); sub(/:.*/, "", key); value = line[i]; sub(/^[^:]*:[ \t]*/, "", value)
            if (key == "types" && value ~ /(^| )deb( |$)/) deb = 1
            if (key == "enabled" && tolower(value) == "no") on = 0
            if (key == "uris") uris = value
            if (key == "suites") suites = value
            if (key == "components") components = value
          }
          if (deb && on) { nu = split(uris, u, " "); ns = split(suites, s, " ")
            for (a = 1; a <= nu; a++) for (b = 1; b <= ns; b++) print u[a], s[b], components } }' "$file"
    fi
  done
}

# The archive is the source of the release that this machine runs; its -updates and -security come along if they are here
# (sid has neither).
# shellcheck disable=SC1091
host=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
archive=$(apt_sources | awk -v host="$host" '$2 == host { print $1; exit }')
[ -n "$archive" ] || skip "apt here has no source for its own release '$host' to take the archive from"
components=$(apt_sources | awk -v host="$host" '$2 == host { $1 = $2 = ""; print; exit }' | xargs)
# shellcheck disable=SC1091
if [ "$(. /etc/os-release && echo "$ID")" = ubuntu ]; then
  keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
  for c in main universe; do [[ " $components " == *" $c "* ]] || components+=" $c"; done
else
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
fi
[ -f "$keyring" ] || skip "there is no $keyring"

proxy=$(apt-config shell proxy Acquire::http::Proxy)
eval "$proxy"
if [ -n "${proxy:-}" ] && [ "$proxy" != DIRECT ]; then export http_proxy=$proxy; fi

started=$SECONDS
lap() { printf 'debian.sh: %s: %d s\n' "$1" $((SECONDS - started)); }

echo "debian.sh: bootstrapping a clean $suite"
cache=$PWD/build/debootstrap-$suite.tar
mkdir -p build
boot=(debootstrap --variant=minbase "--keyring=$keyring" "--components=${components// /,}")
if [ ! -s "$cache" ] || [ -n "$(find "$cache" -mmin +1440)" ]; then
  rm -f "$cache"
  if ! "${boot[@]}" --make-tarball="$cache" "$suite" "$top/tarball" "$archive" >"$top/log" 2>&1; then
    rm -f "$cache"
    tail -n 5 "$top/log"
    skip 'its packages could not be downloaded (is there a network?)'
  fi
fi
if ! "${boot[@]}" --unpack-tarball="$cache" "$suite" "$root" "$archive" >"$top/log" 2>&1; then
  tail -n 20 "$top/log" "$root/debootstrap/debootstrap.log" 2>/dev/null
  rm -f "$cache"
  skip 'debootstrap failed'
fi
lap 'bootstrapped'

mount -t proc proc "$root/proc" || skip '/proc cannot be mounted'
mount --rbind /sys "$root/sys" || skip '/sys cannot be mounted'
mount --rbind /dev "$root/dev" || skip '/dev cannot be mounted'
if [ ! -d "$root/dev/shm" ]; then skip '/dev/shm is missing, which MPI needs'; fi
for file in /etc/resolv.conf /etc/hosts; do if [ -f $file ]; then cp -L $file "$root$file"; fi; done

apt_sources | awk -v host="$host" -v suite="$suite" -v components="$components" -v archive="$archive" '
  $2 == host || (suite !~ /^(sid|unstable)$/ && ($2 == host "-updates" || $2 == host "-security")) {
    sub(host, suite, $2); print "deb", $1, $2, components }' | sort -u >"$root/etc/apt/sources.list"
# How this machine reaches the archive holds in there too.
apt-config dump | grep -E '^Acquire::(http|https)::Proxy |^Acquire::Check-(Valid-Until|Date) ' >"$root/etc/apt/apt.conf.d/90host"
# Nobody needs this root after a power cut.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"

config/copy-checkout "$root/srv/costate" || exit 1

# CARRY=DIR: a copy of it is in /srv/carried there
if [ -n "${CARRY:-}" ]; then cp -r "$CARRY" "$root/srv/carried"; fi

# inside COMMAND: as a login of a fresh root has it. Nothing of this machine's environment but the proxy comes along.
inside() {
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    TERM="${TERM:-dumb}" CI="${CI:-}" ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    bash -c "cd /srv/costate && $1"
}

# A newcomer has make, and has cloned with git.
if ! inside 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends make git ca-certificates' >"$top/log" 2>&1; then
  tail -n 20 "$top/log"
  skip 'make and git could not be installed in it (is there a network?)'
fi
lap 'make and git are in'

for command in "$@"; do
  printf '\ndebian.sh: %s $ %s\n' "$suite" "$command"
  if ! inside "$command" </dev/null; then
    echo "debian.sh: FAILED: $suite: $command"
    exit 1
  fi
  lap "$command"
done
echo "debian.sh: passed: $suite"
