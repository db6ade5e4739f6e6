# SPDX-License-Identifier: Apache-2.0
"""Case 7: json.dumps(default=), and an object_hook."""
import json

CHAINS = ["turn ~ default_of plain", "turn ~ hook_of plain_hook"]
ODD = [object() for _ in range(5)]
TEXT = '[{"a": 1}, {"b": {"c": 2}}]'


def plain(x):
    for i in range(60):
        x += i
    return x


def plain_hook(x):
    for i in range(60):
        x += i
    return x


def default_of(_):
    return plain(1)


def hook_of(_):
    return plain_hook(1)


def turn():
    json.dumps(ODD, default=default_of)
    json.loads(TEXT, object_hook=hook_of)
