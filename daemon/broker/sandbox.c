// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/sandbox.h"

#include "daemon/broker/sandbox_calls.h"

struct error *sandbox_enter(const struct sandbox_options *options,
			    bool *ret_landlocked)
{
	struct error *error = sandbox_wall_folders(options, ret_landlocked);

	return error ? error : sandbox_wall_calls(options->role);
}
