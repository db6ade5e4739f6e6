// SPDX-License-Identifier: Apache-2.0
#include "unwind/module.h"

#include "unwind/arch.h"
#include "unwind/native/cfi_table.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"
#include "unwind/symbols/symbol_table.h"

#include <string.h>

enum { READS_AGAIN_MAX = 8 };

static void take_build_id(struct module *module)
{
	size_t size;
	const uint8_t *id = elf_image_build_id(module->image, &size);

	if (!id || size > MODULE_BUILD_ID_MAX)
		return;
	memcpy(module->build_id, id, size);
	module->build_id_size = size;
}

struct module *module_create(const char *path, struct elf_image *image,
			     const char *problem)
{
	struct module *module = calloc(1, sizeof(*module));

	if (!module) {
		elf_image_destroy(image);
		return NULL;
	}
	module->references = 1;
	module->image = image;
	module->path = strdup(path);
	module->problem = problem ? strdup(problem) : NULL;
	if (!module->path || (problem && !module->problem)) {
		module_unref(module);
		return NULL;
	}
	if (image)
		take_build_id(module);
	return module;
}

struct module *module_ref(struct module *module)
{
	module->references++;
	return module;
}

void module_unref(struct module *module)
{
	if (!module || --module->references)
		return;
	python_binary_destroy(module->python);
	symbol_table_destroy(module->symbols);
	cfi_table_destroy(module->cfi);
	elf_image_destroy(module->image);
	free(module->problem);
	free(module->path);
	free(module);
}

struct module *module_keep(struct module *module)
{
	module->kept++;
	return module_ref(module);
}

void module_unkeep(struct module *module)
{
	module->kept--;
	module_unref(module);
}

// Whether what has just been built of the file may lack something for once.
static bool was_unread(struct module *module, const struct error *error)
{
	bool failed = elf_image_take_failure(module->image) ||
		      (error && error->code == ERROR_NO_MEMORY);

	module->unread |= failed;
	return failed;
}

const struct cfi_table *module_cfi(struct module *module)
{
	_cleanup_error_ struct error *error = NULL;
	const struct arch *arch;

	if (module->cfi_known || !module->image)
		return module->cfi;
	module->cfi_known = true;
	arch = arch_by_machine(elf_image_machine(module->image));
	if (!arch)
		return NULL;
	elf_image_take_failure(module->image);
	error = cfi_table_build(module->image, arch, &module->cfi);
	if (was_unread(module, error)) {
		cfi_table_destroy(module->cfi);
		module->cfi = NULL;
	}
	return module->cfi;
}

static struct error *read_python(struct module *module)
{
	const struct cfi_table *cfi;
	struct error *error;

	elf_image_take_failure(module->image);
	error = python_binary_read(module->image, &module->python);
	if (was_unread(module, error) || !module->python)
		return error;
	cfi = module_cfi(module);
	return cfi ? python_binary_find_eval(module->python, module->image,
					     cfi) :
		     NULL;
}

const struct python_binary *module_python(struct module *module)
{
	_cleanup_error_ struct error *error = NULL;

	if (module->python_known || !module->image)
		return module->python;
	module->python_known = true;
	error = read_python(module);
	was_unread(module, error);
	// Of a loop that is known in part the rest would pass for other code.
	if (module->unread) {
		python_binary_destroy(module->python);
		module->python = NULL;
	}
	return module->python;
}

void module_read_again(struct module *module)
{
	if (!module->unread || !module->image ||
	    module->reads_again == READS_AGAIN_MAX)
		return;
	module->reads_again++;
	module->unread = false;
	module->python_known = module->python != NULL;
	module->cfi_known = module->cfi != NULL;
}

const struct symbol_table *module_symbols(struct module *module)
{
	_cleanup_error_ struct error *error = NULL;

	if (module->symbols_known || !module->image)
		return module->symbols;
	module->symbols_known = true;
	error = symbol_table_build(module->image, module->path,
				   &module->symbols);
	return module->symbols;
}

size_t module_bytes(const struct module *module)
{
	size_t bytes = sizeof(*module);

	if (module->cfi)
		bytes += cfi_table_bytes(module->cfi);
	if (module->symbols)
		bytes += symbol_table_bytes(module->symbols);
	return bytes;
}
