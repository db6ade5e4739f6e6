# SPDX-License-Identifier: Apache-2.0
"""Case 18: a thousand tasks, chains of await, async generators and comprehensions,
async with; eager tasks where there are such."""
import asyncio

TASKS = 1000
AWAITS = ["await_%d" % i for i in range(10)]
LOOP = "turn ~ "
PLAIN = "task_plain %s await_10 " % " ".join(AWAITS)
STARTED = [PLAIN + "end_plain", PLAIN + "~", "task_stream <listcomp>? ~",
           "task_stream <listcomp>? stream end_stream",
           "task_stream <listcomp>? stream ~", "task_with __aenter__ end_enter",
           "task_with __aenter__ ~", "task_with __aexit__ end_exit",
           "task_with ~"]
# A task begins in the loop, or at once where it is made.
CHAINS = [LOOP + chain for chain in STARTED]
CHAINS += [LOOP + "all_tasks <listcomp>? ~ " + chain for chain in STARTED]
CHAINS += [LOOP + "called_soon", LOOP + "all_tasks ~"]
WORK = """
def {0}():
    x = 0
    for i in range(30):
        x += i
"""
for name in "end_plain end_stream end_enter end_exit called_soon".split():
    exec(compile(WORK.format(name), "<nasty tasks>", "exec"))
AWAIT = """
async def await_{0}():
    return await await_{1}()
"""
for number in range(10):
    exec(compile(AWAIT.format(number, number + 1), "<nasty tasks>", "exec"))


async def await_10():
    end_plain()
    await asyncio.sleep(0)
    end_plain()


async def task_plain():
    await await_0()


async def stream():
    for i in range(3):
        end_stream()
        await asyncio.sleep(0)
        yield i


async def task_stream():
    async for _ in stream():
        pass
    return [i async for i in stream()]


class Guard:
    async def __aenter__(self):
        end_enter()
        await asyncio.sleep(0)

    async def __aexit__(self, *_):
        end_exit()


async def task_with():
    async with Guard():
        await asyncio.sleep(0)


async def all_tasks(eager):
    loop = asyncio.get_event_loop()
    if eager and hasattr(asyncio, "eager_task_factory"):
        loop.set_task_factory(asyncio.eager_task_factory)
    kinds = (task_plain, task_stream, task_with)
    loop.call_soon(called_soon)
    made = [loop.create_task(kinds[i % 3]()) for i in range(TASKS)]
    await asyncio.gather(*made)


def turn():
    for eager in (False, True):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(all_tasks(eager))
        loop.close()
