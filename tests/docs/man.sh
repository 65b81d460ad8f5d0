#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# make man: a page for every public function, from docstrings that have to be complete; the page of the command.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

man_of() { (cd "$1" && python3 -B config/docs/man.py "$COSTATE_BIN" "$2"); }

man_of "$ROOT" "$PWD/man" >out 2>err
t_is "$? $(cat err)" "0 " "the pages are written"
functions=$(sed -n 's/^PETSC_EXTERN PetscErrorCode \([A-Za-z0-9]*\)(.*/\1/p; s/^\(int\|int64_t\|void\|double\|const char \*\) *\(costate_[a-z_]*\)(.*/\2/p' \
  "$ROOT"/include/costate.h "$ROOT"/include/costate/*.h)
missing=''
for name in $functions; do [ -s "man/man3/$name.3" ] || missing+=" $name"; done
t_is "$(wc -w <<<"$functions" | sed 's/^[2-9]..$/hundreds/')$missing" hundreds "every function of the headers has one"

(cd man && mandoc -T lint -W warning man3/*.3 man1/*.1) | grep -v ' so man3/' >lint
t_is "$(cat lint)" "" "mandoc finds nothing to complain of"
mandoc -T ascii -O width=100 man/man3/CostateSetTerminalCost.3 | sed $'s/.\b//g' >page
for part in '#include <costate.h>' 'PetscErrorCode CostateSetTerminalCost(Costate cs,' 'Logically Collective' '  phiu ' 'CostateSetPointCost(3)' \
  '(\*CostateCostValue)(Costate, PetscInt i'; do
  grep -q "$part" page
  t_ok $? "CostateSetTerminalCost(3) has $part"
done
mandoc -T ascii man/man1/costate.1 | sed $'s/.\b//g' >page
lost=''
for name in $("$COSTATE_BIN" -help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
  grep -q "^   $name\$" page || lost+=" $name"
  for option in $("$COSTATE_BIN" "$name" -help | sed -n 's/^  \(-[a-z_0-9]*\).*/\1/p'); do
    sed -n "/^   $name\$/,/^   [a-z]/p" page | grep -qe "$option\>" || lost+=" $name:$option"
  done
done
t_is "$lost" "" "costate(1) has every command with all its options"

mkdir -p copy/config && cp -r "$ROOT"/include "$ROOT"/src copy/ && cp -r "$ROOT"/config/docs copy/config/
# spoilt TEXT FILE SED: what is said of a file that was changed like this
spoilt() {
  local said
  sed -i "$3" "copy/$2"
  if cmp -s "$ROOT/$2" "copy/$2"; then echo "# $3 changes nothing" >&2; fi
  said=$(man_of copy "$PWD/none" 2>&1) && said="status 0: $said"
  t_like "$said" "$1" "an error: $1"
  cp "$ROOT/$2" "copy/$2"
}
spoilt 'create.c: CostateSetType: its parameter type is not in the docstring' src/costate/create.c 's/^- type - `COSTATED/- kind - `COSTATED/'
spoilt 'CostateSetType: the docstring has a parameter kind, the function has not' src/costate/create.c 's/^- type - `COSTATED/- kind - `COSTATED/'
spoilt 'gradient.h: CostateSetType has no docstring' src/costate/create.c 's/^  CostateSetType - /  CostateTakeType - /'
spoilt "CostateSetType: Level: 'easy' is none of" src/costate/create.c '/^  CostateSetType - /,/@\*/s/Level: .*/Level: easy/'
spoilt 'CostateSetType: neither Collective' src/costate/create.c '/^  CostateSetType - /,/@\*/s/Logically Collective/Together/'
spoilt 'gradient.h: CostateNew has no docstring' include/costate/gradient.h '/^PETSC_EXTERN PetscErrorCode CostateReset/aPETSC_EXTERN PetscErrorCode CostateNew(Costate, void (*)(void));'
t_done
