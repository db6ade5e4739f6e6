// SPDX-License-Identifier: Apache-2.0
#include "web/server/answer_cache.h"

#include "base/clock.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <string.h>

static struct reply make(unsigned int number, size_t size)
{
	struct reply reply = { .status = 200 };

	snprintf(reply.etag, sizeof(reply.etag), "\"%u\"", number);
	reply.body = body_create(calloc(1, size), size);
	assert_non_null(reply.body);
	return reply;
}

static void add_until(struct answer_cache *cache, unsigned int number,
		      size_t size, uint64_t until_ns)
{
	struct reply reply = make(number, size);

	answer_cache_add(cache, &reply, until_ns);
	reply_deinit(&reply);
}

static void add(struct answer_cache *cache, unsigned int number, size_t size)
{
	add_until(cache, number, size, ANSWER_CACHE_FOR_EVER);
}

static bool has(struct answer_cache *cache, unsigned int number)
{
	struct reply reply = { .status = 0 };
	bool found;

	snprintf(reply.etag, sizeof(reply.etag), "\"%u\"", number);
	found = answer_cache_find(cache, &reply);
	if (found)
		reply_deinit(&reply);
	return found;
}

static void keeps_the_latest(void **state)
{
	struct answer_cache *cache = answer_cache_create();

	(void)state;
	for (unsigned int i = 0; i < ANSWER_CACHE_ENTRIES; i++)
		add(cache, i, 1000);
	assert_true(has(cache, 0));
	add(cache, 1000, 1000);
	assert_true(has(cache, 0));
	assert_false(has(cache, 1));
	assert_true(has(cache, 1000));
	answer_cache_destroy(cache);
}

static void forgets_what_is_over(void **state)
{
	struct answer_cache *cache = answer_cache_create();

	(void)state;
	add_until(cache, 1, 1000, monotonic_ns() + 3600 * NS_PER_SEC);
	add_until(cache, 2, 1000, monotonic_ns());
	assert_true(has(cache, 1));
	assert_false(has(cache, 2));
	add(cache, 2, 1000);
	assert_true(has(cache, 2));
	answer_cache_destroy(cache);
}

static void is_bounded_by_bytes(void **state)
{
	struct answer_cache *cache = answer_cache_create();
	unsigned int kept = 0;

	(void)state;
	add(cache, 99, ANSWER_CACHE_BODY_BYTES + 1);
	assert_false(has(cache, 99));
	for (unsigned int i = 0; i < 10; i++)
		add(cache, i, ANSWER_CACHE_BODY_BYTES);
	for (unsigned int i = 0; i < 10; i++)
		kept += has(cache, i);
	assert_int_equal(kept, ANSWER_CACHE_BYTES / ANSWER_CACHE_BODY_BYTES);
	answer_cache_destroy(cache);
}

static void compresses_and_expands(void **state)
{
	char *text = calloc(1, 100000);
	struct body *body, *small, *again;

	(void)state;
	memset(text, 'x', 50000);
	body = body_create(text, 100000);
	assert_null(body_compress(body, &small));
	assert_true(small->gzip && small->size < 1000);
	assert_null(body_expand(small, 100000, &again));
	assert_memory_equal(again->bytes, body->bytes, 100000);
	body_unref(again);
	body_unref(small);
	body_unref(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_latest),
		cmocka_unit_test(forgets_what_is_over),
		cmocka_unit_test(is_bounded_by_bytes),
		cmocka_unit_test(compresses_and_expands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
