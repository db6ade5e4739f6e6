// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/signal_entry.h"

#include "tests/cmocka.h"

#include <string.h>

enum {
	AX, BX, CX, DX, SI, DI, BP, SP, IP, FLAGS, CS, SS, R8, REG_COUNT = 20,
	// struct rt_sigframe of arch/x86/include/asm/sigframe.h.
	CONTEXT = 8, REGS = CONTEXT + 40, INFO = CONTEXT + 304,
	STACK_BYTES = 512,
	SIGNUM = 14,
	DF = 0x400, ZF = 0x40,
};

/** A thread of which each register was its number times 1,000. */
struct entry {
	uint64_t regs[REG_COUNT], before[REG_COUNT];
	uint8_t stack[STACK_BYTES];
	struct perf_sample_fields now;
};

// struct sigcontext_64 of arch/x86/include/uapi/asm/sigcontext.h.
static void save(struct entry *entry)
{
	static const unsigned int order[] = {
		R8, R8 + 1, R8 + 2, R8 + 3, R8 + 4, R8 + 5, R8 + 6, R8 + 7,
		DI, SI, BP, BX, DX, AX, CX, SP, IP, FLAGS,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		memcpy(entry->stack + REGS + i * sizeof(uint64_t),
		       &entry->before[order[i]], sizeof(uint64_t));
}

static void deliver(struct entry *entry)
{
	uint64_t sp = 0x7ffe00001008;

	memset(entry, 0, sizeof(*entry));
	for (unsigned int i = 0; i < REG_COUNT; i++)
		entry->before[i] = entry->regs[i] = i * 1000;
	entry->before[FLAGS] = entry->regs[FLAGS] = ZF;
	entry->before[FLAGS] |= DF;
	save(entry);
	entry->regs[AX] = 0;
	entry->regs[DI] = SIGNUM;
	entry->regs[SI] = sp + INFO;
	entry->regs[DX] = sp + CONTEXT;
	entry->regs[SP] = sp;
	entry->regs[IP] = 0x401000;
	entry->now = (struct perf_sample_fields){ .regs = entry->regs,
						  .stack = entry->stack,
						  .stack_size = STACK_BYTES };
}

static bool is_entry(const struct entry *entry)
{
	uint64_t before[REG_COUNT];

	return signal_entry_read(&arch_x86_64, &entry->now, before);
}

static void what_was_interrupted_is_read(void **state)
{
	uint64_t before[REG_COUNT];
	struct entry entry;

	(void)state;
	deliver(&entry);
	assert_true(signal_entry_read(&arch_x86_64, &entry.now, before));
	assert_memory_equal(before, entry.before, sizeof(before));
}

/** No register but the program counter may be another. */
static void a_handler_that_has_begun_is_none(void **state)
{
	struct entry entry;

	(void)state;
	for (unsigned int i = 0; i < REG_COUNT; i++) {
		deliver(&entry);
		// What a segment was is not saved in a word of its own.
		if (i == CS || i == SS)
			continue;
		entry.regs[i] += i == DI ? 64 : 8;
		assert_int_equal(is_entry(&entry), i == IP);
	}
	deliver(&entry);
	entry.regs[DI] = 0;
	assert_false(is_entry(&entry));
	deliver(&entry);
	entry.regs[FLAGS] |= DF;
	assert_false(is_entry(&entry));
}

/** What the kernel has saved says what was kept. */
static void another_frame_is_none(void **state)
{
	struct entry entry;

	(void)state;
	deliver(&entry);
	entry.before[BX]++;
	save(&entry);
	assert_false(is_entry(&entry));
}

static void a_short_stack_is_none(void **state)
{
	struct entry entry;

	(void)state;
	deliver(&entry);
	assert_true(arch_x86_64.signal_bytes % 8 == 0);
	entry.now.stack_size = arch_x86_64.signal_bytes;
	assert_true(is_entry(&entry));
	entry.now.stack_size--;
	assert_false(is_entry(&entry));
	entry.now.stack = NULL;
	assert_false(is_entry(&entry));
	deliver(&entry);
	entry.now.regs = NULL;
	assert_false(is_entry(&entry));
}

static void what_is_not_known_is_none(void **state)
{
	uint64_t before[ARCH_REG_MAX], regs[ARCH_REG_MAX] = { 0 };
	uint8_t stack[STACK_BYTES] = { 0 };
	struct perf_sample_fields now = { .regs = regs, .stack = stack,
					  .stack_size = sizeof(stack) };

	(void)state;
	assert_false(signal_entry_read(&arch_aarch64, &now, before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_interrupted_is_read),
		cmocka_unit_test(a_handler_that_has_begun_is_none),
		cmocka_unit_test(another_frame_is_none),
		cmocka_unit_test(a_short_stack_is_none),
		cmocka_unit_test(what_is_not_known_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
