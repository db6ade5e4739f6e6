// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/python/fake_stack.h"

#include "tests/cmocka.h"

enum {
	ROOM = 64,
	AT_STATE = 0x0,
	AT_OTHER_STATE = 0x800,
	AT_OTHER_CHUNK = 0x9000,
	AT_CHUNK = 0x1000,
	AT_STACK_TOP = 0x18000,
	NATIVE_BYTES = 0x300,
	RECORD_BELOW = 0x100,
	ENTRY_BELOW = 0x90,
	CHUNK_BYTES = 16384,
	OWNER_THREAD = 0,
};

static const uint64_t a_code = FAKE_MEMORY_BASE + 0x18000;
static const uint64_t an_unknown_code = FAKE_MEMORY_BASE + 0x19000;
static const uint64_t a_shim_code = FAKE_MEMORY_BASE + 0x1a000;

static void put_chunk(struct fake_stack *stack, uint64_t address,
		      uint64_t previous)
{
	const struct python_layout *layout = stack->layout;

	fake_put_u64(&stack->image, address + layout->chunk.previous, previous);
	fake_put_u64(&stack->image, address + layout->chunk.size, CHUNK_BYTES);
	fake_put_u64(&stack->image, stack->state + layout->thread.chunk,
		     address);
	stack->free = address + layout->chunk.data;
}

static void put_state(struct fake_stack *stack, uint64_t state, uint64_t chunk)
{
	const struct python_layout *layout = stack->layout;

	stack->state = state;
	stack->snapshot.thread_state = state;
	put_chunk(stack, chunk, 0);
	stack->free += 8;
	if (layout->thread.cframe != PYTHON_NO_OFFSET)
		fake_put_u64(&stack->image, state + layout->thread.cframe,
			     state + layout->thread.size -
				     layout->cframe.size);
}

static void set_running(struct fake_stack *stack, bool running)
{
	const struct python_layout *layout = stack->layout;

	if (layout->thread.status_mask)
		fake_put_u32(&stack->image,
			     stack->state + layout->thread.status,
			     running ? layout->thread.status_mask : 0);
}

void fake_stack_init(struct fake_stack *stack,
		     const struct python_layout *layout)
{
	memset(stack, 0, sizeof(*stack));
	stack->layout = layout;
	stack->sp = FAKE_MEMORY_BASE + AT_STACK_TOP;
	stack->unknown_code = an_unknown_code;
	stack->shim_code = a_shim_code;
	memory_add(&stack->memory, FAKE_MEMORY_BASE, stack->image.bytes,
		   FAKE_MEMORY_BYTES);
	put_state(stack, FAKE_MEMORY_BASE + AT_STATE,
		  FAKE_MEMORY_BASE + AT_CHUNK);
	set_running(stack, true);
}

void fake_swap_state(struct fake_stack *stack)
{
	struct fake_state other = { stack->state, stack->top, stack->free };

	set_running(stack, false);
	stack->snapshot.piece_count = 1;
	stack->snapshot.piece[0] = (struct snapshot_piece){
		.kind = SNAPSHOT_THREAD,
		.vaddr = stack->state,
	};
	if (stack->other.state) {
		stack->state = stack->other.state;
		stack->top = stack->other.top;
		stack->free = stack->other.free;
	} else {
		stack->top = 0;
		put_state(stack, FAKE_MEMORY_BASE + AT_OTHER_STATE,
			  FAKE_MEMORY_BASE + AT_OTHER_CHUNK);
	}
	stack->other = other;
	stack->snapshot.thread_state = stack->state;
	set_running(stack, true);
}

uint64_t fake_record(const struct fake_stack *stack, size_t activation)
{
	return stack->activation[activation] - RECORD_BELOW;
}

uint64_t fake_entry(const struct fake_stack *stack, size_t activation)
{
	return stack->activation[activation] - ENTRY_BELOW;
}

static uint64_t get_u64(struct fake_stack *stack, uint64_t address)
{
	uint64_t value = 0;

	assert_true(memory_read_u64(&stack->memory, address, &value));
	return value;
}

static void set_top(struct fake_stack *stack, uint64_t frame)
{
	const struct python_layout *layout = stack->layout;
	uint64_t where;

	if (layout->chain == PYTHON_CHAIN_TSTATE)
		where = stack->state + layout->thread.current_frame;
	else
		where = get_u64(stack, stack->state + layout->thread.cframe) +
			layout->cframe.current_frame;
	fake_put_u64(&stack->image, where, frame);
	stack->top = frame;
}

static void put_frame(struct fake_stack *stack, uint64_t frame, uint64_t code,
		      int offset, uint8_t owner)
{
	const struct python_layout *layout = stack->layout;

	fake_put_u64(&stack->image, frame + layout->frame.code, code);
	fake_put_u64(&stack->image, frame + layout->frame.previous, stack->top);
	fake_put_u64(&stack->image, frame + layout->frame.instruction,
		     code + layout->code.bytecode + (uint64_t)(int64_t)offset);
	*fake_at(&stack->image, frame + layout->frame.owner) = owner;
	if (layout->chain == PYTHON_CHAIN_IS_ENTRY)
		*fake_at(&stack->image, frame + layout->frame.is_entry) = 0;
}

void fake_enter_native(struct fake_stack *stack)
{
	assert_true(stack->activation_count < FAKE_ACTIVATIONS);
	stack->sp -= NATIVE_BYTES;
	stack->activation[stack->activation_count++] =
		stack->sp + NATIVE_BYTES - 0x80;
}

void fake_enter(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	size_t index = stack->activation_count;
	uint64_t record, entry, previous;

	fake_enter_native(stack);
	record = fake_record(stack, index);
	entry = fake_entry(stack, index);
	if (layout->chain != PYTHON_CHAIN_TSTATE) {
		previous = get_u64(stack, stack->state + layout->thread.cframe);
		fake_put_u64(&stack->image, record + layout->cframe.previous,
			     previous);
		fake_put_u64(&stack->image,
			     stack->state + layout->thread.cframe, record);
	}
	stack->first[index] = 0;
	if (layout->chain == PYTHON_CHAIN_IS_ENTRY)
		return;
	put_frame(stack, entry, a_code, 0, layout->owner_entry);
	set_top(stack, entry);
}

static void link_frame(struct fake_stack *stack, uint64_t frame)
{
	uint64_t *first = &stack->first[stack->activation_count - 1];

	if (!*first && stack->layout->chain == PYTHON_CHAIN_IS_ENTRY)
		*fake_at(&stack->image, frame + stack->layout->frame.is_entry) =
			1;
	if (!*first)
		*first = frame;
	set_top(stack, frame);
}

uint64_t fake_call(struct fake_stack *stack, int offset)
{
	uint64_t frame = stack->free;

	put_frame(stack, frame, a_code, offset, OWNER_THREAD);
	stack->free += FAKE_FRAME_WORDS * 8;
	link_frame(stack, frame);
	return frame;
}

uint64_t fake_resume(struct fake_stack *stack, uint64_t address)
{
	put_frame(stack, address, a_code, 0, stack->layout->owner_generator);
	link_frame(stack, address);
	return address;
}

void fake_new_chunk(struct fake_stack *stack, uint64_t address)
{
	put_chunk(stack, address,
		  get_u64(stack, stack->state + stack->layout->thread.chunk));
}

static bool code_facts(void *context, uint64_t code,
		       struct python_code_facts *ret)
{
	(void)context;
	if (code != a_code && code != a_shim_code)
		return false;
	*ret = (struct python_code_facts){
		.unit_count = FAKE_UNITS,
		.first_traceable = code == a_code ? FAKE_FIRST_TRACEABLE :
						    FAKE_UNITS + 1,
		.frame_words = FAKE_FRAME_WORDS,
	};
	return true;
}

void fake_python_stack(struct fake_stack *stack, struct python_stack *ret)
{
	python_stack_init(ret, stack->layout, &stack->snapshot, &stack->memory);
	ret->code_facts = code_facts;
}

enum python_match fake_match(struct fake_stack *stack,
			     struct python_stack *python, size_t index,
			     bool entering, struct python_frame *frames,
			     size_t room, size_t *ret_count)
{
	uint64_t cfa = stack->activation[index];

	const struct python_activation activation = {
		.sp = cfa - 0x200,
		.cfa = cfa,
		.entering = entering,
		.exact_pc = index + 1 == stack->activation_count,
	};

	return python_stack_activation(python, &activation, frames, room,
				       ret_count);
}

void fake_each_version(fake_check_fn check)
{
	static struct fake_stack stack;
	const struct python_layout *layout;

	for (unsigned int i = 0; (layout = python_layout_at(i)); i++) {
		if (layout->chain == PYTHON_CHAIN_OBJECTS)
			continue; // see test_object_stack.c
		fake_stack_init(&stack, layout);
		check(&stack);
	}
}

enum python_match fake_match_entering(struct fake_stack *stack,
				      struct python_stack *python, size_t index,
				      bool entering, size_t *ret_count)
{
	static struct python_frame frames[ROOM];

	return fake_match(stack, python, index, entering, frames, ROOM,
			  ret_count);
}

void assert_frames(struct fake_stack *stack, struct python_stack *python,
		   size_t index, size_t expected)
{
	size_t count;

	assert_int_equal(fake_match_entering(stack, python, index, false, &count),
			 PYTHON_MATCH_FRAMES);
	assert_int_equal(count, expected);
}

void assert_match(struct fake_stack *stack, struct python_stack *python,
		  size_t index, enum python_match expected)
{
	size_t count;

	assert_int_equal(fake_match_entering(stack, python, index, false, &count),
			 expected);
	if (expected == PYTHON_MATCH_NONE ||
	    expected == PYTHON_MATCH_CONTRADICTION)
		assert_int_equal(count, 0);
}

// The first match of a stack that has been spoiled.
void assert_top(struct fake_stack *stack, enum python_match expected)
{
	struct python_stack python;

	fake_python_stack(stack, &python);
	assert_match(stack, &python, stack->activation_count - 1, expected);
}

void fake_spoil(struct fake_stack *stack, uint64_t address, uint64_t value)
{
	fake_put_u64(&stack->image, address, value);
}

void fake_zebra(struct fake_stack *stack)
{
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET + 2);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET + 4);
}
