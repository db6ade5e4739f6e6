# SPDX-License-Identifier: Apache-2.0
"""Case 9: __getattr__, __getattribute__, properties, descriptors, operators."""
CHAINS = ["turn __getattr__ found", "turn __getattribute__ looked",
          "turn value computed", "turn __get__ described",
          "turn __set__ described", "turn __add__ added",
          "turn __call__ called", "turn __iter__ iterated",
          "turn __next__ nexted", "turn __eq__ equal", "turn __hash__ hashed",
          "turn __enter__ entered", "turn __exit__ left",
          "turn __len__ measured", "turn __getitem__ indexed"]
WORK = """
def {0}():
    x = 0
    for i in range(30):
        x += i
    return x
"""
NAMES = ("found looked computed described added called iterated nexted equal "
         "hashed entered left measured indexed").split()
for name in NAMES:
    exec(compile(WORK.format(name), "<nasty attributes>", "exec"))


class Lacks:
    def __getattr__(self, name):
        return found()


class Looks:
    def __getattribute__(self, name):
        return looked()


class Described:
    def __get__(self, instance, owner):
        return described()

    def __set__(self, instance, value):
        described()


class Slots:
    field = Described()

    @property
    def value(self):
        return computed()

    def __add__(self, other):
        return added()

    def __call__(self):
        return called()

    def __iter__(self):
        iterated()
        return self

    def __next__(self):
        nexted()
        raise StopIteration

    def __eq__(self, other):
        return equal() > 0

    def __hash__(self):
        return hashed()

    def __enter__(self):
        return entered()

    def __exit__(self, *_):
        return left() < 0

    def __len__(self):
        return measured()

    def __getitem__(self, at):
        return indexed()


LACKS, LOOKS, SLOTS, OTHER = Lacks(), Looks(), Slots(), Slots()


def turn():
    LACKS.absent
    LOOKS.any
    SLOTS.value
    SLOTS.field
    SLOTS.field = 1
    SLOTS + OTHER
    SLOTS()
    list(iter(SLOTS))
    SLOTS == OTHER
    hash(SLOTS)
    with SLOTS:
        pass
    len(SLOTS)
    SLOTS[1]
