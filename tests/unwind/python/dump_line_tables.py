# SPDX-License-Identifier: Apache-2.0
"""Writes line tables and CPython's own answers for every code offset. Runs on
every version from 3.6 on.

One record per code object, little-endian:
    u32 first line, u32 table size, u32 code units, the table,
    then an i32 line per unit, 0 for none.

Of the standard library every BRINDLE_TEST_STEP-th file (16).
"""
import ctypes
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


NEW_TABLES = sys.version_info >= (3, 10)

line_at = ctypes.pythonapi.PyCode_Addr2Line
line_at.argtypes = [ctypes.py_object, ctypes.c_int]


def codes_of(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_of(constant)


def write_code(code, out):
    units = len(code.co_code) // 2
    lines = [max(line_at(code, 2 * unit), 0) for unit in range(units)]
    table = code.co_linetable if NEW_TABLES else code.co_lnotab
    out.write(struct.pack('<III', code.co_firstlineno, len(table), units))
    out.write(table)
    out.write(struct.pack('<%di' % units, *lines))


def sources(step):
    yield 'hard', HARD
    pattern = os.path.join(os.path.dirname(os.__file__), '*.py')
    for path in sorted(glob.glob(pattern))[::step]:
        with open(path, 'rb') as file:
            yield path, file.read()


def main():
    out = sys.stdout.buffer
    step = int(os.environ.get('BRINDLE_TEST_STEP', '16'))
    for path, source in sources(step):
        for code in codes_of(compile(source, path, 'exec')):
            write_code(code, out)


main()
