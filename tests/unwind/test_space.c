// SPDX-License-Identifier: Apache-2.0
#include "unwind/space.h"

#include "tests/cmocka.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"
#include "unwind/python/layout.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, PAGES = 64 };

static struct module *module_of_loads(const char *path,
				      const Elf64_Phdr *loads, size_t count)
{
	uint8_t bytes[8192] = { 0 };
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN, .e_machine = EM_X86_64,
		.e_version = EV_CURRENT, .e_phoff = sizeof(header),
		.e_ehsize = sizeof(header), .e_phentsize = sizeof(*loads),
		.e_phnum = (uint16_t)count,
	};
	struct elf_image *image;
	struct module *module;

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), loads, count * sizeof(*loads));
	assert_null(elf_image_from_bytes(bytes, sizeof(bytes), &image));
	module = module_create(path, image, NULL);
	assert_non_null(module);
	return module;
}

static void a_newer_mapping_replaces_what_it_covers(void **state)
{
	struct module *old = module_create("/old", NULL, "test");
	struct module *new = module_create("/new", NULL, "test");
	struct space space;

	(void)state;
	space_init(&space);
	assert_true(space_add(&space, 0x10000, 0x20000, 0x1000, MAPPING_FILE,
			      old));
	assert_true(space_add(&space, 0x14000, 0x18000, 0, MAPPING_FILE, new));
	assert_int_equal(space.count, 3);
	assert_int_equal(old->references, 3);
	assert_ptr_equal(space_find(&space, 0x13fff)->module, old);
	assert_ptr_equal(space_find(&space, 0x14000)->module, new);
	assert_ptr_equal(space_find(&space, 0x18000)->module, old);
	assert_int_equal(space_find(&space, 0x18000)->file_offset, 0x9000);
	assert_int_equal(space_find(&space, 0x18000)->bias,
			 space_find(&space, 0x10000)->bias);
	assert_null(space_find(&space, 0x20000));
	assert_true(space_add(&space, 0, 0x100000, 0, MAPPING_ANONYMOUS, NULL));
	assert_int_equal(space.count, 1);
	assert_int_equal(old->references, 1);
	assert_int_equal(new->references, 1);
	space_deinit(&space);
	module_unref(old);
	module_unref(new);
}

/** Page by page, the newest mapping answers: a model without any cleverness. */
static void agrees_with_a_page_by_page_model(void **state)
{
	struct module *modules[8];
	uint64_t newest[PAGES] = { 0 };
	struct space space;

	(void)state;
	srandom(7);
	space_init(&space);
	for (int i = 0; i < 8; i++)
		modules[i] = module_create("/m", NULL, "test");
	for (uint64_t round = 1; round < 3000; round++) {
		uint64_t from = (uint64_t)random() % PAGES;
		uint64_t to = from + 1 + (uint64_t)random() % (PAGES - from);

		assert_true(space_add(&space, from * PAGE, to * PAGE,
				      (round * PAGES + from) * PAGE,
				      MAPPING_FILE, modules[round % 8]));
		for (uint64_t page = from; page < to; page++)
			newest[page] = round;
		for (uint64_t page = 0; page < PAGES; page++) {
			const struct mapping *m =
				space_find(&space, page * PAGE + 5);

			assert_int_equal(m != NULL, newest[page] != 0);
			if (!m)
				continue;
			assert_ptr_equal(m->module, modules[newest[page] % 8]);
			assert_int_equal(m->file_offset - m->start,
					 newest[page] * PAGES * PAGE);
		}
		for (size_t i = 1; i < space.count; i++)
			assert_true(space.mappings[i - 1].end <=
				    space.mappings[i].start);
	}
	space_deinit(&space);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(modules[i]->references, 1);
		module_unref(modules[i]);
	}
}

/* As lld lays them out: the code's first page also holds the data before it. */
static void bias_follows_the_code_segment(void **state)
{
	const Elf64_Phdr loads[] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R, .p_offset = 0,
		  .p_vaddr = 0, .p_filesz = 0x1240, .p_memsz = 0x1240 },
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = 0x1240,
		  .p_vaddr = 0x2240, .p_filesz = 0x500, .p_memsz = 0x500 },
	};
	struct module *module = module_of_loads("/lld", loads, 2);
	struct space space;

	(void)state;
	space_init(&space);
	assert_true(space_add(&space, 0x7f0000001000, 0x7f0000002000, 0x1000,
			      MAPPING_FILE, module));
	assert_int_equal(space_find(&space, 0x7f0000001240)->bias,
			 0x7f0000001240 - 0x2240);
	space_deinit(&space);
	module_unref(module);
}

static void a_fork_has_its_own_copy(void **state)
{
	struct module *module = module_create("/m", NULL, "test");
	struct space parent, child;

	(void)state;
	space_init(&parent);
	assert_true(space_add(&parent, 0x1000, 0x2000, 0, MAPPING_FILE,
			      module));
	assert_true(space_copy(&parent, &child));
	space_clear(&parent);
	assert_null(space_find(&parent, 0x1000));
	assert_ptr_equal(space_find(&child, 0x1000)->module, module);
	assert_int_equal(module->references, 2);
	space_deinit(&child);
	space_deinit(&parent);
	assert_int_equal(module->references, 1);
	module_unref(module);
}

static struct module *python_module(const struct python_layout *layout)
{
	struct module *module = module_create("/python", NULL, "test");

	assert_non_null(module);
	module->python = calloc(1, sizeof(*module->python));
	assert_non_null(module->python);
	module->python->layout = layout;
	return module;
}

static void add_page(struct space *space, uint64_t page, struct module *module)
{
	assert_true(space_add(space, page * PAGE, (page + 1) * PAGE, 0,
			      MAPPING_FILE, module));
}

static void which_python_is_found_follows_what_is_mapped(void **state)
{
	struct module *other = module_create("/other", NULL, "test");
	struct module *unknown = python_module(NULL);
	struct module *known = python_module(python_layout_at(0));
	struct space space, copy;

	(void)state;
	assert_non_null(known->python->layout);
	space_init(&space);
	assert_null(space_find_python(&space));
	add_page(&space, 5, other);
	assert_null(space_find_python(&space));
	add_page(&space, 7, unknown);
	assert_ptr_equal(space_find_python(&space)->module, unknown);
	add_page(&space, 1, other);
	assert_ptr_equal(space_find_python(&space)->module, unknown);
	add_page(&space, 9, known);
	assert_ptr_equal(space_find_python(&space)->module, known);
	assert_true(space_copy(&space, &copy));
	assert_ptr_equal(space_find_python(&copy),
			 &copy.mappings[space.count - 1]);
	add_page(&space, 9, other);
	assert_ptr_equal(space_find_python(&space)->module, unknown);
	space_clear(&space);
	assert_null(space_find_python(&space));
	space_deinit(&space);
	space_deinit(&copy);
	module_unref(other);
	module_unref(unknown);
	module_unref(known);
}

static void changes_are_counted(void **state)
{
	struct space space;
	uint64_t before;

	(void)state;
	space_init(&space);
	before = space.generation;
	assert_true(space_add(&space, 0x1000, 0x2000, 0, MAPPING_ANONYMOUS,
			      NULL));
	assert_true(space.generation > before);
	before = space.generation;
	space_clear(&space);
	assert_true(space.generation > before);
	space_deinit(&space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_newer_mapping_replaces_what_it_covers),
		cmocka_unit_test(agrees_with_a_page_by_page_model),
		cmocka_unit_test(bias_follows_the_code_segment),
		cmocka_unit_test(a_fork_has_its_own_copy),
		cmocka_unit_test(which_python_is_found_follows_what_is_mapped),
		cmocka_unit_test(changes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
