// SPDX-License-Identifier: Apache-2.0
#include "unwind/arch.h"

#include <stddef.h>
#include <string.h>

static const struct arch *const arch_table[] = {
	&arch_x86_64,
	&arch_aarch64,
};

const struct arch *arch_native(void)
{
#if defined(__aarch64__)
	return &arch_aarch64;
#elif defined(__x86_64__)
	return &arch_x86_64;
#else
#error "no struct arch for this machine"
#endif
}

const struct arch *arch_by_machine(uint16_t elf_machine)
{
	for (size_t i = 0; i < sizeof(arch_table) / sizeof(*arch_table); i++)
		if (arch_table[i]->elf_machine == elf_machine)
			return arch_table[i];
	return NULL;
}

void arch_regs_from_perf(const struct arch *arch, const uint64_t *values,
			 struct regs *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned int i = 0; i < arch->perf_count; i++)
		if (arch->perf_to_dwarf[i] >= 0)
			regs_set(ret, (unsigned int)arch->perf_to_dwarf[i],
				 values[i]);
	ret->pc = values[arch->perf_pc] & arch->pc_mask;
}
