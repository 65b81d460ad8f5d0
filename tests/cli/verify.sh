#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate verify: whatever is damaged is found and named; what is whole, what a crash leaves and what goes on is not called
# damaged.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
. "$ROOT/tests/harness/programs/build.sh"
lib=$(dirname "$COSTATE_LIB")
for p in runs frames; do compile ./$p "$ROOT/tests/cli/programs/$p.c" -I"$ROOT/include" -L"$lib" -lcostate -Wl,-rpath,"$lib" || exit 1; done
build_shim || exit 1
python=''
for p in python3 /usr/bin/python3; do if "$p" -c 'import h5py, numpy' 2>/dev/null; then python=$p; fi; done
no_python='no h5py and numpy here'

verify() { "$COSTATE_BIN" verify "$@"; }
run() {
  local ranks=$1
  shift
  if [ "$ranks" = 1 ]; then ./runs "$@" >run.out 2>&1; else run_mpi "$ranks" ./runs "$@" >run.out 2>&1; fi
}
on_copy() { rm -rf "$1" && cp -r "${2:-killed}" "$1"; }
# well DIR NAME [PATTERN]: nothing is damaged, and this is said besides
well() {
  verify "$1" >out 2>err
  t_is "$? $(grep -c '^damaged: ' out) $(wc -c <err)" '0 0 0' "$2"
  if [ $# = 3 ]; then t_like "$(grep '^note: ' out | tr '\n' '|')" "$3" "$2: it is said"; fi
}
# damaged DIR PATTERN NAME: one thing is
damaged() {
  verify "$1" >out 2>err
  t_is "$? $(tail -n 1 out | grep -c ': damaged, [0-9]* finding') $(wc -c <err)" '1 1 0' "$3 is damage"
  t_like "$(grep '^damaged: ' out | tr '\n' '|')" "$2" "$3: it is named"
}

run 2 killed -end kill
run 2 abandoned -end abandon
run 3 finished
run 1 uncommitted -nocommit -end kill
run_mpi 3 ./frames grid >run.out 2>&1
run_mpi 2 ./frames nests -nest >run.out 2>&1
for d in killed abandoned finished uncommitted grid nests; do well $d "a run that is $d"; done
well killed/run-0001 'a run by its own name'
t_is "$(verify abandoned)" "$(printf 'abandoned/run-0001: 6 states in 24 blocks read, %s GB: all is well' "$(verify abandoned | grep -o '[0-9.e-]* GB' | cut -d' ' -f1)")" \
  'what the last two commits have is read'

# A trajectory's own files
src=$(examples_dir)
if [ -n "$src" ]; then
  dir=$src/ts/tutorials/advection-diffusion-reaction
  compile ./ex5adj "$dir/ex5adj.c" "$dir/reaction_diffusion.c" 2>log || { cat log >&2; exit 1; }
  run_mpi 2 ./ex5adj -ts_max_steps 9 -da_grid_x 20 -da_grid_y 12 -dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_save_trajectory \
    -ts_trajectory_costate_ram 2 -ts_trajectory_costate_hdf5 tutorial -ts_trajectory_keep_files -ts_trajectory_costate_costs 1,1,0.1,0.1 \
    -ts_trajectory_costate_adjoint_every 3,maps >run.out 2>&1 || cat run.out >&2
  well tutorial 'what a trajectory kept'
  well maps 'and its lambdas'
  printf x >>tutorial/run-0001/journal-00000.txt
  printf x | dd of=maps/run-0001/states-0000.h5 bs=1 seek=3 conv=notrunc 2>/dev/null
  damaged maps 'HDF5 cannot open the file' 'the first bytes of a file of lambdas'
else
  t_skip "$no_examples" 4
fi

# Bytes of states: where data sets are is known from h5py.
cat >harm.py <<'END'
# harm.py flip|zero DIR FILE SLOT NAME RANKS RANK: the first, or all, of the bytes of a rank's part
import h5py, sys
how, dir, file, slot, name, ranks, rank = sys.argv[1:4] + [int(sys.argv[4])] + sys.argv[5:6] + [int(x) for x in sys.argv[6:]]
path = '%s/run-0001/%s' % (dir, file)
with h5py.File(path, 'r') as f:
    data = f['slot_%04d/%s' % (slot, name)]
    at, n, one = data.id.get_offset(), data.size, data.dtype.itemsize
sizes = [n // ranks + (r < n % ranks) for r in range(ranks)]
at, n = at + one * sum(sizes[:rank]), one * sizes[rank]
with open(path, 'r+b') as f:
    f.seek(at)
    old = f.read(n)
    f.seek(at)
    f.write(bytes(n) if how == 'zero' else bytes([old[0] ^ 16]) + old[1:])
END
# flip FILE OFFSET: a bit of one byte
flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  # shellcheck disable=SC2059
  printf "\\x$(printf %x $((byte ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
if [ -n "$python" ]; then
  for case in '0 0 state 0 0' '0 3 tangent 1 3' '1 0 state 1 4' '0 1 state 1 1'; do
    read -r file slot name rank step <<<"$case"
    on_copy harmed
    "$python" harm.py flip harmed "states-000$file.h5" "$slot" "$name" 2 "$rank"
    damaged harmed "^damaged: harmed/run-0001/states-000$file.h5, slot $slot, state of step $step, rank $rank: the [0-9]+ bytes of data set '$name' are not those that were written\\|\$" \
      "a bit of '$name' of step $step on rank $rank"
  done
  on_copy harmed
  "$python" harm.py zero harmed states-0000.h5 2 state 2 0
  damaged harmed "slot 2, state of step 2, rank 0: .* are all zero, and not those" 'a block of zeros'
  "$python" harm.py flip harmed states-0000.h5 3 state 2 1
  "$python" harm.py flip harmed states-0000.h5 3 tangent 2 1
  verify harmed >out
  t_is "$? $(grep -c '^damaged: ' out) $(tail -n 1 out | grep -c 'damaged, 3 findings')" '1 3 1' 'each of several is named'
  t_is "$(verify harmed -json | "$python" -c "
import json, sys
j = json.load(sys.stdin)
f = j['runs'][0]['findings']
print(j['damaged'], j['runs'][0]['damaged'], len(f), sorted(f[0].items())[:-2])")" \
    "True 3 3 [('file', 'states-0000.h5'), ('key', 2), ('kind', 'damage'), ('rank', 0), ('slot', 2), ('step', 2)]" 'JSON'
  # The state of step 6 was put after the last commit.
  on_copy late
  "$python" harm.py flip late states-0001.h5 2 state 2 0
  verify late >out
  t_is "$? $(grep -c '^damaged' out)" '0 0' 'what is in no commit is not vouched for'
  t_like "$(cat out)" "note: late/run-0001/states-0001.h5, slot 2, state of step 6, rank 0: .* not those that were written; nothing is lost, it was not committed" 'but said'
  on_copy harmed uncommitted
  "$python" harm.py flip harmed states-0000.h5 0 state 1 0
  damaged harmed 'slot 0, state of step 0, rank 0: ' 'a bit of a run that never committed'
  on_copy labels finished
  "$python" -c "import h5py; h5py.File('labels/run-0001/states-0000.h5', 'r+')['slot_0002'].attrs['step'] = 9"
  damaged labels "slot 2, state of step 2: its attributes say 'state' of step 9 at time 0.5; the state itself is whole" 'a label that is wrong'
  on_copy other
  "$python" -c "
import h5py
f = h5py.File('other/run-0001/states-0000.h5', 'r+')
del f['slot_0001/tangent']
f['slot_0001'].create_dataset('tangent', shape=(8,), dtype='f8')"
  damaged other "slot 1, state of step 1: there is no data set 'tangent' of 7 numbers" 'a data set of another size'
  on_copy other
  "$python" -c "import h5py; del h5py.File('other/run-0001/states-0001.h5', 'r+')['slot_0003/state']"
  damaged other "^damaged: other/run-0001/states-0001.h5, slot 3: there is no data set 'state' of 40 numbers" 'a slot that waits for its first state'
  on_copy map grid
  "$python" -c "import h5py; h5py.File('map/run-0001/layout.h5', 'r+')['map/natural'][7] = 3"
  damaged map 'layout.h5: its /map/natural is damaged' 'a map that is none'
else
  t_skip "$no_python" 24
fi

# Files: cut, missing, in each other's place.
on_copy cut
truncate -s -8 cut/run-0001/states-0001.h5
damaged cut 'states-0001.h5: HDF5 cannot open the file: truncated file: .*; 2 states in it are lost' 'a file that lost its end'
truncate -s 0 cut/run-0001/states-0001.h5
damaged cut 'states-0001.h5: HDF5 cannot open the file: .*; 2 states' 'an empty file'
on_copy head
head -c 4096 /dev/zero | dd of=head/run-0001/states-0000.h5 bs=4096 conv=notrunc 2>/dev/null
damaged head 'states-0000.h5: HDF5 cannot open the file: .*; 4 states' 'a file of zeros'
on_copy missing
rm missing/run-0001/states-0000.h5
damaged missing '^damaged: missing/run-0001/states-0000.h5: the file is missing; 4 states in it are lost\|$' 'a file that is missing'
on_copy swapped
mv swapped/run-0001/states-0000.h5 0 && mv swapped/run-0001/states-0001.h5 swapped/run-0001/states-0000.h5 && mv 0 swapped/run-0001/states-0001.h5
damaged swapped 'states-0000.h5, slot 0, state of step 0.*states-0001.h5, slot 0, state of step 4' 'files in each other'\''s place'
run 2 elsewhere -end kill -n 60
on_copy foreign
cp elsewhere/run-0001/states-0000.h5 foreign/run-0001
damaged foreign "states-0000.h5, slot 0, state of step 0: there is no data set 'state' of 40 numbers" 'the file of another run'
on_copy journal
rm journal/run-0001/journal-00001.txt
damaged journal 'generation 2 is lost: journal-00001.txt is missing\|.*generation 1 is lost.*journal-00001.txt: the file is missing' 'a journal that is missing'
on_copy journal abandoned
mv journal/run-0001/journal-00000.txt 0 && mv journal/run-0001/journal-00001.txt journal/run-0001/journal-00000.txt && mv 0 journal/run-0001/journal-00001.txt
damaged journal 'journal-00000.txt: it is that of rank 1 of 2, and should be of rank 0 of 2' 'journals in each other'\''s place'
on_copy journal
flip journal/run-0001/journal-00000.txt 100
damaged journal 'manifest-000002.txt: generation 2 is lost: journal-00000.txt is not what manifest-000002.txt speaks of' 'a bit of a journal'
on_copy journal abandoned
truncate -s -30 journal/run-0001/journal-00001.txt
damaged journal '^damaged: journal/run-0001/manifest-000002.txt: generation 2 is lost: journal-00001.txt has [0-9]+ bytes of the [0-9]+ that manifest-000002.txt speaks of\|$' \
  'a journal that lost its end'
on_copy journal uncommitted
flip journal/run-0001/journal-00000.txt 220
damaged journal 'journal-00000.txt: 1 of its lines is damaged' 'a bit of a journal that no commit vouches for'
on_copy journal grid
flip journal/run-0001/journal-00002.txt 20
damaged journal 'journal-00002.txt: (1 of its lines is damaged|it is that of)' 'a bit of the first line'
on_copy manifest
flip manifest/run-0001/manifest-000001.txt 60
damaged manifest '^damaged: manifest/run-0001/manifest-000001.txt: generation 1 is lost: manifest-000001.txt is damaged\|$' 'a bit of a manifest'
on_copy manifest
rm manifest/run-0001/manifest-00000?.txt
damaged manifest 'the journals speak of 2 commits, and no manifest is there' 'manifests that are missing'
on_copy manifest
cp manifest/run-0001/manifest-000001.txt manifest/run-0001/manifest-000002.txt
damaged manifest 'generation 2 is lost: manifest-000002.txt is that of generation 1' 'a manifest under another name'
on_copy about
rm about/run-0001/costate.json
damaged about 'costate.json: the file is missing' 'a costate.json that is missing'
on_copy about
sed -i 's/"ranks": 2/"ranks": 3/' about/run-0001/costate.json
damaged about 'costate.json: it speaks of 3 ranks, and all else of 2' 'another number of ranks'
sed -i 's/"ranks": 3/"ranks": 2/; s/"scalar": "[a-z]*/"scalar": "quaternion/' about/run-0001/costate.json
damaged about 'costate.json: it has scalars of type quaternion[0-9]*, and manifest-000002.txt has' 'another type of numbers'
t_is "$(tail -n 1 out | grep -c ': 7 states in 28 blocks read')" 1 'the states are read all the same'
on_copy map grid
rm map/run-0001/layout.h5
damaged map 'layout.h5: the file is missing' 'a map that is missing'
plainly=(setpriv '--bounding-set=-dac_override,-dac_read_search' '--inh-caps=-dac_override,-dac_read_search')
"${plainly[@]}" true 2>/dev/null || plainly=(env)
on_copy locked
chmod 0 locked/run-0001/states-0000.h5
if "${plainly[@]}" cat locked/run-0001/states-0000.h5 >/dev/null 2>&1; then
  t_skip 'this user may do everything'
else
  t_like "$("${plainly[@]}" "$COSTATE_BIN" verify locked)" 'damaged: locked/run-0001/states-0000.h5: the file cannot be read: Permission denied; 4 states' 'a file without permission'
fi

# What a crash leaves is no damage.
on_copy torn
printf 'put 0 1 3 1 1 0x1p-2 "sta' >>torn/run-0001/journal-00001.txt
well torn 'a line without its end' 'journal-00001.txt: its last line was not written to its end, and does not count'
on_copy torn
length=$(sed -n 's/^journal 1 \([0-9]*\) .*/\1/p' torn/run-0001/manifest-000002.txt)
truncate -s "$length" torn/run-0001/journal-00001.txt
well torn 'a rank that is behind' '1 state is not complete: the run ended while it was written'
on_copy torn
flip torn/run-0001/journal-00001.txt $((length + 20))
well torn 'a bit behind the last commit' 'journal-00001.txt: 1 of its lines is damaged; nothing is lost'
on_copy torn
rm torn/run-0001/manifest-000002.txt
well torn 'a commit that was not completed' 'commit 2 was not completed: manifest-000001.txt is the last that was'
cp torn/run-0001/states-0000.h5 torn/run-0001/states-0007.h5
echo dear >torn/run-0001/letter.txt
well torn 'files that belong to nobody' 'letter.txt: this is no file of this program\|note: .*states-0007.h5: no journal knows this file'

# A power loss takes what was not made durable, or parts of it.
if command -v python3 >/dev/null; then
  mkdir disk
  SHIM_DIR=$PWD/disk shim SHIM_SHADOW=shadow ./runs disk/store -end kill >run.out 2>&1
  power_loss shadow power
  well power/store 'what is left by a power loss'
  t_is "$(grep -c 'power/store/run-0001: 6 states' out)" 1 'and all that was committed is there'
  bad=''
  for ((i = 0; i < 4; i++)); do
    power_loss shadow "power$i" $((SEED + i)) disk
    verify "power$i/store" >out 2>&1 || bad="$bad $((SEED + i))"
    grep -qE 'run-0001: [67] states in' out || bad="$bad $((SEED + i))"
  done
  t_is "$bad" '' "whatever of the rest is there (seed $SEED)"
else
  t_skip "$no_shim" 3
fi

# A disk that hampers the reading.
SHIM_DIR=$PWD/killed
export SHIM_DIR
shim SHIM_SHORT="$SEED" SHIM_EINTR="$SEED" "$COSTATE_BIN" verify killed >out 2>&1
t_is "$? $(grep -c 'all is well' out)" '0 1' "short and interrupted reads (seed $SEED)"
shim SHIM_COUNT=counts "$COSTATE_BIN" verify killed >out 2>&1
reads=$(sed -n 's/.* read //p' counts)
bad=''
for ((k = 1 + SEED % 9; k <= reads; k += 9)); do
  for how in '' +; do
    shim SHIM_FAIL=read:$k$how:EIO "$COSTATE_BIN" verify killed >out 2>&1
    status=$?
    if ! grep -qE '^(damaged|note): .*(Input/output error|is damaged)' out || { [ $status = 0 ] && grep -q '^damaged' out; }; then bad="$bad $k$how:$status"; fi
  done
done
t_is "$bad$((reads > 50))" 1 'reads that fail, once or from then on, are found out'
shim SHIM_FAIL=read:$reads:EIO "$COSTATE_BIN" verify killed >out 2>&1
t_like "$? $(cat out)" "^0 note: .*states-0001.h5, slot 2, state of step 6, rank 1: data set 'tangent' was not as it was written at the first reading \(Input/output error\), and was at the second" \
  'a second reading that succeeds is no damage, but said'
unset SHIM_DIR

# Any bit of what a run wrote: damage is never overlooked where it matters, and never is there a crash.
RANDOM=$SEED
overlooked='' crashed=''
for ((i = 0; i < 16; i++)); do
  on_copy bits
  files=(bits/run-0001/*)
  file=${files[RANDOM % ${#files[@]}]}
  size=$(stat -c %s "$file")
  at=$(((RANDOM * 32768 + RANDOM) % size))
  flip "$file" $at
  verify bits >out 2>&1
  status=$?
  case $file in
    */manifest-*) if [ $status != 1 ]; then overlooked="$overlooked $file:$at"; fi ;;
    */journal-*) if [ $status != 1 ] && ! grep -q '^note' out; then overlooked="$overlooked $file:$at"; fi ;;
  esac
  if [ $status -gt 1 ]; then crashed="$crashed $file:$at"; fi
done
t_is "$overlooked$crashed" '' "bits here and there (seed $SEED)"

# A run that goes on: stopped, with and without damage; and at full speed.
mkfifo said
./runs live -end stop >said 2>&1 &
pid=$!
exec 3<said
while read -r -t 60 line <&3 && [ "$line" != stopped ]; do :; done
for ((i = 0; i < 600; i++)); do
  if grep -q '^State:.*T' "/proc/$pid/status" 2>/dev/null; then break; fi
  sleep .1
done
well live 'a run that goes on' 'live/run-0001: 1 state put since the last commit is not read: the run goes on'
if [ -n "$python" ]; then
  "$python" harm.py flip live states-0000.h5 2 state 1 0
  damaged live 'slot 2, state of step 2, rank 0: .* not those' 'a bit of a run that goes on'
else
  t_skip "$no_python" 2
fi
kill -CONT $pid
wait $pid
t_is $? 0 'it comes to its end'
exec 3<&-
for how in '' -nocommit; do
  rm -f said2 enough
  mkfifo said2
  # shellcheck disable=SC2086
  ./runs busy$how -n 200000 -until enough $how >said2 2>&1 &
  pid=$!
  exec 3<said2
  while read -r -t 60 line <&3 && [ "$line" != running ]; do :; done
  bad=0
  for ((i = 0; i < 6; i++)); do verify busy$how >out 2>&1 || { bad=1; cat out >&2; }; done
  t_is "$bad $(kill -0 $pid && echo running)" '0 running' "states that come and go while they are read are no damage${how:+ (}$how${how:+)}"
  touch enough
  wait $pid
  exec 3<&-
  well busy$how 'and in the end all is well'
done

# What is none.
mkdir empty foreigner
echo dear >foreigner/thesis.txt
refused() {
  local pattern=$1 name=$2
  shift 2
  verify "$@" >out 2>err
  t_is "$? $(wc -c <out) $(grep -c '^costate verify: ' err)" "2 0 1" "$name is refused"
  t_like "$(cat err)" "$pattern" "$name: it is said why"
}
refused 'There is no run of Costate in empty' 'an empty directory' empty
refused 'There is no run of Costate in foreigner' 'a directory of somebody else' foreigner -json
refused 'nowhere cannot be read: No such file' 'a directory that is not there' nowhere
refused 'which directory' 'no directory'
refused "no option '-fix'; did you mean -" 'an option that is none' killed -fix
verify -help >out 2>err
t_is "$? $(grep -c '^usage: costate verify' out) $(wc -c <err)" '0 1 0' '-help'
t_done
