#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate plan: the counts of the tables, the three formats, the search for slots, the disk, and what it refuses.
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

times='$2 "," $10 "," $17 "," $18'
compare twolevel.csv '$1 "," $2 "," $3 "," $4 "," $5' '$6' "$times" '$6 "," $16 "," $7 "," $9' \
  '"-policy offline -disk unlimited -io once -slots " $1 " -costs " $2 "," $3 "," $4 "," $5' "period, memory alone, least time"
compare twolevel_disk_quota.csv '$1 "," $2 "," $3 "," $4 "," $5 "," $6' '$7' '$2 "," $8 "," $18' '$7 "," $2 "," $8' \
  '"-policy offline -slots " $1 " -disk " $2 " -costs " $3 "," $4 "," $5 "," $6' "least time with a quota"

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

# With a disk. Columns: 2 steps, 3 slots, 4 advances, 8 disk, 9 io, 10 period, 11 writes, 12 reads, 13 peak_disk, 14 time,
# 15 hidden, 16 time_model, 17 time_memory, 18 time_least, 19 least_exact, 20 time_ratio
new=disk,io,period,writes,reads,peak_disk,time,hidden,time_model,time_memory,time_least,least_exact,time_ratio
holds() { # TEXT AWK-CONDITION FILE: of every row but the header; there must be some
  awk -F, "NR > 1 && !($2) { print \"# \" \$0 >\"/dev/stderr\"; bad = 1 } END { exit bad || NR < 2 }" "$3"
  t_ok $? "$1"
}
for format in text csv json; do
  cmp -s <(plan -steps 100 -slots 8 -format $format) <(plan -steps 100 -slots 8 -disk 0 -format $format)
  t_ok $? "without a disk $format is what it was"
done
t_is "$(plan -steps 100 -slots 8 -disk unlimited -costs 1,2,2,1 -format csv | head -n 1)" "$header,$new" "the header with a disk"
steps=37,400,$((1000 + SEED % 1000)),2048
for io in behind wait once; do
  plan -steps $steps -slots 2,5,9 -disk 0,1,3,7,unlimited -costs 1,2.5,70,30 -io $io -format csv >$io
done
t_is "$(wc -l <once)" 61 "one row for each combination of steps, slots and disk"
cost='$4 + 2.5 * $2 + 70 * $11 + 30 * $12'
for io in behind wait once; do
  holds "$io: no more states on disk than it holds" '$9 == "'$io'" && ($8 == "unlimited" || $13 <= $8) && $13 <= $11' $io
  holds "$io: the ratio is that of the times, and up to 2048 steps the least is exact" \
    '($20 - $14 / $18) ^ 2 < 1e-12 && $19 == "true"' $io
  awk -F, 'NR == 1 || $8 == 0' $io >none
  holds "$io: memory alone" '$11 + $12 + $13 + $10 == 0 && $14 == $17 && $14 == $4 + 2.5 * $2' none
done
for io in wait once; do
  holds "$io: the time is that of the counts, not less than the least" "\$14 == $cost && \$14 >= \$18 && \$15 == 0" $io
done
awk -F, 'NR == 1 || ($8 == "unlimited" && $10 > $3)' once >long
holds "once: every period's start but the last is written, and read once" '$11 == int(($2 - 1) / $10) && $11 == $12' long
# six digits of it
hidden='$15 * (70 * $11 + 30 * $12)'
holds "behind: what is hidden is what the clock lacks" \
  "($cost - \$14 - $hidden) ^ 2 < 1e-6 * \$11 ^ 2 + 1e-9 && \$14 >= \$4 + 2.5 * \$2 && \$15 >= 0 && \$15 <= 1" behind
awk -F, '
  NR == FNR { wait[$2 "," $3 "," $8] = $14; next }
  FNR == 1 || ($8 == "unlimited" && $3 > 2 && $2 >= 400) { print $0 "," wait[$2 "," $3 "," $8] }' wait behind >both
holds "behind: a disk that can keep up is no slower than one that is waited for" '$14 <= $21' both
plan -steps 20000 -slots 9,20 -disk unlimited -costs 1,2,50,30 -format csv >model
plan -steps 20000 -slots 9,20 -disk unlimited -costs 1,1.5,9000,3000 -format csv | tail -n +2 >>model
holds "behind: the clock and the model of a long run are within 5 %" '$14 < 1.05 * $16 && $16 < 1.05 * $14 && $19 == "false"' model
plan -steps 300 -slots 9 -stage_units 3 -disk 4,unlimited -costs 1,2,5,3 -io wait -format csv >records
holds "with stage records nothing is said about the least time" '$18 == "" && $20 == "" && $14 == $4 + 2 * $2 + 5 * $11 + 3 * $12' \
  records
plan -steps 300 -slots 9 -stage_units 1 -stage_restarts true -disk 40 -costs 1,2,5,3 -io wait -format csv >ends
holds "where nothing is taped all N steps count" '$14 == $5 + 2 * $2 + 5 * $11 + 3 * $12' ends

if command -v python3 >/dev/null; then
  cat >clock.py <<'END'
import json, sys

# The actions on a clock of their own: the disk does one thing after the other, and only who needs a state waits.
for plan in json.load(open(sys.argv[1])):
    N, cost, behind = plan["steps"], plan["costs"], plan["io"] == "behind"
    ends = plan["stage_units"] == 1 and plan["stage_restarts"]
    ram, disk, arrives, now, free, peak, reads = set(), set(), {}, 0, 0, 0, 0
    writes, todo, inf = 0, N, float("inf")
    quota = inf if plan["disk"] == "unlimited" else plan["disk"]
    for a in plan["actions"]:
        k, do = a.get("step"), a["do"]
        if do == "forward":
            now += cost["forward"] if k < N or ends else 0
        elif do == "advance":
            now += cost["forward"] * (a["to"] - a["from"])
        elif do == "adjoint":
            assert k == todo
            todo, now = k - 1, now + cost["adjoint"] - (0 if a["taped"] or k == N or ends else cost["forward"])
        elif a["what"] == "stages":
            assert plan["stage_units"] > 1
        elif do == "fetch" or (do == "store" and a.get("tier") == "disk"):
            assert (k in disk and k not in ram) if do == "fetch" else (k in ram and k not in disk)
            (ram if do == "fetch" else disk).add(k)
            writes, reads = writes + (do == "store"), reads + (do == "fetch")
            free = arrives[k] = max(free, now) + cost["read" if do == "fetch" else "write"]
            now = now if behind else free
        elif do == "store":
            ram.add(k)
        else:
            now = max(now, arrives.get(k, 0))
            assert k in ram or a.get("tier") == "disk"
            if do == "evict":
                (disk if a.get("tier") == "disk" else ram).remove(k)
        peak = max(peak, len(disk))
        assert len(ram) <= plan["slots"] and len(disk) <= quota
    assert todo == 0 and not ram and not disk
    assert (writes, reads, peak) == (plan["writes"], plan["reads"], plan["peak_disk"]), (writes, reads, peak)
    assert abs(now - plan["time"]) < 1e-9 * now, (now, plan["time"])
    print(writes)
END
  for io in behind wait once; do
    plan -steps $((SEED % 37 + 60)),500 -slots 1,3,6 -disk 0,1,2,6,unlimited -costs 1,3,$((SEED % 29 + 20)),7 \
      -io $io -format json >json
    plan -steps 200 -slots 6,20 -stage_units 3 -disk 3,unlimited -costs 1,3,9,7 -io $io -format json >records
    plan -steps 200 -slots 4,9 -stage_units 1 -stage_restarts 1 -disk 3,unlimited -costs 1,3,9,7 -io $io -format json >ends
    python3 clock.py records >writes && python3 clock.py ends >writes && python3 clock.py json >writes &&
      [ "$(sort -n writes | tail -n 1)" -gt 5 ]
    t_ok $? "$io: the json's actions keep both budgets, and take the time by a clock of the test (seed $SEED)"
  done
else
  t_skip "python3 is not installed" 3
fi

plan -steps 1000 -slots 8 -disk unlimited -costs 1,2,20,10 >said
words=$(awk 'NR == 2 { print "a state goes to disk every " $5 " steps: " $6 " written, " $7 " read" }' said)
t_like "$(sed -n 3p said)" "$words" "the period in words"
t_like "$(sed -n 4p said)" "for a run that waits for the disk, 0.* of memory alone" "the time beside the others"
plan -steps 5 -slots 8 -disk unlimited -costs 1,2,20,10 >said
t_like "$(sed -n 3p said)" "nothing goes to disk" "so is a run that memory holds"
plan -steps 5000 -slots 8 -disk unlimited -costs 1,2,20,10 >said
t_like "$(sed -n 2,4p said)" " ~[0-9].*best known" "a bound is not called the least"

for disk in 2 unlimited; do
  LC_ALL=C plan -steps 60 -slots 3 -disk $disk -costs 1,1,3,3 >drawn
  [ "$(LC_ALL=C tr -d '\n\40-\176' <drawn | wc -c)" = 0 ] && grep -q 'on disk d   in both @' drawn &&
    [ "$(sed -n '8,$p' drawn | grep -c 'd.*@')" -gt 3 ]
  t_ok $? "disk $disk: states on disk have a mark of their own, in ASCII in the C locale"
  t_is "$(sed -n '$s/ .*//p' drawn)" "$(awk 'NR == 2 { print $8 + $2 }' drawn)" "disk $disk: the last row has all evaluations"
done
LC_ALL=C plan -steps 12 -slots 2 -disk unlimited -costs 1,2,5,5 >drawn
t_like "$(cat drawn)" "write 0.*drop 0.*fetch 0.*wipe 0" "a short schedule names what goes to and from disk"

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
refused "did you mean -disk" -steps 5 -slots 2 -disc 3
refused "did you mean -costs" -steps 5 -slots 2 -cost 1,1,1,1
refused "report of a run" -steps 5 -slots 2 -disk 3
refused "report of a run" -steps 5 -slots 2 -disk 0,unlimited
refused "-costs goes with -disk" -steps 5 -slots 2 -costs 1,1,1,1
refused "-io goes with -disk" -steps 5 -slots 2 -io wait
refused "-io goes with" -steps 5 -slots 2 -disk 0 -io wait
refused "behind, wait, once" -steps 5 -slots 2 -disk 3 -costs 1,1,1,1 -io later
refused "neither a whole number nor unlimited" -steps 5 -slots 2 -disk lots -costs 1,1,1,1
refused "not a whole number" -steps 5 -slots 2 -disk 3GB -costs 1,1,1,1
refused "at least 0" -steps 5 -slots 2 -disk -1 -costs 1,1,1,1
refused "more than 1e15" -steps 5 -slots 2 -disk 1e30 -costs 1,1,1,1
for costs in "" 1,2,3 1,2,3,4,5 1,,3,4 a,b,c,d 1,2,3,nan 1,2,3,inf 1,2,3,4x "1 2 3 4"; do
  refused "UF,UB,W,R" -steps 5 -slots 2 -disk 3 -costs "$costs"
done
refused "number 3 is not from 0 to 1e15" -steps 5 -slots 2 -disk 3 -costs 1,2,-3,4
refused "number 2 is not from 0 to 1e15" -steps 5 -slots 2 -disk 3 -costs 1,1e300,3,4
refused "a step must take some time" -steps 5 -slots 2 -disk 3 -costs 0,1,1,1
refused "goes without -disk" -steps 5 -slots auto -disk 3 -costs 1,1,1,1
refused "goes without -disk" -steps 5 -slots auto -disk 0 -costs 1,1,1,1
plan -steps 50 -slots 4 -policy all 2>said
t_is $? 1 "policy all with too few slots fails"
t_like "$(cat said)" "raise the budget or choose policy online" "and says what to do"
t_done
