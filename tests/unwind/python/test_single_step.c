// SPDX-License-Identifier: Apache-2.0
/*
 * Stops a real interpreter at instruction after instruction, and tells its
 * stack at each. Wherever it stands - calling, returning, entering the eval
 * loop, leaving it - the Python frames must form a chain that the program
 * allows. (Only this test uses ptrace; Brindle does not.)
 */
#if !defined(__x86_64__)

#include <stdio.h>

int main(void)
{
	puts("knows the registers of x86_64 only");
	return 77;
}

#else

#include "tests/cmocka.h"

#include "base/cleanup.h"
#include "tests/unwind/python/interpreter.h"
#include "tests/unwind/python/live_reader.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"
#include "unwind/space.h"
#include "unwind/walk.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	STACK_BYTES = 16 << 10,
	FRAME_LIMIT = 1024,
	STEPS = 40000,
	// Of the steps outside of the eval loop, one in so many is looked at.
	ELSEWHERE = 7,
};

struct tally {
	size_t steps, looked_at, in_eval, frames;
	size_t wrong, contradictions, unmatched, not_rooted;
	size_t snapshot_not_ok, unresolved;
};

struct fixture {
	struct live_reader reader;
	struct space space;
	struct walk_cache *cache;
	struct frame frames[FRAME_LIMIT + 1];
	struct memory memory;
	struct python_stack stack;
	uint8_t stack_bytes[STACK_BYTES];
	struct tally tally;
};

static struct module *open_module(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_image *image = NULL;

	assert_true(fd >= 0);
	assert_null(elf_image_open(fd, &image));
	return module_create(path, image, NULL);
}

static void tell_entry(struct fixture *fixture, const struct mapping *mapping)
{
	const struct python_binary *binary = module_python(mapping->module);

	if (binary && binary->eval_count)
		python_target_set_entry(
			fixture->reader.target,
			mapping->bias + binary->eval[0].start,
			mapping->bias + binary->entry_end);
}

// "7f..-7f.. r-xp 00022000 fe:00 1234   /usr/lib/libc.so.6"
static void add_mapping(struct fixture *fixture, const char *line)
{
	unsigned long start, end, offset;
	char access[8], path[4096];
	struct module *module;

	if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %4095s", &start, &end, access,
		   &offset, path) != 5 ||
	    access[2] != 'x' || path[0] != '/')
		return;
	module = open_module(path);
	assert_non_null(module);
	assert_true(space_add(&fixture->space, start, end, offset, MAPPING_FILE,
			      module));
	module_unref(module);
	tell_entry(fixture, space_find(&fixture->space, start));
}

static void add_mappings(struct fixture *fixture)
{
	_cleanup_fclose_ FILE *maps = NULL;
	char path[64], line[8192];

	snprintf(path, sizeof(path), "/proc/%d/maps",
		 fixture->reader.python.pid);
	maps = fopen(path, "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		add_mapping(fixture, line);
}

static struct fixture *fixture_create(const char *path, const char *program)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	live_reader_init(&fixture->reader, path, program);
	fixture->cache = walk_cache_create();
	assert_non_null(fixture->cache);
	space_init(&fixture->space);
	add_mappings(fixture);
	return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
	live_reader_deinit(&fixture->reader);
	space_deinit(&fixture->space);
	walk_cache_destroy(fixture->cache);
	free(fixture);
}

static void regs_of(const struct user_regs_struct *user, struct regs *ret)
{
	const uint64_t values[] = {
		user->rax, user->rdx, user->rcx, user->rbx, user->rsi,
		user->rdi, user->rbp, user->rsp, user->r8,  user->r9,
		user->r10, user->r11, user->r12, user->r13, user->r14,
		user->r15, user->rip,
	};

	*ret = (struct regs){ .pc = user->rip };
	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		regs_set(ret, i, values[i]);
}

static void freeze(struct fixture *fixture, const struct user_regs_struct *user)
{
	struct live_reader *reader = &fixture->reader;
	uint64_t sp = user->rsp;
	struct freeze_point point = { .tid = (uint32_t)reader->python.pid,
				      .now_ns = 1,
				      .pc = user->rip,
				      .fp = user->rbp };
	ssize_t got = pread(reader->python.mem_fd, fixture->stack_bytes,
			    STACK_BYTES, (off_t)sp);

	assert_true(got > 0);
	fixture->memory.segment_count = 0;
	memory_add(&fixture->memory, sp, fixture->stack_bytes, (uint64_t)got);
	live_reader_freeze(reader, &point, &fixture->memory);
	fixture->tally.snapshot_not_ok +=
		reader->snapshot->status != SNAPSHOT_OK;
}

static void unwind(struct fixture *fixture, const struct user_regs_struct *user,
		   struct walk_result *ret)
{
	struct walk_input input = { .arch = arch_native(),
				    .memory = &fixture->memory,
				    .space = &fixture->space,
				    .python = &fixture->stack,
				    .cache = fixture->cache,
				    .frame_limit = FRAME_LIMIT };

	freeze(fixture, user);
	live_reader_init_stack(&fixture->reader, &fixture->memory,
			       &fixture->stack);
	regs_of(user, &input.regs);
	walk(&input, fixture->frames, ret);
}

// "object_work.__del__" is object_work, "make_work.<locals>.cell_make" is
// cell_make: the last part that is no special method.
static void own_name(const char *qualified, char *ret, size_t size)
{
	const char *end = qualified + strlen(qualified);
	const char *dot = strrchr(qualified, '.');

	if (dot && dot[1] == '_') {
		end = dot;
		while (dot > qualified && dot[-1] != '.')
			dot--;
	} else {
		dot = dot ? dot + 1 : qualified;
	}
	snprintf(ret, size, "%.*s", (int)(end - dot), dot);
}

// a_b may be called by b_c.
static bool is_legal(const char *caller, const char *callee)
{
	char own[256], other[256];
	const char *rest;
	size_t length;

	if (!strcmp(callee, "loop"))
		return !strcmp(caller, "<module>");
	if (!strcmp(callee, "work_root"))
		return !strcmp(caller, "loop");
	own_name(callee, own, sizeof(own));
	own_name(caller, other, sizeof(other));
	rest = strchr(own, '_');
	length = strcspn(other, "_");
	return rest && strlen(rest + 1) == length &&
	       !strncmp(rest + 1, other, length);
}

static const char *name_of(struct fixture *fixture, const struct frame *frame)
{
	const struct python_code *code =
		python_code_find(fixture->reader.codes, frame->code);

	return code && code->state == PYTHON_CODE_NAMED ? code->qualified_name :
							  NULL;
}

static bool is_chain_legal(struct fixture *fixture,
			   const struct walk_result *result)
{
	const char *caller = "";
	size_t count = 0;

	for (size_t i = result->frame_count; i-- > 0;) {
		const struct frame *frame = &result->frames[i];
		const char *callee;

		if (frame->kind != FRAME_PYTHON)
			continue;
		callee = name_of(fixture, frame);
		if (!callee) {
			fixture->tally.unresolved++;
			return true;
		}
		if (count++ ? !is_legal(caller, callee) :
			      strcmp(callee, "<module>"))
			return false;
		caller = callee;
	}
	fixture->tally.frames += count;
	return count >= 2; // <module> and loop
}

static void print_chain(struct fixture *fixture, const char *what, uint64_t pc,
			const struct walk_result *result)
{
	const struct mapping *mapping = space_find(&fixture->space, pc);

	print_message("%s at %lx (%s):", what, mapping ? pc - mapping->bias : pc,
		      snapshot_status_name(fixture->reader.snapshot->status));
	for (size_t i = result->frame_count; i-- > 0;) {
		const struct frame *frame = &result->frames[i];

		if (frame->kind == FRAME_PYTHON)
			print_message(" %s", name_of(fixture, frame));
		else if (frame->kind == FRAME_OTHER)
			print_message(" [unread]");
	}
	print_message("\n");
}

static bool in_eval(struct fixture *fixture, uint64_t pc)
{
	const struct mapping *mapping = space_find(&fixture->space, pc);
	const struct python_binary *binary =
		mapping ? module_python(mapping->module) : NULL;

	return binary && python_binary_in_eval(binary, pc - mapping->bias);
}

static void look_at(struct fixture *fixture, const struct user_regs_struct *user)
{
	struct tally *tally = &fixture->tally;
	struct walk_result result;

	unwind(fixture, user, &result);
	tally->looked_at++;
	tally->not_rooted += result.end != WALK_END_ROOT;
	tally->contradictions += result.contradiction;
	if (result.contradiction)
		print_chain(fixture, "contradiction", user->rip, &result);
	if (result.unmatched_activations) {
		if (tally->unmatched++ < 2)
			print_chain(fixture, "unmatched", user->rip, &result);
		return;
	}
	if (!python_stack_is_finished(&fixture->stack) ||
	    !is_chain_legal(fixture, &result)) {
		tally->wrong++;
		print_chain(fixture, "wrong", user->rip, &result);
	}
}

static void wait_stopped(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
}

static void begin_steps(pid_t pid)
{
	assert_int_equal(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0);
	assert_int_equal(kill(pid, SIGUSR1), 0);
	wait_stopped(pid); // the signal is about to be delivered
	assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, SIGUSR1), 0);
	wait_stopped(pid);
}

static void step_through(struct fixture *fixture)
{
	struct tally *tally = &fixture->tally;
	pid_t pid = fixture->reader.python.pid;
	bool was_eval = false;

	begin_steps(pid);
	for (; tally->steps < STEPS; tally->steps++) {
		struct user_regs_struct user;
		bool eval;

		assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &user), 0);
		eval = in_eval(fixture, user.rip);
		tally->in_eval += eval;
		if (eval || was_eval || tally->steps % ELSEWHERE == 0)
			look_at(fixture, &user);
		was_eval = eval;
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		wait_stopped(pid);
	}
}

static void report(const char *path, const struct tally *tally)
{
	print_message("%s: %zu steps (%zu in the loop), %zu looked at, "
		      "%zu frames: %zu wrong, %zu contradictions, "
		      "%zu unmatched, %zu not rooted, %zu bad snapshots, "
		      "%zu unresolved\n",
		      path, tally->steps, tally->in_eval, tally->looked_at,
		      tally->frames, tally->wrong, tally->contradictions,
		      tally->unmatched, tally->not_rooted,
		      tally->snapshot_not_ok, tally->unresolved);
}

static void step_interpreter(const char *path, const char *program,
			     struct tally *ret)
{
	struct fixture *fixture = fixture_create(path, program);

	step_through(fixture);
	*ret = fixture->tally;
	report(path, ret);
	fixture_destroy(fixture);
}

static void tells_a_legal_stack_at_every_instruction(void **state)
{
	_cleanup_free_ char *program = interpreter_program("steps.py");
	struct tally tally[8] = { 0 };
	const char *path;

	(void)state;
	for (unsigned int i = 0; (path = live_python_path(i)); i++) {
		if (access(path, X_OK))
			print_message("%s: not here\n", path);
		else
			step_interpreter(path, program, &tally[i]);
	}
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(tally[i].wrong, 0);
		assert_int_equal(tally[i].contradictions, 0);
		// What cannot be told is a matter of a few instructions.
		assert_true(tally[i].unmatched * 100 <= tally[i].looked_at);
		assert_true(tally[i].frames >= tally[i].looked_at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_a_legal_stack_at_every_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
