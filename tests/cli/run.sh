#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate run: the answer in text and in JSON, on one rank and on two; questions that make no sense.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

run() { "$COSTATE_BIN" run "$@" -ts_trajectory_costate_ram 100MB >out 2>err; }
run_on() {
  local n=$1
  shift
  run_mpi "$n" "$COSTATE_BIN" run "$@" -ts_trajectory_costate_ram 100MB >out 2>err
}
json() { python3 -c "import json,sys; d=json.load(open('$1')); print($2)"; }
field() { sed -n "s|^$1 *\([^ ]*\).*|\1|p" out | head -n 1; }

# What a run says
run lotka -ts_rtol 1e-11 -ts_atol 1e-11
t_is "$? $(wc -c <err)" "0 0" "run lotka"
t_like "$(head -n 1 out)" "^lotka by discrete, TS type rk, 1 rank$" "says what was run"
t_like "$(field cost)" "^0\.00442487" "the cost"
t_like "$(field dG/dp)" "^0\.62196158[0-9]{8}" "and gradients with 16 digits"
t_is "$(grep -c 'known  ' out) $(grep -c 'relative error [0-9.]*e-\(09\|1[0-9]\) (computed' out)" "2 2" "beside the known ones"
t_like "$(cat out)" "forward   [1-9][0-9]* steps" "and what it took"

# The options of the model
run lotka -p 1,1,3,1 -tend 1
t_is "$? $(grep -c known out)" "0 0" "other parameters: nothing is known"
first=$(field dG/du0)
run lotka -p 1,1,3,1 -tend 1 -u0 2,-.5
t_is "$? $([ "$first" = "$(field dG/du0)" ] && echo same)" "0 " "another initial state, with a negative number"
run lotka -ts_max_steps 10
t_is "$? $(grep -c known out) $(grep -c 'the run stopped at t = 0.* before -tend 10:' err)" "0 0 1" "a run that stops before its end says so"
run lotka_t -times 1:0.5:3
t_like "$(cat out)" "5 times from 1 to 3" "times of the cost"
run lotka_t -cost integral -tend 2
t_like "$(cat out)" "integral, t from 0 to 2" "another cost"
run dae1 -variant quadratic -dt 1e-3
t_is "$? $(grep -c 'relative error [0-9.]*e-0[6-9] (exact)' out)" "0 2" "a variant"
run heat -n 50 -p 2 -tend 0.02 -dt 1e-4
t_like "$(cat out)" "dG/du0 .* \.\.\. .*, 50 entries, norm [0-9.]+" "a long vector is cut short"
run heat -form implicit -ts_type beuler
t_like "$(head -n 1 out)" "TS type beuler" "options of the TS"
run advdiff -variant dirichlet -p 0.5 -u0 1 -n 5
t_is $? 0 "one value for a field"
run lotka -prefix_x 3
t_is $? 2 "an option that nothing reads"
t_like "$(cat err)" "nothing read the option -prefix_x" "is named"

# Every problem by every method: an answer, or a sentence
methods=$("$COSTATE_BIN" list methods | sed -n 's/^  \([a-z]*\) .*/\1/p')
for problem in $("$COSTATE_BIN" list problems | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p'); do
  run "$problem" -json "$problem.json" -tend "$([ "$problem" = linear2 ] && echo 0.4 || echo 0.05)" -cost terminal
  t_is "$? $(json "$problem.json" 'd["reason"], len(d["gradient"]["u0"]) > 0, len(d["gradient"]["p"]) > 0')" \
    "0 CONVERGED True True" "$problem runs"
done
for method in $methods; do
  if [ "$method" = implicit ]; then
    run lotka -costate_type implicit -tend 1
    t_is "$? $(grep -c DIVERGED_NOT_STEADY out)" "1 1" "implicit says that the run is not at rest"
    continue
  fi
  run lotka -costate_type "$method" -tend 1 -json "$method.json"
  t_is "$? $(json "$method.json" 'd["method"], round(d["gradient"]["p"][0], 3)')" "0 $method 4.341" "by $method"
done

# JSON
run heat -n 20 -json all.json
t_is "$? $(grep -c '^heat by' out)" "0 1" "-json FILE: the text too"
t_is "$(json all.json 'd["problem"], d["method"], d["ranks"], len(d["gradient"]["u0"]), len(d["known"]["u0"]), len(d["gradient"]["p"]), d["statistics"]["steps"]')" \
  "heat discrete 1 20 20 1 100" "the file has everything, vectors in full"
run heat -n 20 -json -
t_is "$? $(json out 'd["error"]["p"] < 1e-4')" "0 True" "-json -: nothing else on the standard output"
run vdp_stiff -json v.json -dt 1e-2
t_is "$(json v.json 'd["cost"] == float(repr(d["cost"])), "%.17g" % d["cost"] in open("v.json").read()')" "True True" "numbers are exact"
run advdiff -variant dirichlet -json - -cost terminal
t_is "$(json out 'd["known"]')" "None" "null where nothing is known"
run heat -json /nowhere/at/all.json
t_is $? 1 "a file that cannot be written"
t_like "$(cat err)" "/nowhere/at/all.json cannot be written: No such file" "is named"

# On more ranks
run advdiff -n 8 -json one.json
run_on 4 advdiff -n 8 -json two.json # 2 x 2 parts, whose order is not the natural one
t_is "$? $(grep -c '^advdiff by' out)" "0 1" "on four ranks one answer is printed"
t_is "$(python3 - <<'END'
import json
a, b = json.load(open('one.json')), json.load(open('two.json'))
print(b['ranks'], all(max(abs(x - y) for x, y in zip(a['gradient'][k], b['gradient'][k])) < 1e-12 * max(map(abs, a['gradient'][k])) for k in ('u0', 'p')))
END
)" "4 True" "the same numbers in natural order"
run_on 3 lotka
t_is "$? $(grep -c '^dG/dp' out)" "0 1" "more ranks than unknowns"

# Misuse: a sentence, status 2, nothing on the standard output
refused() { # PATTERN TEXT ARGUMENTS...
  local pattern=$1 text=$2
  shift 2
  "$COSTATE_BIN" run "$@" >out 2>err
  t_is "$? $(wc -c <out) $(wc -l <err)" "2 0 1" "$text is refused"
  t_like "$(cat err)" "^costate run: .*$pattern" "in a sentence"
}
refused "There is no problem lotak; did you mean lotka\?" "an unknown problem" lotak
refused "which problem\?" "no problem" -p 1
refused "what is 'heat'\?" "a second problem" lotka heat
refused "-p: 3 values, but lotka takes 4: growth" "a wrong number of parameters" lotka -p 1,2,3
refused "-u0: 2 values, but heat takes 20, one for each unknown" "of unknowns" heat -u0 1,2
refused "'x,2,3' is not a number" "a parameter that is no number" lotka -p 1,x,2,3
refused "'nan,1,2,3' is not a number" "not a number" lotka -p nan,1,2,3
refused "-p has no value" "an option without its value" lotka -p
refused "-cost final: lotka has terminal, integral, times; did you mean" "an unknown cost" lotka -cost final
refused "does not heed -times" "an option that the cost ignores" lotka -times 1,2
refused "does not heed -n" "an option that the model ignores" lotka -n 3
refused "does not heed -u0: its initial state follows from -p" "an initial state that follows from parameters" pendulum -u0 1,2
refused "does not heed -variant" "a variant where there is none" lotka -variant x
refused "-variant cubic: dae1 has linear, quadratic" "an unknown variant" dae1 -variant cubic
refused "-form rhs: mass has implicit, split" "a form that the equation has not" mass -form rhs
refused "-n 1: heat takes a whole number from 2" "a size that is too small" heat -n 1
refused "-n 3.5: heat takes a whole number" "half an unknown" heat -n 3.5
refused "-tend must be later" "an empty time span" lotka -tend 0
refused "the time step must be positive" "a step of no length" lotka -dt 0
refused "-times: 11 is not between" "a time outside of the span" lotka -cost times -times 1,11
refused "2 comes after 3" "times that do not ascend" lotka -cost times -times 3,2
refused "a range is first:step:last" "half a range" lotka -cost times -times 1:2
refused "no option -tedn; did you mean -tend\?" "a misspelt option" lotka -tedn 3
refused "Unknown option -costate_gaus_points" "an option of the library that is misspelt" lotka -costate_gaus_points 3
refused "no method gaus \(-costate_type\); did you mean gauss" "an unknown method" lotka -costate_type gaus
run_mpi 2 "$COSTATE_BIN" run lotak >out 2>err
t_is "$? $(grep -c 'There is no problem' err)" "2 1" "two ranks say it once"

t_like "$("$COSTATE_BIN" run -help)" "usage: costate run PROBLEM" "run -help"
t_like "$("$COSTATE_BIN" run pendulum -help)" "damping c, w2 = g/l, initial angle" "and of a problem"
t_done
