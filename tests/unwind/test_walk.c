// SPDX-License-Identifier: Apache-2.0
#include "unwind/walk.h"

#include "tests/cmocka.h"
#include "unwind/module_cache.h"
#include "unwind/native/cfi_parts.h"
#include "unwind/native/elf_image.h"
#include "unwind/symbols/symbol_table.h"

#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

enum {
	RA = 16, SP = 7, FP = 6, // DWARF numbers of x86-64
	STACK_WORDS = 64,
	FRAMES = 16,
	FRAME_BYTES = 16,
};

/*
 * A module of functions of 256 bytes, mapped at BASE. Each but `root` keeps 8
 * bytes below its return address, so that its CFA is sp + 16.
 */
#define BASE UINT64_C(0x400000)
#define STACK UINT64_C(0x7ffd00001000)
enum function { ROOT, PLAIN, OTHER, SIGNAL, STUCK, FUNCTIONS };

#define PC_OF(function) (BASE + 0x1000 + (uint64_t)(function) * 256)

struct scene {
	struct module *module;
	struct space space;
	struct walk_cache *cache;
	uint64_t stack[STACK_WORDS];
	struct memory memory;
	struct regs regs;
	struct frame frames[FRAMES + 1];
	struct walk_result result;
};

static void add_function(struct cfi_parts *parts, enum function number)
{
	struct cfi_rule rule = {
		.kind = number == ROOT ? CFI_UNDEFINED : CFI_OFFSET,
		.reg = RA, .operand = number == ROOT ? 0 : -8,
	};
	struct cfi_row row = {
		.cfa_kind = CFI_CFA_REG_OFFSET, .cfa_reg = SP,
		.cfa_operand = number == STUCK ? 0 : FRAME_BYTES,
		.signal_frame = number == SIGNAL,
		.rule_count = 1, .rules = &rule,
	};
	uint64_t start = 0x1000 + (uint64_t)number * 256;

	assert_true(cfi_parts_add_function(parts, start, start + 256));
	assert_true(cfi_parts_add_row(parts, start, &row));
}

static struct module *make_module(void)
{
	struct module *module = module_create("/synthetic", NULL, "made up");
	struct cfi_parts parts;

	assert_non_null(module);
	cfi_parts_init(&parts, 0x1000, 0x1000 + FUNCTIONS * 256);
	for (int number = 0; number < FUNCTIONS; number++)
		add_function(&parts, (enum function)number);
	assert_null(cfi_table_from_parts(&parts, &module->cfi));
	cfi_parts_deinit(&parts);
	module->cfi_known = true;
	return module;
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->module = make_module();
	scene->cache = walk_cache_create();
	space_init(&scene->space);
	assert_true(space_add(&scene->space, BASE, BASE + 0x3000, 0,
			      MAPPING_FILE, scene->module));
	memory_add(&scene->memory, STACK, scene->stack, sizeof(scene->stack));
	regs_set(&scene->regs, SP, STACK);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	space_deinit(&scene->space);
	module_unref(scene->module);
	walk_cache_destroy(scene->cache);
	free(scene);
	return 0;
}

// Puts return addresses where functions of FRAME_BYTES find them.
static void push(struct scene *scene, size_t depth, uint64_t pc)
{
	scene->stack[depth * FRAME_BYTES / 8 + 1] = pc;
}

static void walk_from(struct scene *scene, uint64_t pc)
{
	struct walk_input input = { .arch = &arch_x86_64,
				    .memory = &scene->memory,
				    .space = &scene->space,
				    .cache = scene->cache,
				    .frame_limit = FRAMES };

	scene->regs.pc = pc;
	input.regs = scene->regs;
	walk(&input, scene->frames, &scene->result);
}

static void expect(struct scene *scene, enum walk_end end, size_t count)
{
	assert_string_equal(walk_end_name(scene->result.end),
			    walk_end_name(end));
	assert_int_equal(scene->result.frame_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(scene->frames[i].kind, FRAME_NATIVE);
}

static void expect_pc(struct scene *scene, size_t index, uint64_t pc)
{
	const struct frame *frame = &scene->frames[index];

	assert_int_equal(frame->pc, pc);
	assert_ptr_equal(frame->module, scene->module);
	assert_int_equal(frame->module_vaddr, pc - BASE);
	assert_int_equal(frame->status, FRAME_EXACT);
}

static void callers_follow_to_the_root(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(OTHER) + 9);
	push(scene, 1, PC_OF(PLAIN) + 5);
	push(scene, 2, PC_OF(ROOT) + 7);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_ROOT, 4);
	expect_pc(scene, 0, PC_OF(PLAIN) + 3);
	expect_pc(scene, 1, PC_OF(OTHER) + 8);
	expect_pc(scene, 2, PC_OF(PLAIN) + 4);
	expect_pc(scene, 3, PC_OF(ROOT) + 6);
	assert_int_equal(scene->result.native_steps, 4);
	assert_int_equal(scene->result.eval_activations, 0);
}

/** The address after such a call is the next function's first. */
static void a_call_may_end_a_function(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(ROOT) + 256);
	walk_from(scene, PC_OF(OTHER));
	expect(scene, WALK_END_ROOT, 2);
	expect_pc(scene, 0, PC_OF(OTHER));
	expect_pc(scene, 1, PC_OF(ROOT) + 255);
}

/** What a signal interrupted may stand at its function's first byte. */
static void the_pc_above_a_signal_frame_is_exact(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(SIGNAL) + 1);
	push(scene, 1, PC_OF(PLAIN));
	push(scene, 2, PC_OF(ROOT) + 1);
	walk_from(scene, PC_OF(OTHER) + 3);
	expect(scene, WALK_END_ROOT, 4);
	expect_pc(scene, 1, PC_OF(SIGNAL));
	expect_pc(scene, 2, PC_OF(PLAIN));
	expect_pc(scene, 3, PC_OF(ROOT));
}

static void a_return_address_of_zero_is_the_root(void **state)
{
	struct scene *scene = *state;

	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_ROOT, 1);
}

static void frames_beyond_the_copy_are_unknown(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(PLAIN) + 5);
	push(scene, 1, PC_OF(PLAIN) + 5);
	scene->memory.segment[0].size = 24;
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_STACK_BOUND, 2);
	scene->memory.segment_count = 0;
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_STACK_BOUND, 1);
}

static void a_stack_without_end_is_cut(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < STACK_WORDS * 8 / FRAME_BYTES; i++)
		push(scene, i, PC_OF(PLAIN) + 5);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_FRAME_LIMIT, FRAMES);
}

/** Signal frames may go anywhere, also round in a circle. */
static void a_circle_is_cut(void **state)
{
	struct scene *scene = *state;
	struct cfi_rule rules[] = { { CFI_OFFSET, RA, -8 },
				    { CFI_OFFSET, SP, -16 } };
	struct cfi_row row = { .cfa_kind = CFI_CFA_REG_OFFSET, .cfa_reg = SP,
			       .cfa_operand = FRAME_BYTES, .signal_frame = true,
			       .rule_count = 2, .rules = rules };
	struct cfi_parts parts;

	cfi_parts_init(&parts, 0x1000, 0x2000);
	assert_true(cfi_parts_add_function(&parts, 0x1000, 0x2000));
	assert_true(cfi_parts_add_row(&parts, 0x1000, &row));
	cfi_table_destroy(scene->module->cfi);
	assert_null(cfi_table_from_parts(&parts, &scene->module->cfi));
	cfi_parts_deinit(&parts);
	scene->stack[0] = STACK;
	scene->stack[1] = BASE + 0x1010;
	walk_from(scene, BASE + 0x1010);
	expect(scene, WALK_END_FRAME_LIMIT, FRAMES);
}

static void a_frame_must_grow(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(STUCK) + 5);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_BAD_CFA, 2);
}

static void a_return_to_nowhere_ends_it(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, UINT64_C(0x123456));
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_NO_MAPPING, 2);
	assert_int_equal(scene->frames[1].pc, 0x123455);
	assert_null(scene->frames[1].module);
}

/** From JIT code, by frame pointers, back into code with CFI. */
static void code_without_cfi_is_guessed(void **state)
{
	struct scene *scene = *state;
	const uint64_t jit = UINT64_C(0x7f0000000000);

	assert_true(space_add(&scene->space, jit, jit + 0x1000, 0,
			      MAPPING_ANONYMOUS, NULL));
	// sampled in JIT code; its caller too; then PLAIN, by CFI; then root
	regs_set(&scene->regs, FP, STACK + 16);
	scene->stack[2] = STACK + 48;
	scene->stack[3] = jit + 0x20;
	scene->stack[6] = STACK + 400;
	scene->stack[7] = PC_OF(PLAIN) + 5;
	scene->stack[9] = PC_OF(ROOT) + 5;
	walk_from(scene, jit + 0x10);
	expect(scene, WALK_END_ROOT, 4);
	assert_int_equal(scene->frames[0].status, FRAME_EXACT);
	assert_int_equal(scene->frames[1].status, FRAME_GUESSED);
	assert_int_equal(scene->frames[1].pc, jit + 0x1f);
	assert_int_equal(scene->frames[2].status, FRAME_GUESSED);
	assert_int_equal(scene->frames[2].module_vaddr,
			 PC_OF(PLAIN) + 4 - BASE);
	assert_int_equal(scene->frames[3].status, FRAME_EXACT);
	// A frame pointer that leads to no code is none.
	scene->stack[3] = 0x1234;
	walk_from(scene, jit + 0x10);
	expect(scene, WALK_END_NO_CFI, 1);
}

static void a_jump_to_nowhere_is_seen_from_its_caller(void **state)
{
	struct scene *scene = *state;

	regs_set(&scene->regs, FP, STACK + 16);
	scene->stack[2] = STACK + 400;
	scene->stack[3] = PC_OF(ROOT) + 5;
	walk_from(scene, 0x10);
	expect(scene, WALK_END_ROOT, 2);
	assert_int_equal(scene->frames[0].pc, 0x10);
	assert_int_equal(scene->frames[1].status, FRAME_GUESSED);
}

/** What a pc meant is remembered only for as long as the mappings stay. */
static void a_new_mapping_changes_what_a_pc_means(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(ROOT) + 1);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_ROOT, 2);
	assert_true(space_add(&scene->space, BASE, BASE + 0x3000, 0,
			      MAPPING_ANONYMOUS, NULL));
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_NO_CFI, 1);
	assert_null(scene->frames[0].module);
}

static void nothing_is_known_and_yet_there_is_a_frame(void **state)
{
	struct scene *scene = *state;

	scene->regs = (struct regs){ 0 };
	walk_from(scene, 0);
	expect(scene, WALK_END_NO_CFI, 1);
}

static void every_value_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < WALK_END_COUNT; i++)
		assert_non_null(walk_end_name(i));
	for (int i = 0; i < FRAME_STATUS_COUNT; i++)
		assert_non_null(frame_status_name(i));
	for (int i = FRAME_NATIVE; i <= FRAME_OTHER; i++)
		assert_non_null(frame_kind_name(i));
}

/* This process itself, as its own sample. */

enum { SELF_FRAMES = 256, SELF_STACK = 1 << 20 };

struct self {
	struct space space;
	struct module_cache *modules;
	struct walk_cache *cache;
	uint8_t *stack;
	struct frame frames[SELF_FRAMES + 1];
	struct walk_result result;
	void *expected[SELF_FRAMES];
	int expected_count;
};

static struct module *module_of(struct self *self,
				const struct dl_phdr_info *info)
{
	const char *path = info->dlpi_name[0] ? info->dlpi_name :
						"/proc/self/exe";
	struct elf_image *image = NULL;
	int fd;

	if (info->dlpi_addr == getauxval(AT_SYSINFO_EHDR))
		return module_cache_vdso(self->modules);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_null(elf_image_open(fd, &image));
	close(fd);
	return module_create(path, image, NULL);
}

static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
	struct self *self = context;
	struct module *module = module_of(self, info);

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uint64_t start = (info->dlpi_addr + header->p_vaddr) & ~4095ul;

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
			continue;
		assert_true(space_add(&self->space, start,
				      info->dlpi_addr + header->p_vaddr +
					      header->p_memsz,
				      header->p_offset & ~4095ul, MAPPING_FILE,
				      module));
	}
	module_unref(module);
	return 0;
}

static int set_up_self(void **state)
{
	struct self *self = calloc(1, sizeof(*self));

	self->modules = module_cache_create();
	self->cache = walk_cache_create();
	self->stack = malloc(SELF_STACK);
	space_init(&self->space);
	dl_iterate_phdr(add_module, self);
	*state = self;
	return 0;
}

static int tear_down_self(void **state)
{
	struct self *self = *state;

	space_deinit(&self->space);
	module_cache_destroy(self->modules);
	walk_cache_destroy(self->cache);
	free(self->stack);
	free(self);
	return 0;
}

static uint64_t stack_end(void)
{
	pthread_attr_t attributes;
	void *address;
	size_t size;

	assert_int_equal(pthread_getattr_np(pthread_self(), &attributes), 0);
	pthread_attr_getstack(&attributes, &address, &size);
	pthread_attr_destroy(&attributes);
	return (uint64_t)address + size;
}

// The whole stack is copied, also what a sanitizer has poisoned.
__attribute__((no_sanitize_address)) static uint64_t
copy_stack(struct self *self, uint64_t sp)
{
	uint64_t size = stack_end() - sp;

	if (size > SELF_STACK)
		size = SELF_STACK;
	for (uint64_t i = 0; i + 8 <= size; i += 8)
		*(volatile uint64_t *)(self->stack + i) =
			*(volatile const uint64_t *)(sp + i);
	return size;
}

static void take_registers(struct regs *regs, const ucontext_t *context)
{
	static const int8_t greg_of[] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
		REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
		REG_R12, REG_R13, REG_R14, REG_R15,
	};

	memset(regs, 0, sizeof(*regs));
	for (unsigned int i = 0; i < sizeof(greg_of); i++)
		regs_set(regs, i,
			 (uint64_t)context->uc_mcontext.gregs[greg_of[i]]);
	regs->pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
}

static void walk_self(struct self *self, const ucontext_t *context)
{
	struct memory memory = { .segment_count = 0 };
	struct walk_input input = { .arch = arch_native(),
				    .memory = &memory,
				    .space = &self->space,
				    .cache = self->cache,
				    .frame_limit = SELF_FRAMES };
	uint64_t sp;

	take_registers(&input.regs, context);
	sp = input.regs.value[SP];
	memory_add(&memory, sp, self->stack, copy_stack(self, sp));
	walk(&input, self->frames, &self->result);
}

static const char *name_of(const struct frame *frame)
{
	const struct symbol_table *symbols =
		frame->module ? module_symbols(frame->module) : NULL;
	const struct symbol *symbol =
		symbols ? symbol_table_find(symbols, frame->module_vaddr) :
			  NULL;

	return symbol ? symbol->name : "?";
}

static __attribute__((noinline)) int self_leaf(struct self *self)
{
	ucontext_t context;

	getcontext(&context);
	self->expected_count = backtrace(self->expected, SELF_FRAMES);
	walk_self(self, &context);
	return self->expected_count;
}

static __attribute__((noinline)) int self_middle(struct self *self)
{
	return self_leaf(self) + 1;
}

static void it_agrees_with_the_compiler_s_own_unwinder(void **state)
{
	struct self *self = *state;
	int skip = 0;

	assert_true(self_middle(self) > 3);
	assert_int_equal(self->result.end, WALK_END_ROOT);
	assert_string_equal(name_of(&self->frames[0]), "self_leaf");
	assert_string_equal(name_of(&self->frames[1]), "self_middle");
	// A sanitizer puts a function of its own before.
	while (skip + 1 < self->expected_count &&
	       (uint64_t)self->expected[skip + 1] != self->frames[1].pc + 1)
		skip++;
	assert_true(skip < 2);
	for (int i = 1; i < self->expected_count - skip &&
			i < (int)self->result.frame_count; i++) {
		assert_int_equal(self->frames[i].pc + 1,
				 (uint64_t)self->expected[i + skip]);
		assert_int_equal(self->frames[i].status, FRAME_EXACT);
	}
	assert_in_range(self->result.frame_count,
			self->expected_count - skip - 1,
			self->expected_count - skip + 1);
}

static __thread struct self *signalled;

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t here;

	(void)number;
	(void)info;
	(void)context;
	getcontext(&here);
	walk_self(signalled, &here);
}

static int compare(const void *a, const void *b)
{
	if (signalled)
		raise(SIGUSR1);
	signalled = NULL;
	return *(const int *)a - *(const int *)b;
}

static void it_walks_through_a_signal_and_a_callback(void **state)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO };
	int numbers[] = { 3, 1, 2 };
	struct self *self = *state;
	size_t i = 0;

	signalled = self;
	sigaction(SIGUSR1, &action, NULL);
	qsort(numbers, 3, sizeof(numbers[0]), compare);
	signal(SIGUSR1, SIG_DFL);
	assert_int_equal(self->result.end, WALK_END_ROOT);
	assert_string_equal(name_of(&self->frames[0]), "on_signal");
	while (i < self->result.frame_count &&
	       strcmp(name_of(&self->frames[i]), "compare"))
		i++;
	assert_true(i > 1 && i < self->result.frame_count);
	while (i < self->result.frame_count &&
	       strcmp(name_of(&self->frames[i]),
		      "it_walks_through_a_signal_and_a_callback"))
		i++;
	assert_true(i < self->result.frame_count);
}

static void *walk_in_a_thread(void *self)
{
	self_middle(self);
	return NULL;
}

static void a_thread_has_a_root_too(void **state)
{
	struct self *self = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, walk_in_a_thread, self),
			 0);
	pthread_join(thread, NULL);
	assert_int_equal(self->result.end, WALK_END_ROOT);
	assert_string_equal(name_of(&self->frames[2]), "walk_in_a_thread");
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define SELF(name)                                                             \
	cmocka_unit_test_setup_teardown(name, set_up_self, tear_down_self)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(callers_follow_to_the_root),
		SCENE(a_call_may_end_a_function),
		SCENE(the_pc_above_a_signal_frame_is_exact),
		SCENE(a_return_address_of_zero_is_the_root),
		SCENE(frames_beyond_the_copy_are_unknown),
		SCENE(a_stack_without_end_is_cut),
		SCENE(a_circle_is_cut),
		SCENE(a_frame_must_grow),
		SCENE(a_return_to_nowhere_ends_it),
		SCENE(code_without_cfi_is_guessed),
		SCENE(a_jump_to_nowhere_is_seen_from_its_caller),
		SCENE(a_new_mapping_changes_what_a_pc_means),
		SCENE(nothing_is_known_and_yet_there_is_a_frame),
		cmocka_unit_test(every_value_has_a_name),
		SELF(it_agrees_with_the_compiler_s_own_unwinder),
		SELF(it_walks_through_a_signal_and_a_callback),
		SELF(a_thread_has_a_root_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
