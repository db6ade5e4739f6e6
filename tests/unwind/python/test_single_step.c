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
#include "base/clock.h"
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
	STEPS = 20000,
	FRAME_STEPS = 17000,   // up to 3.10
	STAT_STACK_FIELD = 28, // of /proc/PID/stat; proc(5)
	TOLD_MAX = 3,	       // of a kind
	CHAIN_TOLD = 30,       // frames of each, native ones too
	// When the eval loop is left, by a call or a return, the instructions up to
	// the next one in it are stepped through one time in so many.
	EXITS = 16,
	// Of the steps outside of it, one in so many is looked at.
	ELSEWHERE = 7,
	WAYS_BACK = 3,
	STACK_WORDS = 512,
	DEBUG_CONTROL = 7, // register; bit 2 * n enables what register n has
};

struct tally {
	size_t steps, in_eval, frames;
	size_t wrong, leaps, contradictions, unmatched, not_rooted;
	size_t snapshot_not_ok, unresolved;
};

struct fixture {
	struct live_reader reader;
	struct space space;
	uint64_t eval_start;
	struct walk_cache *cache;
	struct frame frames[FRAME_LIMIT + 1];
	struct memory memory;
	struct python_stack stack;
	uint8_t stack_bytes[STACK_BYTES];
	struct tally tally;
	// The stack before, the outermost frame's code first. Of no frames: it
	// was not told.
	uint64_t before[FRAME_LIMIT];
	size_t before_count;
};

static struct module *open_module(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_image *image = NULL;

	assert_true(fd >= 0);
	assert_null(elf_image_open(fd, &image));
	return module_create(path, image, NULL);
}

// "1234 (python3) S 1 ...": where the first thread's stack begins.
static uint64_t main_stack(pid_t pid)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[64], text[1024] = "", *field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	field = strrchr(text, ')');
	for (int i = 2; field && i < STAT_STACK_FIELD; i++)
		field = strchr(field + 1, ' ');
	assert_non_null(field);
	return strtoull(field, NULL, 10);
}

// What is known of an interpreter by its file and its process.
static void tell_target(struct fixture *fixture, const struct mapping *mapping)
{
	const struct python_binary *binary = module_python(mapping->module);
	struct python_target *target = fixture->reader.target;

	if (!binary || !binary->eval_count)
		return;
	fixture->eval_start = mapping->bias + binary->eval[0].start;
	target->runtime = mapping->bias + binary->runtime_vaddr;
	target->main_stack = main_stack(fixture->reader.python.pid);
	python_target_set_entry(target, fixture->eval_start,
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
	tell_target(fixture, space_find(&fixture->space, start));
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
	struct freeze_point point = {
		.tid = (uint32_t)reader->python.pid,
		.now_ns = (fixture->tally.steps + 1) * NS_PER_MS,
		.pc = user->rip,
		.fp = user->rbp,
	};
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

// a_b may be called by b_c, and a_b_c by b_d as well as by c_d. What all of them
// lie above has no such name.
static bool is_legal(const char *caller, const char *callee)
{
	char own[256], other[256];
	size_t length;

	if (!strcmp(callee, "loop") || !strcmp(callee, "floor_floor"))
		return !strcmp(caller, "<module>") || !strcmp(caller, callee);
	if (!strcmp(callee, "work_root"))
		return !strcmp(caller, "loop");
	own_name(callee, own, sizeof(own));
	own_name(caller, other, sizeof(other));
	length = strcspn(other, "_");
	for (const char *word = strchr(own, '_'); word;
	     word = strchr(word + 1, '_')) {
		if (strcspn(word + 1, "_") == length &&
		    !strncmp(word + 1, other, length))
			return true;
	}
	return false;
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

// An instruction enters one frame or leaves one; those further out stay.
static bool is_next(struct fixture *fixture, const struct walk_result *result)
{
	size_t most = fixture->before_count, count = 0, same = 0;
	uint64_t *before = fixture->before;

	for (size_t i = result->frame_count; i-- > 0;) {
		uint64_t code = result->frames[i].code;

		if (result->frames[i].kind != FRAME_PYTHON)
			continue;
		if (same == count && same < most && before[same] == code)
			same++;
		before[count++] = code;
	}
	fixture->before_count = count;
	return !most || (most <= same + 1 && count <= same + 1);
}

static void print_chain(struct fixture *fixture, const char *what, uint64_t pc,
			const struct walk_result *result)
{
	const struct mapping *mapping = space_find(&fixture->space, pc);
	size_t first = result->frame_count < CHAIN_TOLD ? result->frame_count :
							  CHAIN_TOLD;

	print_message("%s at %lx (%s):", what, mapping ? pc - mapping->bias : pc,
		      snapshot_status_name(fixture->reader.snapshot->status));
	for (size_t i = first; i-- > 0;) {
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
	tally->not_rooted += result.end != WALK_END_ROOT;
	if (result.contradiction && tally->contradictions++ < TOLD_MAX)
		print_chain(fixture, "contradiction", user->rip, &result);
	if (result.unmatched_activations) {
		if (tally->unmatched++ < TOLD_MAX)
			print_chain(fixture, "unmatched", user->rip, &result);
		fixture->before_count = 0;
		return;
	}
	if (!python_stack_is_finished(&fixture->stack) ||
	    !is_chain_legal(fixture, &result)) {
		tally->wrong++;
		print_chain(fixture, "wrong", user->rip, &result);
	}
	if (!is_next(fixture, &result)) {
		tally->leaps++;
		print_chain(fixture, "leap", user->rip, &result);
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

static bool set_debug_register(pid_t pid, unsigned int index, uint64_t value)
{
	size_t at = offsetof(struct user, u_debugreg) +
		    index * sizeof(((struct user *)NULL)->u_debugreg[0]);

	return !ptrace(PTRACE_POKEUSER, pid, at, value);
}

// Of a place outside of the eval loop: where it may come back to that, the
// innermost first. Some are left-overs.
static unsigned int ways_back(struct fixture *fixture,
			      const struct user_regs_struct *user,
			      uint64_t ret[WAYS_BACK])
{
	uint64_t words[STACK_WORDS];
	unsigned int count = 0;
	ssize_t got = pread(fixture->reader.python.mem_fd, words, sizeof(words),
			    (off_t)user->rsp);

	for (ssize_t i = 0; i < got / 8 && count < WAYS_BACK; i++) {
		if (words[i] && in_eval(fixture, words[i] - 1))
			ret[count++] = words[i];
	}
	return count;
}

// On to the loop's next instruction, in the activation that was left or in a new
// one. False: a machine without breakpoints, or nowhere to go back to.
static bool run_to_loop(struct fixture *fixture,
			const struct user_regs_struct *user)
{
	pid_t pid = fixture->reader.python.pid;
	uint64_t back[WAYS_BACK];
	unsigned int count = ways_back(fixture, user, back);
	uint64_t enabled = 1 << 2 * WAYS_BACK;

	if (!count || !set_debug_register(pid, WAYS_BACK, fixture->eval_start))
		return false;
	for (unsigned int i = 0; i < count; i++) {
		enabled |= 1 << 2 * i;
		if (!set_debug_register(pid, i, back[i]))
			return false;
	}
	if (!set_debug_register(pid, DEBUG_CONTROL, enabled))
		return false;
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	wait_stopped(pid);
	assert_true(set_debug_register(pid, DEBUG_CONTROL, 0));
	return true;
}

static void step_through(struct fixture *fixture, size_t steps)
{
	struct tally *tally = &fixture->tally;
	pid_t pid = fixture->reader.python.pid;
	bool was_eval = false;
	size_t exits = 0;

	begin_steps(pid);
	for (; tally->steps < steps; tally->steps++) {
		struct user_regs_struct user;
		bool eval;

		assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &user), 0);
		eval = in_eval(fixture, user.rip);
		tally->in_eval += eval;
		if (eval || was_eval || tally->steps % ELSEWHERE == 0)
			look_at(fixture, &user);
		if (was_eval && !eval && exits++ % EXITS &&
		    run_to_loop(fixture, &user))
			continue;
		was_eval = eval;
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		wait_stopped(pid);
	}
}

static void report(const char *path, const struct tally *tally)
{
	print_message("%s: %zu steps (%zu in the loop), %zu frames: "
		      "%zu wrong, %zu leaps, %zu contradictions, "
		      "%zu unmatched, %zu not rooted, %zu bad snapshots, "
		      "%zu unresolved\n",
		      path, tally->steps, tally->in_eval, tally->frames,
		      tally->wrong, tally->leaps, tally->contradictions,
		      tally->unmatched, tally->not_rooted,
		      tally->snapshot_not_ok, tally->unresolved);
}

static void step_interpreter(const char *path, const char *program,
			     size_t steps, struct tally *ret)
{
	struct fixture *fixture = fixture_create(path, program);

	step_through(fixture, steps);
	*ret = fixture->tally;
	report(path, ret);
	fixture_destroy(fixture);
}

static void assert_told(const struct tally *tally)
{
	assert_int_equal(tally->wrong, 0);
	assert_int_equal(tally->leaps, 0);
	assert_int_equal(tally->unresolved, 0);
	// What cannot be told is a matter of a few instructions.
	assert_true(tally->unmatched * 100 <= tally->steps);
	assert_true(tally->frames >= tally->steps);
}

static void tells_a_legal_stack_at_every_instruction(void **state)
{
	_cleanup_free_ char *program = interpreter_program("steps.py");
	const char *path;

	(void)state;
	for (unsigned int i = 0; (path = live_python_path(i)); i++) {
		struct tally tally;

		if (access(path, X_OK)) {
			print_message("%s: not here\n", path);
			continue;
		}
		step_interpreter(path, program, STEPS, &tally);
		assert_int_equal(tally.contradictions, 0);
		assert_told(&tally);
	}
}

// In 3.10 an activation that begins has what its caller ran at hand for three
// instructions, which is a contradiction.
static void tells_frame_objects_at_every_instruction(void **state)
{
	static const char *const versions[] = { "3.6.15", "3.7.16", "3.8.18",
						"3.9.18", "3.10.13" };
	_cleanup_free_ char *program = interpreter_program("frame_steps.py");
	const char *home = getenv("HOME");

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct tally tally;
		char path[4096];

		snprintf(path, sizeof(path), "%s/.pyenv/versions/%s/bin/python3",
			 home ? home : "", versions[i]);
		if (access(path, X_OK)) {
			print_message("%s: not here\n", path);
			continue;
		}
		step_interpreter(path, program, FRAME_STEPS, &tally);
		assert_told(&tally);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_a_legal_stack_at_every_instruction),
		cmocka_unit_test(tells_frame_objects_at_every_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
