// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_reader_state.h"

#include "base/array.h"
#include "unwind/python/binary.h"

#include <string.h>

struct module *reader_module(const struct sample_reader *reader,
			     uint32_t number)
{
	return number && number <= reader->module_count ?
		       reader->modules[number - 1].module :
		       NULL;
}

static struct read_module *known_module(struct sample_reader *reader,
					uint32_t number)
{
	return reader_module(reader, number) ? &reader->modules[number - 1] :
					       NULL;
}

bool read_module(struct sample_reader *reader, struct reader *block)
{
	uint32_t id_size = reader_u32(block);
	uint32_t path_size = reader_u32(block);
	const uint8_t *id = reader_padded(block, id_size);
	_cleanup_free_ char *path =
		reader_text(block, path_size, SAMPLE_PATH_MAX);
	struct module *module;

	if (!id || !path || id_size > MODULE_BUILD_ID_MAX ||
	    !array_reserve_one(reader->modules, reader->module_count,
			       reader->module_capacity))
		return false;
	module = module_create(path, NULL, NULL);
	if (!module)
		return false;
	memcpy(module->build_id, id, id_size);
	module->build_id_size = id_size;
	reader->modules[reader->module_count++] =
		(struct read_module){ .module = module };
	return true;
}

static void read_fixed_text(struct reader *block, char *to, size_t size,
			    size_t size_in_file)
{
	const uint8_t *bytes = reader_bytes(block, size_in_file);

	if (!bytes)
		return;
	memcpy(to, bytes, size_in_file < size ? size_in_file : size);
	to[size - 1] = '\0';
}

static bool ranges_are_sane(const struct python_binary *python)
{
	if (python->eval_count > PYTHON_EVAL_RANGE_MAX)
		return false;
	for (unsigned int i = 0; i < python->eval_count; i++)
		if (python->eval[i].start >= python->eval[i].end)
			return false;
	return true;
}

static bool read_python(struct read_module *to, struct reader *block,
			uint32_t flags)
{
	struct python_binary *python = calloc(1, sizeof(*python));

	if (!python)
		return false;
	to->module->python = python;
	python->version = reader_u32(block);
	python->eval_count = reader_u32(block);
	python->runtime_vaddr = reader_u64(block);
	python->code_type_vaddr = reader_u64(block);
	python->entry_end = reader_u64(block);
	for (unsigned int i = 0; i < PYTHON_EVAL_RANGE_MAX; i++) {
		python->eval[i].start = reader_u64(block);
		python->eval[i].end = reader_u64(block);
	}
	read_fixed_text(block, python->version_text,
			sizeof(python->version_text), 24);
	read_fixed_text(block, python->unsupported,
			sizeof(python->unsupported), 96);
	if (flags & MODULE_HAS_LAYOUT) {
		python->layout = python_layout_find(
			python->version, flags & MODULE_FREE_THREADED);
		if (!python->layout)
			return false;
	}
	return !block->failed && ranges_are_sane(python);
}

bool read_unwinding(struct sample_reader *reader, struct reader *block)
{
	struct read_module *module = known_module(reader, reader_u32(block));
	uint32_t flags = reader_u32(block);
	uint64_t start = reader_u64(block), end = reader_u64(block);

	if (!module || module->unwinding_known || block->failed)
		return false;
	module->unwinding_known = true;
	module->module->cfi_known = true;
	module->module->python_known = true;
	module->has_cfi = flags & MODULE_HAS_CFI;
	cfi_parts_init(&module->parts, start, end);
	return !(flags & MODULE_IS_PYTHON) || read_python(module, block, flags);
}

bool read_expression(struct sample_reader *reader, struct reader *block)
{
	uint32_t number = reader_u32(block), size = reader_u32(block);
	struct read_module *module = known_module(reader, number);
	const uint8_t *bytes = reader_padded(block, size);
	uint32_t index;

	if (!module || !module->has_cfi || !bytes ||
	    !array_reserve_one(reader->expressions, reader->expression_count,
			       reader->expression_capacity) ||
	    !cfi_parts_add_expression(&module->parts, bytes, size, &index))
		return false;
	reader->expressions[reader->expression_count++] =
		(struct read_expression){ number, index };
	return true;
}

// A number of the file becomes one of its module's table.
static bool localize(const struct sample_reader *reader, uint32_t module,
		     int32_t *operand)
{
	const struct read_expression *expression;
	uint32_t number = (uint32_t)*operand;

	if (!number || number > reader->expression_count)
		return false;
	expression = &reader->expressions[number - 1];
	if (expression->module != module)
		return false;
	*operand = (int32_t)expression->index;
	return true;
}

bool read_row(struct sample_reader *reader, struct reader *block)
{
	struct cfi_packed_row *row;

	if (!array_reserve_one(reader->rows, reader->row_count,
			       reader->row_capacity))
		return false;
	row = calloc(1, sizeof(*row));
	if (!row)
		return false;
	reader->rows[reader->row_count++] = row;
	row->rule_count = reader_u8(block);
	row->cfa_kind = reader_u8(block);
	row->cfa_reg = reader_u8(block);
	row->signal_frame = reader_u8(block) != 0;
	row->cfa_operand = (int32_t)reader_u32(block);
	if (row->rule_count > CFI_ROW_RULES_MAX)
		return false;
	for (unsigned int i = 0; i < row->rule_count; i++) {
		row->rules[i].kind = reader_u8(block);
		row->rules[i].reg = reader_u8(block);
		reader_u16(block);
		row->rules[i].operand = (int32_t)reader_u32(block);
	}
	return true;
}

static bool localize_row(const struct sample_reader *reader, uint32_t module,
			 struct cfi_packed_row *row)
{
	if (row->cfa_kind == CFI_CFA_EXPRESSION &&
	    !localize(reader, module, &row->cfa_operand))
		return false;
	for (unsigned int i = 0; i < row->rule_count; i++) {
		struct cfi_rule *rule = &row->rules[i];

		if ((rule->kind == CFI_EXPRESSION ||
		     rule->kind == CFI_VAL_EXPRESSION) &&
		    !localize(reader, module, &rule->operand))
			return false;
	}
	return true;
}

static bool add_row(const struct sample_reader *reader, uint32_t module,
		    struct cfi_parts *parts, uint64_t vaddr, uint32_t number)
{
	struct cfi_packed_row packed;
	struct cfi_row row = { .rules = packed.rules };

	if (!number)
		return cfi_parts_add_row(parts, vaddr, NULL);
	if (number > reader->row_count)
		return false;
	packed = *reader->rows[number - 1];
	if (!localize_row(reader, module, &packed))
		return false;
	row.cfa_kind = packed.cfa_kind;
	row.cfa_reg = packed.cfa_reg;
	row.signal_frame = packed.signal_frame;
	row.rule_count = packed.rule_count;
	row.cfa_operand = packed.cfa_operand;
	return cfi_parts_add_row(parts, vaddr, &row);
}

bool read_function(struct sample_reader *reader, struct reader *block)
{
	uint32_t number = reader_u32(block), count = reader_u32(block);
	uint64_t start = reader_u64(block), end = reader_u64(block);
	struct read_module *module = known_module(reader, number);

	// One without a row says nothing.
	if (!module || !module->has_cfi || block->failed || !count ||
	    !cfi_parts_add_function(&module->parts, start, end))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t vaddr = start + reader_u32(block);
		uint32_t row = reader_u32(block);

		if (block->failed ||
		    !add_row(reader, number, &module->parts, vaddr, row))
			return false;
	}
	return true;
}

bool read_symbol(struct sample_reader *reader, struct reader *block)
{
	uint32_t number = reader_u32(block), name_size = reader_u32(block);
	uint64_t vaddr = reader_u64(block), size = reader_u64(block);
	struct read_module *module = known_module(reader, number);
	struct read_symbols *symbols = &reader->kernel;
	char *name;

	if (number && !module)
		return false;
	if (module)
		symbols = &module->symbols;
	name = reader_text(block, name_size, SAMPLE_SYMBOL_MAX);
	if (!name)
		return false;
	if (!array_reserve_one(symbols->items, symbols->count,
			       symbols->capacity)) {
		free(name);
		return false;
	}
	symbols->items[symbols->count++] =
		(struct symbol){ vaddr, size, name };
	return true;
}

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	return (a->vaddr > b->vaddr) - (a->vaddr < b->vaddr);
}

// A table wants each address once.
static void sort_symbols(struct read_symbols *symbols)
{
	size_t kept = 0;

	if (symbols->count)
		qsort(symbols->items, symbols->count, sizeof(*symbols->items),
		      compare_symbols);
	for (size_t i = 0; i < symbols->count; i++)
		if (kept &&
		    symbols->items[kept - 1].vaddr == symbols->items[i].vaddr)
			free((char *)symbols->items[i].name);
		else
			symbols->items[kept++] = symbols->items[i];
	symbols->count = kept;
}

struct error *finish_modules(struct sample_reader *reader)
{
	struct error *error = NULL;

	sort_symbols(&reader->kernel);
	for (size_t i = 0; i < reader->module_count && !error; i++) {
		struct read_module *read = &reader->modules[i];
		struct module *module = read->module;

		if (read->has_cfi)
			error = cfi_table_from_parts(&read->parts,
						     &module->cfi);
		sort_symbols(&read->symbols);
		module->symbols_known = true;
		if (!error)
			error = symbol_table_create(read->symbols.items,
						    read->symbols.count,
						    &module->symbols);
	}
	return error;
}

static void destroy_symbols(struct read_symbols *symbols)
{
	for (size_t i = 0; i < symbols->count; i++)
		free((char *)symbols->items[i].name);
	free(symbols->items);
}

void destroy_modules(struct sample_reader *reader)
{
	for (size_t i = 0; i < reader->module_count; i++) {
		cfi_parts_deinit(&reader->modules[i].parts);
		destroy_symbols(&reader->modules[i].symbols);
		module_unref(reader->modules[i].module);
	}
	for (size_t i = 0; i < reader->row_count; i++)
		free(reader->rows[i]);
	destroy_symbols(&reader->kernel);
	free(reader->rows);
	free(reader->modules);
	free(reader->expressions);
}
