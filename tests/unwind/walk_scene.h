/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small address space to walk in: a module of functions of 256 bytes, mapped
 * at BASE, and a stack. Each function but `root` keeps 8 bytes below its return
 * address, so that its CFA is sp + 16; `wide` keeps more; `framed` has a frame
 * pointer, and its CFA is that + 16.
 */
#ifndef BRINDLE_TESTS_UNWIND_WALK_SCENE_H
#define BRINDLE_TESTS_UNWIND_WALK_SCENE_H

#include "tests/cmocka.h"

#include "unwind/python/python_stack.h"
#include "unwind/walk.h"

enum {
	RA = 16, SP = 7, FP = 6, // DWARF numbers of x86-64
	STACK_WORDS = 64,
	FRAMES = 16,
	DEEP = 32768,
	FRAME_BYTES = 16,
	WIDE_BYTES = 512,
};

#define BASE UINT64_C(0x400000)
#define STACK UINT64_C(0x7ffd00001000)
enum function { ROOT, PLAIN, OTHER, SIGNAL, STUCK, WIDE, FRAMED, SLOW, FUNCTIONS };

#define PC_OF(function) (BASE + 0x1000 + (uint64_t)(function) * 256)

struct scene {
	struct module *module;
	struct space space;
	struct walk_cache *cache;
	uint64_t stack[STACK_WORDS];
	struct memory memory;
	struct regs regs;
	struct frame frames[FRAMES + 1];
	struct walk_result result;
};

#define SCENE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int set_up(void **state);
int tear_down(void **state);

/** The module, under the name @path. */
struct module *make_module(const char *path);
/** From now on @number is the eval loop of a CPython. */
void make_eval_loop(struct scene *scene, enum function number);
/** Puts return addresses where functions of FRAME_BYTES find them. */
void push(struct scene *scene, size_t depth, uint64_t pc);

void walk_from(struct scene *scene, uint64_t pc);
void walk_python_from(struct scene *scene, uint64_t pc,
		      struct python_stack *python);

/** The walk's end, and @count frames, all native. */
void expect(struct scene *scene, enum walk_end end, size_t count);
/** An exact native frame in the module. */
void expect_pc(struct scene *scene, size_t index, uint64_t pc);

#endif
