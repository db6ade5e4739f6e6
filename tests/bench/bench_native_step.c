// SPDX-License-Identifier: Apache-2.0
/*
 * What a native step costs, warm: unwinds one sample of this program, DEPTH
 * frames deep, over and over. With file names as arguments it also times the
 * building of their tables. Prints "name value unit" lines.
 */
#include "base/clock.h"
#include "tests/unwind/native/own_process.h"
#include "unwind/native/elf_image.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH = 300, ROUNDS = 5000, BUILDS = 5, PCS_MAX = 1024 };

struct bench {
	struct own_process own;
	struct own_sample sample;
	uint64_t pcs[PCS_MAX];
	uint64_t sum;
};

static __attribute__((noinline)) void recurse(struct bench *bench, int left)
{
	ucontext_t context;

	if (left) {
		recurse(bench, left - 1);
	} else {
		getcontext(&context);
		own_sample_take(&bench->sample, &context);
	}
	__asm__ volatile("" ::: "memory");
}

static void time_steps(struct bench *bench)
{
	uint64_t start, ns;
	size_t count = 0;

	recurse(bench, DEPTH);
	start = monotonic_ns();
	for (int i = 0; i < ROUNDS; i++)
		own_walk(&bench->own, &bench->sample, bench->pcs, PCS_MAX,
			 &count);
	ns = monotonic_ns() - start;
	printf("native_step %.1f ns\n", (double)ns / ROUNDS / (double)count);
}

// Every 16th address of the code, in an order that defeats prefetching.
static void time_look_ups(const char *name, struct elf_image *image,
			  const struct cfi_table *table)
{
	uint64_t vaddr = 0, size = 0, found = 0, start, ns;
	const unsigned int count = 4 << 20;

	for (size_t i = 0; i < elf_image_load_count(image); i++)
		if (elf_image_load(image, i)->executable) {
			vaddr = elf_image_load(image, i)->vaddr;
			size = elf_image_load(image, i)->memory_size;
		}
	start = monotonic_ns();
	for (unsigned int i = 0; i < count; i++)
		found += cfi_table_find(table, vaddr + (uint64_t)i * 7919 % size) !=
			 NULL;
	ns = monotonic_ns() - start;
	printf("look_up %.1f ns (%s, %.0f%% found)\n", (double)ns / count, name,
	       100.0 * (double)found / count);
}

static void time_build(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < BUILDS; i++) {
		struct elf_image *image = NULL;
		struct cfi_table *table = NULL;
		uint64_t start = monotonic_ns(), ns;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		error_destroy(elf_image_open(fd, &image));
		close(fd);
		if (!image)
			return;
		error_destroy(cfi_table_build(image, arch_native(), &table));
		ns = monotonic_ns() - start;
		if (ns < best)
			best = ns;
		if (table && i == BUILDS - 1) {
			printf("build %.2f ms (%s, %zu rows, %zu bytes)\n",
			       (double)best / 1e6, name,
			       cfi_table_row_count(table),
			       cfi_table_bytes(table));
			time_look_ups(name, image, table);
		}
		cfi_table_destroy(table);
		elf_image_destroy(image);
	}
}

int main(int argc, char **argv)
{
	static struct bench bench;

	own_process_init(&bench.own);
	own_sample_init(&bench.sample);
	time_steps(&bench);
	for (int i = 1; i < argc; i++)
		time_build(argv[i]);
	own_sample_deinit(&bench.sample);
	own_process_deinit(&bench.own);
	return 0;
}
