# Programs to be profiled by the truth tests and the bench.
EXTRA_DIST += tests/programs/demo.py
EXTRA_DIST += tests/programs/exec_churn.py tests/programs/forks.py tests/programs/generations.py tests/programs/gil.py tests/programs/hanging.py tests/programs/fuse_mute.c \
	tests/programs/grammar_writer.py tests/programs/reuse.py \
	tests/programs/shared_helper.py tests/programs/spinner.c \
	tests/programs/steady.py tests/programs/stripes_writer.py tests/programs/swarm.py \
	tests/programs/churn.c tests/programs/crowd.c tests/programs/pid_reuse.c \
	tests/programs/twin.c
