// SPDX-License-Identifier: Apache-2.0
/*
 * Looks every code address of a file up and prints where rows change:
 *
 *     1020 rsp+16 16=c-8
 *     1026 exp 16=c-8
 *
 * that is address, CFA, and rules by DWARF register number. compare_rows.py has
 * readelf say the same.
 */
#include "unwind/native/cfi_table.h"
#include "unwind/native/elf_image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_rule(const struct arch *arch, const struct cfi_row *row,
		       unsigned int reg)
{
	for (unsigned int i = 0; i < row->rule_count; i++) {
		const struct cfi_rule *rule = &row->rules[i];

		if (rule->reg != reg)
			continue;
		switch ((enum cfi_rule_kind)rule->kind) {
		case CFI_SAME:
			printf(" %u=s", reg);
			return;
		case CFI_UNDEFINED:
			printf(" %u=u", reg);
			return;
		case CFI_OFFSET:
			printf(" %u=c%+d", reg, rule->operand);
			return;
		case CFI_VAL_OFFSET:
			printf(" %u=v%+d", reg, rule->operand);
			return;
		case CFI_REGISTER:
			printf(" %u=%s", reg, arch->reg_names[rule->operand]);
			return;
		case CFI_EXPRESSION:
			printf(" %u=exp", reg);
			return;
		case CFI_VAL_EXPRESSION:
			printf(" %u=vexp", reg);
			return;
		}
	}
}

static void print_row(const struct arch *arch, uint64_t vaddr,
		      const struct cfi_row *row)
{
	printf("%" PRIx64, vaddr);
	if (!row) {
		puts(" none");
		return;
	}
	if (row->cfa_kind == CFI_CFA_EXPRESSION)
		printf(" exp");
	else
		printf(" %s%+d", arch->reg_names[row->cfa_reg],
		       row->cfa_operand);
	for (unsigned int reg = 0; reg < arch->reg_count; reg++)
		print_rule(arch, row, reg);
	puts("");
}

static void print_changes(const struct arch *arch,
			  const struct cfi_table *table,
			  const struct elf_load *load)
{
	const struct cfi_row *last = NULL;

	for (uint64_t i = 0; i <= load->memory_size; i++) {
		const struct cfi_row *row = NULL;

		if (i < load->memory_size)
			row = cfi_table_find(table, load->vaddr + i);
		if (row != last)
			print_row(arch, load->vaddr + i, row);
		last = row;
	}
}

int main(int argc, char **argv)
{
	struct elf_image *image;
	const struct arch *arch;
	struct cfi_table *table;
	struct error *error;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		return 1;
	error = elf_image_open(fd, &image);
	close(fd);
	if (error) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	arch = arch_by_machine(elf_image_machine(image));
	error = cfi_table_build(image, arch, &table);
	if (error) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	for (size_t i = 0; i < elf_image_load_count(image); i++)
		if (elf_image_load(image, i)->executable)
			print_changes(arch, table, elf_image_load(image, i));
	cfi_table_destroy(table);
	elf_image_destroy(image);
	return 0;
}
