// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/native_step.h"

#include "tests/cmocka.h"
#include "tests/unwind/native/own_process.h"

#include <signal.h>
#include <stdlib.h>

enum { PCS_MAX = 8192, DEEP = 3000 };

/* What a test and the functions that it calls share. */
struct run {
	struct own_process own;
	struct own_sample sample;
	int levels;
	uint64_t pcs[PCS_MAX];
	size_t count;
	enum step_result end;
	uint64_t interrupted_pc;
};

// A signal handler has no argument of its own to reach the test by.
static struct run *signal_run;

#ifdef __clang__
#define no_inline __attribute__((noinline))
#else
#define no_inline __attribute__((noipa))
#endif
// Keeps the call before it from becoming a jump.
#define after_call() __asm__ volatile("" ::: "memory")
// Keeps a local array on the stack.
#define use(space) __asm__ volatile("" ::"r"(space) : "memory")

static no_inline void take_here(struct run *run)
{
	ucontext_t context;

	getcontext(&context);
	own_sample_take(&run->sample, &context);
	after_call();
}

static no_inline void inner(struct run *run)
{
	take_here(run);
	after_call();
}

static no_inline void big_frame(struct run *run)
{
	char space[40000];

	use(space);
	inner(run);
	after_call();
}

static no_inline void variable_frame(struct run *run, int n)
{
	char space[n];

	use(space);
	big_frame(run);
	after_call();
}

static no_inline void realigned_frame(struct run *run, int n)
{
	char space[64] __attribute__((aligned(64)));

	use(space);
	variable_frame(run, n);
	after_call();
}

static no_inline void recurse(struct run *run, int left)
{
	if (left)
		recurse(run, left - 1);
	else
		realigned_frame(run, run->levels + 100);
	after_call();
}

static void unwind(struct run *run)
{
	run->end = own_walk(&run->own, &run->sample, run->pcs, PCS_MAX,
			    &run->count);
}

static void assert_function(struct run *run, size_t index, void *function)
{
	assert_true(index < run->count);
	assert_int_equal(own_function(&run->own,
				      run->pcs[index] - (index > 0)),
			 (uint64_t)function);
}

static no_inline void run_levels(struct run *run, int levels)
{
	run->levels = levels;
	recurse(run, levels - 1);
	unwind(run);
	assert_int_equal(run->end, STEP_ROOT);
	assert_function(run, 0, take_here);
	assert_function(run, 1, inner);
	assert_function(run, 2, big_frame);
	assert_function(run, 3, variable_frame);
	assert_function(run, 4, realigned_frame);
	for (int i = 0; i < levels; i++)
		assert_function(run, 5 + (size_t)i, recurse);
	assert_function(run, 5 + (size_t)levels, run_levels);
	// What calls us is the same at every depth.
	assert_true(run->count > (size_t)levels + 8);
	assert_true(run->count < (size_t)levels + 40);
}

static void test_known_callers(void **state)
{
	run_levels(*state, 1);
	run_levels(*state, 7);
}

static void test_deep_recursion(void **state)
{
	run_levels(*state, DEEP);
}

static void handler(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *interrupted = context;
	struct run *run = signal_run;

	(void)signal;
	(void)info;
#ifdef __x86_64__
	run->interrupted_pc =
		(uint64_t)interrupted->uc_mcontext.gregs[REG_RIP];
#else
	run->interrupted_pc = interrupted->uc_mcontext.pc;
#endif
	take_here(run);
}

static no_inline void trap(struct run *run)
{
	signal_run = run;
#ifdef __x86_64__
	__asm__ volatile("ud2" ::: "memory");
#else
	__asm__ volatile("udf #0" ::: "memory");
#endif
}

static void skip_trap(int signal, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	handler(signal, info, context);
#ifdef __x86_64__
	interrupted->uc_mcontext.gregs[REG_RIP] += 2;
#else
	interrupted->uc_mcontext.pc += 4;
#endif
}

static no_inline void trap_inside(struct run *run)
{
	trap(run);
	after_call();
}

static no_inline void take_trap(struct run *run, int flags)
{
	struct sigaction action = { .sa_sigaction = skip_trap };

	action.sa_flags = SA_SIGINFO | flags;
	assert_int_equal(sigaction(SIGILL, &action, NULL), 0);
	trap_inside(run);
	signal(SIGILL, SIG_DFL);
}

// take_here, handler, skip_trap, the signal frame, trap at its very pc, ...
static void assert_trapped(struct run *run, bool to_root)
{
	size_t at = 0;

	while (at < run->count && run->pcs[at] != run->interrupted_pc)
		at++;
	assert_int_equal(own_function(&run->own, run->pcs[0]),
			 (uint64_t)take_here);
	assert_true(at >= 3 && at < run->count);
	assert_int_equal(own_function(&run->own, run->pcs[at]),
			 (uint64_t)trap);
	if (to_root) {
		assert_function(run, at + 1, trap_inside);
		assert_function(run, at + 2, take_trap);
		assert_int_equal(run->end, STEP_ROOT);
	}
}

static void test_signal_frame(void **state)
{
	struct run *run = *state;

	take_trap(run, 0);
	unwind(run);
	assert_trapped(run, true);
}

// The copy holds the signal stack only, so the walk ends behind it.
static void test_signal_on_other_stack(void **state)
{
	struct run *run = *state;
	stack_t stack = { .ss_size = 64 << 10 };
	stack_t off = { .ss_flags = SS_DISABLE };

	stack.ss_sp = malloc(stack.ss_size);
	assert_int_equal(sigaltstack(&stack, NULL), 0);
	run->sample.stack_end = (uint64_t)stack.ss_sp + stack.ss_size;
	take_trap(run, SA_ONSTACK);
	run->sample.stack_end = 0;
	unwind(run);
	assert_trapped(run, false);
	assert_int_equal(run->end, STEP_STACK_BOUND);
	sigaltstack(&off, NULL);
	free(stack.ss_sp);
}

// A call as a function's last instruction returns to the next function.
static no_inline __attribute__((noreturn)) void last_call(struct run *run)
{
	take_here(run);
	unwind(run);
	__builtin_longjmp((void **)run->interrupted_pc, 1);
}

static no_inline void ends_in_call(struct run *run)
{
	last_call(run);
}

static void test_call_at_end(void **state)
{
	struct run *run = *state;
	void *jump[5];

	run->interrupted_pc = (uint64_t)jump;
	if (!__builtin_setjmp(jump))
		ends_in_call(run);
	assert_function(run, 1, last_call);
	assert_function(run, 2, ends_in_call);
	assert_int_equal(run->end, STEP_ROOT);
}

static void test_truncated_copy(void **state)
{
	struct run *run = *state;

	recurse(run, 50);
	run->sample.memory.segment[0].size = 48000;
	unwind(run);
	assert_int_equal(run->end, STEP_STACK_BOUND);
	assert_function(run, 4, realigned_frame);
}

static int set_up(void **state)
{
	struct run *run = calloc(1, sizeof(*run));

	own_process_init(&run->own);
	own_sample_init(&run->sample);
	*state = run;
	return 0;
}

static int tear_down(void **state)
{
	struct run *run = *state;

	own_process_deinit(&run->own);
	own_sample_deinit(&run->sample);
	free(run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_callers),
		cmocka_unit_test(test_deep_recursion),
		cmocka_unit_test(test_signal_frame),
		cmocka_unit_test(test_signal_on_other_stack),
		cmocka_unit_test(test_call_at_end),
		cmocka_unit_test(test_truncated_copy),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
