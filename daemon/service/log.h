/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon says: lines on standard error, with the journal's priority
 * prefixes when it is the journal that reads them. One reason (a constant
 * word) may say ten lines a minute; how many more there were is told when the
 * minute is over. Names that others chose are escaped.
 *
 * One thread uses a log.
 */
#ifndef BRINDLE_DAEMON_SERVICE_LOG_H
#define BRINDLE_DAEMON_SERVICE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** As in syslog(3). */
enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6,
		 LOG_DEBUG = 7 };

enum { LOG_REASONS = 32, LOG_LINES_A_MINUTE = 10 };

struct log_reason {
	const char *word; /* borrowed, constant */
	uint64_t since_ns;
	unsigned int lines; /* since then */
};

struct log {
	FILE *out;
	bool journal; /* its prefixes are wanted */
	enum log_level most; /* more talkative levels are left out */
	struct log_reason reasons[LOG_REASONS];
};

/** To standard error; finds out who reads it. */
void log_init(struct log *log);

void log_say(struct log *log, enum log_level level, const char *reason,
	     const char *format, ...) __attribute__((format(printf, 4, 5)));

/** log_say() at a time that the caller names. */
void log_say_at(struct log *log, uint64_t now_ns, enum log_level level,
		const char *reason, const char *text);

/** Tells of lines left out, when their minute is over. */
void log_tick(struct log *log, uint64_t now_ns);

#endif
