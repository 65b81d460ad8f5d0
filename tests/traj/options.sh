#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every option does what it says, and an option that makes no sense ends the program with one clear message, on every
# number of ranks, before a step is taken.  The program is not linked with the library.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
compile ./run -I"$ROOT/include" "$ROOT/tests/traj/programs/driver.c" || exit 1

run() { # RANKS ARGS... : with the plugin; out, err
  local ranks=$1
  local -a start=()
  shift
  if [ "$ranks" != 1 ]; then start=(run_mpi "$ranks"); fi
  "${start[@]}" timeout 60 ./run -dll_append "$COSTATE_LIB" -ts_type rk -ts_rk_type 4 -ts_adapt_type none "$@" >out 2>err
}
costate() { # the same with -ts_trajectory_type costate, which the arguments may change
  local ranks=$1
  shift
  run "$ranks" -ts_trajectory_type costate "$@"
}

# said TEXT: once, and on rank 0
said() { [ "$(grep -cF -- "$1" err)" = 1 ]; }

# ends RANKS MESSAGE ARGS... : with that message and a status, before a step is taken unless STEPS is set
ends() {
  local ranks=$1 message=$2 status=0 bad=1
  shift 2
  costate "$ranks" -ts_monitor "$@" || status=$?
  if [ $status != 0 ] && [ $status != 124 ] && said "$message" && { [ -n "${STEPS:-}" ] || ! grep -q '^1 TS dt' out; }; then bad=0; fi
  t_ok $bad "$* on $ranks ranks: $message"
  if [ $bad = 1 ]; then { echo "status $status"; grep -v 'Configure options' err | cut -c1-300 | head -n 5; } | sed 's/^/# /' >&2; fi
}
both() {
  for r in 1 2; do ends $r "$@"; done
}

b=-ts_trajectory_costate_ram
both "there is no such policy. Did you mean online?" -ts_trajectory_costate_policy onlin
both "has to know the number of steps: give -ts_trajectory_costate_steps" -ts_trajectory_costate_policy offline
both "the number of steps must be positive" -ts_trajectory_costate_steps -5
both "at least one state has to be kept, the initial one" "$b" 0
both "at least one state has to be kept, the initial one" "$b" -3
both "at least one state has to be kept, the initial one" "$b" -3GB
both "at least one state has to be kept, the initial one" -ts_trajectory_max_cps_ram 0
both "give a number of states, such as 20, or bytes for each rank, such as" "$b" lots
both "give a number of states, such as 20, or bytes for each rank, such as" "$b" 1e999
both "give a number of states, such as 20, or bytes for each rank, such as" "$b" nan
both "give a number of states, such as 20, or bytes for each rank, such as" "$b" inf
both "counts states and must be whole" "$b" 2.5
both "Were bytes meant? Then write 536870912B or 0.5369GB" "$b" 536870912
both "unknown suffix; use KB, MB, GB, TB" "$b" 3XB
both "unknown suffix; use KB, MB, GB, TB" "$b" 3MBs
both "unknown suffix; use KB, MB, GB, TB" "$b" "3 MB"
both "is more memory than any machine has" "$b" 5000000TB
both "Unknown option -ts_trajectory_costate_rma. Did you mean -ts_trajectory_costate_ram?" -ts_trajectory_costate_rma 5
both "Unknown option -x_ts_trajectory_costate_polcy. Did you mean -x_ts_trajectory_costate_policy?" -x_ts_trajectory_costate_polcy wang
both "Did you mean -ts_trajectory_costate_hdf5?" -ts_trajectory_costate_hdf disk
both "Did you mean -ts_trajectory_costate_hdf5_limit?" -ts_trajectory_costate_hdf5_limits 5
ends 1 "Did you mean -ts_trajectory_costate_hdf5_direct?" -ts_trajectory_costate_hdf5_driect 0
ends 1 "Did you mean -ts_trajectory_costate_behind?" -ts_trajectory_costate_behnd 0
ends 1 "Did you mean -ts_trajectory_costate_costs?" -ts_trajectory_costate_cost 1,1,1,1
ends 1 "Did you mean -ts_trajectory_costate_adjoint_every?" -ts_trajectory_costate_adjoint_evry 5,maps
both "-ts_trajectory_costate_hdf5_limit is about the disk, but there is none: say where" "$b" 3 -ts_trajectory_costate_hdf5_limit 5
both "-ts_trajectory_costate_costs is about the disk, but there is none: say where" "$b" 3 -ts_trajectory_costate_costs 1,1,1,1
ends 1 "give at least one state, or leave the disk out" "$b" 3 -ts_trajectory_costate_hdf5 disk -ts_trajectory_costate_hdf5_limit 0
ends 1 "the number of states on disk must not be negative" "$b" 3 -ts_trajectory_max_cps_disk -1
STEPS=some both "Option -ts_trajectory_costate_ram was given but nothing read it" -ts_trajectory_type memory "$b" 3
both "TS type bdf has no adjoint step" "$b" 5 -ts_type bdf
both "TS type rosw has no adjoint step" "$b" 5 -ts_type rosw
ends 3 "Did you mean -ts_trajectory_costate_stages?" -ts_trajectory_costate_stage auto
ends 3 "Were bytes meant?" "$b" 100000000
ends 3 "TS type bdf has no adjoint step" "$b" 5 -ts_type bdf
quote='' # PETSc's own words, which have quotes since 3.24
if petsc_since 3.24; then quote='"'; fi
ends 1 "Unknown option ${quote}maybe$quote for -ts_trajectory_costate_stages" -ts_trajectory_costate_stages maybe
both "The report nowhere/report.json (-ts_trajectory_costate_report) cannot be written" "$b" 4 -ts_trajectory_costate_report nowhere/report.json

# The same gradient whatever the options; each run also fills the report that the next lines look at.
run 2 -ts_trajectory_type basic
full=$(cat out)
t_like "$full" "^20 steps, 0 rejected.*lambda" "full storage"
number() { report "$1" report.json; }
same() { # -eq|-ge|-gt RECOMPUTED TEXT ARGS...
  local compare=$1 wanted=$2 text=$3
  shift 3
  rm -f report.json
  costate 2 "$@" -ts_trajectory_costate_report report.json
  [ "$(cat out)" = "$full" ] && test "$(number recomputed)" "$compare" "$wanted"
  t_ok $? "$text ($(number recomputed) steps recomputed)"
}
same -gt 0 "a budget of states" "$b" 4
counted=$(number recomputed)
same -eq "$counted" "the same budget in bytes" "$b" "$(($(number state_bytes) * 4))B"
same -eq "$counted" "in KB" "$b" "$(awk -v n="$(number state_bytes)" 'BEGIN { print n * 4.9 / 1000 }')KB"
same -eq "$counted" "in lower case" "$b" "$(awk -v n="$(number state_bytes)" 'BEGIN { print n * 4.9 / 1024 }')kib"
t_is "$(number budget_states)" 4 "is a budget of 4 states"
same -eq "$counted" "PETSc's own option" -ts_trajectory_max_cps_ram 4
same -eq 0 "our option has precedence" -ts_trajectory_max_cps_ram 4 "$b" 100
same -eq "$counted" "our option has precedence" -ts_trajectory_max_cps_ram 100 "$b" 4
for policy in wang offline; do same -gt 0 "policy $policy" "$b" 4 -ts_trajectory_costate_policy $policy -ts_trajectory_costate_steps 20; done
optimum=$(number recomputed)
same -ge "$optimum" "policy offline, and more steps than that" "$b" 4 -ts_trajectory_costate_policy offline -ts_trajectory_costate_steps 7
said "costate: warning: the run took 20 steps, not the 7 of -ts_trajectory_costate_steps"
t_ok $? "says that more steps are repeated than need be"
for policy in all stride; do same -eq 0 "policy $policy" "$b" 1000 -ts_trajectory_costate_policy $policy; done
for stages in auto never always; do same -gt 0 "stage records $stages" "$b" 4 -ts_trajectory_costate_stages $stages; done
same -gt 0 "no check" "$b" 4 -ts_trajectory_costate_check false
same -gt 0 "solution only" "$b" 4 -ts_trajectory_solution_only

# The disk: with these costs every state goes there, so that only steps next to the end of a period are repeated.
cheap='-ts_trajectory_costate_costs 1,1,.5,.5'
disk="-ts_trajectory_costate_hdf5 disk"
files() { find "$1" -name 'states-*' 2>/dev/null | wc -l; }
used() { # TEXT WRITES DISK ARGS... : as same(), with at least so many writes and at most so many states on disk
  local text=$1 writes=$2 most=$3
  shift 3
  # shellcheck disable=SC2086
  same -ge 0 "$text" "$b" 3 $cheap "$@"
  [ "$(number writes)" -ge "$writes" ] && [ "$(number peak_on_disk)" -le "$most" ]
  t_ok $? "$text: $(number writes) written, at most $(number peak_on_disk) on disk"
}
# shellcheck disable=SC2086
{
  used "a disk" 19 20 $disk
  used "PETSc's -ts_trajectory_max_cps_disk, in the directory that PETSc names" 3 3 -ts_trajectory_max_cps_disk 3
  used "a limit of states" 3 3 $disk -ts_trajectory_costate_hdf5_limit 3
  used "our limit has precedence" 3 3 $disk -ts_trajectory_costate_hdf5_limit 3 -ts_trajectory_max_cps_disk 8
  used "no limit where it is 0" 19 20 $disk -ts_trajectory_max_cps_disk 0
  used "a limit in bytes" 3 5 $disk -ts_trajectory_costate_hdf5_limit 45KB
  used "nothing behind the computation" 18 20 $disk -ts_trajectory_costate_behind 0
  t_like "$(cat report.json)" '"behind": false' "as the report says"
  used "through the page cache" 19 20 $disk -ts_trajectory_costate_hdf5_direct 0
  t_like "$(cat report.json)" '"direct": false' "as the report says"
  t_is "$(find . -name disk -o -name 'TS-data*' -o -name 'SA-data*' | wc -l)" 0 "none of them leaves anything behind"
  used "files are kept" 19 20 $disk -ts_trajectory_keep_files
  t_ok "$([ "$(files disk/run-0001)" -gt 0 ] && echo 0 || echo 1)" "-ts_trajectory_keep_files keeps them"
  same -gt 0 "every tenth lambda, as two words" "$b" 4 -ts_trajectory_costate_adjoint_every 10 maps
  t_is "$(grep -c '^put ' maps/run-0001/journal-00000.txt)" 3 "gives three of them: those of states 20, 10 and 0"
  same -gt 0 "every fourth lambda, as one word" "$b" 4 -ts_trajectory_costate_adjoint_every 4,maps
  t_is "$(grep -c '^put ' maps/run-0002/journal-00001.txt)" 6 "gives six, in a folder of their own"
}

same -eq 0 "no budget" -ts_trajectory_costate_stages auto
said "costate: no budget was given; using half of what the node leaves free"
t_ok $? "no budget: what is used instead is printed once"
t_like "$(cat report.json)" '"budget_measured": true' "and reported as measured"

same -gt 0 "progress" "$b" 4 -ts_trajectory_costate_progress
t_like "$(tr '\r' '\n' <err)" "costate: forward .*step 20 of 20" "progress of the forward run"
t_like "$(tr '\r' '\n' <err)" "costate: backward .*step 0 of 20, $counted recomputed" "progress of the backward run"
same -gt 0 "no progress" "$b" 4
t_is "$(wc -c <err)" 0 "nothing is printed that was not asked for"

costate 2 "$b" 4 -ts_trajectory_view
for text in "type: costate" "policy online, stage records auto, check on" "20 steps" "budget 4 states of" "store ram"; do
  grep -qF "$text" out
  t_ok $? "-ts_trajectory_view: $text"
done
# shellcheck disable=SC2086
costate 2 "$b" 3 $disk $cheap -ts_trajectory_view
for text in "disk disk: 19 states written, 17 read" "a state goes to disk every 1 steps" "a step costs 1, an adjoint step 1, a write 0.5, a read 0.5 (given)" \
  "disk checkpoint writes = 19" "disk checkpoint reads = 17"; do
  grep -qF "$text" out
  t_ok $? "-ts_trajectory_view: $text"
done
costate 1 "$b" 4 -help
for option in policy ram steps stages check jumps progress report hdf5 hdf5_limit hdf5_direct behind costs adjoint_every; do
  grep -q -- "-ts_trajectory_costate_$option:\? " out
  t_ok $? "-help: -ts_trajectory_costate_$option"
done
costate 2 "$b" 4 -log_view
for event in Store Fetch Replay; do
  t_like "$(grep "^Costate$event " out)" "^Costate$event +[1-9]" "-log_view: Costate$event"
done
# shellcheck disable=SC2086
costate 2 "$b" 3 $disk $cheap -log_view -ts_trajectory_costate_report report.json
bytes=96
if petsc_has PETSC_USE_COMPLEX; then bytes=190; fi # 192, of which it prints two digits
for event in Spill:writes Prefetch:reads; do
  # of the columns Count Ratio Time Ratio Flop Ratio Mess AvgLen: one message a rank and frame, of the bytes of its part
  t_is "$(awk -v e="Costate${event%:*}" '$1 == e { printf "%.0f %.0f", $8, $9 }' out)" "$((2 * $(number ${event#*:}))) $bytes" \
    "-log_view: Costate${event%:*} with the frames moved and their bytes"
done

rm -rf disk
# shellcheck disable=SC2086
costate 3 "$b" 4 -app_event $disk $cheap -ts_trajectory_costate_report report.json
if command -v python3 >/dev/null; then
  python3 -m json.tool report.json >/dev/null
else
  perl -MJSON::PP -0777 -ne 'decode_json($_)' report.json
fi
t_ok $? "the report is JSON"
for key in policy ts_type ranks sweep steps advances evaluations optimum ratio recomputed budget_states budget_bytes \
  boundaries peak_states peak_bytes state_bytes full_bytes log_bytes seconds; do
  grep -q "^  \"$key\": " report.json
  t_ok $? "the report has $key"
done
for key in disk writes reads bytes_written bytes_read seconds_write seconds_read seconds_waited hidden behind direct period peak_on_disk \
  costs given step adjoint_step write read; do
  grep -q "\"$key\": " report.json
  t_ok $? "the report of a run with a disk has $key"
done
t_done
