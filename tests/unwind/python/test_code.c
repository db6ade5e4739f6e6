// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/code.h"

#include "tests/cmocka.h"

#include "base/clock.h"
#include "tests/unwind/python/fake_memory.h"

enum {
	STATE_ASCII = 1u << 2 | 1u << 5 | 1u << 6,
	AT_CODE = 0x100,
	AT_NAME = 0x1000,
	AT_QUALIFIED = 0x2000,
	AT_FILE = 0x3000,
	AT_TABLE = 0x4000,
	AT_CONSTS = 0x5000,
};

static const uint64_t code_type = 0x7e0000000100;

struct fixture {
	struct fake_memory memory;
	struct live_memory live;
	const struct python_layout *layout;
	struct python_code_cache *cache;
};

static uint64_t at(unsigned int offset)
{
	return FAKE_MEMORY_BASE + offset;
}

static void put_str(struct fixture *fixture, unsigned int offset,
		    const char *text)
{
	const struct python_layout *layout = fixture->layout;

	fake_put_u64(&fixture->memory, at(offset) + layout->text.length,
		     strlen(text));
	fake_put_u32(&fixture->memory, at(offset) + layout->text.state,
		     STATE_ASCII);
	fake_put(&fixture->memory, at(offset) + layout->text.ascii_data, text,
		 strlen(text));
}

static void put_table(struct fixture *fixture, uint8_t delta)
{
	const uint8_t table[] = { 0x80 | 11 << 3 | 7, 0, 0, 0x80 | 13 << 3 | 7,
				  delta };

	fake_put_u64(&fixture->memory,
		     at(AT_TABLE) + fixture->layout->bytes.size, sizeof(table));
	fake_put(&fixture->memory, at(AT_TABLE) + fixture->layout->bytes.data,
		 table, sizeof(table));
}

static void put_code(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	struct fake_memory *memory = &fixture->memory;
	uint64_t code = at(AT_CODE);

	fake_put_u64(memory, code + layout->code.type, code_type);
	fake_put_u64(memory, code + layout->code.unit_count, 16);
	fake_put_u64(memory, code + layout->code.unit_count + 8, at(AT_CONSTS));
	fake_put_u32(memory, code + layout->code.first_line, 10);
	fake_put_u32(memory, code + layout->code.local_count, 3);
	fake_put_u32(memory, code + layout->code.stack_size, 4);
	if (layout->code.frame_words != PYTHON_NO_OFFSET)
		fake_put_u32(memory, code + layout->code.frame_words, 16);
	if (layout->code.version != PYTHON_NO_OFFSET)
		fake_put_u32(memory, code + layout->code.version, 77);
	fake_put_u32(memory, code + layout->code.first_traceable, 2);
	fake_put_u64(memory, code + layout->code.name, at(AT_NAME));
	fake_put_u64(memory, code + layout->code.qualified_name,
		     at(AT_QUALIFIED));
	fake_put_u64(memory, code + layout->code.file_name, at(AT_FILE));
	fake_put_u64(memory, code + layout->code.line_table, at(AT_TABLE));
	put_str(fixture, AT_NAME, "spam");
	put_str(fixture, AT_QUALIFIED, "Eggs.spam");
	put_str(fixture, AT_FILE, "/srv/eggs.py");
	put_table(fixture, 4);
}

static void fixture_init(struct fixture *fixture, unsigned int version)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->layout = python_layout_at(version);
	fixture->live = fake_live(&fixture->memory);
	fixture->cache = python_code_cache_create(fixture->layout, code_type);
	assert_non_null(fixture->cache);
	put_code(fixture);
}

static struct python_code *learn(struct fixture *fixture, uint64_t now_ns)
{
	return python_code_learn(fixture->cache, at(AT_CODE),
				 fake_at(&fixture->memory, at(AT_CODE)),
				 fixture->layout->code.size, now_ns);
}

static struct python_code *learn_named(struct fixture *fixture)
{
	struct python_code *code = learn(fixture, 1);

	assert_non_null(code);
	python_code_read_names(fixture->cache, code, &fixture->live, 2);
	assert_int_equal(code->state, PYTHON_CODE_NAMED);
	return code;
}

static enum python_code_check verify(struct fixture *fixture,
				     struct python_code *code, uint64_t now_ns)
{
	return python_code_verify(fixture->cache, code, &fixture->live, now_ns);
}

typedef void (*check_fn)(struct fixture *fixture);

static void with_each_version(check_fn check)
{
	static struct fixture fixture;

	for (unsigned int i = 0; python_layout_at(i); i++) {
		// Heads with other members: see test_object_stack.c.
		if (python_layout_at(i)->chain == PYTHON_CHAIN_OBJECTS)
			continue;
		fixture_init(&fixture, i);
		check(&fixture);
		python_code_cache_destroy(fixture.cache);
	}
}

static void check_named(struct fixture *fixture)
{
	struct python_code *code = learn(fixture, 1);

	assert_non_null(code);
	assert_int_equal(code->state, PYTHON_CODE_HEAD_ONLY);
	assert_string_equal(code->name, "");
	assert_int_equal(python_code_line(code, 0), 0);
	assert_int_equal(code->facts.unit_count, 16);
	assert_int_equal(code->facts.first_traceable, 2);
	assert_int_equal(code->facts.frame_words, 16);
	python_code_read_names(fixture->cache, code, &fixture->live, 2);
	assert_int_equal(code->state, PYTHON_CODE_NAMED);
	assert_string_equal(code->name, "spam");
	assert_string_equal(code->qualified_name, "Eggs.spam");
	assert_string_equal(code->file_name, "/srv/eggs.py");
	assert_int_equal(code->confirmed_ns, 2);
	assert_false(code->truncated);
	assert_int_equal(python_code_line(code, -1), 10);
	assert_int_equal(python_code_line(code, 0), 11);
	assert_int_equal(python_code_line(code, 16), 13);
	assert_int_equal(python_code_line(code, 32), 0);
}

static void names_an_object(void **state)
{
	(void)state;
	with_each_version(check_named);
}

// What CPython changes in a living code object: Include/cpython/code.h.
static void check_same(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	struct python_code *code = learn_named(fixture);
	uint64_t head = at(AT_CODE);

	fake_put_u64(&fixture->memory, head, 12345); // ob_refcnt
	if (layout->code.argument_count > layout->code.flags + 4)
		fake_put_u32(&fixture->memory, head + layout->code.flags + 4,
			     0x00010002); // co_warmup
	for (uint64_t field = layout->code.line_table + 8;
	     field < layout->code.first_traceable; field += 8)
		fake_put_u64(&fixture->memory, head + field, field);
	fake_put_u64(&fixture->memory, head + layout->code.first_traceable + 8,
		     99); // co_extra
	assert_int_equal(verify(fixture, code, 5), PYTHON_CODE_SAME);
	assert_int_equal(code->confirmed_ns, 5);
	assert_ptr_equal(learn(fixture, 6), code);
	assert_int_equal(code->state, PYTHON_CODE_NAMED);
}

static void ignores_what_changes_at_run_time(void **state)
{
	(void)state;
	with_each_version(check_same);
}

static void check_replaced(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	const uint32_t fields[] = {
		layout->code.unit_count,      layout->code.unit_count + 8,
		layout->code.unit_count + 16, layout->code.unit_count + 24,
		layout->code.flags,	      layout->code.argument_count,
		layout->code.stack_size,      layout->code.first_line,
		layout->code.local_count,     layout->code.name,
		layout->code.qualified_name,  layout->code.file_name,
		layout->code.line_table,      layout->code.first_traceable,
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct python_code *code = learn_named(fixture), *next;
		uint8_t *field =
			fake_at(&fixture->memory, at(AT_CODE) + fields[i]);

		*field ^= 8;
		next = learn(fixture, 9);
		assert_non_null(next);
		assert_ptr_not_equal(next, code);
		assert_string_equal(code->name, "spam"); // still to be read
		assert_ptr_equal(python_code_find(fixture->cache, at(AT_CODE)),
				 next);
		*field ^= 8;
		assert_int_equal(verify(fixture, next, 10), PYTHON_CODE_CHANGED);
		assert_null(python_code_find(fixture->cache, at(AT_CODE)));
	}
	python_code_cache_collect(fixture->cache);
}

static void notices_replacement(void **state)
{
	(void)state;
	with_each_version(check_replaced);
}

// Everything in the head equal, memory of the strings reused: 3.11 has no
// version that would tell.
static void check_twin(struct fixture *fixture)
{
	bool exact = fixture->layout->code.version != PYTHON_NO_OFFSET;
	struct python_code *code = learn_named(fixture);

	put_str(fixture, AT_QUALIFIED, "Eggs.twin");
	assert_int_equal(verify(fixture, code, 3),
			 exact ? PYTHON_CODE_SAME : PYTHON_CODE_CHANGED);
	put_str(fixture, AT_QUALIFIED, "Eggs.spam");
	code = learn_named(fixture);
	put_table(fixture, 6);
	assert_int_equal(verify(fixture, code, 3),
			 exact ? PYTHON_CODE_SAME : PYTHON_CODE_CHANGED);
	put_table(fixture, 4);
	code = learn_named(fixture);
	if (!exact)
		return;
	fake_put_u32(&fixture->memory,
		     at(AT_CODE) + fixture->layout->code.version, 78);
	assert_int_equal(verify(fixture, code, 3), PYTHON_CODE_CHANGED);
}

static void tells_twins_by_their_names(void **state)
{
	(void)state;
	with_each_version(check_twin);
}

static ssize_t read_nothing(void *context, uint64_t vaddr, void *ret,
			    size_t size)
{
	(void)context, (void)vaddr, (void)ret, (void)size;
	return -1;
}

static struct python_code *take(struct fixture *fixture,
				struct python_code *code, uint64_t now_ns)
{
	return python_code_take_names(fixture->cache, code, &fixture->live,
				      now_ns);
}

// Names that were captured with the head need no second look.
static void check_taken(struct fixture *fixture)
{
	struct live_memory part = { .read = read_nothing };
	struct python_code *code = learn(fixture, 7);

	assert_ptr_equal(python_code_take_names(fixture->cache, code, &part, 7),
			 code);
	assert_int_equal(code->state, PYTHON_CODE_HEAD_ONLY);
	fixture->memory.reads = 0;
	assert_ptr_equal(take(fixture, code, 7), code);
	assert_int_equal(fixture->memory.reads, 4);
	assert_int_equal(code->state, PYTHON_CODE_NAMED);
	assert_string_equal(code->qualified_name, "Eggs.spam");
	assert_int_equal(code->confirmed_ns, 7);
}

// A twin's head is equal, and its names are not.
static void check_taken_twin(struct fixture *fixture)
{
	bool exact = fixture->layout->code.version != PYTHON_NO_OFFSET;
	struct python_code *code = take(fixture, learn(fixture, 7), 7), *twin;

	put_str(fixture, AT_NAME, "twin");
	twin = learn(fixture, 8);
	assert_ptr_equal(twin, code);
	assert_int_equal(code->confirmed_ns, exact ? 8 : 7);
	if (exact)
		return;
	twin = take(fixture, code, 8);
	assert_ptr_not_equal(twin, code);
	assert_string_equal(twin->name, "twin");
	assert_string_equal(code->name, "spam");
	assert_ptr_equal(python_code_find(fixture->cache, at(AT_CODE)), twin);
	assert_ptr_equal(take(fixture, learn(fixture, 9), 9), twin);
	assert_int_equal(twin->confirmed_ns, 9);
}

static void takes_names_of_the_same_instant(void **state)
{
	(void)state;
	with_each_version(check_taken);
	with_each_version(check_taken_twin);
}

static uint32_t replaced_at; // what is another in the new object

// Replaces the object as soon as its names are being read.
static void replace_code(struct fake_memory *memory, uint64_t vaddr)
{
	if (vaddr == at(AT_FILE))
		fake_put_u64(memory, at(AT_CODE) + replaced_at, 17);
}

static void check_race(struct fixture *fixture)
{
	struct python_code *code = learn(fixture, 1);

	replaced_at = fixture->layout->code.unit_count;
	fixture->memory.on_read = replace_code;
	python_code_read_names(fixture->cache, code, &fixture->live, 2);
	fixture->memory.on_read = NULL;
	assert_int_equal(code->state, PYTHON_CODE_GONE);
	assert_non_null(code->problem);
	assert_string_equal(code->name, "");
	assert_null(python_code_find(fixture->cache, at(AT_CODE)));
	code = learn_named(fixture);
	assert_int_equal(code->facts.unit_count, 17);
}

static void keeps_no_names_of_a_replaced_object(void **state)
{
	(void)state;
	with_each_version(check_race);
}

static void check_retry(struct fixture *fixture)
{
	struct live_memory nothing = fake_live(&fixture->memory);
	struct python_code *code = learn(fixture, 1);
	uint64_t name = at(AT_NAME) + fixture->layout->text.state;

	fake_put_u32(&fixture->memory, name, 0);
	python_code_read_names(fixture->cache, code, &nothing, 2);
	assert_int_equal(code->state, PYTHON_CODE_HEAD_ONLY);
	assert_non_null(code->problem);
	fake_put_u32(&fixture->memory, name, STATE_ASCII);
	python_code_read_names(fixture->cache, code, &fixture->live, 3);
	assert_int_equal(code->state, PYTHON_CODE_NAMED);
	assert_null(code->problem);
}

static void retries_unreadable_names(void **state)
{
	(void)state;
	with_each_version(check_retry);
}

static void check_glance(struct fixture *fixture)
{
	struct live_memory dead = { .read = read_nothing };
	struct python_code *code = learn(fixture, 1);
	uint64_t confirmed;

	python_code_read_names(fixture->cache, code, &fixture->live, 2);
	confirmed = code->confirmed_ns;
	assert_int_equal(python_code_glance(fixture->cache, code,
					    &fixture->live, 7),
			 PYTHON_CODE_SAME);
	assert_int_equal(code->seen_ns, 7);
	assert_int_equal(code->confirmed_ns, confirmed);
	assert_int_equal(python_code_glance(fixture->cache, code, &dead, 8),
			 PYTHON_CODE_UNREADABLE);
	assert_int_equal(code->seen_ns, 7);
	fake_put_u32(&fixture->memory,
		     at(AT_CODE) + fixture->layout->code.first_line, 77);
	assert_int_equal(python_code_glance(fixture->cache, code,
					    &fixture->live, 9),
			 PYTHON_CODE_CHANGED);
	assert_null(python_code_find(fixture->cache, at(AT_CODE)));
	// Whatever comes there now is not what was there before the change.
	put_code(fixture);
	assert_int_equal(python_code_verify(fixture->cache, code,
					    &fixture->live, 10),
			 PYTHON_CODE_CHANGED);
	assert_true(code->confirmed_ns < 10);
}

static void a_glance_confirms_nothing(void **state)
{
	(void)state;
	with_each_version(check_glance);
}

static void check_dead(struct fixture *fixture)
{
	struct live_memory dead = { .read = read_nothing };
	struct python_code *code = learn(fixture, 1);

	python_code_read_names(fixture->cache, code, &dead, 2);
	assert_int_equal(code->state, PYTHON_CODE_HEAD_ONLY);
	assert_non_null(code->problem);
	assert_int_equal(python_code_verify(fixture->cache, code, &dead, 3),
			 PYTHON_CODE_UNREADABLE);
	assert_ptr_equal(python_code_find(fixture->cache, at(AT_CODE)), code);
}

static void survives_a_dead_process(void **state)
{
	(void)state;
	with_each_version(check_dead);
}

static void check_refusals(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	struct fake_memory *memory = &fixture->memory;
	uint64_t head = at(AT_CODE);

	assert_null(python_code_learn(fixture->cache, head, fake_at(memory, head),
				      layout->code.size - 1, 1));
	fake_put_u64(memory, head + layout->code.type, code_type + 8);
	assert_null(learn(fixture, 1));
	put_code(fixture);
	fake_put_u64(memory, head + layout->code.unit_count, 0);
	assert_null(learn(fixture, 1));
	fake_put_u64(memory, head + layout->code.unit_count, UINT64_MAX);
	assert_null(learn(fixture, 1));
	put_code(fixture);
	fake_put_u32(memory, head + layout->code.stack_size, UINT32_MAX);
	if (layout->code.frame_words != PYTHON_NO_OFFSET)
		fake_put_u32(memory, head + layout->code.frame_words, 0);
	assert_null(learn(fixture, 1));
	put_code(fixture);
	fake_put_u64(memory, head + layout->code.line_table, 0);
	assert_null(learn(fixture, 1));
	assert_null(python_code_find(fixture->cache, head));
}

static void refuses_what_is_no_code(void **state)
{
	(void)state;
	with_each_version(check_refusals);
}

static void holds_many(void **state)
{
	static struct fixture fixture;

	(void)state;
	fixture_init(&fixture, 1);
	for (uint64_t i = 0; i < 10000; i++) {
		struct python_code *code =
			python_code_learn(fixture.cache, 0x1000 + i * 512,
					  fake_at(&fixture.memory, at(AT_CODE)),
					  fixture.layout->code.size, i);

		assert_non_null(code);
	}
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(python_code_find(fixture.cache, 0x1000 + i * 512)
					 ->confirmed_ns,
				 i);
	assert_null(python_code_find(fixture.cache, 0x1008));
	python_code_cache_destroy(fixture.cache);
	python_code_cache_destroy(NULL);
}

/*
 * A program may have as many objects as it likes, each with the longest line
 * table: the object at any address from MANY on is the one at AT_CODE, and its
 * table, at BIG, has a MiB.
 */
#define MANY UINT64_C(0x7d0000000000)
#define BIG UINT64_C(0x7c0000000000)

static ssize_t read_many(void *context, uint64_t vaddr, void *ret, size_t size)
{
	const struct fixture *fixture = context;
	uint64_t bytes = PYTHON_LINE_TABLE_MAX;
	uint32_t offset = fixture->layout->bytes.size;

	if (vaddr >= FAKE_MEMORY_BASE)
		return fake_read(context, vaddr, ret, size);
	if (vaddr >= MANY)
		return fake_read(context, at(AT_CODE), ret, size);
	memset(ret, 0, size);
	if (vaddr == BIG && size >= offset + sizeof(bytes))
		memcpy((uint8_t *)ret + offset, &bytes, sizeof(bytes));
	return (ssize_t)size;
}

static unsigned int name_many(struct fixture *fixture,
			      struct python_code_cache *cache,
			      unsigned int count, uint64_t now_ns)
{
	const struct live_memory memory = { read_many, fixture };
	unsigned int named = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct python_code *code = python_code_learn(
			cache, MANY + i * 4096,
			fake_at(&fixture->memory, at(AT_CODE)),
			fixture->layout->code.size, now_ns);

		assert_non_null(code);
		python_code_read_names(cache, code, &memory, now_ns);
		named += code->state == PYTHON_CODE_NAMED;
		if (code->state != PYTHON_CODE_NAMED)
			assert_non_null(code->problem);
	}
	return named;
}

static void one_process_cannot_take_all_memory(void **state)
{
	static struct fixture fixture;
	struct python_code_budget budget = { 0 };
	struct python_code_cache *other;
	const unsigned int all = PYTHON_CODE_BUDGET / PYTHON_LINE_TABLE_MAX;
	unsigned int named;

	(void)state;
	fixture_init(&fixture, 1);
	fake_put_u64(&fixture.memory,
		     at(AT_CODE) + fixture.layout->code.line_table, BIG);
	other = python_code_cache_create(fixture.layout, code_type);
	assert_non_null(other);
	python_code_cache_share(fixture.cache, &budget);
	python_code_cache_share(other, &budget);
	named = name_many(&fixture, fixture.cache, all / 2, 1);
	assert_in_range(named, all / 4, all / 3);
	// The next one has its share all the same.
	assert_in_range(name_many(&fixture, other, all / 2, 1), all / 6,
			all / 4);
	assert_true(budget.used < PYTHON_CODE_BUDGET);
	// What has not been met for a minute makes room.
	name_many(&fixture, fixture.cache, 1, 60 * NS_PER_SEC);
	python_code_cache_collect(fixture.cache);
	assert_non_null(python_code_find(fixture.cache, MANY));
	assert_null(python_code_find(fixture.cache, MANY + 4096));
	python_code_cache_destroy(fixture.cache);
	python_code_cache_destroy(other);
	assert_int_equal(budget.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_an_object),
		cmocka_unit_test(ignores_what_changes_at_run_time),
		cmocka_unit_test(notices_replacement),
		cmocka_unit_test(tells_twins_by_their_names),
		cmocka_unit_test(takes_names_of_the_same_instant),
		cmocka_unit_test(keeps_no_names_of_a_replaced_object),
		cmocka_unit_test(retries_unreadable_names),
		cmocka_unit_test(survives_a_dead_process),
		cmocka_unit_test(a_glance_confirms_nothing),
		cmocka_unit_test(refuses_what_is_no_code),
		cmocka_unit_test(holds_many),
		cmocka_unit_test(one_process_cannot_take_all_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
