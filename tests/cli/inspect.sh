#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate inspect: what runs were, or are, whatever ended them; it changes nothing and disturbs none that goes on.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
. "$ROOT/tests/harness/programs/build.sh"
build_shim || exit 1
lib=$(dirname "$COSTATE_LIB")
compile ./runs "$ROOT/tests/cli/programs/runs.c" -I"$ROOT/include" -L"$lib" -lcostate -Wl,-rpath,"$lib" || exit 1
python=''
for p in python3 /usr/bin/python3; do if "$p" -c 'import json' 2>/dev/null; then python=$p; fi; done

inspect() { "$COSTATE_BIN" inspect "$@"; }
# run RANKS DIR ARGS...: what it says is kept
run() {
  local ranks=$1
  shift
  if [ "$ranks" = 1 ]; then ./runs "$@" >run.out 2>&1; else run_mpi "$ranks" ./runs "$@" >run.out 2>&1; fi
}
# says DIR PATTERN NAME: about the one run there, which may take several lines
says() { t_like "$(inspect "$1" 2>&1 | tr '\n' '|')" "$2" "$3"; }
# field DIR EXPRESSION: of the JSON's first run, `r`
field() { inspect "$1" -json 2>err | "$python" -c "import json, sys; r = json.load(sys.stdin)['runs'][0]; print($2)" 2>&1; }
# on_copy NAME: a copy of `killed`, to be harmed
on_copy() { rm -rf "$1" && cp -r killed "$1"; }

# What a run says when it ended in one way or another.
run 2 finished
run 2 killed -end kill
run 3 abandoned -end abandon -backward 4
run 1 uncommitted -nocommit -end kill
run 2 kept -nocommit
says finished '^finished/run-0001: came to its end\|  written by  2 ranks, (real|complex)[0-9]+\|  started .*\|  states      5 complete\|  steps       0 to 5, time 0 to 1.25\|  on disk .* in 5 files\|$' 'a run that ended well'
says killed 'killed/run-0001: ended before it was complete; it can be resumed\|  owner       runs, \\ of the tests\|  written by  2 ranks, .*, PETSc 3\.[0-9.]+, integers of [48] bytes, layout shared\|' 'one that was killed'
says killed 'generation  2, [^|]*: forward, at step 5, 5 states\|  generation  1, [^|]*: forward, at step 2, 3 states\|  states      6 complete, 5 committed\|  steps       0 to 6, time 0 to 1.5\|' 'and what it had committed'
says abandoned 'generation  2, [^|]*: backward, 4 of 6 steps left, 5 states\|  generation  1, [^|]*: forward, at step 2' 'on the way back'
says uncommitted 'uncommitted/run-0001: ended; it cannot be resumed: nothing was committed\|.*\|  committed   nothing\|  states      6 complete\|' 'one that never committed'
says kept 'kept/run-0001: came to its end\|' 'nor did this one, which ended well'
says killed/run-0001 '^killed/run-0001: ended' 'a run by its own name'
t_is "$(inspect killed | wc -l) $(inspect killed 2>&1 >out | wc -c)" '9 0' 'nothing else is said'
if [ -n "$python" ]; then
  t_is "$(field killed "r['run'], r['owner'], r['ranks'], r['layout'], r['live'], r['complete'], r['resumable'], r['files']")" \
    "killed/run-0001 runs, \\ of the tests 2 shared False False True 7" 'JSON: who'
  t_is "$(field killed "[(g['generation'], g['file'], g['whole'], g['states'], g['position'], g['step']) for g in r['generations']]")" \
    "[(2, 'manifest-000002.txt', True, 5, 'forward', 5), (1, 'manifest-000001.txt', True, 3, 'forward', 2)]" 'JSON: generations'
  t_is "$(field killed "r['states'], r['steps'], r['torn_lines'], r['started'] <= r['changed'] and r['bytes'] > 0")" \
    "{'complete': 6, 'committed': 5, 'torn': 0} {'first': 0, 'last': 6, 'first_time': 0, 'last_time': 1.5} 0 True" 'JSON: states'
  t_is "$(field abandoned "[(g['position'], g['step'], g.get('of')) for g in r['generations']]")" "[('backward', 4, 6), ('forward', 2, None)]" 'JSON: positions'
  t_is "$(field uncommitted "r['generations'], r['resumable'], r['why'], r['complete']") $(field finished "r['complete'], r['resumable']")" \
    "[] False nothing was committed False True False" 'JSON: what was never committed, or is over'
else
  t_skip 'no python3 here' 5
fi

# Several runs in one directory.
run 1 abandoned -end kill
run 1 abandoned
t_is "$(inspect abandoned | grep -o '^abandoned/run-000[0-9]: [a-z ]*' | tr '\n' '|')" \
  'abandoned/run-0001: ended before it was complete|abandoned/run-0002: ended before it was complete|abandoned/run-0003: came to its end|' 'each run in a directory'

# What a crash leaves, and damage.
on_copy torn
printf 'put 0 1 3 1 1 0x1p-2 "sta' >>torn/run-0001/journal-00001.txt
says torn 'it can be resumed\|.*\|  states      6 complete, 5 committed\|.*\|  journals    1 line is not whole\|' 'a line without its end'
on_copy behind
length=$(sed -n 's/^journal 1 \([0-9]*\) .*/\1/p' behind/run-0001/manifest-000002.txt)
truncate -s "$length" behind/run-0001/journal-00001.txt
says behind 'it can be resumed\|.*states      5 complete, 5 committed, 1 torn: not all ranks had written it\|' 'a rank that is behind'
on_copy newest
truncate -s -3 newest/run-0001/manifest-000002.txt
says newest 'it can be resumed\|.*generation  2, [^|]*: lost: manifest-000002.txt is damaged\|  generation  1, [^|]*: forward.*, 3 committed\|' 'a damaged manifest'
truncate -s 100 newest/run-0001/journal-00000.txt
says newest 'it cannot be resumed: no generation of it is whole: manifest-000002.txt is damaged\|.*generation  1, [^|]*: lost: journal-00000.txt has 100 bytes of the [0-9]+ that manifest-000001.txt speaks of' 'a journal that was cut'
on_copy lost
rm lost/run-0001/journal-00001.txt
says lost 'it cannot be resumed: .*journal-00001.txt is missing\|.*generation  2.*lost: journal-00001.txt is missing' 'a journal that is missing'
on_copy swapped
mv swapped/run-0001/manifest-000001.txt 1 && mv swapped/run-0001/manifest-000002.txt swapped/run-0001/manifest-000001.txt && mv 1 swapped/run-0001/manifest-000002.txt
says swapped 'generation  2, [^|]*: lost: manifest-000002.txt is that of generation 1\|' 'manifests in each other'\''s place'
on_copy version
sed -i '1s/ 2$/ 7/' version/run-0001/manifest-000002.txt
says version 'lost: manifest-000002.txt has version 7 of the format, and this program knows version 2 only' 'a manifest of another version'
on_copy file
rm file/run-0001/states-0001.h5
says file 'it cannot be resumed: its file states-0001.h5 is missing\||it can be resumed.*generation  1' 'a file of states that is missing'
on_copy about
rm about/run-0001/costate.json
says about 'it cannot be resumed: its file costate.json is missing\|' 'a run that lost its costate.json'
on_copy garbage
for f in garbage/run-0001/*; do head -c 3000 /dev/urandom >"$f"; done
inspect garbage >out 2>&1
t_is "$? $(grep -c 'generation .*lost: ' out)" '0 2' 'files of nothing but noise'

# A run that goes on: known as such, not disturbed, and not changed.
mkfifo said
./runs live -end stop >said 2>&1 &
pid=$!
exec 3<said
while read -r -t 60 line <&3 && [ "$line" != stopped ]; do :; done
for ((i = 0; i < 600; i++)); do
  if grep -q '^State:.*T' "/proc/$pid/status" 2>/dev/null; then break; fi
  sleep .1
done
ls -l --time-style=full-iso live/run-0001 >before
says live 'live/run-0001: is going on\|.*generation  2, .*states      6 complete, 5 committed\|' 'a run that goes on'
if [ -n "$python" ]; then t_is "$(field live "r['live'], r['resumable'], r['why']")" 'True False it is going on' 'JSON: the same'; else t_skip 'no python3 here'; fi
t_is "$(ls -l --time-style=full-iso live/run-0001 | cmp - before && echo same)" same 'nothing is changed'
kill -CONT $pid
wait $pid
t_is "$? $(inspect live | head -n 1)" '0 live/run-0001: came to its end' 'it goes on undisturbed'
exec 3<&-
case $(stat -f -c %T killed) in
  ext2/ext3 | xfs | tmpfs | overlayfs | btrfs | f2fs | zfs)
    SHIM_DIR=$PWD/killed shim SHIM_COUNT=counts "$COSTATE_BIN" inspect killed >out && SHIM_DIR=$PWD/killed shim SHIM_COUNT=counts "$COSTATE_BIN" verify killed >out
    t_is "$? $(cut -d' ' -f3 counts | sort -u | tr '\n' ' ')" '0 open read ' 'files are opened and read, and neither locked nor written'
    ;;
  *) t_skip 'on this file system a lock is taken for a moment' ;;
esac

# What is none.
mkdir empty foreign
echo dear >foreign/thesis.txt
mkdir foreign/run-0001 && echo dear >foreign/run-0001/letter.txt
# refused STATUS PATTERN NAME ARGUMENTS...
refused() {
  local status=$1 pattern=$2 name=$3
  shift 3
  inspect "$@" >out 2>err
  t_is "$? $(wc -c <out) $(grep -c '^costate inspect: ' err)" "$status 0 1" "$name is refused"
  t_like "$(cat err)" "$pattern" "$name: it is said why"
}
refused 1 'There is no run of Costate in empty\. Name the directory' 'an empty directory' empty
refused 1 'There is no run of Costate in foreign\.' 'a directory of somebody else' foreign -json
refused 1 'nowhere cannot be read: No such file' 'a directory that is not there' nowhere
refused 1 'foreign/thesis.txt cannot be read: Not a directory' 'a file' foreign/thesis.txt
refused 2 'which directory' 'no directory'
refused 2 'one directory at a time: killed or torn' 'two directories' killed torn
refused 2 "no option '-jsn'; did you mean -json" 'a misspelt option' killed -jsn
inspect -help >out 2>err
t_is "$? $(grep -c '^usage: costate inspect' out) $(wc -c <err)" '0 1 0' '-help'
t_done
