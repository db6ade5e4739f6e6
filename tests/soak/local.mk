# Half an hour of the daemon at a high rate, and 1,000 times SIGKILL.
EXTRA_DIST += tests/soak/run tests/soak/soak.py

soak: all
	$(AM_V_at)BRINDLE=$(abs_builddir)/brindle $(top_srcdir)/tests/soak/run

.PHONY: soak
