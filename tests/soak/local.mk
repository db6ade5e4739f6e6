# 20 minutes of the daemon at a high rate, a day of its store, and 1,000 times SIGKILL.
EXTRA_DIST += tests/soak/run tests/soak/soak.py tests/soak/sample_rate.py

soak: all tests/bench/bench_store
	$(AM_V_at)BRINDLE=$(abs_builddir)/brindle $(top_srcdir)/tests/soak/run

.PHONY: soak
