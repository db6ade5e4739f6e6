/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon is told to do: one structure, filled from a file of
 *
 *     [section]
 *     key = value        ; a comment stands on a line of its own
 *
 * Every key is one row of config_keys: the reader, the commented default file,
 * the man page and the help text are made from it or checked against it. A
 * configuration owns nothing and is copied by assignment.
 */
#ifndef BRINDLE_DAEMON_SERVICE_CONFIG_H
#define BRINDLE_DAEMON_SERVICE_CONFIG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* configure says where configuration lies. */
#define CONFIG_PATH_DEFAULT BRINDLE_SYSCONFDIR "/brindle/brindle.conf"

enum {
	CONFIG_TEXT_MAX = 1024,	      /* of a value, with its NUL */
	CONFIG_FILE_MAX = 256 * 1024, /* bytes; a longer file is refused */
	CONFIG_KEY_COUNT = 25,
};

/** How much of a command line is stored. */
enum config_command_lines {
	CONFIG_COMMAND_MASKED, /* words that `mask` names lose their value */
	CONFIG_COMMAND_FULL,
	CONFIG_COMMAND_NAME, /* the first word alone */
	CONFIG_COMMAND_NONE,
};

struct config {
	char db[CONFIG_TEXT_MAX];
	uint64_t sample_seconds;
	uint64_t rollup_10s_seconds;
	uint64_t rollup_10min_seconds;
	uint64_t store_bytes;

	uint64_t frequency_hz;
	char events[CONFIG_TEXT_MAX]; /* names, separated by commas */
	uint64_t stack_bytes;
	uint64_t realtime;	      /* a truth value */
	char exclude[CONFIG_TEXT_MAX]; /* names and pids, by spaces */

	uint64_t command_lines; /* enum config_command_lines */
	char mask[CONFIG_TEXT_MAX]; /* patterns, separated by spaces */

	uint64_t cpu_millipercent; /* of one CPU */
	uint64_t memory_bytes;

	uint64_t web_enabled;  /* truth values */
	uint64_t web_anywhere;
	uint64_t web_token;
	uint64_t web_port; /* 0: any */
	char web_address[CONFIG_TEXT_MAX];
	char web_hosts[CONFIG_TEXT_MAX];  /* names, separated by spaces */
	char web_socket[CONFIG_TEXT_MAX]; /* "": none */
	char web_users[CONFIG_TEXT_MAX];  /* names, separated by spaces */

	char user[CONFIG_TEXT_MAX];
	uint64_t log_debug;	/* a truth value */
	uint64_t status_seconds;
};

enum config_type {
	CONFIG_TEXT,	 /* may be empty */
	CONFIG_WORD,	 /* may not */
	CONFIG_FILE,	 /* an absolute path */
	CONFIG_COUNT,
	CONFIG_BYTES,	 /* 16384, 512K, 100M, 2G */
	CONFIG_DURATION, /* 90s, 30m, 24h, 30d; stored in seconds */
	CONFIG_PERCENT,	 /* 1, 0.5; stored in thousandths */
	CONFIG_SWITCH,	 /* yes or no */
	CONFIG_CHOICE,	 /* one of choices */
};

struct config_key {
	const char *section, *name;
	enum config_type type;
	size_t offset;	    /* in struct config */
	uint64_t least, most; /* of a number, as stored */
	const char *const *choices; /* NULL-terminated; else NULL */
	const char *standard;	    /* the default, as one would write it */
	bool restart;		    /* a reload cannot change it */
	const char *meaning;	    /* sentences for people */
};

extern const struct config_key config_keys[CONFIG_KEY_COUNT];

/** Every key at its default. */
void config_init(struct config *config);

/** Sets key @name ("frequency") from text, as the file does. ERROR_USAGE says
 *  what was expected. */
struct error *config_set(struct config *config, const char *name,
			 const char *text);

/**
 * Reads @size bytes of text over *@config; the first mistake is ERROR_USAGE
 * with "@name:LINE: what was expected", and *@config unchanged.
 */
struct error *config_parse(struct config *config, const char *name,
			   const char *text, size_t size);

/** config_parse() of the file at @path. ERROR_NOT_FOUND: there is none. */
struct error *config_read(struct config *config, const char *path);

/** The name of a key that differs and cannot change in a running daemon; NULL:
 *  all can. */
const char *config_needs_restart(const struct config *before,
				 const struct config *after);

/** Key @name as it is in @from. */
void config_copy_key(struct config *config, const struct config *from,
		     const char *name);

/** The default file: every key, with its meaning, commented out. */
void config_print_default(FILE *out);

#endif
