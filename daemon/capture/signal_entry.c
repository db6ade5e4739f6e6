// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/signal_entry.h"

#include <string.h>

enum { SIGNAL_NUMBER_MAX = 64 };

static uint64_t stack_pointer(const struct arch *arch, const uint64_t *regs)
{
	for (unsigned int i = 0; i < arch->perf_count; i++)
		if (arch->perf_to_dwarf[i] == arch->sp)
			return regs[i];
	return 0;
}

static uint64_t saved_value(const struct arch_signal_register *rule,
			    const uint8_t *stack, uint64_t now)
{
	uint64_t saved;

	if (!rule->saved)
		return now;
	memcpy(&saved, stack + rule->saved, sizeof(saved));
	return saved;
}

// Whether a register that held @before holds what the kernel makes of it.
static bool is_at_entry(const struct arch_signal_register *rule, uint64_t now,
			uint64_t before, uint64_t sp)
{
	switch (rule->at_entry) {
	case ARCH_SIGNAL_KEPT:
		return now == (before & ~(uint64_t)rule->cleared);
	case ARCH_SIGNAL_SET:
		return now == rule->offset;
	case ARCH_SIGNAL_STACK:
		return now == sp + rule->offset;
	case ARCH_SIGNAL_NUMBER:
		return now >= 1 && now <= SIGNAL_NUMBER_MAX;
	case ARCH_SIGNAL_HANDLER:
		return now != 0;
	}
	return false;
}

bool signal_entry_read(const struct arch *arch,
		       const struct perf_sample_fields *now, uint64_t *ret)
{
	uint64_t sp;

	if (!arch->perf_signal || !now->regs || !now->stack ||
	    now->stack_size < arch->signal_bytes)
		return false;
	sp = stack_pointer(arch, now->regs);
	for (unsigned int i = 0; i < arch->perf_count; i++) {
		const struct arch_signal_register *rule = &arch->perf_signal[i];

		ret[i] = saved_value(rule, now->stack, now->regs[i]);
		if (!is_at_entry(rule, now->regs[i], ret[i], sp))
			return false;
	}
	return true;
}
