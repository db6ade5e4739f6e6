// SPDX-License-Identifier: Apache-2.0
/* Any text for a configuration: taken or refused, and never half of both. */
#include "daemon/service/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config, before;
	struct error *error;

	config_init(&config);
	before = config;
	error = config_parse(&config, "fuzz", (const char *)data, size);
	if (error && memcmp(&config, &before, sizeof(config)) != 0)
		abort();
	for (size_t i = 0; i < CONFIG_KEY_COUNT && !error; i++) {
		const struct config_key *key = &config_keys[i];
		uint64_t value;

		if (!key->most)
			continue;
		memcpy(&value, (const char *)&config + key->offset,
		       sizeof(value));
		if (value < key->least || value > key->most)
			abort();
	}
	error_destroy(error);
	return 0;
}
