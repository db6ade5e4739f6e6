// SPDX-License-Identifier: Apache-2.0
/*
 * One line: address, type, name, and the module when it is not the kernel's:
 *
 *     ffffffffc0a1b2c0 t ext4_da_write_begin	[ext4]
 *
 * There are no sizes: a function goes up to the next symbol, or, before a gap,
 * as far as FUNCTION_BYTES_MAX. Of several names for one address the kernel
 * lists the best first (scripts/kallsyms.c compare_symbols()).
 */
#include "unwind/symbols/kallsyms.h"

#include "base/array.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

enum {
	LINE_COUNT_MAX = 2 << 20,
	LINE_BYTES_MAX = 1024,
	NAME_BYTES_MAX = 64 << 20,
	MODULE_MAX = 4096,
	FUNCTION_BYTES_MAX = 256 << 10,
};

struct kernel_symbol {
	uint64_t address;
	uint32_t name;	 /* offset in names */
	uint16_t module; /* index in modules */
	bool end;	 /* marks the end of code: names nothing */
};

struct kallsyms {
	struct kernel_symbol *symbols; /* owned; sorted by address */
	size_t count, capacity;
	char *names;		       /* owned */
	size_t names_size, names_capacity;
	char **modules;		       /* owned, and each; [0] is "" */
	size_t module_count, module_capacity;
};

struct kernel_line {
	uint64_t address;
	char type;
	const char *name, *module;
};

static bool parse_line(char *text, struct kernel_line *ret)
{
	char *end, *name, *module;

	ret->address = strtoull(text, &end, 16);
	if (end == text || end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	ret->type = end[1];
	name = end + 3;
	name[strcspn(name, "\n")] = '\0';
	module = strchr(name, '\t');
	ret->name = name;
	ret->module = "";
	if (module) {
		*module = '\0';
		ret->module = module + 1 + (module[1] == '[');
		module[1 + strcspn(module + 1, "]")] = '\0';
	}
	return *name != '\0';
}

static bool is_function(const struct kernel_line *line)
{
	// "__pfx_x" is the padding before x, which is never run.
	return line->address && strchr("tTwW", line->type) &&
	       strncmp(line->name, "__pfx_", strlen("__pfx_"));
}

static bool is_end(const char *name)
{
	return !strcmp(name, "_etext") || !strcmp(name, "_einittext");
}

/** A module's symbols stand together, so the last one is nearly always it. */
static bool find_module(struct kallsyms *symbols, const char *name,
			uint16_t *ret)
{
	char *copy;

	for (size_t i = symbols->module_count; i-- > 0;)
		if (!strcmp(symbols->modules[i], name)) {
			*ret = (uint16_t)i;
			return true;
		}
	if (symbols->module_count == MODULE_MAX) {
		*ret = 0;
		return true;
	}
	copy = strdup(name);
	if (!copy || !array_reserve_one(symbols->modules, symbols->module_count,
					symbols->module_capacity)) {
		free(copy);
		return false;
	}
	*ret = (uint16_t)symbols->module_count;
	symbols->modules[symbols->module_count++] = copy;
	return true;
}

static bool add_line(struct kallsyms *symbols, const struct kernel_line *line)
{
	size_t size = strlen(line->name) + 1;
	struct kernel_symbol symbol = {
		.address = line->address,
		.name = (uint32_t)symbols->names_size,
		.end = is_end(line->name),
	};

	if (symbols->names_size + size > NAME_BYTES_MAX)
		return true;
	if (!find_module(symbols, line->module, &symbol.module) ||
	    !array_reserve((void **)&symbols->names, &symbols->names_capacity,
			   symbols->names_size + size, 1) ||
	    !array_reserve_one(symbols->symbols, symbols->count,
			       symbols->capacity))
		return false;
	memcpy(symbols->names + symbols->names_size, line->name, size);
	symbols->names_size += size;
	symbols->symbols[symbols->count++] = symbol;
	return true;
}

/** By address, and as listed where that is equal: names only ever grow. */
static int compare(const void *left, const void *right)
{
	const struct kernel_symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

static void sort(struct kallsyms *symbols)
{
	size_t kept = 0;

	if (!symbols->count)
		return;
	qsort(symbols->symbols, symbols->count, sizeof(*symbols->symbols),
	      compare);
	for (size_t i = 0; i < symbols->count; i++) {
		const struct kernel_symbol symbol = symbols->symbols[i];

		if (kept && symbols->symbols[kept - 1].address == symbol.address)
			continue;
		symbols->symbols[kept++] = symbol;
	}
	symbols->count = kept;
}

static struct error *read_lines(struct kallsyms *symbols, FILE *file,
				const char *path)
{
	char text[LINE_BYTES_MAX];
	struct kernel_line line;
	uint16_t kernel;

	if (!find_module(symbols, "", &kernel))
		return &error_nomem;
	for (int i = 0; i < LINE_COUNT_MAX; i++) {
		if (!fgets(text, sizeof(text), file))
			break;
		if (parse_line(text, &line) && is_function(&line) &&
		    !add_line(symbols, &line))
			return &error_nomem;
	}
	if (ferror(file))
		return error_from_errno(errno, "read '%s'", path);
	return NULL;
}

enum { READ_BYTES = 64 << 10 };

static struct error *load(FILE *file, const char *path, struct kallsyms **ret)
{
	struct kallsyms *symbols;
	struct error *error;

	// procfs asks for small reads and pays for each.
	setvbuf(file, NULL, _IOFBF, READ_BYTES);
	symbols = calloc(1, sizeof(*symbols));
	if (!symbols)
		return &error_nomem;
	error = read_lines(symbols, file, path);
	if (error) {
		kallsyms_destroy(symbols);
		return error;
	}
	sort(symbols);
	*ret = symbols;
	return NULL;
}

struct error *kallsyms_load(const char *path, struct kallsyms **ret)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");

	if (!file)
		return error_from_errno(errno, "open '%s'", path);
	return load(file, path, ret);
}

struct error *kallsyms_read(int fd, struct kallsyms **ret)
{
	_cleanup_close_ int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	_cleanup_fclose_ FILE *file = own_fd < 0 ? NULL : fdopen(own_fd, "re");

	if (!file)
		return error_from_errno(errno, "read kernel symbols");
	own_fd = -1;
	return load(file, "/proc/kallsyms", ret);
}

void kallsyms_destroy(struct kallsyms *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->module_count; i++)
		free(symbols->modules[i]);
	free(symbols->modules);
	free(symbols->names);
	free(symbols->symbols);
	free(symbols);
}

const char *kallsyms_find(const struct kallsyms *symbols, uint64_t address,
			  const char **ret_module)
{
	const struct kernel_symbol *symbol;
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	symbol = &symbols->symbols[low - 1];
	if (symbol->end || address - symbol->address >= FUNCTION_BYTES_MAX)
		return NULL;
	if (ret_module)
		*ret_module = symbols->modules[symbol->module];
	return symbols->names + symbol->name;
}

size_t kallsyms_count(const struct kallsyms *symbols)
{
	return symbols->count;
}
