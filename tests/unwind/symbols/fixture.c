// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/symbols/fixture.h"

#include "base/error.h"
#include "unwind/native/elf_image.h"
#include "unwind/regular_file.h"
#include "unwind/symbols/symbol_table.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

/*
 * hidden: a static function. shown: one function with three names. assembly:
 * a function without a size. outer/inner: an entry point inside a function.
 * gap: bytes behind a sized function that belong to nobody.
 */
static const char source[] =
	"static int __attribute__((noinline, used)) hidden(int x)\n"
	"{ return x * 3 + 1; }\n"
	"int __shown(int x) { return hidden(x) + 1; }\n"
	"int shown(int x) __attribute__((weak, alias(\"__shown\")));\n"
	"int __GI_shown(int x) __attribute__((alias(\"__shown\")));\n"
	"__asm__(\".text\\n.globl assembly\\n.type assembly,@function\\n\"\n"
	"\"assembly: nop\\nnop\\nnop\\nret\\n\"\n"
	"\".globl outer\\n.type outer,@function\\nouter: nop\\nnop\\n\"\n"
	"\".globl inner\\n.type inner,@function\\ninner: nop\\nret\\n\"\n"
	"\".size inner,.-inner\\nnop\\nret\\n.size outer,.-outer\\n\"\n"
	"\".globl gap\\n.type gap,@function\\ngap: ret\\n.size gap,1\\n\"\n"
	"\".skip 64,0x90\\n\");\n";

bool fixture_shell(const struct fixture *fixture, const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd '%s' && { %s; } >/dev/null 2>log",
		 fixture->directory, command);
	return system(line) == 0;
}

const char *fixture_path(const struct fixture *fixture, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
	return path;
}

bool fixture_create(struct fixture *fixture)
{
	FILE *file;

	strcpy(fixture->directory, "/tmp/brindle-test-XXXXXX");
	if (!mkdtemp(fixture->directory))
		return false;
	file = fopen(fixture_path(fixture, "lib.c"), "w");
	if (!file)
		return false;
	fputs(source, file);
	fclose(file);
	return fixture_shell(fixture,
			     "cc -O2 -shared -fPIC -Wl,--build-id "
			     "-o lib.so lib.c");
}

void fixture_destroy(struct fixture *fixture)
{
	fixture_shell(fixture, "rm -rf -- \"$PWD\"");
}

struct elf_image *fixture_open(const struct fixture *fixture, const char *name)
{
	_cleanup_error_ struct error *error = NULL;
	_cleanup_close_ int fd = -1;
	struct elf_image *image = NULL;

	error = regular_file_open(fixture_path(fixture, name), NULL, &fd);
	if (!error)
		error = elf_image_open(fd, &image);
	return image;
}

struct symbol_table *fixture_symbols(const struct fixture *fixture,
				     const char *name)
{
	_cleanup_error_ struct error *error = NULL;
	struct elf_image *image = fixture_open(fixture, name);
	struct symbol_table *table = NULL;

	if (image)
		error = symbol_table_build(image, fixture_path(fixture, name),
					   &table);
	elf_image_destroy(image);
	return table;
}

uint64_t fixture_vaddr(const struct fixture *fixture, const char *symbol)
{
	char command[512], name[256];
	uint64_t vaddr = 0;
	FILE *nm;

	snprintf(command, sizeof(command), "nm %s/lib.so", fixture->directory);
	nm = popen(command, "r");
	while (nm && fgets(command, sizeof(command), nm)) {
		uint64_t value;

		if (sscanf(command, "%" SCNx64 " %*c %255s", &value, name) ==
			    2 &&
		    !strcmp(name, symbol))
			vaddr = value;
	}
	if (nm)
		pclose(nm);
	return vaddr;
}
