#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# examples/energy-balance on coarse grids: its gradient is right, parameters are found again from the temperatures that they make,
# the observed ones give the same on any number of ranks, and what cannot be used is refused with advice.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
real_only "the example and PETSc's optimisers are"
pkg-config --exists netcdf 2>/dev/null || t_skip_all 'the NetCDF library is not installed'
read -ra netcdf <<<"$(pkg-config --cflags --libs netcdf)"
lib=$(dirname "$COSTATE_LIB")
compile ./program "$ROOT"/examples/energy-balance/*.c -I"$ROOT/include" -L"$lib" -lcostate -Wl,-rpath,"$lib" "${netcdf[@]}" || exit 1
parameters='A B D_sea D_land d2'

# number KEY DIR: of the report that was left there
number() { sed -n "s/^ *\"$1\": *\([-+0-9.e]*\).*/\1/p" "$2/report.json" 2>/dev/null; }

# fit RANKS DIR OPTION...
fit() {
  local ranks=$1 dir=$2
  shift 2
  mkdir -p "$dir"
  run_mpi "$ranks" ./program -coarsen 5 -out "$dir" "$@" >"$dir.out" 2>&1 && return
  t_ok 1 "$ranks ranks, $*: ended with a status"
  head -c 3000 "$dir.out" | sed 's/^/# /' >&2
}

# close RELATIVE KEY DIR KEY DIR TEXT
close() {
  local x y
  x=$(number "$2" "$3") y=$(number "$4" "$5")
  awk -v x="$x" -v y="$y" -v e="$1" 'BEGIN { d = x - y; exit !(x != "" && y != "" && d * d <= e * e * y * y) }'
  t_ok $? "$6: $2 is ${x:-missing}, and ${y:-missing}"
}

fit 1 twin1 -twin -check -seed "$SEED"
fit 2 twin2 -twin -check -seed "$SEED"
for ranks in 1 2; do
  order=$(number taylor_order twin$ranks)
  awk -v x="$order" 'BEGIN { exit !(x >= 1.99 && x < 2.2) }'
  t_ok $? "seed $SEED, $ranks ranks: order of the Taylor remainders: ${order:-missing}"
done
for key in $parameters; do
  close 1e-4 "$key" twin1 "truth_$key" twin1 'found again from temperatures without errors'
  close 1e-5 "$key" twin2 "$key" twin1 '2 ranks and 1, from temperatures without errors'
done

if [ -r /usr/share/ferret-vis/data/coads_climatology.cdf ]; then
  fit 1 sea1
  fit 3 sea3
  for key in $parameters rms_after sd_A; do
    close 1e-6 "$key" sea3 "$key" sea1 '3 ranks and 1, observed temperatures'
  done
  awk -v a="$(number rms_before sea1)" -v b="$(number rms_after sea1)" 'BEGIN { exit !(b > 0 && b < .9 * a && b < 2.2) }'
  t_ok $? "observed temperatures: the misfit falls from $(number rms_before sea1) to $(number rms_after sea1) K"
else
  t_skip 'the package ferret-datasets is not installed' 8
fi

# Without ice, and with the same D everywhere, three Legendre polynomials are the solution, at the poles too.
fit 1 legendre -coarsen 2 -twin -ice_edge -200 -tao_gatol 1e30
worst=$(awk '!/^#/ && NF == 6 {
    x = sin($2 * atan2(0, -1) / 180); P2 = (3 * x * x - 1) / 2; P4 = (35 * x ^ 4 - 30 * x * x + 3) / 8
    Q = 335; s = -.482; a = .697; b = -.0779; A = 203.3; B = 2.09; D = .649
    T = (Q * (a + s * b / 5) - A) / B + Q * (b + s * a + s * b * 2 / 7) / (B + 6 * D) * P2 + Q * s * b * 18 / 35 / (B + 20 * D) * P4
    d = $4 > T ? $4 - T : T - $4; n++
    if (d > worst) worst = d
  } END { if (n) print worst + 0 }' legendre/map.txt 2>/dev/null)
awk -v x="$worst" 'BEGIN { exit !(x != "" && x < .05) }'
t_ok $? "linear climate on 4 degrees: ${worst:-nothing} K from the exact solution"

# refused PATTERN TEXT OPTION...
refused() {
  local pattern=$1 text=$2 said status
  shift 2
  run_mpi 2 ./program -coarsen 5 "$@" >refused.out 2>&1
  status=$?
  said=$(t_text refused.out)
  if [ $status = 0 ]; then said='it ended well'; fi
  t_like "$said" "$pattern" "refused: $text"
}
refused 'ferret-datasets.*-data.*-twin' 'a folder without the data' -data ./nowhere
mkdir -p damaged
echo 'not netCDF' >damaged/coads_climatology.cdf
refused 'ferret-datasets' 'a file that is no netCDF file' -data damaged
refused '-coarsen 7 does not divide' 'cells that do not fit the grid' -twin -coarsen 7
refused 'must be positive' 'an error of 0 K' -twin -sigma 0
refused 'take 5 numbers' 'a prior of two numbers' -twin -prior_centre 200,2
refused 'positive' 'a D that is negative' -twin -prior_centre 200,2,-1,.6,0
t_done
