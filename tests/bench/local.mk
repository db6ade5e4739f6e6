# What it costs, beside others: make bench.
EXTRA_DIST += tests/bench/run tests/bench/profilers.py tests/bench/windows.py \
	tests/bench/bare_sampler.c
