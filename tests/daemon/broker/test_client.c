// SPDX-License-Identifier: Apache-2.0
/* The profiler's side, with a broker that hangs for one process. */
#include "daemon/broker/client.h"

#include "base/clock.h"
#include "daemon/broker/request.h"
#include "tests/cmocka.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
	HANGING = 666,
	ODD = 667,
	// Of one user, whose files hang; of another.
	HOSTILE = 700, HOSTILE_END = 800,
	OTHER = 800,
};

struct world {
	struct broker_client client;
	int broker[BROKER_CHANNELS]; // its ends
	pthread_t threads[BROKER_CHANNELS];
	unsigned int channels_asked_for; // atomic
	unsigned int hung;		 // atomic
	unsigned int files;		 // atomic; asked for
	struct broker_request late;	 // what is not answered
	int late_channel;
};

static void answer(int channel, const struct broker_request *request,
		   int64_t result, size_t payload)
{
	struct broker_reply reply = { .sequence = request->sequence,
				      .result = result };

	strcpy(reply.payload, "name\n");
	send(channel, &reply, offsetof(struct broker_reply, payload) + payload,
	     MSG_NOSIGNAL);
}

struct served {
	struct world *world;
	int channel;
};

static void tell_user(int channel, const struct broker_request *request)
{
	struct broker_reply reply = { .sequence = request->sequence };
	int size = sprintf(reply.payload, "Name:\tx\nUid:\t%d\t0\t0\t0\n",
			   request->pid < HOSTILE_END ? 1000 : 1001);

	send(channel, &reply,
	     offsetof(struct broker_reply, payload) + (size_t)size,
	     MSG_NOSIGNAL);
}

static bool is_hostile(const struct broker_request *request)
{
	return request->operation == BROKER_MAPPED_FILE &&
	       request->pid >= HOSTILE && request->pid < HOSTILE_END;
}

static void take(struct world *world, int channel,
		 const struct broker_request *request)
{
	if (request->operation == BROKER_TEXT &&
	    request->which == OPENER_TEXT_STATUS) {
		tell_user(channel, request);
		return;
	}
	if (request->operation == BROKER_MAPPED_FILE)
		__atomic_add_fetch(&world->files, 1, __ATOMIC_RELEASE);
	if (is_hostile(request))
		return;
	switch (request->pid) {
	case HANGING:
		world->late = *request;
		world->late_channel = channel;
		__atomic_add_fetch(&world->hung, 1, __ATOMIC_RELEASE);
		return;
	case ODD:
		// More than there is room for, and no descriptor.
		answer(channel, request, 0, OPENER_TEXT_BYTES_MAX);
		return;
	}
	if (request->operation == BROKER_CHANNEL)
		__atomic_add_fetch(&world->channels_asked_for, 1,
				   __ATOMIC_RELEASE);
	answer(channel, request, 0, strlen("name\n"));
}

static void *fake_broker(void *argument)
{
	struct served *served = argument;
	struct broker_request request = { 0 };

	while (recv(served->channel, &request, sizeof(request), 0) > 0)
		take(served->world, served->channel, &request);
	close(served->channel);
	free(served);
	return NULL;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	int fds[BROKER_CHANNELS];

	if (!world)
		return -1;
	for (int i = 0; i < BROKER_CHANNELS; i++) {
		struct served *served = malloc(sizeof(*served));
		int ends[2];

		if (!served || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
					  0, ends))
			return -1;
		*served = (struct served){ world, ends[0] };
		fds[i] = ends[1];
		if (pthread_create(&world->threads[i], NULL, fake_broker,
				   served))
			return -1;
	}
	broker_client_init(&world->client, fds);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	broker_client_deinit(&world->client);
	for (int i = 0; i < BROKER_CHANNELS; i++)
		pthread_join(world->threads[i], NULL);
	free(world);
	return 0;
}

static size_t name_of(struct world *world, pid_t pid)
{
	char text[32];

	return opener_text(&world->client.opener, OPENER_TEXT_COMM, pid, 0,
			   text, sizeof(text));
}

static unsigned int count_of(const unsigned int *count)
{
	return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

static void a_hang_costs_its_process_only(void **state)
{
	struct world *world = *state;
	uint64_t start = monotonic_ns();

	assert_int_equal(name_of(world, 1), strlen("name\n"));
	assert_int_equal(name_of(world, HANGING), 0);
	assert_true(monotonic_ns() - start < 1500 * NS_PER_MS);
	assert_int_equal(count_of(&world->hung), 1);
	assert_int_equal(count_of(&world->channels_asked_for), 1);
	// It is not asked about again; the others are, at once.
	start = monotonic_ns();
	assert_int_equal(name_of(world, HANGING), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(name_of(world, 1), strlen("name\n"));
	assert_true(monotonic_ns() - start < 500 * NS_PER_MS);
	assert_int_equal(count_of(&world->hung), 1);
	// What comes late is nobody's answer, and the channel serves again.
	answer(world->late_channel, &world->late, 0, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(name_of(world, 1), strlen("name\n"));
	assert_false(world->client.channels[0].late);
}

struct question {
	struct world *world;
	pid_t pid;
};

static void *ask_for_file(void *argument)
{
	struct question *question = argument;
	const struct opener_mapping mapping = { 4096, 8192, "/x", 0, 1, 2 };
	struct error *error;
	bool refused;
	int fd = -1;

	// The fake broker has no descriptors to give.
	error = opener_mapped_file(&question->world->client.opener,
				   question->pid, &mapping, &fd);
	refused = error;
	error_destroy(error);
	return refused ? question : NULL;
}

// Two at once, for each takes a second.
static void a_user_costs_no_other(void **state)
{
	struct world *world = *state;
	struct question questions[] = { { world, HOSTILE },
					{ world, HOSTILE + 1 },
					{ world, HOSTILE + 2 },
					{ world, OTHER } };
	pthread_t threads[2];
	uint64_t start;

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_for_file,
						&questions[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(count_of(&world->files), 2);
	start = monotonic_ns();
	assert_non_null(ask_for_file(&questions[2]));
	assert_int_equal(count_of(&world->files), 2);
	ask_for_file(&questions[3]);
	assert_int_equal(count_of(&world->files), 3);
	assert_true(monotonic_ns() - start < 500 * NS_PER_MS);
}

static void odd_answers_are_refused(void **state)
{
	struct world *world = *state;
	struct error *error;
	int fd = -1;

	assert_int_equal(name_of(world, ODD), 0);
	error = opener_memory(&world->client.opener, ODD, &fd);
	assert_non_null(error);
	assert_int_equal(fd, -1);
	error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_hang_costs_its_process_only,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_user_costs_no_other, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(odd_answers_are_refused,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
