// SPDX-License-Identifier: Apache-2.0
#include "schema/show/flame_json.h"

#include <stdlib.h>
#include <string.h>

#include "schema/read/excerpt.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

struct subject {
	struct profile *profile;
	struct excerpt excerpt;
	struct summary summary;
	struct selection_options options;
};

// With "nothing" and "all" as well, the fixture has 9 nodes.
enum { NODES = 9 };

static void load(struct subject *subject, const char *thread)
{
	*subject = (struct subject){ .options = { .thread = thread } };
	fixture_make("a.db");
	subject->profile = fixture_open_profile("a.db");
	if (thread)
		profile_select(subject->profile, &subject->options);
	fixture_succeed(excerpt_load(&subject->excerpt, subject->profile,
				     CALL_TREE_HEAVY_FIRST, TALLY_BY_THREAD));
	fixture_succeed(summary_load(&subject->summary, subject->profile,
				     &subject->excerpt));
}

static void unload(struct subject *subject)
{
	summary_deinit(&subject->summary);
	excerpt_deinit(&subject->excerpt);
	profile_close(subject->profile);
}

static char *write_document(const struct flame_document *document)
{
	char *text;
	size_t size;
	struct json json = { .out = open_memstream(&text, &size) };

	assert_non_null(json.out);
	json_open(&json, NULL, '{');
	flame_json_write(document, &json);
	json_close(&json, '}');
	fclose(json.out);
	return text;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in %s", part, text);
}

static void expect_none(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in %s", part, text);
}

// A tree alone: what a view of it is drawn from.
static void test_tree(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct subject subject;

	(void)state;
	load(&subject, NULL);
	text = write_document(&(struct flame_document){
		.tree = &subject.excerpt.tree,
		.period = FIXTURE_PERIOD_NS,
		.uniform = true,
		.least_samples = 7,
	});
	expect(text, "{\"title\":\"\",\n\"period\":10000000,");
	expect(text, "\"least_samples\":7");
	expect(text, "\"nodes\":{\"count\":9,\n\"parents\":\"AAAAAAEDAAEB\"");
	expect(text, "\"times\":null");
	expect(text, "\"threads\":[]");
	expect_none(text, "\"session\"");
	expect_none(text, "\"lines\":{");
	expect_none(text, "\"before\"");
	unload(&subject);
}

// What was before stands beside what is now, node by node.
static void test_before(void **state)
{
	static const uint64_t before[NODES] = { 0, 1, 2, 3, 200, 5, 6, 7, 8 };
	_cleanup_free_ char *text = NULL;
	struct subject subject;

	(void)state;
	load(&subject, NULL);
	assert_int_equal(subject.excerpt.tree.node_count, NODES);
	text = write_document(&(struct flame_document){
		.tree = &subject.excerpt.tree,
		.before = before,
		.lines = true,
	});
	expect(text, "\"before\":\"AAECA8gBBQYHCA==\"}");
	expect(text, "\"times\":\"");
	expect(text, "\"lines\":{\"count\":");
	unload(&subject);
}

static void test_whole(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct subject subject;

	(void)state;
	load(&subject, NULL);
	text = write_document(&(struct flame_document){
		.tree = &subject.excerpt.tree,
		.summary = &subject.summary,
	});
	expect(text, "\"selection\":{\"whole\":true,\n"
		     "\"from_us\":1700000000000000,");
	expect(text, "\"unit\":\"ns\"");
	expect(text, "\"event\":\"cpu-clock\"");
	unload(&subject);
}

static void test_selection(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct subject subject;

	(void)state;
	load(&subject, "worker");
	text = write_document(&(struct flame_document){
		.tree = &subject.excerpt.tree,
		.summary = &subject.summary,
	});
	expect(text, "\"filters\":\"thread 'worker'\"");
	expect(text, "\"resolution_us\":0");
	expect_none(text, "\"whole\"");
	unload(&subject);
}

// One sample of another weight, and their number does not say it all.
static void test_uniform(void **state)
{
	struct subject subject;
	struct call_tree *tree = &subject.excerpt.tree;

	(void)state;
	load(&subject, NULL);
	assert_true(flame_json_is_uniform(tree, FIXTURE_PERIOD_NS));
	assert_false(flame_json_is_uniform(tree, FIXTURE_PERIOD_NS + 1));
	tree->nodes[tree->node_count - 1].self.weight++;
	assert_false(flame_json_is_uniform(tree, FIXTURE_PERIOD_NS));
	unload(&subject);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_tree),    FIXTURE_TEST(test_before),
		FIXTURE_TEST(test_whole),   FIXTURE_TEST(test_selection),
		FIXTURE_TEST(test_uniform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
