/* SPDX-License-Identifier: Apache-2.0 */
/* One value of the configuration: from text to its place in struct config. */
#ifndef BRINDLE_DAEMON_SERVICE_CONFIG_VALUE_H
#define BRINDLE_DAEMON_SERVICE_CONFIG_VALUE_H

#include "daemon/service/config.h"

/** ERROR_USAGE: "frequency: expected a number from 1 to 10000, not 'x'". */
struct error *config_value_set(struct config *config,
			       const struct config_key *key, const char *text);

/** Whether the key's place is an array of characters; else a uint64_t. */
bool config_value_is_text(const struct config_key *key);

/** A number with its unit at the end: 512K, 2G (bytes); 90s, 30m, 24h, 7d
 *  (seconds). False when it is not one, or too large. */
bool config_parse_bytes(const char *text, uint64_t *ret);
bool config_parse_duration(const char *text, uint64_t *ret);

#endif
