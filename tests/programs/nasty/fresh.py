# SPDX-License-Identifier: Apache-2.0
"""Cases 21 and 23: code that is compiled, run a few times and freed, so that its
address is soon another's. Two generations never run at once: a stack with both is
wrong, and one of a wrong kind at its place is, too."""
CHAINS = ["turn generation_%d <module>? fresh_%d_a fresh_%d_b <lambda>?"
          % (i, i, i) for i in range(8)]
TEXT = """
def fresh_{0}_b(x):
    f = lambda x: sum(range(x))
    return f(30) + f(40)
def fresh_{0}_a(x):
    return fresh_{0}_b(x) + {1}
for _ in range(3): fresh_{0}_a(1)
"""
DRIVER = """
def generation_{0}(text):
    exec(compile(text, "<nasty fresh>", "exec"), {{}})
"""
ROUND = [0]
for number in range(8):
    exec(compile(DRIVER.format(number), "<nasty fresh>", "exec"))
DRIVERS = [globals()["generation_%d" % i] for i in range(8)]


def turn():
    ROUND[0] += 1
    number = ROUND[0] % 8
    DRIVERS[number](TEXT.format(number, ROUND[0]))
