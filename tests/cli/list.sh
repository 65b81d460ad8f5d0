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

for what in methods:COSTATE_METHOD:methods.def problems:COSTATE_PROBLEM:problems.def stores:COSTATE_STORE:stores.def policies:COSTATE_POLICY:policies.def; do
  IFS=: read -r title macro table <<<"$what"
  t_is "$(section "$title")" "$(names "$macro" "$table")" "every line of $table is listed"
  "$COSTATE_BIN" list "$title" >one 2>err
  t_is "$? $(wc -c <err) $(sed 1d one | sort | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p' | tr '\n' ' ')" \
    "0 0 $(names "$macro" "$table" | tr '\n' ' ')" "and alone by list $title"
done
"$COSTATE_BIN" list ts >one
t_is "$(grep -c '^TS types' one) $(wc -l <one)" "2 4" "list ts"
run_mpi 2 "$COSTATE_BIN" list problems >two 2>err
t_is "$? $(diff <("$COSTATE_BIN" list problems) two >/dev/null && echo same)" "0 same" "two ranks print one list"

"$COSTATE_BIN" list -x >out 2>err
t_is "$? $(wc -c <out)" "2 0" "an unknown list is refused"
t_like "$(cat err)" "no list of -x; .*usage: costate list" "and says so"
"$COSTATE_BIN" list problms >out 2>err
t_like "$?$(cat err)" "^2costate list: there is no list of problms; did you mean problems" "with the nearest name"
"$COSTATE_BIN" list problems methods >out 2>err
t_is "$? $(wc -c <out)" "2 0" "one list at a time"
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
