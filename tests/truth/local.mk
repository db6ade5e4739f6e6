# The truth tests are Python programs around the recorder: run.sh.
EXTRA_DIST += tests/truth/run.sh tests/truth/run.py tests/truth/seccomp_run.c \
	tests/truth/run_soak.py tests/truth/soak_cells.py \
	tests/truth/soak_matrix.py tests/truth/lanes.py \
	tests/truth/check_grammar.py tests/truth/stored.py \
	tests/truth/tally.py tests/truth/targets.py tests/truth/verdict.py \
	tests/truth/chains.py tests/truth/check_chains.py \
	tests/truth/nasty_cases.py tests/truth/packages.py \
	tests/truth/test_check_chains.py \
	tests/truth/test_checkers.py tests/truth/test_daemon.py \
	tests/truth/test_foreign.py \
	tests/truth/test_gil.py tests/truth/test_grammar.py \
	tests/truth/test_honesty.py tests/truth/test_jit.py tests/truth/test_life.py \
	tests/truth/test_names.py tests/truth/test_nasty.py \
	tests/truth/test_places.py \
	tests/truth/test_seccomp.py tests/truth/test_shared.py \
	tests/truth/test_stripes.py

# For releases and after changes of the frozen path. It leaves the matrix in
# truth-matrix.md. SAMPLES: proven ones that are checked.
SAMPLES = 1000000
soak-truth: all
	$(AM_V_at)$(SHELL) $(top_srcdir)/tests/truth/run.sh soak \
		--brindle $(abs_builddir)/brindle --samples $(SAMPLES)

.PHONY: soak-truth
