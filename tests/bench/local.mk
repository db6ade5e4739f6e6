# What it costs, beside others: make bench.
EXTRA_DIST += tests/bench/churn.py tests/bench/run tests/bench/profilers.py tests/bench/windows.py \
	tests/bench/bare_sampler.c tests/bench/ping_pong.c tests/bench/switch_cost.c
EXTRA_DIST += tests/bench/own.py
EXTRA_DIST += tests/bench/reads.py tests/bench/store.py
EXTRA_DIST += tests/bench/flame_browser/bench.mjs \
	tests/bench/flame_browser/d3.js \
	tests/bench/flame_browser/data.mjs \
	tests/bench/flame_browser/ours.ts \
	tests/bench/flame_browser/package.json \
	tests/bench/flame_browser/package-lock.json \
	tests/bench/flame_browser/probe.js
test_helpers += tests/bench/bench_store
tests_bench_bench_store_SOURCES = tests/bench/bench_store.c
tests_bench_bench_store_LDADD = libschema.a libbase.a $(system_libs)
EXTRA_DIST += tests/bench/dashboard.py
