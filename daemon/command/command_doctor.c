// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"
#include "daemon/command/doctor.h"

#include <stdbool.h>
#include <string.h>

static error_t parse_doctor(int key, char *argument, struct argp_state *state)
{
	bool *json = state->input;

	(void)argument;
	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	*json = true;
	return 0;
}

static const char *level_color(enum doctor_level level)
{
	switch (level) {
	case DOCTOR_OK:
		return "\033[32m";
	case DOCTOR_LIMITED:
		return "\033[33m";
	case DOCTOR_MISSING:
		return "\033[31m";
	}
	return "";
}

static bool wants_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static void print_finding(const struct doctor_finding *finding, bool color)
{
	printf("%s%-7s%s  %-15s  %s\n", color ? level_color(finding->level) : "",
	       doctor_level_name(finding->level), color ? "\033[0m" : "",
	       finding->topic, finding->state);
	if (*finding->fix)
		printf("%26s fix:     %s\n", "", finding->fix);
	if (finding->cost)
		printf("%26s without: %s\n", "", finding->cost);
}

static void print_text(const struct doctor_finding *findings, unsigned int count)
{
	bool color = wants_color();
	unsigned int ok = 0;

	for (unsigned int i = 0; i < count; i++) {
		print_finding(&findings[i], color);
		ok += findings[i].level == DOCTOR_OK;
	}
	if (ok == count)
		printf("\nEverything that brindle uses is here.\n");
	else
		printf("\n%u of %u are fine.\n", ok, count);
}

static void print_json_text(const char *key, const char *text)
{
	printf("\"%s\": ", key);
	if (!text || !*text) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if ((unsigned char)*text >= ' ')
			putchar(*text);
	}
	putchar('"');
}

static void print_json(const struct doctor_finding *findings, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		fputs(i ? ",\n {" : "[{", stdout);
		print_json_text("topic", findings[i].topic);
		fputs(", ", stdout);
		print_json_text("level", doctor_level_name(findings[i].level));
		fputs(", ", stdout);
		print_json_text("state", findings[i].state);
		fputs(", ", stdout);
		print_json_text("fix", findings[i].fix);
		fputs(", ", stdout);
		print_json_text("cost", findings[i].cost);
		putchar('}');
	}
	fputs("]\n", stdout);
}

int command_doctor(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', 0, 0, "print JSON", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_doctor,
		.doc = "Tells what this host and user can do: what works, what "
		       "is missing, the command that fixes it, and what it "
		       "costs not to. Exit status 1 when nothing can be "
		       "recorded.\v"
		       "Examples:\n"
		       "  brindle doctor\n"
		       "  sudo brindle doctor     # what root could do\n"
		       "  brindle doctor --json | jq -r '.[].fix // empty'\n",
	};
	struct doctor_finding findings[DOCTOR_FINDING_MAX];
	struct doctor_facts facts;
	unsigned int count;
	bool json = false;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	doctor_gather(&facts);
	count = doctor_judge(&facts, findings);
	if (json)
		print_json(findings, count);
	else
		print_text(findings, count);
	// The first finding is about sampling itself.
	return findings[0].level == DOCTOR_MISSING;
}
