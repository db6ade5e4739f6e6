// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/config.h"

#include "tests/cmocka.h"

#include "daemon/service/config_value.h"

#include <string.h>

static void parses(const char *text, struct config *ret)
{
	struct error *error;

	config_init(ret);
	error = config_parse(ret, "test.conf", text, strlen(text));
	if (error)
		print_error("%s\n", error->message);
	assert_null(error);
}

// The message is what people see: it is compared whole.
static void refuses(const char *text, const char *message)
{
	struct config before, config;
	struct error *error;

	config_init(&config);
	before = config;
	error = config_parse(&config, "t", text, strlen(text));
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_USAGE);
	assert_string_equal(error->message, message);
	assert_memory_equal(&config, &before, sizeof(config));
	error_destroy(error);
}

static void every_default_is_taken(void **state)
{
	struct config config;

	(void)state;
	config_init(&config);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		assert_null(config_value_set(&config, &config_keys[i],
					     config_keys[i].standard));
	assert_string_equal(config.db, "/var/lib/brindle/brindle.db");
	assert_int_equal(config.frequency_hz, 99);
	assert_int_equal(config.sample_seconds, 86400);
	assert_int_equal(config.rollup_10s_seconds, 30 * 86400);
	assert_int_equal(config.store_bytes, 2147483648);
	assert_int_equal(config.stack_bytes, 16384);
	assert_int_equal(config.cpu_millipercent, 1000);
	assert_int_equal(config.memory_bytes, 100 << 20);
	assert_int_equal(config.realtime, 1);
}

static void reads_a_file_as_people_write_it(void **state)
{
	struct config config;

	(void)state;
	parses("# a comment\n"
	       "\n"
	       "  [sampling]\r\n"
	       "frequency=49\r\n"
	       "\tevents = cpu-clock, off-cpu \n"
	       "; another\n"
	       "[ store ]\n"
	       "max_size = 512M\n"
	       "[sampling]\n"
	       "realtime = off\n"
	       "exclude =\n"
	       "[limits]\n"
	       "cpu = 0.25%\n"
	       "[privacy]\n"
	       "command_lines = name\n"
	       "mask = *key=*",
	       &config);
	assert_int_equal(config.frequency_hz, 49);
	assert_string_equal(config.events, "cpu-clock, off-cpu");
	assert_int_equal(config.store_bytes, 512 << 20);
	assert_int_equal(config.realtime, 0);
	assert_string_equal(config.exclude, "");
	assert_int_equal(config.cpu_millipercent, 250);
	assert_int_equal(config.command_lines, CONFIG_COMMAND_NAME);
	assert_string_equal(config.mask, "*key=*");
}

static void says_what_was_expected_and_where(void **state)
{
	(void)state;
	refuses("[sampling]\n\nfrequency = fast\n",
		"t:3: frequency: expected a number from 1 to 10000, not "
		"'fast'");
	refuses("[sampling]\nfrequency = 0\n",
		"t:2: frequency: expected a number from 1 to 10000, not '0'");
	refuses("[sampling]\nfrequency = -1\n",
		"t:2: frequency: expected a number from 1 to 10000, not '-1'");
	refuses("[sampling]\nfrequency = 18446744073709551617\n",
		"t:2: frequency: expected a number from 1 to 10000, not "
		"'18446744073709551617'");
	refuses("[sampling]\nrealtime = perhaps\n",
		"t:2: realtime: expected yes or no, not 'perhaps'");
	refuses("[store]\nkeep_samples = 24\n",
		"t:2: keep_samples: expected a time with its unit, as 90s, "
		"30m, 24h or 7d, from 1m to 366d, not '24'");
	refuses("[store]\nmax_size = 2X\n",
		"t:2: max_size: expected bytes, as 512K, 100M or 2G, from 16M "
		"to 1T, not '2X'");
	refuses("[limits]\ncpu = 0.001\n",
		"t:2: cpu: expected percent, as 1 or 0.5, from 0.05 to 100, "
		"not '0.001'");
	refuses("[privacy]\ncommand_lines = some\n",
		"t:2: command_lines: expected one of masked, full, name, none, "
		"not 'some'");
	refuses("[store]\ndb = brindle.db\n",
		"t:2: db: expected an absolute path of at most 1023 bytes, not "
		"'brindle.db'");
}

static void knows_its_sections_and_keys(void **state)
{
	(void)state;
	refuses("[samplings]\n",
		"t:1: expected [SECTION], one of store, sampling, privacy, "
		"limits, web, service, not 'samplings'");
	refuses("[\n", "t:1: expected [SECTION], one of store, sampling, "
		       "privacy, limits, web, service, not '['");
	refuses("frequency = 9\n",
		"t:1: expected a [SECTION] before 'frequency'");
	refuses("[store]\nfrequency = 9\n",
		"t:2: 'frequency' belongs into [sampling], not [store]");
	refuses("[limits]\nspeed = 9\n",
		"t:2: expected a key of [limits], one of cpu, memory, not "
		"'speed'");
	refuses("[limits]\nspeed\n",
		"t:2: expected KEY = VALUE, not 'speed'");
	refuses("[limits]\ncpu = 1\n#\ncpu = 2\n",
		"t:4: 'cpu' was set in line 2 already");
}

static void refuses_what_is_not_text(void **state)
{
	static const char zero[] = "[store]\n\0\n";
	struct config config;
	struct error *error;
	char line[2000];

	(void)state;
	config_init(&config);
	error = config_parse(&config, "t", zero, sizeof(zero) - 1);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "t:2: expected a line of text"));
	error_destroy(error);
	memset(line, 'x', sizeof(line));
	error = config_parse(&config, "t", line, sizeof(line));
	assert_non_null(error);
	error_destroy(error);
}

static void tells_what_needs_a_restart(void **state)
{
	struct config before, after;

	(void)state;
	config_init(&before);
	after = before;
	assert_null(config_needs_restart(&before, &after));
	assert_null(config_set(&after, "frequency", "49"));
	assert_null(config_needs_restart(&before, &after));
	assert_null(config_set(&after, "db", "/other.db"));
	assert_string_equal(config_needs_restart(&before, &after), "db");
}

// What lies in packaging/ is what the program prints, and it is all comments.
static void prints_the_default_file(void **state)
{
	const char *folder = getenv("srcdir");
	char path[4096], packaged[16384], printed[16384];
	struct config config, standard;
	FILE *file, *out = fmemopen(printed, sizeof(printed), "w");
	size_t size;

	(void)state;
	assert_non_null(out);
	config_print_default(out);
	size = (size_t)ftell(out);
	fclose(out);
	config_init(&standard);
	parses(printed, &config);
	assert_memory_equal(&config, &standard, sizeof(config));
	snprintf(path, sizeof(path), "%s/packaging/brindle.conf",
		 folder ? folder : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(packaged, 1, sizeof(packaged), file), size);
	fclose(file);
	assert_memory_equal(packaged, printed, size);
}

// Whether @text has "Default: STANDARD." after the entry of @key, with the
// escapes of man(7).
static bool is_explained(const char *text, const struct config_key *key)
{
	char entry[64], line[512];
	size_t used = 0;

	snprintf(entry, sizeof(entry), "\n.B %s\n", key->name);
	text = strstr(text, entry);
	if (!text)
		return false;
	for (const char *at = key->standard; *at && used < 500; at++) {
		if (*at == '-')
			line[used++] = '\\';
		line[used++] = *at;
	}
	line[used] = 0;
	text = strstr(text, "Default: ") + strlen("Default: ");
	if (!*line)
		return !strncmp(text, "nothing.\n", 9);
	return !strncmp(text, line, used) && !strncmp(text + used, ".\n", 2);
}

static void the_manual_has_every_key(void **state)
{
	const char *folder = getenv("srcdir");
	char path[4096], manual[32768] = "";
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/brindle.conf.5",
		 folder ? folder : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(manual, 1, sizeof(manual) - 1, file) > 0);
	fclose(file);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		if (!is_explained(manual, &config_keys[i]))
			print_error("%s is missing\n", config_keys[i].name);
		assert_true(is_explained(manual, &config_keys[i]));
	}
}

static void knows_units(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(config_parse_bytes("1G", &value));
	assert_int_equal(value, 1 << 30);
	assert_true(config_parse_bytes("17", &value));
	assert_int_equal(value, 17);
	assert_true(config_parse_duration("7d", &value));
	assert_int_equal(value, 7 * 86400);
	assert_false(config_parse_duration("7", &value));
	assert_false(config_parse_bytes("99999999999999T", &value));
	assert_false(config_parse_bytes("1GB", &value));
	assert_false(config_parse_bytes("", &value));
	assert_false(config_parse_bytes(" 1", &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_default_is_taken),
		cmocka_unit_test(reads_a_file_as_people_write_it),
		cmocka_unit_test(says_what_was_expected_and_where),
		cmocka_unit_test(knows_its_sections_and_keys),
		cmocka_unit_test(refuses_what_is_not_text),
		cmocka_unit_test(tells_what_needs_a_restart),
		cmocka_unit_test(prints_the_default_file),
		cmocka_unit_test(the_manual_has_every_key),
		cmocka_unit_test(knows_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
