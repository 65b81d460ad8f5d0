#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is found after a power loss:  powerloss.py SHADOW OUT [SEED PRESENT]

SHADOW is what the shim kept (SHIM_SHADOW, see shadow.h). OUT, which must not be there, becomes the tree with the names of
the synced listings and the content of the last sync of each file, empty if there was none.

With SEED and PRESENT, the tree as the killed processes left it, whatever was not synced may have reached the disk as well:
each name that was made or removed, each size, and each 4096 bytes of a file are of one or the other by the throw of a coin.
"""
import ctypes, os, random, stat, sys

libc = ctypes.CDLL(None, use_errno=True)
PAGE = 4096


def identity(path):
    """As the shim names it: number of the inode and when it was made, of which Python says nothing."""
    buffer = ctypes.create_string_buffer(256)
    if libc.statx(-100, os.fsencode(path), 0x100, 0x900 | 1, buffer):
        raise OSError(ctypes.get_errno(), path)
    inode = int.from_bytes(buffer.raw[32:40], 'little')
    known = int.from_bytes(buffer.raw[0:4], 'little') & 0x800
    seconds = int.from_bytes(buffer.raw[80:88], 'little', signed=True) if known else 0
    nano = int.from_bytes(buffer.raw[88:92], 'little') if known else 0
    return '%d-%d.%09d' % (inode, seconds, nano)


class Loss:
    def __init__(self, shadow, dice=None, present=None):
        self.shadow, self.dice, self.now = shadow, dice, {}
        if dice:
            for dir, dirs, files in os.walk(present):
                for path in [dir] + [os.path.join(dir, name) for name in files]:
                    self.now[identity(path)] = path

    def names_synced(self, id):
        """{name: (kind, id)}"""
        try:
            with open('%s/dir-%s' % (self.shadow, id), errors='surrogateescape') as f:
                lines = f.read().split('\n')[:-1]
        except FileNotFoundError:
            return {}
        return {name: (kind, there) for kind, there, name in (line.split(' ', 2) for line in lines)}

    def names_present(self, id):
        if id not in self.now:
            return None
        found = {}
        for name in os.listdir(self.now[id]):
            path = os.path.join(self.now[id], name)
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
                found[name] = ('dir' if stat.S_ISDIR(mode) else 'file', identity(path))
        return found

    def names(self, id):
        synced = self.names_synced(id)
        present = self.names_present(id) if self.dice else None
        if present is None:
            return synced
        chosen = {}
        for name in sorted(set(synced) | set(present)):
            entry = self.dice.choice([synced.get(name), present.get(name)])
            if entry:
                chosen[name] = entry
        return chosen

    def content(self, id):
        try:
            with open('%s/file-%s' % (self.shadow, id), 'rb') as f:
                synced = f.read()
        except FileNotFoundError:
            synced = b''
        if not self.dice or id not in self.now:
            return synced
        with open(self.now[id], 'rb') as f:
            present = f.read()
        size = len(self.dice.choice([synced, present]))
        pages = []
        for at in range(0, size, PAGE):
            page = self.dice.choice([synced, present])[at:at + PAGE]
            pages.append(page[:size - at].ljust(min(PAGE, size - at), b'\0'))
        return b''.join(pages)

    def make(self, id, out):
        os.mkdir(out)
        for name, (kind, there) in sorted(self.names(id).items()):
            path = os.path.join(out, name)
            if kind == 'dir':
                self.make(there, path)
                continue
            with open(path, 'wb') as f:
                f.write(self.content(there))


if __name__ == '__main__':
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    loss = Loss(sys.argv[1], *([random.Random(int(sys.argv[3])), sys.argv[4]] if len(sys.argv) == 5 else []))
    with open(sys.argv[1] + '/root') as root:
        loss.make(root.read(), sys.argv[2])
