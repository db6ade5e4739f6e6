// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/config.h"

#include "daemon/service/config_value.h"

#include <stdio.h>
#include <string.h>

static const struct config_key *find_key(const char *name)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (!strcmp(config_keys[i].name, name))
			return &config_keys[i];
	return NULL;
}

void config_init(struct config *config)
{
	*config = (struct config){ 0 };
	// A default that its own row refuses is found by the first test.
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		error_destroy(config_value_set(config, &config_keys[i],
					       config_keys[i].standard));
}

struct error *config_set(struct config *config, const char *name,
			 const char *text)
{
	const struct config_key *key = find_key(name);

	if (!key)
		return error_create(ERROR_USAGE, "no key is called '%s'", name);
	return config_value_set(config, key, text);
}

static bool differs(const struct config_key *key, const struct config *before,
		    const struct config *after)
{
	const char *old = (const char *)before + key->offset;
	const char *new = (const char *)after + key->offset;

	if (config_value_is_text(key))
		return strcmp(old, new) != 0;
	return memcmp(old, new, sizeof(uint64_t)) != 0;
}

const char *config_needs_restart(const struct config *before,
				 const struct config *after)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (config_keys[i].restart &&
		    differs(&config_keys[i], before, after))
			return config_keys[i].name;
	return NULL;
}

void config_copy_key(struct config *config, const struct config *from,
		     const char *name)
{
	const struct config_key *key = find_key(name);

	if (key)
		memcpy((char *)config + key->offset,
		       (const char *)from + key->offset,
		       config_value_is_text(key) ? CONFIG_TEXT_MAX :
						   sizeof(uint64_t));
}

// Wrapped at 78 columns, each line behind "# ".
static void print_comment(const char *text, FILE *out)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > 78) {
			fputc('\n', out);
			column = 0;
		}
		column += (size_t)fprintf(out, "%s%.*s", column ? " " : "# ",
					  (int)word, text);
		text += word + (text[word] == ' ');
	}
	fputc('\n', out);
}

void config_print_default(FILE *out)
{
	const char *section = "";

	fputs("# Configuration of brindle daemon; see brindle.conf(5). What is "
	      "commented out is\n# the default. `systemctl reload brindled` "
	      "makes changes known.\n", out);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = &config_keys[i];

		if (strcmp(section, key->section) != 0)
			fprintf(out, "\n[%s]\n", key->section);
		section = key->section;
		fputc('\n', out);
		print_comment(key->meaning, out);
		if (key->restart)
			print_comment("A change needs a restart.", out);
		fprintf(out, "#%s =%s%s\n", key->name,
			*key->standard ? " " : "", key->standard);
	}
}
