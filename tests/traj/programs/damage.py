# SPDX-License-Identifier: BSD-2-Clause
"""Damage to what a killed run left on disk, for faults.py.

Each function that CASES names takes the directory of the runs (a copy, to be spoilt), what is known of the run (scene: its
tree as it was left, an older one of the same run, one of a stranger, its number of ranks) and dice; it says in words what
it did, or None where there is nothing of that kind to damage.
"""
import ctypes
import os
import re
import shutil
import subprocess


def newest_run(tree):
    runs = sorted(d for d in os.listdir(tree) if re.fullmatch(r'run-\d{4,}', d))
    return os.path.join(tree, runs[-1])


def named(run, pattern):
    return sorted(os.path.join(run, n) for n in os.listdir(run) if re.fullmatch(pattern, n))


def manifests(run):
    return named(run, r'manifest-\d+\.txt')


def states(run):
    return named(run, r'states-\d+\S*\.h5')


def journals(run):
    return named(run, r'journal-\d+\.txt')


def text(path):
    with open(path, 'rb') as f:
        return f.read()


def put(path, content):
    with open(path, 'wb') as f:
        f.write(content)


def xxh3(data):
    """The library is there where its header is; the C library's own loader finds it."""
    library = ctypes.CDLL('libxxhash.so.0')
    library.XXH3_64bits.restype = ctypes.c_uint64
    return b'%016x' % library.XXH3_64bits(data, ctypes.c_size_t(len(data)))


def committed(run, rank=0):
    """How much of a journal the newest manifest counts, by its own words."""
    m = re.search(rb'^journal %d (\d+) ' % rank, text(manifests(run)[-1]), re.M)
    return int(m.group(1))


class Frames:
    """What the journal of rank 0 says of the slots, at the newest commit."""

    def __init__(self, run):
        self.what, self.slots, self.ram = {}, [], set()
        for line in text(journals(run)[0])[:committed(run)].decode().splitlines():
            w = line.split()
            if w[0] == 'segment':
                self.slots += [(int(w[1]), s) for s in range(int(w[3]))]
            elif w[0] == 'put':
                self.what[int(w[1]), int(w[2])] = (int(w[4]), re.search(r'"(.*?)"', line).group(1))
            elif w[0] == 'drop':
                self.what.pop((int(w[1]), int(w[2])), None)
            elif w[:2] == ['note', 'held']:
                self.ram = set()
            elif w[:2] == ['note', 'ram']:
                self.ram.add(int(w[2]))

    def choose(self, kind):
        if kind == 'free':
            return [s for s in self.slots if s not in self.what]
        keep = {'needed': lambda key, what: key in self.ram,
                'on disk alone': lambda key, what: key not in self.ram and what != 'adjoint',
                'adjoint': lambda key, what: what == 'adjoint'}[kind]
        return [s for s, (key, what) in sorted(self.what.items()) if keep(key, what)]


def blocks(path):
    """{(slot, data set): (offset, bytes)} of an HDF5 file, by h5dump."""
    found, slot, name, size = {}, None, None, None
    out = subprocess.run(['h5dump', '-pH', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    for line in out.splitlines():
        w = line.split()
        if w[:1] == ['GROUP'] and 'slot_' in line:
            slot = int(re.search(r'slot_(\d+)', line).group(1))
        elif w[:1] == ['DATASET']:
            name = w[1]
        elif w[:1] == ['SIZE'] and len(w) == 2 and w[1].isdigit():
            size = int(w[1])
        elif w[:1] == ['OFFSET'] and slot is not None and w[1].isdigit():
            found[slot, name] = (int(w[1]), size)
    return found


def file_of(run, number, dice):
    """The file of a segment; where a layout has several, one of them."""
    own = [p for p in states(run) if int(re.search(r'states-(\d+)', p).group(1)) == number]
    return dice.choice(own) if own else None


# Where: ranges (path, first, end) of bytes, of which one is hit.

def slot_ranges(kind):
    def where(run, scene, dice):
        slots = Frames(run).choose(kind)
        if not slots:
            return []
        number, slot = dice.choice(slots)
        path = file_of(run, number, dice)
        return [(path, at, at + n) for (s, _), (at, n) in blocks(path).items() if s == slot and n] if path else []
    return where


def structure(run, scene, dice):
    """A data file, but for the numbers in it: what HDF5 wrote."""
    path = dice.choice(states(run)) if states(run) else None
    ranges, at = [], 0
    for first, n in sorted(blocks(path).values()) if path else []:
        ranges += [(path, at, first)] if first > at else []
        at = max(at, first + n)
    size = os.path.getsize(path) if path else 0
    return ranges + ([(path, at, size)] if size > at else [])


def whole(pick):
    def where(run, scene, dice):
        paths = [p for p in pick(run, dice) if p and os.path.getsize(p)]
        return [(p, 0, os.path.getsize(p)) for p in paths]
    return where


def journal_range(behind):
    def where(run, scene, dice):
        rank = dice.randrange(scene.ranks)
        path, counted = journals(run)[rank], committed(run, rank)
        size = os.path.getsize(path)
        first, end = (counted, size) if behind else (0, min(counted, size))
        return [(path, first, end)] if end > first else []
    return where


def one_of(pick):
    return whole(lambda run, dice: [dice.choice(pick(run))] if pick(run) else [])


WHERE = [('a state that memory held', slot_ranges('needed')),
         ('a state that the disk alone holds', slot_ranges('on disk alone')),
         ('the lambdas', slot_ranges('adjoint')),
         ('a free slot', slot_ranges('free')),
         ('the structure of a data file', structure),
         ('a journal', journal_range(False)),
         ('a journal behind the commit', journal_range(True)),
         ('the newest manifest', whole(lambda run, dice: manifests(run)[-1:])),
         ('the older manifest', whole(lambda run, dice: manifests(run)[-2:-1])),
         ('costate.json', one_of(lambda run: named(run, r'costate\.json'))),
         ('layout.h5', one_of(lambda run: named(run, r'layout\.h5')))]
FILES = [('a data file', one_of(states)), ('a journal', one_of(journals)),
         ('all manifests', whole(lambda run, dice: manifests(run)))] + WHERE[7:]


def flip(path, first, end, dice):
    at, bit = dice.randrange(first, end), dice.randrange(8)
    data = bytearray(text(path))
    data[at] ^= 1 << bit
    put(path, data)
    return 'bit %d of byte %d' % (bit, at)


def zero(path, first, end, dice):
    """A sector or page of it, if the range has so much, else the range."""
    unit = dice.choice([512, 4096])
    at = dice.randrange(first, end) // unit * unit
    at, stop = max(at, first), min(at + unit, end)
    data = bytearray(text(path))
    if not any(data[at:stop]):
        return None
    data[at:stop] = bytes(stop - at)
    put(path, data)
    return 'bytes %d to %d are 0' % (at, stop)


def cut(path, first, end, dice):
    at = dice.choice([first, dice.randrange(first, end)])
    os.truncate(path, at)
    return 'cut to %d bytes' % at


def missing(path, first, end, dice):
    os.unlink(path)
    return 'removed'


def hit(where, damage, all_files=False):
    def do(tree, scene, dice):
        ranges = where(newest_run(tree), scene, dice)
        if not ranges:
            return None
        if not all_files:
            ranges = [dice.choice(ranges)]
        said = [(os.path.basename(r[0]), damage(*r, dice)) for r in ranges]
        return None if None in [s for _, s in said] else ', '.join('%s: %s' % s for s in said)
    return do


# Files in the place of others.

def exchange(a, b):
    os.rename(a, a + '.x')
    os.rename(b, a)
    os.rename(a + '.x', b)
    return '%s and %s' % (os.path.basename(a), os.path.basename(b))


def swap(pick):
    def do(tree, scene, dice):
        paths = pick(newest_run(tree))
        return exchange(*dice.sample(paths, 2)) if len(paths) > 1 else None
    return do


def swap_slots(tree, scene, dice):
    """Two states in the same file."""
    run = newest_run(tree)
    path = dice.choice(states(run))
    names = {}
    for (slot, name), place in blocks(path).items():
        names.setdefault((name, place[1]), []).append(place[0])
    pairs = [(n, places) for n, places in sorted(names.items()) if len(places) > 1]
    if not pairs:
        return None
    (name, size), places = dice.choice(pairs)
    a, b = dice.sample(places, 2)
    data = bytearray(text(path))
    if data[a:a + size] == data[b:b + size]:
        return None
    data[a:a + size], data[b:b + size] = data[b:b + size], data[a:a + size]
    put(path, data)
    return '%s at %d and %d of %s' % (name, a, b, os.path.basename(path))


def instead(source, pick):
    """Files of `source` (older: of this run; stranger: of another one) by the same names, or the newest of that kind."""
    def do(tree, scene, dice):
        there, here = newest_run(getattr(scene, source)), newest_run(tree)
        own = pick(here)
        names = {os.path.basename(p) for p in own}
        same = [p for p in pick(there) if os.path.basename(p) in names and text(p) != text(os.path.join(here, os.path.basename(p)))]
        if same:
            path = dice.choice(same)
            shutil.copy(path, here)
            return os.path.basename(path)
        if not own or not pick(there) or text(pick(there)[-1]) == text(own[-1]):
            return None
        shutil.copy(pick(there)[-1], own[-1])
        return '%s as %s' % (os.path.basename(pick(there)[-1]), os.path.basename(own[-1]))
    return do


def older(picks, replace):
    """Files of an older state of the same run come back, beside those that are there or in their place."""
    def do(tree, scene, dice):
        there, here = newest_run(scene.older), newest_run(tree)
        said = []
        for pick in picks:
            if replace:
                for p in pick(here):
                    os.unlink(p)
            for p in pick(there):
                if not os.path.exists(os.path.join(here, os.path.basename(p))):
                    shutil.copy(p, here)
                    said.append(os.path.basename(p))
        return ', '.join(said) or None
    return do


def replace_tree(source):
    def do(tree, scene, dice):
        shutil.rmtree(tree)
        shutil.copytree(getattr(scene, source), tree)
        return 'the whole directory'
    return do


# What is not ours.

def thesis(tree, scene, dice):
    shutil.rmtree(tree)
    os.mkdir(tree)
    put(os.path.join(tree, 'thesis.txt'), b'dear')
    return 'a directory of other files'


def thesis_inside(tree, scene, dice):
    put(os.path.join(newest_run(tree), 'thesis.txt'), b'dear')
    return "another's file among those of the run"


def thesis_beside(tree, scene, dice):
    put(os.path.join(tree, 'thesis.txt'), b'dear')
    return "another's file beside the run"


def only_name(tree, scene, dice):
    shutil.rmtree(tree)
    os.makedirs(os.path.join(tree, 'run-0001'))
    put(os.path.join(tree, 'run-0001', 'thesis.txt'), b'dear')
    return 'another folder by the name of a run'


def plain_file(tree, scene, dice):
    shutil.rmtree(tree)
    put(tree, b'dear')
    return 'a file in place of the directory'


def run_is_file(tree, scene, dice):
    run = newest_run(tree)
    shutil.rmtree(run)
    put(run, b'dear')
    return 'a file in place of the run'


def later_name(tree, scene, dice):
    os.makedirs(os.path.join(tree, 'run-0002'))
    put(os.path.join(tree, 'run-0002', 'notes.txt'), b'dear')
    return 'a folder by the name of a later run'


def directory_for_file(tree, scene, dice):
    run = newest_run(tree)
    path = dice.choice(states(run) + journals(run) + manifests(run)[-1:] + named(run, r'costate\.json'))
    os.unlink(path)
    os.mkdir(path)
    return 'a directory in place of %s' % os.path.basename(path)


def owner(tree, scene, dice):
    return edit(b'owner "run 1"', b'owner "run 2"')(tree, scene, dice)


# Other words in the manifests, with their hashes mended: what another PETSc or another version would have written.

def reword(path, old, new):
    body = text(path)
    body = body[:body.rindex(b'end ')]
    if not re.search(old, body, re.M):
        return False
    body = re.sub(old, new, body, count=1, flags=re.M)
    put(path, body + b'end ' + xxh3(body) + b'\n')
    return True


def edit(old, new):
    def do(tree, scene, dice):
        done = [reword(p, old, new) for p in manifests(newest_run(tree))]
        return '%s becomes %s' % (old.decode(), new.decode()) if all(done) else None
    return do


def journal_says(old, new):
    """The journals too, line by line, and the manifests that count them."""
    def do(tree, scene, dice):
        run = newest_run(tree)
        for rank, path in enumerate(journals(run)):
            lines, lengths, at, was = [], {}, 0, 0
            for line in text(path).split(b'\n'):
                new_line = re.sub(old, new, line, count=1)
                if new_line != line:
                    said = new_line[:-18]
                    new_line = said + b' #' + xxh3(said)
                lines.append(new_line)
                was, at = was + len(line) + 1, at + len(new_line) + 1
                lengths[was] = at
            data = b'\n'.join(lines)
            put(path, data)
            for m in manifests(run):
                n = int(re.search(rb'^journal %d (\d+) ' % rank, text(m), re.M).group(1))
                now = lengths.get(n)
                if now is None:
                    return None
                reword(m, rb'^journal %d .*$' % rank, b'journal %d %d %s' % (rank, now, xxh3(data[:now])))
        return 'journals: %s becomes %s' % (old.decode(), new.decode())
    return do


CASES = [('bit flip', name, hit(where, flip)) for name, where in WHERE]
CASES += [('bit flip', 'all manifests', hit(FILES[2][1], flip, True))]
CASES += [('zeroed block', name, hit(where, zero)) for name, where in WHERE]
CASES += [('truncation', name, hit(where, cut)) for name, where in FILES + WHERE[6:7]]
CASES += [('truncation', 'all manifests', hit(FILES[2][1], cut, True))]
CASES += [('missing file', name, hit(where, missing)) for name, where in FILES]
CASES += [('missing file', 'all manifests', hit(FILES[2][1], missing, True)),
          ('missing file', 'all data files', hit(whole(lambda run, dice: states(run)), missing, True)),
          ('missing file', 'all journals', hit(whole(lambda run, dice: journals(run)), missing, True))]
CASES += [('swapped files', 'data files', swap(states)),
          ('swapped files', 'journals', swap(journals)),
          ('swapped files', 'manifests', swap(manifests)),
          ('swapped files', 'states in a file', swap_slots),
          ('swapped files', 'a data file of another run', instead('stranger', states)),
          ('swapped files', 'a journal of another run', instead('stranger', journals)),
          ('swapped files', 'a manifest of another run', instead('stranger', manifests)),
          ('swapped files', 'costate.json of another run', instead('stranger', lambda run: named(run, r'costate\.json'))),
          ('swapped files', 'a layout that is none', lambda tree, scene, dice: exchange(
              os.path.join(newest_run(tree), 'layout.h5'), dice.choice(states(newest_run(tree)))))]
CASES += [('stale generation', 'manifests beside the newer', older([manifests], False)),
          ('stale generation', 'manifests in place of the newer', older([manifests], True)),
          ('stale generation', 'a journal', instead('older', journals)),
          ('stale generation', 'all journals', older([journals], True)),
          ('stale generation', 'journals and manifests', older([journals, manifests], True)),
          ('stale generation', 'a data file', instead('older', states)),
          ('stale generation', 'all data files', older([states], True)),
          ('stale generation', 'the whole directory', replace_tree('older'))]
CASES += [('foreign directory', 'other files', thesis), ('foreign directory', 'a file in the run', thesis_inside),
          ('foreign directory', 'a file beside the run', thesis_beside), ('foreign directory', 'a name', only_name),
          ('foreign directory', 'a later name', later_name), ('foreign directory', 'a file', plain_file),
          ('foreign directory', 'a file as run', run_is_file), ('foreign directory', 'a directory', directory_for_file),
          ('foreign directory', 'the run of another owner', owner)]
CASES += [("another problem's store", 'other parameters', replace_tree('stranger'))]
CASES += [('another PETSc', 'single precision', edit(rb'^scalar \S+', b'scalar real4')),
          ('another PETSc', 'complex numbers', edit(rb'^scalar \S+', b'scalar complex16')),
          ('another PETSc', 'other integers', edit(rb'^integer \d+', b'integer 16')),
          ('another PETSc', 'another version of it', edit(rb'^petsc \S+', b'petsc 3.99.1')),
          ('another PETSc', 'another format', edit(rb'^costate-manifest \d+', b'costate-manifest 77')),
          ('another PETSc', 'an unknown layout', edit(rb'^layout \S+', b'layout woven')),
          ('another PETSc', 'another layout', edit(rb'^layout shared', b'layout node')),
          ('another PETSc', 'fewer ranks', edit(rb'^ranks \d+', b'ranks 1')),
          ('another PETSc', 'journals in single precision', journal_says(rb' scalar \S+', b' scalar real4')),
          ('another PETSc', 'journals of another format', journal_says(rb'^costate-journal \d+', b'costate-journal 77'))]
