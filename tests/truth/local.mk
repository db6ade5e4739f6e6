# The truth tests are Python programs around the recorder: run.sh.
EXTRA_DIST += tests/truth/run.sh tests/truth/run.py tests/truth/seccomp_run.c \
	tests/truth/check_grammar.py tests/truth/stored.py \
	tests/truth/tally.py tests/truth/targets.py tests/truth/verdict.py \
	tests/truth/test_checkers.py tests/truth/test_daemon.py \
	tests/truth/test_gil.py tests/truth/test_grammar.py \
	tests/truth/test_honesty.py tests/truth/test_life.py \
	tests/truth/test_names.py \
	tests/truth/test_seccomp.py tests/truth/test_shared.py \
	tests/truth/test_stripes.py

# Hours of samples instead of minutes; for releases and after changes of the
# frozen path.
soak-truth: all
	$(AM_V_at)$(SHELL) $(top_srcdir)/tests/truth/run.sh --full \
		--brindle $(abs_builddir)/brindle

.PHONY: soak-truth
