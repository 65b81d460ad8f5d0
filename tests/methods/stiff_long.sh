#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# suite: long
# Stiff and distributed: the Brusselator and PETSc's tutorial ex5adj on 256 x 256 points and 2 ranks, implicit steps
# backward as forward, linear systems by hypre on both ways.  As the steps are refined the continuous methods come nearer
# to what the discrete one comes nearer to, by the order of the scheme, and the way back takes no more than 1.5 times the
# steps and linear iterations of the run.  That limit is extrapolated from two discrete adjoints of Crank-Nicolson.
# A sample (COSTATE_SAMPLE) has 64 x 64 points.
# The figures are left in the file `figures` of the directory of the test, and shown when it fails.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"

# PETSc's transposed BoomerAMG is refused by the method discrete, so that has the default preconditioner.
span=4 # of ex5adj
n=256
if [ -n "${COSTATE_SAMPLE:-}" ]; then n=64; fi
hypre=(-pc_type hypre -costate_adjoint_pc_type hypre)
tight=(-ksp_rtol 1e-10 -snes_rtol 1e-10 -ts_trajectory_costate_ram 1GB)
fixed=(-ts_adapt_type none)
"$COSTATE_BIN" run heat -n 8 -tend .01 "${tight[@]}" -costate_type gauss "${hypre[@]}" >hypre.out 2>&1
if grep -q 'Unable to find requested PC type hypre' hypre.out; then t_skip_all 'this PETSc was configured without hypre'; fi

# brusselator NAME METHOD TYPE STEP ARGS...: the answer in NAME.json
brusselator() {
  local name=$1 method=$2 type=$3 step=$4
  shift 4
  run_mpi 2 "$COSTATE_BIN" run brusselator -n $n -tend .04 -ts_type "$type" -dt "$step" "${fixed[@]}" "${tight[@]}" \
    -costate_type "$method" -json "$name.json" "$@" >"$name.out" 2>&1 || head -c 2000 "$name.out" | sed 's/^/# /' >&2
}
# ex5adj NAME METHOD TYPE STEP ARGS...: lambda in NAME.bin, what it took in NAME.out
ex5adj() {
  local name=$1 method=$2 type=$3 step=$4
  shift 4
  run_mpi 2 ./ex5adj -dll_append "$COSTATE_LIB" -ts_save_trajectory -ts_trajectory_type costate "${fixed[@]}" \
    "${tight[@]}" -da_grid_x $n -da_grid_y $n -ts_max_time "$span" -ts_max_steps 100000 -ts_type "$type" -ts_dt "$step" \
    -costate_type "$method" -ts_view -ts_adjoint_view_solution "binary:$name.bin" "$@" \
    >"$name.out" 2>&1 || head -c 2000 "$name.out" | sed 's/^/# /' >&2
}

# table PROBLEM TYPE ORDER LIMIT STEP...: prints what came out, and one verdict a line: STATUS TEXT.  LIMIT is two steps,
# H,H/2, of discrete Crank-Nicolson.
table() {
  SPAN=$span python3 - "$@" <<'PY'
import json, math, os, re, struct, sys
SPAN = float(os.environ['SPAN'])
problem, scheme, order, limit, steps = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4].split(','), sys.argv[5:]

def read(name):
    """{'u0': gradient, 'p': gradient}, [steps, iterations, the same backward]"""
    if problem == 'brusselator':
        d = json.load(open(name + '.json'))
        s = d['statistics']
        return d['gradient'], [s['steps'], s['linear_its'], s['adjoint_steps'], s['adjoint_linear_its']]
    b = open(name + '.bin', 'rb').read()
    b = b[8 if b[:4] == bytes.fromhex('00127b4e') else 16:] # two integers, of 32 bits or 64
    t = open(name + '.out').read()
    took = [round(SPAN / float(name.split('.', 3)[3]))]
    took += [int(x) for x in re.findall(r'total number of linear solver iterations=(\d+)', t)[:1]]
    took += [int(x) for x in re.findall(r'backward: (\d+) steps, \d+ rejected, (\d+) linear', t)[0]] if 'backward:' in t else [0, 0]
    return {'u0': struct.unpack('>%dd' % (len(b) // 8), b)}, took

def off(a, b):
    return math.sqrt(sum((x - y)**2 for x, y in zip(a, b)) / sum(y * y for y in b))

say = sys.stderr.write
ends = [read('%s.cn.discrete.%s' % (problem, step))[0] for step in limit]
exact = {k: [(4 * y - x) / 3 for x, y in zip(ends[0][k], ends[1][k])] for k in ends[0] if ends[0][k]}
say('# %s by %s: difference to the limit of discrete, orders; steps and linear iterations forward and backward\n' %
    (problem, scheme))
for method in ('discrete', 'interpolating', 'gauss', 'quadrature'):
    last, orders, good = {}, {}, True
    for step in steps:
        try:
            g, took = read('%s.%s.%s.%s' % (problem, scheme, method, step))
        except (OSError, ValueError, KeyError, TypeError, IndexError, struct.error) as e:
            if method != 'discrete': say('#   %s, step %s: %s\n' % (method, step, e))
            good = False
            continue
        line = '#   %-13s %-6s' % (method, step)
        for k in exact:
            e = off(g[k], exact[k])
            o = math.log(last[k] / e, 2) if k in last and e > 0 else None
            line += '  %s %.2e %s' % (k, e, '    ' if o is None else '%4.2f' % o)
            if o is not None: orders[k] = o
            last[k] = e
        if method == 'discrete':
            say(line + '\n')
            continue
        ratio = [took[2] / max(took[0], 1), took[3] / max(took[1], 1)]
        say('%s  steps %d %d (%.2f), iterations %d %d (%.2f)\n' % (line, took[0], took[2], ratio[0], took[1], took[3], ratio[1]))
        good = good and took[2] > 0 and max(ratio) <= 1.5
    if method == 'discrete': continue
    print(int(not good), '%s %s %s: the way back takes at most 1.5 times the steps and iterations' % (problem, scheme, method))
    good = good and bool(orders) and all(abs(o - order) <= .3 for o in orders.values())
    print(int(not good), '%s %s %s: of order %g: %s' % (problem, scheme, method, order,
          ', '.join('dG/d%s %.2f' % (k, o) for k, o in orders.items())))
PY
}
verdicts() {
  local status text before=$t_count
  while read -r status text; do t_ok "$status" "$text"; done < <(table "$@" 2>>figures)
  if [ $t_count != $((before + 6)) ]; then t_ok 1 "$1 $2: there is something to compare"; fi
}
# refine PROBLEM TYPE ORDER LIMIT STEP...: all that the table needs
refine() {
  local problem=$1 type=$2 step method
  for step in "${@:5}"; do
    if [ "$type" = beuler ]; then "$problem" "$problem.beuler.discrete.$step" discrete beuler "$step"; fi
    for method in interpolating gauss quadrature; do
      "$problem" "$problem.$type.$method.$step" "$method" "$type" "$step" "${hypre[@]}"
    done
  done
  verdicts "$@"
}

for step in 0.01 0.005 0.0025 0.00125; do brusselator "brusselator.cn.discrete.$step" discrete cn $step; done
refine brusselator cn 2 0.0025,0.00125 0.01 0.005 0.0025
refine brusselator beuler 1 0.0025,0.00125 0.01 0.005 0.0025
refine brusselator bdf 2 0.0025,0.00125 0.01 0.005 0.0025
dir=$(examples_dir)
if [ -z "$dir" ]; then
  # shellcheck disable=SC2154 # from build.sh
  t_skip "$no_examples" 12
else
  dir=$dir/ts/tutorials/advection-diffusion-reaction
  compile ./ex5adj "$dir/ex5adj.c" "$dir/reaction_diffusion.c" || exit 1
  hypre+=(-costate_view)
  for step in 0.5 0.25 0.125 0.0625; do ex5adj "ex5adj.cn.discrete.$step" discrete cn $step; done
  refine ex5adj cn 2 0.125,0.0625 0.5 0.25 0.125
  refine ex5adj bdf 2 0.125,0.0625 0.5 0.25 0.125
fi
if [ $t_failed != 0 ]; then cat figures >&2; fi
t_done
