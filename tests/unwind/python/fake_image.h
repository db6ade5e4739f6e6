/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interpreter that does not exist: a small, sound 3.12 process of two
 * threads, which a test then spoils.
 */
#ifndef BRINDLE_TESTS_UNWIND_PYTHON_FAKE_IMAGE_H
#define BRINDLE_TESTS_UNWIND_PYTHON_FAKE_IMAGE_H

#include "tests/unwind/python/fake_memory.h"
#include "unwind/python/freeze.h"

#define RUNTIME (FAKE_MEMORY_BASE + 0x1000)
#define INTERPRETER (FAKE_MEMORY_BASE + 0x2000)
#define STATE (FAKE_MEMORY_BASE + 0x3000)
#define STATE_2 (FAKE_MEMORY_BASE + 0x3400)
#define CODE (FAKE_MEMORY_BASE + 0x4000)
#define CODE_TYPE (FAKE_MEMORY_BASE + 0x4800)
#define STACK (FAKE_MEMORY_BASE + 0x5000)
#define CHUNK_OLD (FAKE_MEMORY_BASE + 0x8000)
#define CHUNK (FAKE_MEMORY_BASE + 0xc000)
#define GENERATOR (FAKE_MEMORY_BASE + 0x10000)
#define GIL (FAKE_MEMORY_BASE + 0x11000)
#define NOWHERE (FAKE_MEMORY_BASE + FAKE_MEMORY_BYTES + 0x1000)

enum { TID = 4711, OTHER_TID = 4712, STACK_BYTES = 0x800, NOW_NS = 5000,
       WARM_UP = 36 };

struct image {
	struct fake_memory memory;
	struct python_target *target;
	const struct python_layout *layout;
	struct memory stack;
	struct snapshot *snapshot;
	size_t capacity;
	uint64_t now_ns, pc, fp;
};

struct image *image_create(void);
void image_destroy(struct image *image);

void put_frame(struct image *image, uint64_t vaddr, uint64_t previous,
	       uint64_t code, uint8_t owner);
void put_state(struct image *image, uint64_t vaddr, uint64_t next,
	       uint64_t tid);
void put_chunk(struct image *image, uint64_t vaddr, uint64_t previous,
	       uint64_t words);

/** Every result, whatever was read, is a snapshot that holds together. */
enum snapshot_status freeze(struct image *image, uint32_t tid);

/** Whether the snapshot has these bytes. */
bool holds(const struct image *image, uint64_t vaddr, size_t size);

#endif
