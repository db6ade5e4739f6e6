// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/native/own_process.h"

#include "unwind/native/elf_image.h"

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

static struct elf_image *open_module(const struct dl_phdr_info *info)
{
	const char *path = info->dlpi_name[0] ? info->dlpi_name :
						"/proc/self/exe";
	struct elf_image *image = NULL;
	int fd;

	if (info->dlpi_addr == getauxval(AT_SYSINFO_EHDR)) {
		error_destroy(elf_image_from_bytes(
			(const void *)info->dlpi_addr, 4096, &image));
		if (!image)
			error_destroy(elf_image_from_bytes(
				(const void *)info->dlpi_addr, 8192, &image));
		return image;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	error_destroy(elf_image_open(fd, &image));
	close(fd);
	return image;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
	struct own_process *own = context;
	struct elf_image *image = open_module(info);
	struct own_module *module;

	(void)size;
	if (!image || own->module_count == OWN_MODULES_MAX)
		abort();
	module = &own->module[own->module_count++];
	module->bias = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
			continue;
		module->start = info->dlpi_addr + header->p_vaddr;
		module->end = module->start + header->p_memsz;
	}
	if (cfi_table_build(image, arch_native(), &module->table))
		abort();
	elf_image_destroy(image);
	return 0;
}

void own_process_init(struct own_process *own)
{
	own->module_count = 0;
	dl_iterate_phdr(add_module, own);
}

void own_process_deinit(struct own_process *own)
{
	for (size_t i = 0; i < own->module_count; i++)
		cfi_table_destroy(own->module[i].table);
}

const struct own_module *own_module_find(const struct own_process *own,
					 uint64_t pc)
{
	for (size_t i = 0; i < own->module_count; i++)
		if (pc >= own->module[i].start && pc < own->module[i].end)
			return &own->module[i];
	return NULL;
}

void own_sample_init(struct own_sample *sample)
{
	sample->stack = malloc(OWN_STACK_MAX);
	sample->stack_end = 0;
	if (!sample->stack)
		abort();
}

void own_sample_deinit(struct own_sample *sample)
{
	free(sample->stack);
}

static uint64_t stack_end(void)
{
	pthread_attr_t attributes;
	void *address;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attributes) ||
	    pthread_attr_getstack(&attributes, &address, &size))
		abort();
	pthread_attr_destroy(&attributes);
	return (uint64_t)address + size;
}

static void take_registers(struct regs *regs, const ucontext_t *context)
{
	memset(regs, 0, sizeof(*regs));
#ifdef __x86_64__
	static const int8_t greg_of[] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
		REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
		REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
	};
	for (unsigned int i = 0; i < sizeof(greg_of); i++)
		regs_set(regs, i,
			 (uint64_t)context->uc_mcontext.gregs[greg_of[i]]);
	regs->pc = regs->value[16];
#else
	for (unsigned int i = 0; i < 31; i++)
		regs_set(regs, i, context->uc_mcontext.regs[i]);
	regs_set(regs, 31, context->uc_mcontext.sp);
	regs->pc = context->uc_mcontext.pc;
#endif
}

// The whole stack is copied, also what a sanitizer has poisoned.
__attribute__((no_sanitize_address)) static void
copy_stack(uint8_t *to, uint64_t from, uint64_t size)
{
	for (uint64_t i = 0; i + 8 <= size; i += 8)
		*(volatile uint64_t *)(to + i) =
			*(volatile const uint64_t *)(from + i);
}

void own_sample_take(struct own_sample *sample, const ucontext_t *context)
{
	uint64_t sp, size;

	take_registers(&sample->regs, context);
	sp = sample->regs.value[arch_native()->sp];
	size = (sample->stack_end ? sample->stack_end : stack_end()) - sp;
	if (size > OWN_STACK_MAX)
		size = OWN_STACK_MAX;
	copy_stack(sample->stack, sp, size);
	sample->memory.segment_count = 0;
	memory_add(&sample->memory, sp, sample->stack, size);
}

enum step_result own_walk(const struct own_process *own,
			  const struct own_sample *sample, uint64_t *pcs,
			  size_t room, size_t *ret_count)
{
	const struct arch *arch = arch_native();
	struct regs regs = sample->regs;
	bool exact = true;

	for (*ret_count = 0; *ret_count < room;) {
		const struct own_module *module;
		const struct cfi_row *row = NULL;
		enum step_result result;
		uint64_t cfa;

		pcs[(*ret_count)++] = regs.pc;
		module = own_module_find(own, regs.pc);
		if (module)
			row = cfi_table_find(module->table,
					     regs.pc - module->bias - !exact);
		if (!row)
			return STEP_BAD_CFA;
		result = native_cfa(arch, module->table, row, &regs,
				    &sample->memory, &cfa);
		if (result == STEP_OK)
			result = native_step(arch, module->table, row, cfa,
					     exact, &sample->memory, &regs);
		if (result != STEP_OK)
			return result;
		exact = row->signal_frame;
	}
	return STEP_OK;
}

uint64_t own_function(const struct own_process *own, uint64_t pc)
{
	const struct own_module *module = own_module_find(own, pc);
	uint64_t start, end;

	if (!module || !cfi_table_function(module->table, pc - module->bias,
					   &start, &end))
		return 0;
	return start + module->bias;
}
