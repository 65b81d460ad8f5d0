#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The disk that fails on demand fails as it is asked to, and nowhere else; and what is synced, and nothing else, survives the
# model of a power loss.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/harness/programs/build.sh"
command -v python3 >/dev/null || t_skip_all "$no_shim"
build_shim || exit 1
mkdir disk

# Each call of the C library by its name; what it did is a word: ok, or the name of the error.
cat >calls.py <<'END_OF_CALLS'
import ctypes, errno, os, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
for name in 'read', 'write', 'pread64', 'pwrite64': getattr(libc, name).restype = ctypes.c_ssize_t
libc.fopen.restype = ctypes.c_void_p
off = ctypes.c_longlong
where = sys.argv[2] if len(sys.argv) > 2 else 'disk'
path = lambda name: (where + '/' + name).encode()
data = ctypes.create_string_buffer(b'x' * 100, 100)
def said(status): return 'ok' if status not in (-1, None) else errno.errorcode[ctypes.get_errno()]
def opened(call, name, flags=os.O_RDWR | os.O_CREAT):
    fd = getattr(libc, call)(path(name), flags, 0o666)
    if fd >= 0: os.close(fd)
    return said(fd)
def with_file(action):
    fd = os.open(where + '/file', os.O_RDWR | os.O_CREAT)
    try: return said(action(fd))
    finally: os.close(fd)
calls = {
    'open': lambda: opened('open', 'a'),
    'open64': lambda: opened('open64', 'a'),
    'creat': lambda: said(libc.creat(path('a'), 0o666)),
    'openat': lambda: said(libc.openat(-100, path('a'), os.O_RDONLY)),
    'fopen': lambda: said(libc.fopen(path('a'), b'w')),
    'write': lambda: with_file(lambda fd: libc.write(fd, data, 100)),
    'pwrite': lambda: with_file(lambda fd: libc.pwrite(fd, data, 100, off(5))),
    'pwrite64': lambda: with_file(lambda fd: libc.pwrite64(fd, data, 100, off(5))),
    'writev': lambda: said(0 if os.writev(os.open(where + '/file', os.O_RDWR), [b'ab', b'c']) else -1),
    'read': lambda: with_file(lambda fd: libc.read(fd, data, 100)),
    'pread': lambda: with_file(lambda fd: libc.pread(fd, data, 100, off(5))),
    'pread64': lambda: with_file(lambda fd: libc.pread64(fd, data, 100, off(5))),
    'fsync': lambda: with_file(libc.fsync),
    'fdatasync': lambda: with_file(libc.fdatasync),
    'ftruncate': lambda: with_file(lambda fd: libc.ftruncate(fd, off(7))),
    'fallocate': lambda: with_file(lambda fd: libc.fallocate(fd, 0, off(0), off(100))),
    'mkdir': lambda: said(libc.mkdir(path('dir'), 0o777)),
    'rename': lambda: said(libc.rename(path('a'), path('b'))),
    'unlink': lambda: said(libc.unlink(path('b'))),
    'flock': lambda: with_file(lambda fd: libc.flock(fd, 2)),
    'rmdir': lambda: said(libc.rmdir(path('dir'))),
}
words = []
for name in sys.argv[1].split(','):
    try: words.append(calls[name]())
    except OSError as e: words.append(errno.errorcode[e.errno])
print(*words)
END_OF_CALLS
# calls NAMES [WHERE] and orders before it, as SHIM_FAIL=...
calls() {
  local -a orders=()
  while [[ $1 == *=* ]]; do
    orders+=("$1")
    shift
  done
  shim "${orders[@]}" python3 calls.py "$@"
}

all=open,open64,creat,openat,fopen,write,pwrite,pwrite64,writev,read,pread,pread64,fsync,fdatasync,ftruncate,fallocate,mkdir,rename,unlink,rmdir,flock
t_is "$(calls $all | tr ' ' '\n' | sort | uniq -c | xargs)" '21 ok' 'without an order all is as ever'
t_is "$(calls SHIM_FAIL=open:1+:ENOSPC open,open64,creat,openat,fopen,write,mkdir,rmdir)" 'ENOSPC ENOSPC ENOSPC ENOSPC ENOSPC ENOSPC ok ok' 'files are not opened'
every=$(printf '%s:1+:ENOSPC,' write read fsync truncate fallocate mkdir rename unlink lock)
t_is "$(calls "SHIM_FAIL=${every%,}" $all | tr ' ' '\n' | uniq -c | xargs)" '5 ok 16 ENOSPC' 'all else fails'
t_is "$(calls SHIM_FAIL=write:3:EIO write,pwrite,pwrite,write,read)" 'ok ok EIO ok ok' 'the third write'
t_is "$(calls SHIM_FAIL=write:2+:EIO write,pwrite,pwrite64,read)" 'ok EIO EIO ok' 'the second and all later ones'
t_is "$(calls SHIM_FAIL=write:2:EIO,write:3:28,read:1:EINTR write,write,write,write,read,read)" 'ok EIO ENOSPC ok EINTR ok' 'several orders, and errors by number'
t_is "$(OMPI_COMM_WORLD_RANK=1 calls SHIM_FAIL=write:1:EIO:0 write) $(OMPI_COMM_WORLD_RANK=1 calls SHIM_FAIL=write:1:EIO:1 write)" 'ok EIO' 'one rank alone'
mkdir elsewhere disk2
t_is "$(calls SHIM_FAIL=open:1+:EIO,write:1+:EIO,mkdir:1+:EIO open,write,mkdir elsewhere) $(calls SHIM_FAIL=mkdir:1+:EIO mkdir disk2)" 'ok ok ok ok' 'other directories pass by'
ln -s disk link
t_is "$(calls SHIM_FAIL=mkdir:1:EIO,write:1:EIO mkdir,write ./elsewhere/../link/)" 'EIO EIO' 'links and dots lead there, too'
for wrong in write write:0:EIO write:x:EIO wirte:1:EIO write:1:EWHAT write:1+2:EIO; do
  shim "SHIM_FAIL=$wrong" true >out 2>&1
  t_is "$? $(grep -c "SHIM_FAIL='$wrong' is not understood" out)" '97 1' "'$wrong' is no order"
done

# Short and interrupted transfers: who goes on until all is there gets it right, who does not is found out.
cat >copy.py <<'END_OF_COPY'
import errno, os, random, sys
text = random.Random(4).randbytes(300000)
counts = [0, 0]  # short, interrupted
def all_of(move, n):
    done = 0
    while done < n:
        try: moved = move(done)
        except InterruptedError: counts[1] += 1; continue
        if moved < n - done: counts[0] += 1
        done += moved
import ctypes
libc = ctypes.CDLL(None, use_errno=True)  # Python goes on by itself after EINTR
for name in 'pread', 'pwrite': getattr(libc, name).restype = ctypes.c_ssize_t
def checked(n):
    if n < 0: raise OSError(ctypes.get_errno(), 'transfer')
    return n
fd = os.open('disk/copy', os.O_RDWR | os.O_CREAT | os.O_TRUNC)
back = ctypes.create_string_buffer(len(text))
source = ctypes.create_string_buffer(text, len(text))
for at in range(0, len(text), 10000):
    all_of(lambda done: checked(libc.pwrite(fd, ctypes.byref(source, at + done), ctypes.c_size_t(10000 - done), ctypes.c_longlong(at + done))), 10000)
for at in range(0, len(text), 10000):
    all_of(lambda done: checked(libc.pread(fd, ctypes.byref(back, at + done), ctypes.c_size_t(10000 - done), ctypes.c_longlong(at + done))), 10000)
print(back.raw == text, counts[0] > 10, counts[1] > 10)
END_OF_COPY
t_is "$(shim python3 copy.py)" 'True False False' 'transfers are whole'
t_is "$(shim SHIM_SHORT="$SEED" python3 copy.py)" 'True True False' "or short where that is ordered (seed $SEED)"
t_is "$(shim SHIM_EINTR="$SEED" python3 copy.py)" 'True False True' "or interrupted (seed $SEED)"
t_is "$(shim SHIM_EINTR="$SEED" SHIM_SHORT="$SEED" python3 copy.py)" 'True True True' "or both (seed $SEED)"

# Counts, of threads at once, and of a process that ends at once.
cat >threads.py <<'END_OF_THREADS'
import os, sys, threading
def work(n):
    fd = os.open('disk/thread', os.O_RDWR | os.O_CREAT)
    for i in range(500): os.pwrite(fd, b'x', i)
    os.fsync(fd)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
if len(sys.argv) > 1: os._exit(3)
END_OF_THREADS
OMPI_COMM_WORLD_RANK=5 shim SHIM_COUNT=counts python3 threads.py
t_is "$(cut -d' ' -f2- counts | tr '\n' ' ')" '5 open 4 5 write 2000 5 fsync 4 ' 'calls are counted, and by whom'
shim SHIM_COUNT=counts python3 threads.py now
t_is "$? $(grep -c ' write 2000$' counts)" '3 2' 'also where a program ends with _exit()'
shim SHIM_COUNT=counts true
t_is "$(wc -l <counts)" 6 'who does nothing there says nothing'

# A power loss. Each case is what a program does on an old tree, and what is there afterwards.
# tree DIR: NAME=CONTENT of all that is below, and directories that are empty
tree() {
  (cd "$1" && find . -mindepth 1 '(' -type f -o -type d -empty ')' -printf '%P %y\n' | LC_ALL=C sort | while read -r name type; do
    if [ "$type" = d ]; then printf '%s/ ' "$name"; else printf '%s=%s ' "$name" "$(tr '\0' 0 <"$name")"; fi
  done) | sed 's/ $//'
}
cat >disk.py <<'END_OF_DISK'
import os
os.chdir('disk')
def put(name, text):
    with open(name, 'w') as f: f.write(text)
def sync(name):
    fd = os.open(name, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
def add(name, text):
    fd = os.open(name, os.O_WRONLY | os.O_APPEND)
    os.write(fd, text.encode())
    os.fdatasync(fd)
    os.close(fd)
END_OF_DISK
# loss NAME WANTED PROGRAM: on the old tree {old: 1, sub/deep: 2}
loss() {
  rm -rf disk shadow out
  mkdir -p disk/sub
  printf 1 >disk/old
  printf 2 >disk/sub/deep
  shim SHIM_SHADOW=shadow python3 -c "from disk import *
$3" && power_loss shadow out || { t_ok 1 "$1"; return; }
  t_is "$(tree out)" "$2" "$1"
}
loss 'what nobody touches stays' 'old=1 sub/deep=2' 'pass'
loss 'what is not synced is gone' 'old=1 sub/deep=2' 'put("old", "3"); put("new", "4"); os.mkdir("dir"); os.unlink("sub/deep")'
loss 'a synced file has its bytes' 'old=3 sub/deep=2' 'put("old", "3"); sync("old")'
loss 'those of the last sync' 'old=3 sub/deep=2' 'put("old", "3"); sync("old"); put("old", "5")'
loss 'or fdatasync' 'old=134 sub/deep=2' 'add("old", "3"); add("old", "4")'
loss 'a new file without its directory has no name' 'old=1 sub/deep=2' 'put("new", "4"); sync("new")'
loss 'a name without its file has no bytes' 'new= old=1 sub/deep=2' 'put("new", "4"); sync(".")'
loss 'with both it is there' 'new=4 old=1 sub/deep=2' 'put("new", "4"); sync("new"); sync(".")'
loss 'a rename without its directory is none' 'old=1 sub/deep=2' 'put("tmp", "4"); sync("tmp"); os.rename("tmp", "old")'
loss 'with it the new file is there' 'old=4 sub/deep=2' 'put("tmp", "4"); sync("tmp"); os.rename("tmp", "old"); sync(".")'
loss 'a rename before its file is synced loses both' 'old= sub/deep=2' 'put("tmp", "4"); os.rename("tmp", "old"); sync(".")'
loss 'a removal without its directory is none' 'old=1 sub/deep=2' 'os.unlink("old")'
loss 'with it the file is gone' 'sub/deep=2' 'os.unlink("old"); sync(".")'
loss 'directories want to be synced one by one' 'dir/ old=1 sub/deep=2' 'os.mkdir("dir"); put("dir/x", "5"); sync("dir/x"); sync(".")'
loss 'then they are there' 'dir/x=5 old=1 sub/deep=2' 'os.mkdir("dir"); put("dir/x", "5"); sync("dir/x"); sync("dir"); sync(".")'
loss 'one below another is synced by itself' 'old=1 sub/deep=2 sub/x=6' 'put("sub/x", "6"); sync("sub/x"); sync("sub")'
loss 'a new file has nothing of an old one with its number' 'old= sub/deep=2' '
import time
os.unlink("old"); time.sleep(.02); put("old", "7"); sync(".")'
loss 'large files, with holes' "old=$(printf '%0300000d' 0) sub/deep=2" 'put("old", "0" * 300000); sync("old"); os.truncate("old", 0)'
SHIM_FAIL=fsync:1:EIO loss 'a failed fsync syncs nothing' 'old=1 sub/deep=2' '
try: put("old", "3"); sync("old")
except OSError as e: print(e, file=open("../err", "w"))'
t_is "$(grep -c 'Input/output error' err)" 1 'and says so'

# Of what was not synced any part may be there; all of it and none of it are found among a few throws.
rm -rf disk shadow out && mkdir disk && printf 1 >disk/old
shim SHIM_SHADOW=shadow python3 -c 'from disk import *; put("new", "4"); put("old", "3"); os.mkdir("dir")'
PYTHONPATH=$ROOT/tests/harness/programs python3 -B - <<'END_OF_LOSSES' || exit 1
import random
from powerloss import Loss
for seed in range(24): Loss('shadow', random.Random(seed), 'disk').make(open('shadow/root').read(), 'out%d' % seed)
END_OF_LOSSES
for out in out?*; do
  tree "$out"
  echo
done >seen
power_loss shadow one 5 disk && t_is "$(tree one)" "$(tree out5)" 'the same seed gives the same loss'
t_is "$(sort -u seen | grep -cvE '^(dir/ )?(new=[40]? )?old=[13]$')" 0 'nothing else is there than what was written'
t_is "$(grep -c old=1 seen | sed 's/^[1-9].*/some/') $(grep -c old=3 seen | sed 's/^[1-9].*/some/') $(grep -c dir/ seen | sed 's/^[1-9].*/some/') \
$(grep -vc new= seen | sed 's/^[1-9].*/some/') $(grep -c new=4 seen | sed 's/^[1-9].*/some/')" 'some some some some some' 'old and new, each by itself'

rm -rf disk shadow
shim SHIM_SHADOW=shadow true 2>err
t_is "$? $(grep -c 'SHIM_DIR has to be a directory that is there' err)" '97 1' 'the shadow of nothing is refused'
shim SHIM_DIR= true
t_is $? 0 'without SHIM_DIR it is as if it were not there'
t_done
