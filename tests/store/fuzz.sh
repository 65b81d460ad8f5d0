#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What parses journals, manifests and notes survives everything that a fuzzer found worth keeping, and noise, under
# AddressSanitizer and UBSan.  tests/store/corpus/README.md says how the corpora are made.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
sanitize=(-g '-fsanitize=address,undefined' -fno-sanitize-recover=all)
export ASAN_OPTIONS=detect_leaks=1

# inputs DIR: the corpus, and what noise makes of it: bytes changed, cut off and doubled, by SEED
inputs() {
  mkdir -p "$1" && tar -xzf "$ROOT/tests/store/corpus/$1.tar.gz" -C "$1" || return 1
  python3 - "$1" <<'END_OF_NOISE'
import os, random, sys
rng = random.Random(int(os.environ['SEED']))
names = sorted(os.listdir(sys.argv[1]))
for i in range(400):
    data = bytearray(open(os.path.join(sys.argv[1], rng.choice(names)), 'rb').read())
    for _ in range(rng.randint(1, 8)):
        if not data: break
        at = rng.randrange(len(data))
        how = rng.randrange(4)
        if how == 0: data[at] ^= 1 << rng.randrange(8)
        elif how == 1: data[at] = rng.choice(b'0123456789 -:"\n')
        elif how == 2: del data[at:at + rng.randint(1, 40)]
        else: data[at:at] = data[at:at + rng.randint(1, 40)]
    open(os.path.join(sys.argv[1], 'noise-%d' % i), 'wb').write(data)
END_OF_NOISE
}

# survives PROGRAM CORPUS TEXT
survives() {
  local n status
  inputs "$2" || exit 1
  n=$(find "$2" -type f | wc -l)
  "./$1" "$2"/* >out 2>err
  status=$?
  t_is "$status $(cat out)" "0 $n inputs" "$3: seed $SEED"
  if [ $status != 0 ]; then head -n 12 err | sed 's/^/# /' >&2; fi
  [ "$n" -gt 500 ]
  t_ok $? 'and these are many'
}

compile ./fuzz_parse "${sanitize[@]}" "-I$ROOT/src" "$ROOT/tests/store/programs/fuzz_parse.c" "$ROOT/src/store/parse.c" || exit 1
survives fuzz_parse parse 'journals and manifests'

# the objects of the library, but those that are compiled here
objects=()
while IFS= read -r o; do objects+=("$o"); done < <(find "$BUILD/obj/src" -name '*.o' ! -path '*/cli/*' ! -path '*/traj/resume_notes.o' ! -path '*/traj/log.o')
read -ra libraries <<<"$(flag HDF5_LIBS) $(flag ADOLC_LIBS)"
compile ./fuzz_notes "${sanitize[@]}" "-I$ROOT/include" -x c "$ROOT/tests/traj/programs/fuzz_notes.h" -x none "$ROOT/src/traj/log.c" "${objects[@]}" \
  "${libraries[@]}" -lpthread -ldl || exit 1
export ASAN_OPTIONS=detect_leaks=0 # MPI and HDF5 are linked in
survives fuzz_notes notes 'notes of commits'
t_done
