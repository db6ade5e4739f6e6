// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/run_state.h"

#include <string.h>

enum { STATUS_BYTES = 8192 };

static uint64_t field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

bool run_state_read(const struct opener *opener, pid_t pid, pid_t tid,
		    struct run_state *ret)
{
	char text[STATUS_BYTES];
	const char *state;

	if (!opener_text(opener, OPENER_TEXT_STATUS, pid, tid, text,
			 sizeof(text)))
		return false;
	state = strstr(text, "\nState:\t");
	ret->sleeps = state && state[8] != 'R';
	ret->switches = field(text, "\nvoluntary_ctxt_switches:") +
			field(text, "\nnonvoluntary_ctxt_switches:");
	return true;
}
