#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate export: what a run kept, on the grid in natural order, has the bits that PETSc's own viewer writes; h5dump, h5py and
# whoever follows the XDMF file's references find it; and what cannot be exported is said.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
lib=$(dirname "$COSTATE_LIB")
compile ./frames "$ROOT/tests/cli/programs/frames.c" -I"$ROOT/include" -L"$lib" -lcostate -Wl,-rpath,"$lib" || exit 1
python=''
for p in python3 /usr/bin/python3; do if "$p" -c 'import h5py, numpy' 2>/dev/null; then python=$p; fi; done
no_python='no h5py and numpy here'
complex='' bytes=1016
if petsc_has PETSC_USE_COMPLEX; then complex="PETSc's scalars are complex" bytes=2032; fi

export_() { "$COSTATE_BIN" export "$@"; }

# refused STATUS PATTERN NAME ARGUMENTS...: nothing is written, and why is said in one line
refused() {
  local status=$1 pattern=$2 name=$3
  shift 3
  rm -rf nothing && mkdir nothing
  (cd nothing && export_ "$@" >../out 2>../err)
  t_is "$? $(ls nothing | wc -l) $(wc -c <out) $(grep -c '^costate export: ' err)" "$status 0 0 1" "$name is refused"
  t_like "$(cat err)" "$pattern" "$name: it is said why"
}

cat >follow.py <<'END'
# What an XDMF file refers to, as {step or time: {attribute: array}}; its dimensions agree with those of the HDF5 files.
import h5py, os, xml.etree.ElementTree as xml
def follow(path):
    found = {}
    steps = xml.parse(path).getroot().find('Domain/Grid[@CollectionType="Temporal"]')
    for step in steps.findall('Grid'):
        here = found.setdefault(float(step.find('Time').get('Value')), {})
        for grid in step.findall('Grid') or [step]:
            mesh = grid.find('Topology').get('Dimensions').split()
            corner, spacing = [[float(x) for x in d.text.split()] for d in grid.findall('Geometry/DataItem')]
            for attribute in grid.findall('Attribute'):
                item = attribute.find('DataItem')
                assert item.get('Format') == 'HDF' and attribute.get('Center') == 'Node'
                name, data = item.text.split(':')
                data = h5py.File(os.path.join(os.path.dirname(path), name), 'r')[data]
                assert item.get('Dimensions').split() == mesh == [str(n) for n in data.shape], (item.text, data.shape)
                assert item.get('Precision') == str(data.dtype.itemsize), item.text
                if 'origin' in data.attrs:
                    assert corner == list(data.attrs['origin'])[::-1] and spacing == list(data.attrs['spacing'])[::-1]
                here[attribute.get('Name')] = data[:]
    return found
END

# A tutorial on a grid of 20 x 12 nodes with two components, and PETSc's binary files of the same run, in natural order.
src=$(examples_dir)
if [ -z "$complex" ] && [ -n "$src" ] && [ -n "$python" ]; then
  dir=$src/ts/tutorials/advection-diffusion-reaction
  compile ./ex5adj "$dir/ex5adj.c" "$dir/reaction_diffusion.c" 2>log || { cat log >&2; exit 1; }
  cat >against.py <<'END'
import sys, h5py, numpy
from follow import follow
name, records, backward = sys.argv[1], sys.argv[2], len(sys.argv) > 3
raw = numpy.fromfile(records, dtype='>u1')
head = 8 if raw[:4].tobytes() == bytes.fromhex('00127b4e') else 16 # two integers, of 32 bits or 64
petsc = raw.reshape(-1, head + 8 * 480)[:, head:].copy().view('>f8').reshape(-1, 12, 20, 2)
found = follow(name + '.xdmf')
assert len(found) == 4, found.keys()
for time, arrays in found.items():
    step = round(2 * time)
    with h5py.File('%s-%d.h5' % (name, step), 'r') as f:
        assert f.attrs['step'] == step and f.attrs['time'] == time and f.attrs['what'] == name.encode()
    want = petsc[-1 - step if backward else step]
    assert len(arrays) == 2 and abs(want).max() > 0
    for key, got in arrays.items():
        same = got[0].tobytes() == want[:, :, int(key[-1])].astype('<f8').tobytes()
        assert same, 'step %d, %s' % (step, key)
END
  plugin=(-dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_save_trajectory -ts_trajectory_costate_ram 2)
  problem=(-ts_max_steps 9 -da_grid_x 20 -da_grid_y 12)
  for n in 1 2 3; do
    mkdir "ranks-$n"
    (
      cd "ranks-$n" || exit 1
      ln -s ../follow.py ../against.py .
      run_mpi "$n" ../ex5adj "${problem[@]}" -forwardonly "${plugin[@]}" -ts_trajectory_costate_hdf5 kept -ts_trajectory_keep_files \
        -ts_trajectory_costate_costs 1,1,0.1,0.1 -ts_monitor_solution binary:states.bin >run.out 2>&1 || cat run.out >&2
      run_mpi "$n" ../ex5adj "${problem[@]}" "${plugin[@]}" -ts_trajectory_costate_adjoint_every 3,maps \
        -ts_adjoint_monitor_sensi binary:lambdas.bin >run.out 2>&1 || cat run.out >&2
      export_ kept -step 0,2,5,7 >state.out 2>&1 || cat state.out >&2
      export_ maps -step all >lambda.out 2>&1 || cat lambda.out >&2
    )
    t_is "$(cd "ranks-$n" && "$python" against.py state states.bin 2>&1)" '' "states of $n ranks are those of PETSc, bit by bit, in natural order"
    t_is "$(cd "ranks-$n" && "$python" against.py lambda lambdas.bin backward 2>&1)" '' "and so are lambdas"
  done
  "$python" - ranks-3 >out 2>&1 <<'END'
import h5py, sys
top = sys.argv[1]
natural = h5py.File(top + '/kept/run-0001/layout.h5', 'r')['map/natural'][:]
export = h5py.File(top + '/state-2.h5', 'r')
state = h5py.File(top + '/kept/run-0001/states-0000.h5', 'r')['step/00000002/state'][:]
whole = state.copy()
whole[natural] = state
whole = whole.reshape(12, 20, 2)
assert all((whole[:, :, c] == export['state_%d' % c][0]).all() for c in (0, 1))
END
  t_is "$(cat out)" '' 'h5py reads the state as one array, and with the map it is the exported one'
  # files of their own for each node, of which two are pretended, and for each rank
  for layout in node rank; do
    mkdir "$layout" && (
      cd "$layout" || exit 1
      COSTATE_TEST_NODES=2 run_mpi 3 ../ex5adj "${problem[@]}" -forwardonly "${plugin[@]}" -ts_trajectory_costate_hdf5 kept \
        -ts_trajectory_keep_files -ts_trajectory_costate_hdf5_layout "$layout" -ts_trajectory_costate_costs 1,1,0.1,0.1 >run.out 2>&1 ||
        cat run.out >&2
      export_ kept -step 0,2,5,7 >state.out 2>&1 || cat state.out >&2
      for step in 0 2 5 7; do cmp "state-$step.h5" "../ranks-3/state-$step.h5" || echo "state-$step differs"; done
    ) >out 2>&1
    t_is "$(cat out)" '' "a file for each $layout: what is exported is the same, byte by byte"
    "$python" - "$layout" >out 2>&1 <<'END'
import glob, h5py, numpy, sys
layout = sys.argv[1]
run = layout + '/kept/run-0001/'
parts = {'node': ['n00000', 'n00001'], 'rank': ['r00000', 'r00001', 'r00002']}[layout]
for part in parts: h5py.File(run + 'states-0000-%s.h5' % part, 'r')
assert len(glob.glob(run + 'states-0000*')) == len(parts)
index, whole = h5py.File(run + 'states.h5', 'r'), {}
for name in glob.glob('ranks-3/kept/run-0001/states-*.h5'):
    for step, slot in h5py.File(name, 'r').get('step', {}).items(): whole[step] = slot
assert len(whole) > 3 and sorted(index['step']) == sorted(whole), (sorted(index['step']), sorted(whole))
for step, slot in whole.items():
    here = index['step/' + step]
    assert sorted(here) == sorted(slot) and dict(here.attrs) == dict(slot.attrs)
    for name in slot:
        assert here[name][:].tobytes() == slot[name][:].tobytes() and dict(here[name].attrs) == dict(slot[name].attrs)
        assert here[name].is_virtual
END
    t_is "$(cat out)" '' 'and states.h5 makes the parts one array, with what is said of them'
    rm "$layout"/kept/run-0001/states-0000-?00001.h5
    "$python" - "$layout" >out 2>&1 <<'END'
import h5py, numpy, sys
state = h5py.File(sys.argv[1] + '/kept/run-0001/states.h5', 'r')['step/00000000/state'][:]
whole = h5py.File('ranks-3/kept/run-0001/states-0000.h5', 'r')['step/00000000/state'][:]
gone = numpy.isnan(state)
assert 0 < gone.sum() < len(state) and (state[~gone] == whole[~gone]).all()
END
    t_is "$(cat out)" '' 'where a file is missing its numbers are NaN'
  done
  (cd ranks-2 && run_mpi 2 ../ex5adj "${problem[@]}" "${plugin[@]}" -ts_trajectory_costate_hdf5 swept -ts_trajectory_keep_files \
    -ts_trajectory_costate_costs 1,1,0.1,0.1 >run.out 2>&1 && export_ swept -step 0 -out ../swept >run.out 2>&1 && cmp ../swept.h5 state-0.h5 >run.out)
  t_ok $? 'what a backward sweep left is exported too'
else
  why=$no_python
  [ -n "$src" ] || why=$no_examples
  [ -z "$complex" ] || why="$complex, and the tutorial is for real ones"
  t_skip "$why" 14
fi

# Three directions, coordinates, a jump, a vector that is on no grid; numbers that say where they belong.
run_mpi 3 ./frames kept >out 2>&1 || cat out >&2
export_ kept >list 2>err
t_is "$? $(wc -c <err)" '0 0' 'without -step'
t_like "$(head -n 1 list)" '^kept/run-0001: 3 ranks, .*, grid 5 x 4 x 3, 2 components$' 'it is said what wrote it'
t_is "$(export_ kept -format csv)" "$(printf '%s\n' step,time,what,bytes,complete "0,0,state,$bytes,1" "2,0.5,state,$bytes,1" "4,1,state,$bytes,1" \
  "4,1,before jump,$bytes,1" "6,1.5,state,$bytes,1" "8,2,state,$bytes,1")" 'and what there is'
t_is "$(export_ kept -step 4 2>err)" $'state-4.h5\nstate-4.xdmf' 'the files written are listed'
t_is "$(cat err)" 'costate: from kept/run-0001, the newest run' 'and the run that they are from'
t_is "$(export_ kept/run-0001 -step all -out all.xdmf 2>&1 | tr '\n' ' ')" 'all-0.h5 all-2.h5 all-4.h5 all-6.h5 all-8.h5 all.xdmf ' 'all steps'
t_is "$(export_ kept -step 8,0,8 -out some 2>/dev/null | tr '\n' ' ')" 'some-8.h5 some-0.h5 some.xdmf ' 'a list of steps'
mkdir 'a & b'
export_ kept -step 4 -what before_jump -out 'a & b/<c>' >out 2>&1 && run_mpi 2 ./frames nests -nest >out 2>&1 && export_ nests -step 2 -out nest >out 2>&1
t_ok $? 'a jump, and vectors of parts'
if [ -n "$python" ]; then
  "$python" - >out 2>&1 <<'END'
import numpy
from follow import follow
grid = numpy.arange(120).reshape(3, 4, 5, 2)
def whole(arrays):
    for name in sorted(arrays): # the imaginary part is the negative
        if not name.endswith('_re'): continue
        assert (arrays[name] == -arrays.pop(name[:-2] + 'im')).all(), name
        arrays[name[:-3]] = arrays.pop(name)
    return arrays
def check(arrays, step, more):
    whole(arrays)
    assert sorted(arrays) == ['more', 'state_0', 'state_1'], arrays.keys()
    for c in (0, 1): assert (arrays['state_%d' % c] == 1000 * step + grid[..., c]).all(), (step, c)
    assert (arrays['more'] == 1000 * more + numpy.arange(7)).all(), step
found = follow('all.xdmf')
assert list(found) == [0, .5, 1, 1.5, 2], found.keys()
for time, arrays in found.items(): check(arrays, 4 * time, 4 * time)
for name in 'state-4.xdmf', 'a & b/<c>.xdmf':
    (time, arrays), = follow(name).items()
    check(arrays, 104 if 'b' in name else 4, 4)
(time, arrays), = follow('nest.xdmf').items()
whole(arrays)
assert sorted(arrays) == ['state', 'state.1'] and arrays['state'].shape == (1, 1, 120) and (arrays['state.1'] == 2000 + numpy.arange(7)).all()
END
  t_is "$(cat out)" '' 'every number is where it belongs, and XDMF refers to it'
else
  t_skip "$no_python"
fi
if command -v h5dump >/dev/null; then
  part=${complex:+_re}
  h5dump -d "/state_1$part" -s 2,3,0 -c 1,1,5 state-4.h5 | grep -q '(2,3,0): 4111, 4113, 4115, 4117, 4119'
  t_ok $? 'h5dump reads an exported state'
  h5dump -a "/state_0$part/spacing" state-4.h5 | grep -q '(0): 0.25, 2, 1'
  t_ok $? 'and the spacing of the grid'
  h5dump -d /step/00000004/more kept/run-0001/states-0000.h5 | tr -d ' \n' |
    if [ -n "$complex" ]; then grep -q '(0):{4000,-4000},(1):{4001,-4001},'; else grep -q '(0):4000,4001,4002,4003,4004,4005,4006'; fi
  t_ok $? 'and a state where the run left it'
else
  t_skip 'no h5dump here' 3
fi

# A run that was killed, one rank in the middle of a line.
run_mpi 2 ./frames killed -kill >out 2>&1
export_ killed -step 8 -out late >out 2>&1 && cmp -s late.h5 all-8.h5
t_ok $? 'of a run that was killed there is all that was complete'
truncate -s -9 killed/run-0001/journal-00001.txt
t_is "$(export_ killed -format csv 2>err | tail -n 1)" "8,2,state,$bytes,0" 'what one rank had not written is not complete'
t_like "$(cat err)" '1 line of the journals in killed/run-0001 ended early' 'and it is said that the run was killed'
refused 1 'step 8: .*is not complete: the run ended while it was written' 'such a step' ../killed -step 8
t_is "$(export_ killed -step all -out most 2>err | tail -n 1) $(grep -c 'step 8 is left out' err)" 'most.xdmf 1' 'all steps are those that are complete'

cp -r kept spoilt
# complex numbers of single precision take as many bytes as real ones of double precision
if [ -z "$complex" ]; then sed -i 's/"real8"/"complex4"/' spoilt/run-0001/costate.json; fi
export_ spoilt -step 4 -out halves >out 2>&1
t_ok $? 'complex numbers'
if [ -n "$complex" ] && [ -n "$python" ]; then
  t_skip "$complex: these were looked at above"
elif [ -n "$python" ]; then
  "$python" - >out 2>&1 <<'END'
import h5py, numpy
f = h5py.File('halves.h5', 'r')
assert sorted(f) == ['more_im', 'more_re', 'state_0_im', 'state_0_re', 'state_1_im', 'state_1_re'], list(f)
both = numpy.stack([f['state_1_re'][:], f['state_1_im'][:]], axis=-1)
assert both.dtype == numpy.float32 and both.tobytes() == h5py.File('state-4.h5', 'r')['state_1'][:].tobytes()
END
  t_is "$(cat out)" '' 'are real and imaginary parts'
fi
if [ -n "$python" ]; then
  cp -r kept harmed
  "$python" - <<'END'
import h5py
run = 'harmed/run-0001/'
where = h5py.File(run + 'states-0000.h5', 'r')['slot_0001/state'].id.get_offset()
with open(run + 'states-0000.h5', 'r+b') as f:
    f.seek(where + 77)
    byte = f.read(1)
    f.seek(where + 77)
    f.write(bytes([byte[0] ^ 1]))
with h5py.File('spoilt/run-0001/layout.h5', 'r+') as f: f['map/natural'][7] = 3
END
  refused 1 'step 2: /slot_0001/state of .*/states-0000.h5 is damaged: the part of rank [0-9]' 'a damaged block' ../harmed -step 2
  t_is "$(export_ harmed -step all -out rest 2>/dev/null | tr '\n' ' ')" 'rest-0.h5 rest-4.h5 rest-6.h5 rest-8.h5 rest.xdmf ' 'the other steps are exported'
  export_ harmed -step all -out rest -force >out 2>&1
  t_is $? 1 'and the status tells'
  refused 1 'natural.* is damaged' 'a damaged map' ../spoilt -step 0
else
  t_skip "$no_python" 8
fi

run_mpi 1 ./frames kept >out 2>&1 || cat out >&2
t_like "$(export_ kept | head -n 1)" '^kept/run-0002: 1 rank,' 'of two runs the newest is taken'
t_like "$(export_ kept/run-0001 | head -n 1)" '^kept/run-0001: 3 ranks,' 'or the one that is named'

refused 1 'no state of step 5 in \.\./kept/run-0002; the nearest are 4 and 6' 'a step that is not there' ../kept -step 5
refused 1 'the nearest is 8' 'a step beyond the last' ../kept -step 99
refused 1 "no 'before jumps' .* there is: state, before jump; did you mean 'before jump'" 'an unknown kind' ../kept -step 4 -what 'before jumps'
refused 1 'no before jump of step 2 .* the nearest is 4' 'a jump that was none' ../kept -step 2 -what 'before jump'
refused 1 'nowhere cannot be read: No such file' 'a directory that is not there' nowhere
refused 1 'There is no run of Costate in \.\./nothing' 'a directory with nothing in it' ../nothing -step 0
refused 1 'no directory none for the files' 'a file in a directory that is not there' ../kept -step 0 -out none/x
refused 1 'kept/run-0001 holds runs and nothing else' "a file among a run's own" ../kept/run-0001 -step 0 -out ../kept/run-0001/states-0000 -force
refused 1 'kept holds runs and nothing else' 'a file beside the runs' ../kept -step 0 -out ../kept/x
t_is "$(ls kept | tr '\n' ' ')" 'run-0001 run-0002 ' 'nothing is written there'
refused 2 "no option '-stp'; did you mean -step" 'a misspelt option' ../kept -stp 4
refused 2 '-step needs a value' 'an option without its value' ../kept -step
refused 2 "-step '4,x' is neither" 'a step that is no number' ../kept -step 4,x
refused 2 "-step '-1' is neither" 'a step below 0' ../kept -step -1
refused 2 '-format xml is neither text nor csv' 'an unknown format' ../kept -format xml
refused 2 'Say -step K' 'a name for nothing' ../kept -out x
refused 2 '-what goes with -step' 'a kind of nothing' ../kept -what state
refused 2 'which directory' 'no directory' -step 4
refused 2 'one directory at a time' 'two directories' ../kept ../nests
refused 2 'colon' 'a name that XDMF cannot have' ../kept -step 0 -out x:y
before=$(cksum <state-4.h5)
export_ kept -step 6 -out state-4 >out 2>err
t_is "$? $(wc -c <out)" '1 0' 'a file that is there is not replaced'
t_like "$(cat err)" 'state-4.h5 is there already: say -force' 'and it is said how it would be'
t_is "$(cksum <state-4.h5)" "$before" 'it is what it was'
export_ kept -step 6 -out state-4 -force >out 2>&1
t_is "$? $(cmp -s state-4.h5 all-6.h5 && echo replaced)" '0 replaced' 'unless -force says so'
plainly=(setpriv '--bounding-set=-dac_override,-dac_read_search' '--inh-caps=-dac_override,-dac_read_search')
"${plainly[@]}" true 2>/dev/null || plainly=(env)
mkdir locked && chmod 0 locked
if "${plainly[@]}" ls locked >/dev/null 2>&1; then
  t_skip 'this user may do everything' 3
else
  "${plainly[@]}" "$COSTATE_BIN" export locked >out 2>err
  t_is $? 1 'a directory without permission'
  t_like "$(cat err)" 'locked cannot be read: Permission denied' 'is refused'
  t_like "$("${plainly[@]}" "$COSTATE_BIN" export kept -step 0 -out locked/x 2>&1 | tail -n 1)" 'cannot be written: Permission denied' 'to write into as well'
fi
chmod 700 locked
t_is "$(find . -name '*.part')" '' 'no half files are left'
export_ -help >out 2>err
t_is "$? $(grep -c '^  -step' out) $(wc -c <err)" '0 1 0' '-help'
t_done
