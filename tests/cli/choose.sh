#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate choose: every method is in the table with its errors or with why it fails, auto's choice is judged by them, and
# references that are computed agree with known ones.  What takes how long is not tested.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

choose() { "$COSTATE_BIN" choose "$@" -rounds 1 >out 2>err; }
# json FILE EXPRESSION: of the answer j, whose methods and providers are also m and v by name
json() {
  python3 -c '
import json, sys
j = json.load(open(sys.argv[1]))
m, v = {x["method"]: x for x in j["methods"]}, {x["provider"]: x for x in j["providers"]}
print(eval(sys.argv[2]))' "$1" "$2"
}
methods=$("$COSTATE_BIN" list methods | sed -n 's/^  \([a-z]*\) .*/\1/p')
vjps=$("$COSTATE_BIN" list vjps | sed -n 's/^  \([a-z]*\) .*/\1/p')

choose vanderpol -json j
t_is $? 0 "vanderpol"
t_is "$(grep -c 'costate' err)" 0 "nothing is said beside the tables"
missing=
for name in $methods $vjps; do grep -q "^$name " out || missing+=" $name"; done
t_is "$missing" "" "all methods and providers are in the tables"
t_like "$(cat out)" "implicit +fails: the run does not come to rest" "one that fails says why"
t_like "$(cat out)" "shell +no: .*not a MATSHELL" "and so does a provider"
t_like "$(cat out)" "auto takes discrete, exact.*  not gauss: discrete serves.*its time is [0-9.e+]+ times" \
  "what auto takes, why, and its time"
"$COSTATE_BIN" run vanderpol -json run >/dev/null 2>&1
t_is "$(python3 -c '
import json
r, c = json.load(open("run"))["error"], json.load(open("j"))["methods"][0]["error"]
print(all(abs(r[k] / c[k] - 1) < 1e-6 for k in ("u0", "p")))')" True "errors are those of costate run"
t_is "$(json j 'sorted(x for x in m if m[x].get("reaches"))')" \
  "['backsolve', 'discrete', 'gauss', 'interpolating', 'quadrature']" "forward gives not all that is wanted"
t_is "$(json j 'j["auto"] == "discrete" and j["fastest"] in m and j["ratio"] >= 1 and j["reference_error"] == 0')" True \
  "for programs, too"
t_is "$(json j 'all(m[x]["seconds"] > 0 and m[x]["solves_in_a_round"] > 1 for x in m if "failure" not in m[x])')" True \
  "short runs are repeated to be timed"
t_is "$(json j 'v["jacobian"]["error"]["u0"] == 0 and 0 < v["coloring"]["error"]["u0"] < 1e-6 and v["coloring"]["functions"] > v["jacobian"]["functions"]')" \
  True "differences are near the Jacobian, for more evaluations"

choose vanderpol -costate_wanted parameters -providers 0 -json j
t_is "$? $(json j 'm["forward"]["reaches"], j["providers"]')" "0 (True, [])" "dG/dp alone: forward gives all"
choose vanderpol -accuracy 1e-30 -providers 0 -json j
t_is "$? $(json j 'j["fastest"], j["ratio"]')" "1 (None, None)" "an accuracy that nothing reaches"
t_like "$(cat out)" "no method reaches the accuracy: ask for less" "with what to do"
choose linear -n 256 -providers 0 -json j
t_is "$? $(json j 'j["auto"], m["discrete"]["reaches"], m["gauss"]["reaches"]')" "0 ('gauss', False, True)" \
  "steps that are too long for lambda: auto knows, and reaches the accuracy"
choose rest -costate_wanted parameters -providers 0 -json j
t_is "$? $(json j 'm["implicit"]["reaches"]')" "0 True" "a run that comes to rest: implicit is tried"

# A window that is none leaves the cost as it is, but the known gradient is not used any more.
choose heat -providers 0 -json known
choose heat -providers 0 -costate_cost_window none -json computed
t_is "$(json computed '"right by" in j["reference"] and j["reference_error"] < 1e-7')" True "heat: steps of a quarter and less, extrapolated"
cat >near.py <<'E2'
import json
a, b = (json.load(open(f))["methods"][0]["error"] for f in ("known", "computed"))
print(all(abs(a[k] / b[k] - 1) < 0.02 for k in ("u0", "p")))
E2
t_is "$(python3 near.py)" True "errors by it are those by the known gradient"
choose lotka -ts_rtol 1e-6 -ts_atol 1e-6 -providers 0 -json known
choose lotka -ts_rtol 1e-6 -ts_atol 1e-6 -providers 0 -costate_cost_window none -json computed
t_is "$(json computed 'j["reference_error"] < 1e-7')" True "lotka: tighter tolerances"
t_is "$(python3 near.py)" True "errors by it are those by the known gradient"

run_mpi 2 "$COSTATE_BIN" choose advdiff -n 16 -tend .05 -rounds 1 -json - >j 2>err
t_is "$? $(json j 'j["ranks"], j["auto"], "would take" in m["forward"]["failure"]')" "0 (2, 'discrete', True)" \
  "on two ranks, said once"

refused() {
  local status=$1 like=$2 text=$3
  shift 3
  "$COSTATE_BIN" choose "$@" >out 2>err
  t_is "$? $(wc -c <out) $(wc -l <err)" "$status 0 1" "$text is refused"
  t_like "$(cat err)" "^costate choose: .*$like" "in a sentence"
}
refused 2 "did you mean lotka" "an unknown problem" lotak
refused 2 "did you mean -rounds" "a misspelt option" lotka -round 3
refused 2 "from 1 to" "no round" lotka -rounds 0
refused 2 "above 0" "an accuracy of nothing" lotka -accuracy 0
refused 2 "all methods are tried" "a method" lotka -costate_type gauss
refused 2 "the whole run" "a part of a run" lotka -ts_max_steps 3
choose vanderpol -providers 0 -json none/such
t_is $? 1 "a file that cannot be written"
t_like "$(cat err)" "none/such cannot be written" "is named"
t_like "$("$COSTATE_BIN" choose -help)" "usage: costate choose PROBLEM" "choose -help"
t_done
