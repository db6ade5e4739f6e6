// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/profiler.h"

#include "daemon/broker/descriptors.h"
#include "daemon/broker/nursery.h"
#include "daemon/broker/privilege.h"
#include "daemon/broker/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>

static struct error *close_unlisted(const struct broker_options *options,
				    const int channels[BROKER_CHANNELS])
{
	size_t count = 0;
	_cleanup_free_ int *kept = calloc(
		options->kept_fd_count + BROKER_CHANNELS, sizeof(*kept));

	if (!kept)
		return &error_nomem;
	for (size_t i = 0; i < options->kept_fd_count; i++)
		if (options->kept_fds[i] >= 0)
			kept[count++] = options->kept_fds[i];
	for (size_t i = 0; i < BROKER_CHANNELS; i++)
		kept[count++] = channels[i];
	return descriptors_close_others(kept, count);
}

// The broker may have died before we could ask to be told.
static struct error *end_with(pid_t broker)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0))
		return error_from_errno(errno, "ask for the broker's end");
	if (getppid() != broker)
		return error_create(ERROR_SYSTEM, "the broker has gone");
	return NULL;
}

// Whoever starts a thread after the walls are up has them around it, too.
static struct error *become_profiler(const struct profiler_start *start,
				     const int channels[BROKER_CHANNELS],
				     struct broker_client *client)
{
	struct sandbox_options walls = {
		.state_folder = start->options->state_folder,
		.readable = start->options->readable,
	};
	bool landlocked = false;
	struct error *error = close_unlisted(start->options, channels);

	if (!error)
		error = privilege_drop_all();
	if (!error)
		error = end_with(start->life.broker_pid);
	if (error)
		return error;
	broker_client_init(client, channels);
	error = sandbox_enter(&walls, &landlocked);
	if (!error && start->inherit_realtime)
		error = nursery_create(&client->nursery);
	return error;
}

int profiler_main(const struct profiler_start *start,
		  const int channels[BROKER_CHANNELS])
{
	struct broker_life life = start->life;
	struct broker_client client;
	struct error *error;

	prctl(PR_SET_NAME, "brindle-sampler");
	error = become_profiler(start, channels, &client);
	if (error) {
		fprintf(stderr, "<3>brindle: the profiler: %s\n",
			error->message);
		error_destroy(error);
		return 1;
	}
	life.opener = &client.opener;
	return start->function(start->context, &life);
}
