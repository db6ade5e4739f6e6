// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/notify.h"

#include "tests/cmocka.h"

#include "base/cleanup.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

// An abstract socket of a name that nobody else has.
static int listen_at(char name[64])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(name, 64, "@brindle-test-%d", (int)getpid());
	memcpy(address.sun_path, name, strlen(name));
	address.sun_path[0] = 0;
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un,
						   sun_path) + strlen(name))),
			 0);
	return fd;
}

static void sends_to_the_manager(void **state)
{
	char name[64], text[64] = "";
	_cleanup_close_ int ear = listen_at(name);
	_cleanup_close_ int fd = -1;

	(void)state;
	setenv("NOTIFY_SOCKET", name, 1);
	fd = notify_open();
	assert_true(fd >= 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	notify_send(fd, "READY=1");
	assert_int_equal(recv(ear, text, sizeof(text), 0), 7);
	assert_string_equal(text, "READY=1");
	notify_format(fd, "STATUS=%d Hz", 99);
	memset(text, 0, sizeof(text));
	assert_int_equal(recv(ear, text, sizeof(text), 0), 12);
	assert_string_equal(text, "STATUS=99 Hz");
}

// A manager that does not read must not hold the daemon up.
static void never_blocks(void **state)
{
	char name[64];
	_cleanup_close_ int ear = listen_at(name);
	_cleanup_close_ int fd = -1;

	(void)state;
	setenv("NOTIFY_SOCKET", name, 1);
	fd = notify_open();
	alarm(10);
	for (int i = 0; i < 100000; i++)
		notify_send(fd, "WATCHDOG=1");
	alarm(0);
}

static void does_nothing_where_nobody_listens(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_open(), -1);
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(notify_open(), -1);
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	assert_int_equal(notify_open(), -1);
	notify_send(-1, "READY=1");
}

static void knows_the_watchdog(void **state)
{
	(void)state;
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ns(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ns(), UINT64_C(15000000000));
	setenv("WATCHDOG_USEC", "what", 1);
	assert_int_equal(notify_watchdog_ns(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_to_the_manager),
		cmocka_unit_test(never_blocks),
		cmocka_unit_test(does_nothing_where_nobody_listens),
		cmocka_unit_test(knows_the_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
