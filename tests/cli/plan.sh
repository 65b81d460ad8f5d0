#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate plan: the counts of the tables, the three formats, the search for slots, and what it refuses.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

plan() { "$COSTATE_BIN" plan "$@"; }

# compare TABLE KEYS STEPS GOT WANTED ARGUMENTS TEXT: rows of up to 3000 steps with equal KEYS are asked for in one call, a
# list of steps each; the seed chooses a third of the calls.
compare() {
  grep -v '^#' "$ROOT/tests/oracles/$1" | awk -F, -v seed="$SEED" "
    NR > 1 && $3 <= 3000 {
      key = $2
      if (!(key in list) || count[key]++ % 50 == 49) { list[key] = ++calls; arguments[calls] = $6 }
      steps[list[key]] = steps[list[key]] \",\" $3
      wanted[list[key]] = wanted[list[key]] $5 \"\\n\"
    }
    END {
      for (c = 1; c <= calls; c++) {
        if ((c + seed) % 3) continue
        print arguments[c] \" -steps \" substr(steps[c], 2) >\"calls\"
        printf \"%s\", wanted[c] >\"wanted\"
      }
    }"
  while read -r -a arguments; do plan "${arguments[@]}" -format csv | tail -n +2; done <calls | awk -F, "{ print $4 }" >got
  [ -s wanted ] && cmp -s got wanted
  t_ok $? "$7 ($(wc -l <wanted) rows of $1)"
}

header=policy,steps,slots,advances,evaluations,optimum,ratio
got='$2 "," $3 "," $4 "," $5 "," $6'

compare offline_optimum.csv '$1' '$2' "$got" '$2 "," $1 "," $4 "," $5 "," $5' '"-policy offline -slots " $1' "policy offline"
compare online.csv '$1' '$2' "$got" '$2 "," $1 "," $5 "," $5 + $2 "," $4 + $2' '"-slots " $1' "policy online"
compare online_wang.csv '$1' '$2' "$got" '$2 "," $1 "," $5 "," $5 + $2 "," $4 + $2' '"-policy wang -slots " $1' "policy wang"
compare mixed.csv '$1 "," $2 "," $3' '$4' "$got" '$4 "," $3 "," $5 - $4 "," $5 "," $5' \
  '"-policy offline -stage_restarts " $1 " -stage_units " $2 " -slots " $3' "stage records"

t_is "$(plan -steps 100,200 -slots 5,8 -policy online,wang -format csv | wc -l)" 9 "one row for each combination, and a header"
t_is "$(plan -steps 100,200 -slots 5,8 -format csv | head -n 1)" $header "the header"
t_is "$(plan -steps 1e3 -slots 8 -format csv)" "$(plan -steps 1000 -slots 8 -policy online -format csv)" "1e3 is 1000, online is the default"

plan -steps 1000 -slots auto -overhead 3.5 -format csv | tail -n 1 >auto
IFS=, read -r _ steps slots _ evaluations _ _ <auto
IFS=, read -r _ _ _ _ fewer _ _ < <(plan -steps 1000 -slots $((slots - 1)) -format csv | tail -n 1)
[ "$((evaluations * 2))" -le "$((steps * 7))" ] && [ "$((fewer * 2))" -gt "$((steps * 7))" ]
t_ok $? "$slots slots keep 1000 steps within 3.5 times the forward run, one less does not"
plan -steps 50 -slots auto -overhead 1 2>said
t_is $? 1 "no number of slots will do"
t_like "$(cat said)" "2 N - 1" "and the reason"

plan -steps 60 -slots 6 -stage_units 3 -format json >json
if command -v python3 >/dev/null; then
  python3 - json <<'END'
import json, sys

plan = json.load(open(sys.argv[1]))
adjoint = [a["step"] for a in plan["actions"] if a["do"] == "adjoint"]
forward = sum(1 for a in plan["actions"] if a["do"] == "forward")
again = sum(a["to"] - a["from"] for a in plan["actions"] if a["do"] == "advance")
taped = sum(1 for a in plan["actions"] if a.get("taped"))
held = sum({"store": 1, "evict": -1}.get(a["do"], 0) for a in plan["actions"])
assert adjoint == list(range(60, 0, -1)) and forward == 60 and held == 0
assert forward + again + taped == plan["evaluations"] and plan["ratio"] >= 1
END
  t_ok $? "the json's actions reverse every step and add up to its counts"
else
  t_skip "python3 is not installed"
fi

LC_ALL=C plan -steps 12 -slots 3 >drawn
[ "$(LC_ALL=C tr -d '\n\40-\176' <drawn | wc -c)" = 0 ] && [ "$(grep -c 'reverse 1[,$]*' drawn)" -ge 1 ]
t_ok $? "the drawing is ASCII in the C locale"
t_is "$(sed -n '$s/ .*//p' drawn)" "$(awk 'NR == 2 { print $5 }' drawn)" "its last row has all evaluations"
LC_ALL=C plan -steps 5000 -slots 8 | awk 'length > 100 { bad = 1 } END { exit bad || NR > 60 || NR < 12 }'
t_ok $? "a long schedule is drawn within the terminal"

plan -help >help
t_is $? 0 "-help"
t_like "$(cat help)" "anchored greedy" "names the policies"

refused() { # PATTERN ARGUMENTS...
  local pattern=$1
  shift
  plan "$@" >out 2>err
  t_is "$? $(wc -l <err) $(wc -c <out)" "2 1 0" "plan $* is refused in one line"
  t_like "$(cat err)" "$pattern" "saying $pattern"
}
refused "did you mean -slots" -steps 5 -slot 2
refused "did you mean online" -steps 5 -slots 2 -policy onlin
refused "at least 1" -steps 0 -slots 2
refused "at least 1" -steps 5 -slots -2
refused "not a whole number" -steps 5.5 -slots 2
refused "not a whole number" -steps 5 -slots 2x
refused "not a whole number" -steps nan -slots 2
refused "more than 1e15" -steps 1e30 -slots 2
refused "needs a value" -steps
refused "say -slots" -steps 5
refused "say -steps" -slots 5
refused "text, csv, json" -steps 5 -slots 2 -format xml
refused "neither true nor false" -steps 5 -slots 2 -stage_restarts maybe
refused "goes with -slots auto" -steps 5 -slots 2 -overhead 2
plan -steps 50 -slots 4 -policy all 2>said
t_is $? 1 "policy all with too few slots fails"
t_like "$(cat said)" "raise the budget or choose policy online" "and says what to do"
t_done
