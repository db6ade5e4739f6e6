# SPDX-License-Identifier: Apache-2.0
"""Case 49: frames that are looked at and kept alive: frame objects that own their
frame after it is left, tracebacks, sys._current_frames()."""
import sys
import traceback

CHAINS = ["turn look_up see ~", "turn look_up see back seen",
          "turn failing fails", "turn walked ~", "turn walked fails",
          "turn suspended <listcomp>?", "turn suspended suspend see ~",
          "turn suspended suspend see back seen",
          "* suspend"]  # closed as a frame is cleared
KEPT = []


def seen(frame):
    x = 0
    for i in range(30):
        x += i
    return x


def back(frame):
    while frame:
        seen(frame)
        frame = frame.f_back


def see():
    frame = sys._getframe()
    KEPT.append(frame)
    back(frame)
    sys._current_frames()


def look_up():
    for _ in range(10):
        see()
    del KEPT[:-5]


def fails():
    x = [1, 2, 3]
    return x[len(x)]


def failing():
    try:
        fails()
    except IndexError as error:
        KEPT.append(error.__traceback__)


def walked():
    try:
        fails()
    except IndexError:
        traceback.extract_stack()


def suspend():
    see()
    yield sys._getframe()
    see()


def suspended():
    for made in [suspend() for _ in range(5)]:
        KEPT.append(next(made))
    del KEPT[:-5]


def turn():
    look_up()
    failing()
    walked()
    suspended()
