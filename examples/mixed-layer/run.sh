#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The demonstration: Taylor test, inversion under a checkpoint budget, comparison and map.
#   examples/mixed-layer/run.sh [OPTION...]     options are handed to the program; RANKS=N (2), COSTATE_BUDGET=STATES (5), COSTATE_DISK=no
#   COSTATE_RESUME=DIR: what a killed run needs to go on is written below DIR; the same command again goes on
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/config/env.sh"
build=${BUILD:-$root/build}
program=$build/examples/mixed-layer/mixed-layer
out=$build/examples/mixed-layer/out
data=/usr/share/ferret-vis/data
ranks=${RANKS:-2}
budget=${COSTATE_BUDGET:-5}
resume=${COSTATE_RESUME:-}
states=${resume:-$out}/states

for ((i = 1; i < $#; i++)); do
  if [ "${!i}" = -data ]; then
    next=$((i + 1))
    data=${!next}
  fi
done
for file in coads_climatology.cdf esku_heat_budget.cdf ocean_atlas_subset.nc; do
  if [ ! -r "$data/$file" ]; then
    echo "mixed-layer: there is no $data/$file. Install the package ferret-datasets (apt-get install ferret-datasets), or give -data FOLDER." >&2
    exit 1
  fi
done
if [ ! -x "$program" ]; then
  echo "mixed-layer: $program is not built: run \`make demo\` in $root." >&2
  exit 1
fi

mkdir -p "$out"
rm -f "$out/report.json"
disk=()
where=''
if [ "${COSTATE_DISK:-yes}" != no ]; then
  disk=(-ts_trajectory_costate_hdf5 "$states")
  where=' in memory, others on disk'
fi
if [ -n "$resume" ]; then
  mkdir -p "$resume"
  if [ ${#disk[@]} -gt 0 ]; then disk+=(-ts_trajectory_costate_commit 2 -ts_trajectory_costate_resume); fi
  disk+=(-tao_costate_tape "$resume/tape" -tao_costate_resume)
fi
echo "mixed-layer: the depth of the ocean's mixed layer from its seasonal cycle, on $ranks ranks with $budget checkpoints$where"
"$MPIEXEC" -n "$ranks" "$program" -out "$out" \
  -amg_redistribute_pc_hypre_boomeramg_max_row_sum 0.7 \
  -ts_trajectory_costate_ram "$budget" ${disk[@]+"${disk[@]}"} -ts_trajectory_costate_report "$out/report.json" "$@"
if [ -n "$resume" ]; then rmdir "$resume" 2>/dev/null || true; fi

# One "name": value on a line, as the report is written; the figures are those of the last gradient.
if [ -f "$out/report.json" ]; then
  awk -F'[:,]' '
    {
      for (i = 1; i < NF; i++) { gsub(/[ "{}]/, "", $i); if ($(i + 1) ~ /[0-9]/) value[$i] = $(i + 1) + 0 }
    }
    END {
      printf "Checkpoints of one gradient: %d steps, %d steps evaluated, %d of them again on the way back; the least possible%s is %d (ratio %.4f)\n",
        value["steps"], value["evaluations"], value["recomputed"], "writes" in value ? " with memory alone" : "", value["optimum"], value["ratio"]
      if (value["period"])
        printf "The disk took %d states, %.2f MB, one every %d steps, and gave %d back; %d%% of its work was hidden behind the computation\n",
          value["writes"], value["bytes_written"] / 1e6, value["period"], value["reads"], 100 * value["hidden"]
      printf "Memory for states on each rank: the full trajectory %.2f MB, the budget %.2f MB, a factor of %.1f; at most %d states were held\n",
        value["full_bytes"] / 1e6, value["budget_bytes"] / 1e6, value["full_bytes"] / value["budget_bytes"], value["peak_states"]
    }' "$out/report.json"
fi

if command -v gnuplot >/dev/null; then
  gnuplot -e "dir='$out'; picture='$out/map.png'" "$here/map.gnuplot"
  echo "The map: $out/map.png"
else
  echo "gnuplot is not installed: the map is left as numbers in $out/map.txt"
fi
