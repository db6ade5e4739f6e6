# What it costs, beside others: make bench.
EXTRA_DIST += tests/bench/churn.py tests/bench/run tests/bench/profilers.py tests/bench/windows.py \
	tests/bench/bare_sampler.c tests/bench/ping_pong.c
EXTRA_DIST += tests/bench/store.py
test_helpers += tests/bench/bench_store
tests_bench_bench_store_SOURCES = tests/bench/bench_store.c
tests_bench_bench_store_LDADD = libschema.a libbase.a $(system_libs)
