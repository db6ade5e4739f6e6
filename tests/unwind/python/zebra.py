# SPDX-License-Identifier: Apache-2.0
"""Threads that block at the end of one kind of call chain each.

Runs after live_python.c's prelude. Its first line is what stop() prints; then,
for each thread, "thread <tid> <frames>" and per frame, innermost first,
"<qualified name>\t<file>\t<line>\t<name>", as CPython itself tells them.
"""
import functools
import gc

blocker = os.pipe()[0]
threading.stack_size(64 << 20)


def block(*args):
    os.read(blocker, 1)
    return 0


def pure_a():
    pure_b(1)


def pure_b(x, *rest, y=(1,
                        2)):
    pure_c(
        x,
        y,
    )


def pure_c(x, y):
    block()


def by_reduce():
    functools.reduce(lambda a, b: block(), [1, 2, 3])


def by_sorted():
    class Key:
        def __init__(self, x):
            self.x = x

        def __lt__(self, other):
            return block()

    sorted([2, 1], key=lambda x: sorted([Key(1), Key(2)]))


def generator(depth):
    if depth:
        yield from generator(depth - 1)
    else:
        yield block()


def by_generators():
    def outer(g):
        for x in g:
            yield x

    next(outer(outer(generator(20))))


def by_coroutines():
    class Awaitable:
        def __await__(self):
            yield block()

    async def leaf():
        await Awaitable()

    async def middle(depth):
        if depth:
            return await middle(depth - 1)
        async for x in agen():
            pass

    async def agen():
        await leaf()
        yield 1

    middle(5).send(None)


class Base:
    def __init__(self, depth):
        if depth:
            type(self)(depth - 1)
        else:
            self.value


class Derived(Base):
    def __init__(self, depth):
        super().__init__(depth)

    @property
    def value(self):
        return self['x']

    def __getitem__(self, key):
        return self.missing

    def __getattr__(self, name):
        return block()


def by_init():
    for i in range(20):  # specialised, then inlined from 3.13 on
        small = Small(i)
    Derived(30)
    return small


class Small:
    def __init__(self, x):
        self.x = x


class SmallBlocks:
    def __init__(self, x):
        if x == 99:
            block()


def make_small(x):
    return SmallBlocks(x)


def by_specialised_init():
    for i in range(100):
        make_small(i)


def by_ctypes():
    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                      ctypes.POINTER(ctypes.c_int))
    def compare(a, b):
        return block()

    ctypes.CDLL(None).qsort((ctypes.c_int * 2)(2, 1), 2, 4, compare)


class Deleted:
    def __init__(self, inner=None):
        self.inner = inner

    def __del__(self):
        if self.inner is None:
            block()
        else:
            hold(self.inner.pop())


def hold(x):
    local = 1, 2, 3


def by_del():
    def dying(x):
        a = b = c = x

    dying(Deleted([Deleted([Deleted()])]))


def recursion(n, a=1, b=2, c=3):
    d = e = f = n
    if n == 0:
        return block()
    return recursion(n - 1) + 1


def by_recursion():
    recursion(900)


def stripe(n):
    if n == 0:
        return block()
    if n % 5 == 0:
        return max([n], key=lambda x: stripe(x - 1))
    if n % 5 == 1:
        return list(map(stripe, [n - 1]))
    if n % 5 == 2:
        return functools.reduce(lambda a, b: stripe(a - 1), [n, 1])
    if n % 5 == 3:
        return [stripe(x - 1) for x in stripe_generator(n)]
    return sum(stripe(x - 1) for x in stripe_generator(n))


def stripe_generator(n):
    yield n


def by_stripes():
    stripe(60)


def by_exec():
    class Context:
        def __enter__(self):
            pass

        def __exit__(self, *what):
            exec(compile('class Body:\n  x = [f() for _ in [1]]\n', '<made>',
                         'exec'), {'f': lambda: block()})

    with Context():
        pass


def renamed(function, name):
    return types_function(function.__code__.replace(
        co_name=name, co_qualname='Q.' + name), function.__globals__)


types_function = type(block)


def by_names():
    f = renamed(lambda: block(), 'nul\0end')
    for name in ('\xe9lan', '\u0444\u0443\u043d', '\U0001f404',
                 'lone\udcff', 'x' * 5000, ''):
        f = renamed(eval('lambda: f()', {'f': f}), name)
    f()


def by_errors():
    try:
        try:
            raise ValueError
        finally:
            by_handler(
                1, 2,
                x=3)
    except ValueError:
        pass


def by_handler(*a, **k):
    try:
        {}[1]
    except KeyError:
        block(
            1,
            2)


def cells(a):
    def inner():
        return a, block()
    return inner()


def by_cells():
    cells(1)


scenarios = [by_reduce, by_sorted, by_generators, by_coroutines, by_init,
             by_specialised_init, by_ctypes, by_del, by_recursion, by_stripes,
             by_exec, by_names, by_errors, by_cells, pure_a]


def wait_blocked(tid):
    while True:
        with open('/proc/self/task/%d/syscall' % tid) as file:
            if file.read().split()[0] in ('0', '63'):  # read(2)
                return
        time.sleep(0.001)


def shown(text):
    # As the reader cuts and escapes: 4096 characters, \x00.
    rest = u'\u2026' if len(text) > 4096 else ''
    return text[:4096].replace('\0', '\\x00') + rest


def tell(thread, frame):
    lines = []
    while frame:
        code = frame.f_code
        lines.append('%s\t%s\t%d\t%s' % (
            shown(code.co_qualname), code.co_filename, frame.f_lineno or 0,
            shown(code.co_name)))
        frame = frame.f_back
    print('thread', thread.native_id, len(lines))
    for line in lines:
        print(line)


def main():
    sys.setrecursionlimit(3000)
    sys.stdout.reconfigure(encoding='utf-8', errors='backslashreplace')
    gc.disable()
    threads = [threading.Thread(target=s, daemon=True) for s in scenarios]
    for thread in threads:
        thread.start()
        wait_blocked(thread.native_id)
    runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi,
                                                    '_PyRuntime'))
    print('%d%02d' % sys.version_info[:2], runtime, id(type(block.__code__)),
          *('%d 0' % thread.native_id for thread in threads))
    frames = sys._current_frames()
    for thread in threads:
        tell(thread, frames[thread.ident])
    print('end', flush=True)
    time.sleep(1000)


main()
