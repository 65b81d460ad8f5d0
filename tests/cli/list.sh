#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate list: what is registered, and what the plugin does with it; the command's own answers.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

names() { sed -n "s/^$1(\([a-z0-9_]*\),.*/\1/p" "$ROOT/include/$2" | sort; }
section() { sed -n "/^$1/,/^[^ ]/p" list | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p' | sort; }
types() { sed -n "/^$1/{n;p}" list | tr ' ' '\n' | sed '/^$/d'; }

"$COSTATE_BIN" list >list 2>err
t_is "$? $(wc -c <err)" "0 0" "list"
t_is "$(section policies)" "$(names COSTATE_POLICY policies.def)" "has every policy of the table"
t_is "$(section stores)" "$(names COSTATE_STORE stores.def)" "has every store of the table"
t_is "$(sed '/^TS types/,$d' list | grep -c '^  [a-z0-9_]*  *[^ ]')" "$(($(section policies | wc -l) + $(section stores | wc -l)))" "and says what each is"

types 'TS types with an adjoint step' >with
types 'TS types without one' >without
for type in beuler cn rk theta; do
  grep -qx $type with && ! grep -qx $type without
  t_ok $? "$type has an adjoint step"
done
for type in bdf euler rosw; do
  grep -qx $type without && ! grep -qx $type with
  t_ok $? "$type has none"
done

"$COSTATE_BIN" list -x >out 2>err
t_is "$? $(wc -c <out)" "2 0" "list takes no arguments"
t_like "$(cat err)" "usage: costate list" "and says so"
t_like "$("$COSTATE_BIN" list -help)" "usage: costate list" "list -help"

version=$(sed -n 's/^#define COSTATE_VERSION  *"\(.*\)"/\1/p' "$ROOT/include/costate.h")
t_like "$("$COSTATE_BIN" -version)" "^costate ${version//./\\.}, built for PETSc [0-9]+\.[0-9]+" "-version"
t_is "$("$COSTATE_BIN" --version)" "$("$COSTATE_BIN" -version)" "--version"
"$COSTATE_BIN" -help >help
t_is $? 0 "-help"
for command in $(sed -n 's/^COSTATE_COMMAND(\([a-z]*\),.*/\1/p' "$ROOT/src/cli/commands.def"); do
  grep -q "^  $command  *[^ ]" help
  t_ok $? "names the command $command"
done
"$COSTATE_BIN" lst >out 2>err
t_is "$? $(wc -c <out)" "2 0" "an unknown command is refused"
t_like "$(cat err)" "unknown command lst" "by name"
"$COSTATE_BIN" >out 2>err
t_is "$? $(wc -c <out)" "2 0" "no command is no question"
t_done
