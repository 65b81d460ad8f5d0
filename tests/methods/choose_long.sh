#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# suite: long
# What -costate_type auto takes on every problem of the zoo, beside the fastest method that reaches the accuracy: all its
# costs, both gradients or dG/dp alone, larger sizes, other TS types.  Its choice must work, and reach the accuracy where
# another method does; times are printed and not judged.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

cases() {
  local problem kind
  for problem in $("$COSTATE_BIN" list problems | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p'); do
    for kind in $("$COSTATE_BIN" run "$problem" -help | sed -n 's/^  -cost \([a-z]*\)[*:].*/\1/p'); do
      case $problem in
        brusselator) echo "$problem -cost $kind -dt .01 -tend .5 -accuracy 1e-3" ;;
        vdp_stiff) echo "$problem -cost $kind -dt 2e-4" ;;
        *) echo "$problem -cost $kind" ;;
      esac
    done
  done >all
  cat all
  sed 's/$/ -costate_wanted parameters/' all
  cat <<'LINES'
advdiff -n 32
advdiff -n 64
advdiff -n 40 -variant dirichlet
linear -n 256
linear -n 4096
linear -n 4096 -costate_wanted parameters
lorenz96 -n 4000 -tend .5
heat -n 400
heat -n 400 -costate_wanted parameters
heat -n 100 -ts_type rk -form rhs
heat -n 100 -ts_type rk -form rhs -costate_wanted parameters
brusselator -n 32 -tend .2 -dt .005
brusselator -n 16 -tend .5 -ts_type rk -form rhs
brusselator -n 16 -tend .2 -ts_type rosw -ts_rtol 1e-6 -ts_atol 1e-6
advdiff -n 16 -tend .1 -ts_type bdf -ts_rtol 1e-6 -ts_atol 1e-6
heat -ts_type bdf
heat -ts_type rosw
heat -ts_type arkimex
heat -ts_type bdf -costate_wanted parameters
dae1 -ts_type bdf
mass -ts_type rosw
hessian3 -ts_type bdf
vdp_stiff -ts_type bdf
robertson -ts_type rosw
robertson -ts_type bdf
pendulum -ts_type rosw
heat -ts_type rosw -cost integral
hessian3 -ts_type arkimex -cost times
rest -costate_steady_atol 1e-8 -costate_wanted parameters
lotka -ts_type ssp -ts_dt .01 -tend 2
lotka -ts_type ssp -ts_dt .01 -tend 2 -costate_wanted parameters
LINES
}

# What the answer j of one case says: its line of the table, and 0 or 1
cat >judge.py <<'PY'
import json, sys
try:
    j = json.load(open('j'))
except Exception:
    print(1, 'no answer')
    sys.exit()
m = {x['method']: x for x in j['methods']}
a = m.get(j['auto'], {'failure': j['because']})
fastest = j['fastest']
bad = 'failure' in a or (fastest is not None and not a['reaches'])
ms = lambda x: '%.3g ms' % (1e3 * x['seconds'])
if 'failure' in a:
    text = 'auto %s FAILS: %s' % (j['auto'], a['failure'])
elif fastest is None:
    text = 'auto %s %s; none reaches %g' % (j['auto'], ms(a), j['accuracy'])
elif bad:
    text = 'auto %s is not accurate, %s is' % (j['auto'], fastest)
else:
    text = 'auto %s %s, fastest %s %s, ratio %.2f' % (j['auto'], ms(a), fastest, ms(m[fastest]), j['ratio'])
    open('ratios', 'a').write('%.4f %g\n' % (j['ratio'], m[fastest]['seconds']))
print(int(bad), text)
PY

: >ratios
cases >list
if [ -n "${COSTATE_SAMPLE:-}" ]; then
  sort -R --random-source=<(yes "$COSTATE_SAMPLE") list | head -6 >sample
  mv sample list
fi
while read -ra args; do
  rm -f j
  "$COSTATE_BIN" choose "${args[@]}" -rounds 3 -clock cpu -providers 0 -json j >out 2>err
  read -r status text < <(python3 judge.py)
  t_ok "$status" "${args[*]}: $text"
  if [ "$status" != 0 ]; then cat out err >&2; fi
done <list
python3 - <<'PY'
r = sorted(tuple(map(float, l.split())) for l in open('ratios'))
if r:
    print('# time of auto over that of the fastest: %d cases, median %.2f, %d above 1.5 (of these %d shorter than 1 ms), at most %.2f' %
          (len(r), r[len(r) // 2][0], sum(x > 1.5 for x, _ in r), sum(x > 1.5 and t < 1e-3 for x, t in r), r[-1][0]))
PY
t_done
