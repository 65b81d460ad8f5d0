#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The sources of the site (make docs): every page, all options of the library; what is wrong is an error before Sphinx begins.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

# In the place of an example with a Tao: its options as PETSc prints them.
cat >example <<'X'
#!/bin/sh
echo 'TAO options'
sed -n 's/.*PetscOptions[A-Z][a-z]*("-\(tao_costate_[a-z]*\)", .*/  -\1 <now  : formerly >: text (CostateTaoSetTape)/p' src/tao/settings.c
X
chmod +x example
site_of() { (cd "$1" && python3 -B config/docs/site.py "$COSTATE_BIN" "$here/example" "$2"); }
here=$PWD

site_of "$ROOT" "$PWD/site" >out 2>err
t_is "$? $(cat err)" "0 " "the sources are written"
lost=''
for page in "$ROOT"/docs/*.md "$ROOT"/docs/*/*.md "$ROOT"/examples/*/README.md; do
  name=${page#"$ROOT"/}
  if [ "$name" != docs/index.md ]; then cmp -s "$page" "site/$name" || lost+=" $name"; fi
  grep -qx "/${name%.md}" site/docs/index.md || [ "$name" = docs/index.md ] || lost+=" $name in the index"
done
t_is "$lost" "" "every page is in the site, and in its contents"
for option in $(sed -n 's/.*"\(\(costate\|ts_trajectory_costate\)_[a-z0-9_]*\)"[,}].*/\1/p' "$ROOT"/src/costate/options.c "$ROOT"/src/traj/options.c) \
  tao_costate_tape tao_costate_pure costate_adjoint_layers; do
  grep -q "^| \`-$option\` |" site/reference/options.md || lost+=" $option"
done
t_is "$lost" "" "the reference has every option of the object, of the trajectory, of the tape"
grep -q '^| `-costate_gauss_points` | .*`CostateSetType()`.* | `3` |' site/reference/options.md
t_ok $? "with its default and the function that sets it"
grep -q -- '-stage_restarts BOOL' site/reference/command.md
t_ok $? "the page of the command has what it says of itself"

mkdir copy && cp -r "$ROOT"/{include,src,docs,examples,config,README.md,CONTRIBUTING.md,CHANGELOG.md} copy/
# spoilt TEXT FILE SED: what is said of a file that was changed like this
spoilt() {
  local said
  if [ "$3" ]; then sed -i "$3" "copy/$2"; fi
  if cmp -s "$ROOT/$2" "copy/$2"; then echo "# $3 changes nothing" >&2; fi
  said=$(site_of copy "$PWD/none" 2>&1) && said="status 0: $said"
  t_like "$said" "$1" "an error: $1"
  cp "$ROOT/$2" "copy/$2"
}
spoilt 'docs/resume.md: a link to nowhere.md, which does not exist' docs/resume.md 's/(hdf5.md)/(nowhere.md)/'
spoilt 'docs/resume.md: the link to .* is one to a folder' docs/resume.md 's/(hdf5.md)/(methods)/'
spoilt 'docs/resume.md: there is no option -costate_typ$' docs/resume.md '$a Try `-costate_typ gauss`.'
spoilt 'does not print -costate_new' src/costate/options.c 's/"costate_type",/"costate_type", "costate_new",/'
echo '# New' >copy/docs/new.md
spoilt 'docs/new.md: it is not in docs/index.md' docs/faults.md '$a .'
[ ! -e none ]
t_ok $? "and nothing is written then"
t_done
