#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Kills runs of a program and resumes them; the result has to be that of a run which nobody killed.

  crash.py [-n RANKS] [-points ALL|COUNT] [-instants COUNT] [-one] [-seed S] [-jobs J] [-timeout SECONDS] -- PROGRAM ARG...

-points    kill at every failpoint, or at COUNT of them drawn at random
-instants  kill all ranks at that many random instants
-one       kill one rank only, drawn at random, instead of all
-again     kill the run that was resumed as well, once, at a random failpoint
-power     SHIM: with the kill the power is lost; what was not synced is gone (at every second case, else any part of it
           is there).  SHIM is tests/harness/programs/shim.c, compiled
-all       all that PROGRAM prints counts
-options   of the run that is resumed, beside -ts_trajectory_costate_resume

PROGRAM gets a directory of its own for each case, in place of DIR among its arguments.  Prints a line for each case that
is not as it should be, and at the end one line of counts: cases, killed, resumed, begun anew, wrong, hangs, and the most
calls of the right-hand side that a run took more than one that nobody killed, where the program counts them
(COSTATE_TEST_CALLS).  The exit status is 0 if none was wrong.
"""
import argparse
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor


def command(args, directory, more=()):
    words = [w.replace('DIR', directory) for w in args.program] + list(more)
    if args.n > 1:
        words = shlex.split(os.environ.get('MPIEXEC', 'mpiexec')) + ['-n', str(args.n)] + words
    return words


def run(args, directory, more=(), env=None, kill_after=None):
    """(status, output, errors); status None is a hang."""
    e = dict(os.environ)
    e.update(env or {})
    p = subprocess.Popen(command(args, directory, more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         env=e, start_new_session=True)
    if kill_after is not None:
        try:
            out, err = p.communicate(timeout=kill_after)
            return p.returncode, out, err
        except subprocess.TimeoutExpired:
            kill_all(p.pid)
            out, err = p.communicate()
            return -signal.SIGKILL, out, err
    try:
        out, err = p.communicate(timeout=args.timeout)
        return p.returncode, out, err
    except subprocess.TimeoutExpired:
        kill_all(p.pid)
        p.communicate()
        return None, '', ''


def counted(path):
    try:
        with open(path, 'rb') as f:
            return int.from_bytes(f.read(8), 'little')
    except FileNotFoundError:
        return 0


everything = False


def result(out):
    """What a run says of its result: its lines, but for those that tell of the way."""
    if everything:
        return out.splitlines()
    return [l for l in out.splitlines() if re.match(r'(\d+ steps|lambda|RESULT|  *lambda)', l)]


def kill_all(leader):
    """The session of this process: mpiexec gives its ranks process groups of their own."""
    for pid in [leader] + [int(d) for d in os.listdir('/proc') if d.isdigit()]:
        try:
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def lose_power(shadow, directory, rng):
    """The tree as it is found after the power came back takes the place of the one that was left."""
    here = os.path.dirname(os.path.abspath(__file__))
    found = directory + '.found'
    more = [str(rng.randrange(1 << 30)), directory] if rng.randrange(2) else []
    if not os.path.exists(os.path.join(shadow, 'root')):  # nothing was synced, not even the directory
        os.mkdir(found)
    else:
        subprocess.run([sys.executable, os.path.join(here, '../../harness/programs/powerloss.py'), shadow, found] + more,
                       check=True)
    shutil.rmtree(directory)
    os.rename(found, directory)


class Case:
    def __init__(self, name, env=None, kill_after=None):
        self.name, self.env, self.kill_after = name, env, kill_after


def one(args, case, good, root, rng_seed):
    rng = random.Random(rng_seed)
    directory = os.path.join(root, re.sub(r'\W', '_', case.name), 'disk')
    os.makedirs(directory)
    calls = os.path.join(os.path.dirname(directory), 'calls')
    env = dict(case.env or {}, COSTATE_TEST_CALLS=calls)
    if args.power:
        shadow = os.path.join(os.path.dirname(directory), 'shadow')
        env.update(LD_PRELOAD=args.power, SHIM_DIR=directory, SHIM_SHADOW=shadow)
    said = {'killed': 0, 'resumed': 0, 'anew': 0, 'wrong': 0, 'hang': 0}
    status, out, err = run(args, directory, env=env, kill_after=case.kill_after)
    if status is None:
        said['hang'] = 1
        print('hang: %s' % case.name)
        return said
    if status == 0:  # it was over before
        if result(out) != good:
            said['wrong'] = 1
            print('wrong without a kill: %s' % case.name)
        shutil.rmtree(os.path.dirname(directory))
        return said
    said['killed'] = 1
    if args.power:
        lose_power(shadow, directory, rng)
    more = ['-ts_trajectory_costate_resume'] + shlex.split(args.options)
    if args.again:
        status, out, err = run(args, directory, more, env={'COSTATE_FAILPOINT': str(rng.randint(1, args.total)), 'COSTATE_TEST_CALLS': calls})
    if not args.again or status not in (0, None):
        status, out, err = run(args, directory, more, env={'COSTATE_TEST_CALLS': calls})
    if status is None:
        said['hang'] = 1
        print('hang when resumed: %s' % case.name)
        return said
    said['resumed'] = int('costate: going on in' in err)
    said['anew'] = int('nothing to resume' in err)
    if said['resumed'] and counted(calls):
        said['repeated'] = counted(calls) - args.calls
    if status != 0 or result(out) != good or not (said['resumed'] or said['anew']):
        said['wrong'] = 1
        print('wrong: %s: status %s, %s\n%s' % (case.name, status, ' '.join(result(out)), err[-1500:]))
        print('  left in %s' % directory)
    else:
        shutil.rmtree(os.path.dirname(directory))
    sys.stdout.flush()
    return said


def main():
    if '--' not in sys.argv:
        print(__doc__)
        return 2
    at = sys.argv.index('--')
    p = argparse.ArgumentParser()
    p.add_argument('-n', type=int, default=1)
    p.add_argument('-points', default='0')
    p.add_argument('-instants', type=int, default=0)
    p.add_argument('-one', action='store_true')
    p.add_argument('-again', action='store_true')
    p.add_argument('-all', action='store_true')
    p.add_argument('-power', default='')
    p.add_argument('-options', default='')
    p.add_argument('-seed', type=int, default=int(os.environ.get('SEED', '1')))
    p.add_argument('-jobs', type=int, default=1)
    p.add_argument('-timeout', type=float, default=60)
    args = p.parse_args(sys.argv[1:at])
    args.program = sys.argv[at + 1:]
    global everything
    everything = args.all
    root = tempfile.mkdtemp(prefix='crash-', dir='.')
    root = os.path.abspath(root)
    rng = random.Random(args.seed)

    first = os.path.join(root, 'first')
    os.mkdir(first)
    count = os.path.join(root, 'count')
    start = time.time()
    calls = os.path.join(root, 'calls')
    status, out, err = run(args, first, env={'COSTATE_FAILPOINT': 'count:' + count, 'COSTATE_TEST_CALLS': calls})
    args.calls = counted(calls)
    seconds = time.time() - start
    good = result(out)
    if status != 0 or not good:
        print('the run itself fails: status %s\n%s\n%s' % (status, out, err))
        return 1
    numbers = []
    for r in range(args.n):
        with open('%s.%d' % (count, r)) as f:
            numbers.append(sum(1 for line in f))
    args.total = max(numbers)

    cases = []
    if args.points != '0':
        points = list(range(1, args.total + 1))
        if args.points != 'ALL':
            points = sorted(rng.sample(points, min(int(args.points), len(points))))
        for k in points:
            where = ''
            if args.one:
                where = ':%d' % rng.randrange(args.n)
            cases.append(Case('point %d%s' % (k, where), env={'COSTATE_FAILPOINT': '%d%s' % (k, where)}))
    for i in range(args.instants):
        t = rng.uniform(0, seconds)
        cases.append(Case('instant %d at %.4f s' % (i, t), kill_after=t))

    total, most = {}, 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for said in pool.map(lambda c: one(args, c[1], good, root, args.seed * 100003 + c[0]), enumerate(cases)):
            most = max(most, said.pop('repeated', 0))
            for key, n in said.items():
                total[key] = total.get(key, 0) + n
    print('cases %d points %d killed %d resumed %d anew %d wrong %d hangs %d, at most %d of %d calls repeated (seed %d)' %
          (len(cases), args.total, total.get('killed', 0), total.get('resumed', 0), total.get('anew', 0),
           total.get('wrong', 0), total.get('hang', 0), most, args.calls, args.seed))
    bad = total.get('wrong', 0) + total.get('hang', 0)
    if not bad:
        shutil.rmtree(root)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
