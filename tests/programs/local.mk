# Programs to be profiled by the truth tests and the bench.
EXTRA_DIST += tests/programs/demo.py
EXTRA_DIST += tests/programs/exec_churn.py tests/programs/forks.py tests/programs/generations.py tests/programs/gil.py tests/programs/hanging.py tests/programs/hanging_code.py tests/programs/hot_loops.py tests/programs/fuse_mute.c \
	tests/programs/grammar_writer.py tests/programs/reuse.py \
	tests/programs/shared_helper.py tests/programs/spinner.c \
	tests/programs/steady.py tests/programs/stripes_writer.py tests/programs/swarm.py \
	tests/programs/churn.c tests/programs/crowd.c tests/programs/no_memory.c tests/programs/pid_reuse.c tests/programs/remapper.c \
	tests/programs/slept.c tests/programs/ticks.c tests/programs/twin.c

# Templates: written out by foreign/expand.py.
EXTRA_DIST += tests/programs/foreign/expand.py tests/programs/foreign/arrays.py \
	tests/programs/foreign/beside.py tests/programs/foreign/cythons.py \
	tests/programs/foreign/depth.py tests/programs/foreign/embed.c \
	tests/programs/foreign/embed_two.c tests/programs/foreign/foreign_cython.pyx \
	tests/programs/foreign/foreign_pybind.cpp tests/programs/foreign/gevents.py \
	tests/programs/foreign/greenlets.py tests/programs/foreign/places.py \
	tests/programs/foreign/pybinds.py tests/programs/foreign/turns.py

# Programs that are on a stack in a nasty way; see tests/truth/test_nasty.py.
EXTRA_DIST += \
	tests/programs/nasty/attributes.py \
	tests/programs/nasty/big_stack.py \
	tests/programs/nasty/blocked.py \
	tests/programs/nasty/bodies.py \
	tests/programs/nasty/callback.py \
	tests/programs/nasty/collected.py \
	tests/programs/nasty/construct.py \
	tests/programs/nasty/database.py \
	tests/programs/nasty/debugged.py \
	tests/programs/nasty/deep.py \
	tests/programs/nasty/deepest.py \
	tests/programs/nasty/deleted.py \
	tests/programs/nasty/evaluated.py \
	tests/programs/nasty/exceptions.py \
	tests/programs/nasty/foreign_threads.py \
	tests/programs/nasty/fresh.py \
	tests/programs/nasty/generators.py \
	tests/programs/nasty/interpreters.py \
	tests/programs/nasty/json_default.py \
	tests/programs/nasty/kept.py \
	tests/programs/nasty/lines.py \
	tests/programs/nasty/mapping.py \
	tests/programs/nasty/metaclass.py \
	tests/programs/nasty/names.py \
	tests/programs/nasty/nasty.c \
	tests/programs/nasty/nastylib.py \
	tests/programs/nasty/own_gil.py \
	tests/programs/nasty/processes.py \
	tests/programs/nasty/recursion.py \
	tests/programs/nasty/reduce.py \
	tests/programs/nasty/run.py \
	tests/programs/nasty/short_threads.py \
	tests/programs/nasty/signals.py \
	tests/programs/nasty/sorting.py \
	tests/programs/nasty/spawned.py \
	tests/programs/nasty/stopped.py \
	tests/programs/nasty/substitute.py \
	tests/programs/nasty/switched.py \
	tests/programs/nasty/tasks.py \
	tests/programs/nasty/traced.py \
	tests/programs/nasty/trampolines.py \
	tests/programs/nasty/twins.py
