// SPDX-License-Identifier: Apache-2.0
#include "unwind/walk.h"

#include "tests/cmocka.h"
#include "unwind/module_cache.h"
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

enum { SP = 7 }; // DWARF number of x86-64

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

#define SELF(name)                                                             \
	cmocka_unit_test_setup_teardown(name, set_up_self, tear_down_self)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SELF(it_agrees_with_the_compiler_s_own_unwinder),
		SELF(it_walks_through_a_signal_and_a_callback),
		SELF(a_thread_has_a_root_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
