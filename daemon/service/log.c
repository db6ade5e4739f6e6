// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/log.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#define WINDOW_NS (60 * NS_PER_SEC)

enum { LINE_BYTES = 1024 };

// systemd.exec(5): JOURNAL_STREAM is "DEVICE:INODE" of the journal's socket.
static bool journal_reads(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char own[64];

	if (!stream || fstat(fd, &status) < 0)
		return false;
	snprintf(own, sizeof(own), "%llu:%llu",
		 (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino);
	return !strcmp(own, stream);
}

void log_init(struct log *log)
{
	*log = (struct log){ .out = stderr,
			     .journal = journal_reads(STDERR_FILENO),
			     .most = LOG_INFO };
}

static void print_line(struct log *log, enum log_level level, const char *text)
{
	_cleanup_free_ char *safe = text_escape(text);

	if (log->journal)
		fprintf(log->out, "<%d>%s\n", level, safe ? safe : "");
	else
		fprintf(log->out, "brindle: %s\n", safe ? safe : "");
	fflush(log->out);
}

static bool window_over(const struct log_reason *reason, uint64_t now_ns)
{
	return now_ns - reason->since_ns >= WINDOW_NS;
}

static void close_window(struct log *log, struct log_reason *reason)
{
	char line[128];

	if (reason->lines > LOG_LINES_A_MINUTE) {
		snprintf(line, sizeof(line), "(%u more lines about '%s' were "
			 "left out)", reason->lines - LOG_LINES_A_MINUTE,
			 reason->word);
		print_line(log, LOG_NOTICE, line);
	}
	*reason = (struct log_reason){ .word = NULL };
}

// Its own row, or a free one, or the one whose minute began first.
static struct log_reason *reason_for(struct log *log, const char *word,
				     uint64_t now_ns)
{
	struct log_reason *best = &log->reasons[0];

	for (size_t i = 0; i < LOG_REASONS; i++) {
		struct log_reason *reason = &log->reasons[i];

		if (reason->word && !strcmp(reason->word, word))
			return reason;
		if (best->word && (!reason->word ||
				   reason->since_ns < best->since_ns))
			best = reason;
	}
	if (best->word)
		close_window(log, best);
	*best = (struct log_reason){ .word = word, .since_ns = now_ns };
	return best;
}

void log_say_at(struct log *log, uint64_t now_ns, enum log_level level,
		const char *reason_word, const char *text)
{
	struct log_reason *reason;

	if (level > log->most)
		return;
	reason = reason_for(log, reason_word, now_ns);
	if (window_over(reason, now_ns)) {
		close_window(log, reason);
		*reason = (struct log_reason){ .word = reason_word,
					       .since_ns = now_ns };
	}
	if (reason->lines++ < LOG_LINES_A_MINUTE)
		print_line(log, level, text);
}

void log_say(struct log *log, enum log_level level, const char *reason,
	     const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	log_say_at(log, monotonic_ns(), level, reason, line);
}

void log_tick(struct log *log, uint64_t now_ns)
{
	for (size_t i = 0; i < LOG_REASONS; i++)
		if (log->reasons[i].word &&
		    window_over(&log->reasons[i], now_ns))
			close_window(log, &log->reasons[i]);
}
