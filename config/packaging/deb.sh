#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds the Debian packages of this checkout:  config/packaging/deb.sh [DIR]
#
# They are left in DIR, by default build/deb. The build is done in a copy, so that nothing else here changes. What it needs is
# in config/packaging/debian/control, and debhelper; what is missing is named. lintian looks at the packages if it is there.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:-build/deb}")
for command in dpkg-buildpackage dh; do
  command -v $command >/dev/null || { echo "deb.sh: there is no $command: apt-get install dpkg-dev debhelper" >&2; exit 1; }
done

version=$(sed -n 's/^#define COSTATE_VERSION *"\(.*\)"/\1/p' include/costate.h)-1
maintainer=$(sed -n 's/^Maintainer: *//p' config/packaging/debian/control)
date=$(git -c safe.directory="$PWD" log -1 --format=%cD)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/costate
mkdir -p "$out"
config/copy-checkout "$tree"
cp -r config/packaging/debian "$tree/debian"
printf 'costate (%s) unstable; urgency=medium\n\n  * Of a checkout; CHANGELOG.md says what is new.\n\n -- %s  %s\n' "$version" "$maintainer" "$date" \
  >"$tree/debian/changelog"

# The machine's own make options are none of the package's.
(cd "$tree" && env -u MAKEFLAGS -u MFLAGS -u BUILD dpkg-buildpackage -b -us -uc "-j$(nproc)")
rm -f "$out"/*.deb
cp "$work"/*.deb "$out"
if command -v lintian >/dev/null; then
  (cd "$out" && lintian --allow-root --suppress-tags initial-upload-closes-no-bugs ./*.deb)
else
  echo 'deb.sh: there is no lintian to look at the packages'
fi
printf 'deb.sh: %s\n' "$out"/*.deb
