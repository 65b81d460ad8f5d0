#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The fault matrix: runs that are killed, what they left damaged, resumed; runs on a disk that fails.

  faults.py -driver PROGRAM -lib PLUGIN -cli COMMAND [-shim LIBRARY] [-mounts] [-sample N] [-kinds REGEX] [-config REGEX]
            [-every K] [-seed S] [-jobs J] [-timeout SECONDS] [-messages FILE]

-sample    so many cases drawn at random, of each kind some; without it all there are
-kinds     those kinds only; -config those runs only
-every     of the calls that could fail, each K-th (60)
-mounts    file systems may be mounted: of the full and the read-only disk
-messages  the sentences of the refusals go there, each once

In each case the run has to end with the result, to the last bit, of one that met no fault, or to be refused with one
sentence and a status; what it leaves has to be what h5dump opens, or `costate verify` names.  Prints a line for each
case that is not so, and the table of docs/faults.md.  The exit status is 0 if there is none.
"""
import argparse
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import crash
import damage

METHODS = {'cn': '-ts_type cn -ts_adapt_type none', 'rk4': '-ts_type rk -ts_rk_type 4 -ts_adapt_type none',
           'rk3bs': '-ts_type rk -ts_rk_type 3bs -ts_adapt_type basic -ts_rtol 1e-5 -ts_atol 1e-5'}
ALWAYS = '-ts_trajectory_costate_commit always'
SLOW = {'COSTATE_TEST_SLOW': '1500'}
LAYOUT = ' -ts_trajectory_costate_hdf5_layout '
LARGE = ' -app_points 6000'  # blocks of 96 KB, past the page cache where the file system lets them
# name, ranks, method, options, environment
CONFIGS = [('cn', 1, 'cn', ALWAYS, {}), ('rk', 2, 'rk4', ALWAYS, {}), ('cn', 3, 'cn', ALWAYS, {}),
           ('rk, three solves', 1, 'rk3bs', ALWAYS + ' -app_solves 3', {}),
           ('cn, commits now and then', 2, 'cn', '-ts_trajectory_costate_commit .06', SLOW),
           ('rk, commits now and then', 1, 'rk4', '-ts_trajectory_costate_commit .02', SLOW),
           ('cn, large', 1, 'cn', ALWAYS + LARGE, {}),
           ('rk, a file for each rank', 2, 'rk4', ALWAYS + LAYOUT + 'rank', {}),
           ('cn, a file for each node', 3, 'cn', ALWAYS + LAYOUT + 'node', {'COSTATE_TEST_NODES': '2'})]
# How far: of all commits, at the first and at the second kill.
PLACES = [('early', .1, .22), ('forward', .25, .42), ('turned', .4, .56), ('backward', .55, .85)]
CALLS = ['open', 'write', 'read', 'fsync', 'rename', 'mkdir', 'truncate', 'fallocate', 'unlink', 'lock']
# Of another problem; what an option shows, and what none does.
OTHERS = [('-app_points 14', {}), ('-app_points 11', {}), ('-ts_dt .04', {}), ('-ts_max_time .9', {}), ('-ts_type beuler', {}),
          ('-app_integral', {}), ('-app_end steps -app_end_step 9', {}), ('-ksp_rtol 1e-3', {}), ('-app_solves 2', {}),
          ('-app_event', {}), ('-ts_trajectory_costate_ram 5', {}),
          ('-ts_trajectory_costate_hdf5_layout node', {}), ('-ts_trajectory_costate_hdf5_layout rank', {}),
          ('', {'COSTATE_TEST_PARAMETER': '1.1'}),
          ('', {'COSTATE_TEST_PARAMETER': '1.0000000000000002'}), ('', {'COSTATE_TEST_INITIAL': '1e-9'})]
# What no user can make anything of.
UNCLEAR = ['Caught signal', 'inconsistent data', 'HDF5-DIAG', 'Corrupt argument', 'Segmentation', 'Null argument',
           'not written by', 'free()', 'malloc', 'holds no frame']
COLUMNS = ['cases', 'same', 'close', 'recomputed', 'anew', 'refused', 'wrong', 'hangs']


def placed(options, place):
    return [o.replace('PLACE', place) for o in options]


def last_vector(place):
    """The lambdas of step 0, as PETSc's monitor wrote them."""
    if not os.path.exists(place + '/lambda.m'):
        return []
    with open(place + '/lambda.m') as f:
        return [float(x) for x in re.findall(r'= \[\n(.*?)\];', f.read(), re.S)[-1].split()]


def close(a, b):
    """To the tolerance of the linear solvers, which depends on how the unknowns are divided."""
    return len(a) == len(b) > 0 and max(abs(x - y) for x, y in zip(a, b)) <= 1e-3 * max(abs(y) for y in b)


class Run:
    """A run as it is without faults: its result, and how often it passes what."""

    def __init__(self, args, config, root):
        name, self.ranks, method, more, self.env = config
        self.name = '%s, %d rank%s' % (name, self.ranks, 's'[:self.ranks > 1])
        self.large = LARGE in more
        self.above = os.getcwd() if self.large else root  # large states go to a disk
        self.root = tempfile.mkdtemp(prefix='run-', dir=self.above)
        self.lock, self.known, self.calls, self.lambdas = threading.Lock(), {}, {}, {}
        words = '-dll_append %s -ts_trajectory_type costate -ts_trajectory_costate_ram 4 -ts_trajectory_costate_hdf5 DIR/d'
        self.args = SimpleNamespace(n=self.ranks, timeout=args.timeout,
                                    program=[args.driver] + (words % args.lib).split() + METHODS[method].split() + more.split())
        self.shim, self.points = args.shim, None

    def start(self, directory, more=(), env=None, ranks=None):
        a = SimpleNamespace(n=ranks or self.ranks, timeout=self.args.timeout, program=self.args.program)
        return crash.run(a, directory, more, env={**self.env, **(env or {})})

    def place(self, name):
        path = os.path.join(self.root, re.sub(r'\W+', '_', name))
        os.makedirs(path)
        return path

    def good(self, more=(), env=None, ranks=None):
        """What a run with these options has for a result; None if it fails."""
        key = (tuple(more), tuple(sorted((env or {}).items())), ranks)
        with self.lock:
            if key not in self.known:
                count = os.path.join(self.root, 'count')
                says = {'COSTATE_FAILPOINT': 'count:' + count} if not self.known else {}
                place = self.place('good%d' % len(self.known))
                status, out, err = self.start(place, placed(more, place), {**(env or {}), **says}, ranks)
                self.known[key] = crash.result(out) if status == 0 else None
                self.lambdas[ranks] = last_vector(place)
                if says:
                    if status != 0:
                        raise RuntimeError('%s fails without any fault: status %s\n%s' % (self.name, status, err))
                    with open(count + '.0') as f:
                        self.points = [line.split(' ', 1)[1].strip() for line in f]
            return self.known[key]

    def numbers(self, resume, scene):
        """How often each call is made, of the rank that makes most of them."""
        with self.lock:
            key = scene.name if resume else None
            if key not in self.calls:
                place = self.place('calls%d' % len(self.calls))
                if resume:
                    shutil.copytree(scene.tree, place + '/d')
                env = {'LD_PRELOAD': self.shim, 'SHIM_DIR': place, 'SHIM_COUNT': place + '.counts'}
                self.start(place, RESUME if resume else (), env)
                most = {}
                for line in open(place + '.counts'):
                    pid, rank, op, n = line.split()
                    most[op] = max(most.get(op, 0), int(n))
                self.calls[key] = most
            return self.calls[key]


MONITOR = ['-ts_adjoint_monitor_sensi', 'ascii:PLACE/lambda.m:ascii_matlab']
RESUME = ['-ts_trajectory_costate_resume']


def newest(tree):
    """The number of the last commit that is in the tree, 0 without one."""
    names = glob.glob(os.path.join(tree, 'run-*', 'manifest-*.txt'))
    return max([int(re.search(r'manifest-(\d+)', n).group(1)) for n in names], default=0)


class Scene:
    """What a run left that was killed twice, and what it had left the first time; the same of a stranger."""

    def __init__(self, run, place, dice):
        self.run, self.ranks, self.lock, self.made, self.other = run, run.ranks, threading.Lock(), False, None
        self.name, self.share, self.seed = '%s, %s' % (run.name, place[0]), place[1:], dice.random()

    def killed(self, directory, point, low, more=(), env=None):
        """Kills at about that point, and earlier if it is over by then."""
        keep = directory + '.before'
        shutil.copytree(directory, keep)
        while True:
            status, out, err = self.run.start(directory, more, {**(env or {}), 'COSTATE_FAILPOINT': '%d' % point})
            if status == 0:
                point = int(point * .8)
            elif newest(directory + '/d') < low:
                point = int(point * 1.25) + 10
            else:
                break
            if point < 5 or point > 4 * len(self.run.points):
                raise RuntimeError('%s: there is no place to kill it\n%s' % (self.name, err))
            shutil.rmtree(directory)
            shutil.copytree(keep, directory)
        shutil.rmtree(keep)

    def make(self):
        with self.lock:
            if self.made:
                return self
            self.good = self.run.good()
            at = [i for i, name in enumerate(self.run.points) if name == 'traj: committed']
            first, second = [at[int(s * len(at))] for s in self.share]
            self.tree = self.kill_twice(self.name, first, second, {})
            self.made = True
        return self

    def kill_twice(self, name, first, second, env):
        place, dice = self.run.place(name), random.Random(name + str(self.seed))
        self.killed(place, first + dice.randrange(1, 30), 2, env=env)
        if not env:
            self.older = place + '/older'
            shutil.copytree(place + '/d', self.older)
        low = newest(place + '/d') + 2
        self.killed(place, second - first + dice.randrange(20, 50), low, RESUME, env)
        self.commits = first, second
        return place + '/d'

    @property
    def stranger(self):
        """What the same program left with another parameter, which no option tells of."""
        with self.lock:
            if not self.other:
                self.other = self.kill_twice('stranger ' + self.name, *self.commits, {'COSTATE_TEST_PARAMETER': '1.3'})
        return self.other


class Case:
    """kind, name: what it is called; scene: what it begins with; the rest: what is done."""

    def __init__(self, kind, name, scene, **more):
        self.kind, self.name, self.scene, self.seed = kind, '%s (%s)' % (name, scene.name), scene, 0
        self.damage = self.ranks = self.mount = None
        self.options, self.env, self.shim, self.first = [], {}, {}, False
        self.__dict__.update(more)


def sentences(err):
    """The sentences of PETSc's messages that are ours, and whether there is one message."""
    found, lines = [], err.splitlines()
    for i, line in enumerate(lines):
        if '- Error Message -' in line:
            found.append(re.sub(r'^\[\d+\]PETSC ERROR: ', '', lines[i + 2]) if i + 2 < len(lines) else '')
    return found


class Matrix:
    def __init__(self, args):
        self.args, self.table, self.said = args, {}, {}
        self.lock = threading.Lock()

    def look(self, tree):
        """(status of verify, what is wrong): each HDF5 file is opened by h5dump, or named by verify."""
        p = subprocess.run([self.args.cli, 'verify', tree], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                           errors='replace', text=True)
        bad, some = [], bool(glob.glob(os.path.join(tree, 'run-*')))
        if p.returncode not in ((0, 1, 2) if not some else (0, 1)) and 'not a run' not in p.stderr:
            if not (p.returncode == 2 and len(p.stderr.splitlines()) == 1):
                bad.append('verify ends with %d: %s' % (p.returncode, p.stderr[-300:]))
        for here, _, names in os.walk(tree):
            for n in names:
                if not n.endswith('.h5'):
                    continue
                q = subprocess.run(['h5dump', '-H', os.path.join(here, n)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, timeout=60)
                if q.returncode and n not in p.stdout + p.stderr:
                    bad.append('h5dump does not open %s, and verify does not say why' % n)
        return p.returncode, bad

    def judge(self, case, place, status, out, err, good, had):
        """(outcome, why it is wrong)"""
        lines = crash.result(out)
        if status is None:
            return 'hangs', 'no end'
        if status == 0:
            if case.ranks and 'costate: resumed on %d rank' % case.ranks in err:
                ok = close(last_vector(place), case.scene.run.lambdas[case.ranks])
                return ('close', '') if ok else ('wrong', 'on other ranks it has another gradient')
            if lines != good:
                return 'wrong', 'another result: %s, and not %s' % (lines, good)
            if 'nothing to resume' in err:
                return ('wrong', 'it began anew, though there was a commit') if had else ('anew', '')
            if not case.first and 'going on in' not in err:
                return 'wrong', 'it does not say whether it went on'
            warned = re.search('costate: warning|before it is taken|the disk was full', err)
            return ('recomputed' if warned else 'same'), ''
        said = sentences(err)
        if lines and any('lambda' in line for line in lines):
            return 'wrong', 'a result, and status %d' % status
        if status < 0 or status > 128:
            return 'wrong', 'it died of a signal, status %d' % status
        unclear = [u for u in UNCLEAR if u in err]
        if unclear or len(said) != 1 or len(said[0].split()) < 6:
            return 'wrong', 'status %d without one clear sentence %s' % (status, unclear)
        with self.lock:
            self.said.setdefault(re.sub(r'(/\S*?)?/(dev|tmp|work)\S*?(?=[:,. ])', 'DIR', re.sub(r'\d+', 'N', said[0])),
                                 '%s: %s' % (case.kind, case.name))
        return 'refused', ''

    def again(self, case, place, good):
        """Without the fault it goes on from what there is, to the same result."""
        status, out, err = case.scene.run.start(place, RESUME)
        if status is None:
            return 'hangs', 'no end without the fault'
        if status != 0 or crash.result(out) != good:
            return 'wrong', 'and without the fault: status %s, %s\n%s' % (status, crash.result(out), err[-900:])
        return None

    def mount(self, case, place, again=False):
        size = 'remount,rw,size=200m' if again else 'size=%d' % (1 << 28 if case.mount == 'ro' else case.mount)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', size, 'tmpfs', place], check=True)

    def prepare(self, case, place, dice):
        """The state of the disk at the beginning; None if there is nothing to try."""
        scene = case.scene
        tree = place + '/d'
        if case.mount:
            used = 0
            if not case.first:
                used = sum((os.path.getsize(p) + 4095) // 4096 * 4096 + 4096 for p in glob.glob(scene.tree + '/**', recursive=True))
            case.mount = case.mount if case.mount == 'ro' else case.mount + used
            self.mount(case, place)
        if not case.first:
            shutil.copytree(scene.tree, tree)
        if case.mount == 'ro':
            subprocess.run(['mount', '-o', 'remount,ro', place], check=True)
        return case.damage(tree, scene, dice) if case.damage else ''

    def settle(self, case, place, what, why, good, err):
        """After a refusal: what was there is there, and goes on."""
        if case.mount:
            self.mount(case, place, True)
        if (case.first or not case.damage) and what == 'refused':
            bad = self.again(case, place, good)
            if bad:
                return bad
        return what, why

    def one(self, case):
        dice = random.Random(case.seed)
        scene = case.scene.make()
        place = tempfile.mkdtemp(prefix='case-', dir=scene.run.above)
        tree, problems, did = place + '/d', [], ''
        try:
            did = self.prepare(case, place, dice)
            if did is None:
                return None, '', ''
            had = any(re.search('^owner "run 1"', damage.text(m).decode('latin1'), re.M)
                      for m in glob.glob(tree + '/run-*/manifest-*.txt') if os.path.isfile(m))
            before = self.look(tree) if case.damage else (1, [])
            if case.damage:  # for who wants to look into it
                subprocess.run(['cp', '-a', tree, place + '/damaged'], check=True)
            good = scene.run.good(case.options, case.env, case.ranks) if case.options or case.env or case.ranks else scene.good
            shim = {k: v.replace('PLACE', place) for k, v in case.shim.items()}
            more = ([] if case.first else RESUME) + placed(case.options, place)
            status, out, err = scene.run.start(place, more, {**case.env, **shim}, case.ranks)
            what, why = self.judge(case, place, status, out, err, good, had)
            after = self.look(tree) if os.path.lexists(tree) else (0, [])
            problems = before[1] + after[1]
            if before[0] == 0 and case.kind in SPOILT and what in ('recomputed', 'refused') and case.damage:
                problems.append('verify had found nothing')
            if what not in ('wrong', 'hangs'):
                what, why = self.settle(case, place, what, why, scene.good, err)
            if problems and what not in ('wrong', 'hangs'):
                what, why = 'wrong', '; '.join(problems)
            if what in ('wrong', 'hangs'):
                telling = [line[:240] for line in err.splitlines() if re.search('ERROR: [^-#]|costate: ', line)][:5]
                why += ''.join('\n    ' + line for line in telling if not re.search('Configure|petsc.org|Release| on a | Table', line))
                why += '\n    left in %s' % self.keep(place)
            return what, did, why
        finally:
            if case.mount:
                subprocess.run(['umount', '-l', place])
            shutil.rmtree(place, ignore_errors=True)

    def keep(self, place):
        kept = tempfile.mkdtemp(prefix='left-', dir=os.getcwd())
        for name in 'd', 'damaged':
            if os.path.lexists(place + '/' + name):
                subprocess.run(['cp', '-a', place + '/' + name, kept], check=False)
        return kept

    def count(self, case, result):
        what, did, why = result
        if what is None:
            return
        row = self.table.setdefault(case.kind, dict.fromkeys(COLUMNS, 0))
        row['cases'] += 1
        row[what] += 1
        if why:
            print('%s: %s: %s [%s]: %s' % (what, case.kind, case.name, did, why))
        if self.args.verbose:
            print('- %s: %s: %s [%s]' % (what, case.kind, case.name, did))
        sys.stdout.flush()

    def show(self):
        total = dict.fromkeys(COLUMNS, 0)
        print('| fault | %s |\n|---|%s' % (' | '.join(COLUMNS), '--:|' * len(COLUMNS)))
        for kind in [k for k in KINDS if k in self.table]:
            row = self.table[kind]
            print('| %s | %s |' % (kind, ' | '.join('%d' % row[c] for c in COLUMNS)))
            for c in COLUMNS:
                total[c] += row[c]
        print('| **all** | %s |' % ' | '.join('**%d**' % total[c] for c in COLUMNS))
        if self.args.messages:
            with open(self.args.messages, 'w') as f:
                for text in sorted(self.said):
                    f.write('%s\n    %s\n' % (text, self.said[text]))
        return 1 if total['wrong'] or total['hangs'] else 0


SPOILT = ['bit flip', 'zeroed block', 'truncation', 'missing file', 'swapped files']
BROKEN = [('EIO on read', ['read'], 'EIO'), ('EIO on write', ['write'], 'EIO'), ('ENOSPC', ['write', 'open', 'fallocate', 'mkdir'], 'ENOSPC'),
          ('EIO on fsync', ['fsync'], 'EIO'), ('EIO on other calls', ['open', 'rename', 'mkdir', 'truncate', 'unlink', 'lock'], 'EIO'),
          ('EACCES, ENOENT', ['open', 'rename', 'mkdir', 'unlink'], 'EACCES'), ('EACCES, ENOENT', ['open'], 'ENOENT'),
          ('no more open files', ['open'], 'EMFILE')]
SHORT = [('short reads and writes', 'SHIM_SHORT'), ('interrupted calls', 'SHIM_EINTR')]
KINDS = SPOILT + ['stale generation', 'foreign directory', "another problem's store", 'another rank count', 'another PETSc',
                  'full disk', 'read-only disk'] + [k for k, _ in SHORT] + list(dict.fromkeys(k for k, _, _ in BROKEN))


def spoilt(scene):
    return [Case(kind, name, scene, damage=do) for kind, name, do in damage.CASES]


def others(scene):
    cases = [Case("another problem's store", ' '.join([o] + ['%s=%s' % e for e in env.items()]).strip(), scene,
                  options=o.split(), env=env) for o, env in OTHERS]
    return cases + [Case('another rank count', '%d ranks' % n, scene, ranks=n, options=MONITOR) for n in (1, 2, 3) if n != scene.ranks]


def broken(args, scene, first, dice):
    """Calls that fail while it runs; which of them exist is known when the case is drawn."""
    cases, preload = [], {'LD_PRELOAD': args.shim, 'SHIM_DIR': 'PLACE'}
    sweep = 'first run' if first else 'resume'
    for kind, variable in SHORT:
        for i in range(3):
            cases.append(Case(kind, sweep, scene, first=first, shim={**preload, variable: '%d' % dice.randrange(1 << 20)}))
    most = scene.run.numbers(not first, scene.make())
    for kind, calls, error in BROKEN:
        for op in calls:
            n = most.get(op, 0)
            for k in range(1 + dice.randrange(min(args.every, max(1, n))), n + 1, args.every):
                later, rank = dice.choice(['', '', '+']), ''
                if scene.ranks > 1 and dice.randrange(2):
                    rank = ':%d' % dice.randrange(scene.ranks)
                order = '%s:%d%s:%s%s' % (op, k, later, error, rank)
                cases.append(Case(kind, '%s, %s' % (sweep, order), scene, first=first, shim={**preload, 'SHIM_FAIL': order}))
    return cases


def full(scene, dice):
    step = (256 if scene.run.large else 8) * 1024
    cases = [Case('full disk', 'first run, %d KiB' % (size // 1024), scene, first=True, mount=size)
             for size in range(step, 30 * step, 2 * step)]
    cases += [Case('full disk', 'resume, %d KiB free' % (size // 1024), scene, mount=size)
              for size in [4096] + list(range(step, 8 * step, step))]
    return cases + [Case('read-only disk', 'resume', scene, mount='ro'), Case('read-only disk', 'first run', scene, first=True, mount='ro')]


def cases_of(args, scenes, dice):
    """Of one run, killed in several places: each damage in two of them, all else in one."""
    cases, pairs = [], [spoilt(s) for s in scenes]
    for i in range(len(pairs[0])):
        cases += [p[i] for p in dice.sample(pairs, min(2, len(pairs)))]
    for same in zip(*[others(s) for s in scenes]):
        cases.append(dice.choice(same))
    if args.mounts:
        cases += full(dice.choice(scenes), dice)
    if args.shim and re.search(args.kinds, ' '.join(k for k, _ in SHORT) + ' '.join(k for k, _, _ in BROKEN)):
        cases += broken(args, scenes[0], True, dice) + broken(args, dice.choice(scenes), False, dice)
    return [c for c in cases if re.search(args.kinds, c.kind)]


def all_cases(args, root, dice):
    runs = [Run(args, c, root) for c in CONFIGS if re.search(args.config, '%s, %d' % c[:2])]
    if args.sample:
        runs = dice.sample(runs, min(2, len(runs)))  # as many as can be made in a few seconds
    groups = [[Scene(r, p, dice) for p in PLACES] for r in runs]
    if args.sample:
        groups = [dice.sample(g, 2) for g in groups]
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(Scene.make, sum(groups, [])))
    cases = sum([cases_of(args, g, dice) for g in groups], [])
    dice.shuffle(cases)
    return cases


def sample(cases, n, dice):
    """Of each kind as many as there is room for, no less than of another that has more."""
    kinds = {}
    for c in cases:
        kinds.setdefault(c.kind, []).append(c)
    chosen = []
    while len(chosen) < n and any(kinds.values()):
        chosen += [kinds[k].pop() for k in kinds if kinds[k]]
    return chosen[:n]


def main():
    p = argparse.ArgumentParser()
    for name in 'driver', 'lib', 'cli':
        p.add_argument('-' + name, required=True, type=os.path.abspath)
    p.add_argument('-shim', type=os.path.abspath)
    p.add_argument('-root', default='.')
    p.add_argument('-kinds', default='')
    p.add_argument('-config', default='')
    p.add_argument('-messages')
    p.add_argument('-mounts', action='store_true')
    p.add_argument('-verbose', action='store_true')
    p.add_argument('-sample', type=int, default=0)
    p.add_argument('-every', type=int, default=60)
    p.add_argument('-seed', type=int, default=int(os.environ.get('SEED', '1')))
    p.add_argument('-jobs', type=int, default=2)
    p.add_argument('-timeout', type=float, default=60)
    args = p.parse_args()
    root = os.path.abspath(tempfile.mkdtemp(prefix='faults-', dir=args.root))
    dice = random.Random(args.seed)
    matrix = Matrix(args)
    cases = all_cases(args, root, dice)
    if args.sample:
        cases = sample(cases, args.sample, dice)
    for c in cases:
        c.seed = dice.randrange(1 << 40)
    print('%d cases, seed %d' % (len(cases), args.seed), flush=True)
    with ThreadPoolExecutor(args.jobs) as pool:
        for case, result in zip(cases, pool.map(matrix.one, cases)):
            matrix.count(case, result)
    status = matrix.show()
    for path in [root] + [c.scene.run.root for c in cases]:
        shutil.rmtree(path, ignore_errors=True)
    return status


if __name__ == '__main__':
    sys.exit(main())
