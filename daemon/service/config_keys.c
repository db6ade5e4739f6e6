// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/command_line.h"
#include "daemon/service/config.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define HOUR UINT64_C(3600)
#define DAY (24 * HOUR)

static const char *const command_line_choices[] = { "masked", "full", "name",
						    "none", NULL };

#define AT(member) offsetof(struct config, member)

const struct config_key config_keys[CONFIG_KEY_COUNT] = {
	{ .section = "store", .name = "db", .type = CONFIG_FILE,
	  .offset = AT(db), .standard = "/var/lib/brindle/brindle.db",
	  .restart = true,
	  .meaning = "The database. Its folder belongs to the daemon alone." },
	{ .section = "store", .name = "keep_samples", .type = CONFIG_DURATION,
	  .offset = AT(sample_seconds), .least = 60, .most = 366 * DAY,
	  .standard = "24h",
	  .meaning = "How long single samples are kept." },
	{ .section = "store", .name = "keep_10s", .type = CONFIG_DURATION,
	  .offset = AT(rollup_10s_seconds), .least = 600, .most = 3660 * DAY,
	  .standard = "30d",
	  .meaning = "How long sums of ten seconds are kept." },
	{ .section = "store", .name = "keep_10min", .type = CONFIG_DURATION,
	  .offset = AT(rollup_10min_seconds), .least = HOUR,
	  .most = 36600 * DAY, .standard = "365d",
	  .meaning = "How long sums of ten minutes are kept." },
	{ .section = "store", .name = "max_size", .type = CONFIG_BYTES,
	  .offset = AT(store_bytes), .least = 16 * MIB, .most = 1024 * GIB,
	  .standard = "2G",
	  .meaning = "How large the database may grow. Beyond it the oldest "
		     "data go, whatever their age." },

	{ .section = "sampling", .name = "frequency", .type = CONFIG_COUNT,
	  .offset = AT(frequency_hz), .least = 1, .most = 10000,
	  .standard = "99",
	  .meaning = "Samples a second of each busy CPU. An odd number does "
		     "not march in step with what is periodic." },
	{ .section = "sampling", .name = "events", .type = CONFIG_WORD,
	  .offset = AT(events), .standard = "cpu-clock", .restart = true,
	  .meaning = "What is sampled, separated by commas: cpu-clock or a "
		     "hardware event; then also off-cpu, page-faults, or a "
		     "tracepoint such as sched:sched_process_fork." },
	{ .section = "sampling", .name = "stack_size", .type = CONFIG_BYTES,
	  .offset = AT(stack_bytes), .least = 1024, .most = 65528,
	  .standard = "16K", .restart = true,
	  .meaning = "How much of each stack the kernel copies. Deeper stacks "
		     "are read from the program where that is possible." },
	{ .section = "sampling", .name = "realtime", .type = CONFIG_SWITCH,
	  .offset = AT(realtime), .standard = "yes", .restart = true,
	  .meaning = "Whether the capture threads ask for real-time priority. "
		     "Without it fewer Python samples are proven." },
	{ .section = "sampling", .name = "exclude", .type = CONFIG_TEXT,
	  .offset = AT(exclude), .standard = "",
	  .meaning = "Processes whose samples are not stored: names (as in "
		     "top) and pids, separated by spaces. They are counted." },

	{ .section = "privacy", .name = "command_lines", .type = CONFIG_CHOICE,
	  .offset = AT(command_lines), .choices = command_line_choices,
	  .standard = "masked",
	  .meaning = "How much of a command line is stored: masked (see "
		     "mask), full, name (its first word), or none. Environment "
		     "variables are never read." },
	{ .section = "privacy", .name = "mask", .type = CONFIG_TEXT,
	  .offset = AT(mask),
	  .standard = command_line_secrets,
	  .meaning = "Names of secrets: with command_lines = masked, "
		     "--token=VALUE, --token VALUE and TOKEN=VALUE are stored "
		     "with *** in place of the value. Patterns, in which * is "
		     "anything and capitals do not matter, separated by "
		     "spaces." },

	{ .section = "limits", .name = "cpu", .type = CONFIG_PERCENT,
	  .offset = AT(cpu_millipercent), .least = 50, .most = 100000,
	  .standard = "1",
	  .meaning = "Percent of one CPU that the daemon may use, apart from "
		     "what taking a sample costs the CPU that is sampled. "
		     "When it would cost more, it samples less often for a "
		     "while and says so in the database." },
	{ .section = "limits", .name = "memory", .type = CONFIG_BYTES,
	  .offset = AT(memory_bytes), .least = 16 * MIB, .most = 64 * GIB,
	  .standard = "100M",
	  .meaning = "Memory that the daemon may use. Above it, it gives up "
		     "what it has cached, then samples less often." },

	{ .section = "web", .name = "dashboard", .type = CONFIG_SWITCH,
	  .offset = AT(web_enabled), .standard = "yes", .restart = true,
	  .meaning = "Whether the daemon serves its dashboard. `brindle open` "
		     "shows it in the browser." },
	{ .section = "web", .name = "address", .type = CONFIG_WORD,
	  .offset = AT(web_address), .standard = "127.0.0.1", .restart = true,
	  .meaning = "Where it listens: a number. Other hosts reach it best "
		     "by a tunnel, ssh -L 7099:127.0.0.1:7099 HOST." },
	{ .section = "web", .name = "port", .type = CONFIG_COUNT,
	  .offset = AT(web_port), .most = 65535, .standard = "7099",
	  .restart = true,
	  .meaning = "The port; 0 takes any that is free." },
	{ .section = "web", .name = "anywhere", .type = CONFIG_SWITCH,
	  .offset = AT(web_anywhere), .standard = "no", .restart = true,
	  .meaning = "Whether the address may be one that other hosts can "
		     "reach. What is sent is not encrypted." },
	{ .section = "web", .name = "hosts", .type = CONFIG_TEXT,
	  .offset = AT(web_hosts), .standard = "",
	  .meaning = "Names besides localhost that browsers may call it by, "
		     "separated by spaces: NAME, NAME:PORT, or NAME:* for any "
		     "port, as behind a proxy." },
	{ .section = "web", .name = "token", .type = CONFIG_SWITCH,
	  .offset = AT(web_token), .standard = "yes", .restart = true,
	  .meaning = "Whether a browser needs the token that `brindle open` "
		     "gives it. Without, every user of this host sees what "
		     "every other runs." },
	{ .section = "web", .name = "socket", .type = CONFIG_TEXT,
	  .offset = AT(web_socket), .standard = "", .restart = true,
	  .meaning = "A local socket besides, for programs; empty: none. Who "
		     "asks there needs no token when it is root, the daemon's "
		     "user, or one of users." },
	{ .section = "web", .name = "users", .type = CONFIG_TEXT,
	  .offset = AT(web_users), .standard = "",
	  .meaning = "Users who need no token at the socket, separated by "
		     "spaces." },

	{ .section = "service", .name = "user", .type = CONFIG_WORD,
	  .offset = AT(user), .standard = "brindle", .restart = true,
	  .meaning = "The user that the daemon becomes when started as root." },
	{ .section = "service", .name = "debug", .type = CONFIG_SWITCH,
	  .offset = AT(log_debug), .standard = "no",
	  .meaning = "Whether the log also tells what is of interest to "
		     "developers only." },
	{ .section = "service", .name = "status_interval",
	  .type = CONFIG_DURATION, .offset = AT(status_seconds), .least = 1,
	  .most = DAY, .standard = "60s",
	  .meaning = "How often the line of `systemctl status` is renewed." },
};
