# SPDX-License-Identifier: Apache-2.0
"""Writes location tables and CPython's own answers for every code offset.

One record per code object, little-endian:
    u32 first line, u32 table size, u32 code units, the table,
    then an i32 line per unit, 0 for none.
"""
import glob
import os
import struct
import sys
import types

HARD = '''
def lines(a,
          b=(lambda:
             1)):
    try:
        with a(
            b
        ) as c:
            return [x for x in c
                    if x]
    finally:
        del a
    return (
        b
    )
''' + '\n' * 5000 + 'x = 1\n' + 'y = [' + '1,' * 300 + '\n2]\n'


def codes_of(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_of(constant)


def write_code(code, out):
    units = len(code.co_code) // 2
    lines = [0] * units
    for start, end, line in code.co_lines():
        for unit in range(start // 2, end // 2):
            lines[unit] = line or 0
    out.write(struct.pack('<III', code.co_firstlineno,
                          len(code.co_linetable), units))
    out.write(code.co_linetable)
    out.write(struct.pack('<%di' % units, *lines))


def sources(step):
    yield 'hard', HARD
    pattern = os.path.join(os.path.dirname(os.__file__), '*.py')
    for path in sorted(glob.glob(pattern))[::step]:
        with open(path, 'rb') as file:
            yield path, file.read()


def main():
    out = sys.stdout.buffer
    step = int(os.environ.get('BRINDLE_TEST_STEP', '4'))
    for path, source in sources(step):
        for code in codes_of(compile(source, path, 'exec')):
            write_code(code, out)


main()
