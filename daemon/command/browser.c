// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/browser.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { READ_WITHIN_SECONDS = 15 };

static const char *run_folder(void)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");

	return folder && *folder == '/' ? folder : "/tmp";
}

// The address is our own: digits, letters, "/:.[]#=".
static bool write_page(const char *address, char *path, size_t size)
{
	_cleanup_fclose_ FILE *page = NULL;
	int fd;

	snprintf(path, size, "%s/brindle-open-XXXXXX.html", run_folder());
	fd = mkostemps(path, (int)strlen(".html"), O_CLOEXEC);
	if (fd < 0)
		return false;
	page = fdopen(fd, "w");
	if (!page)
		close(fd);
	return page && fprintf(page, "<!doctype html><meta charset=utf-8>"
			       "<meta http-equiv=refresh content=\"0;url=%s\">"
			       "<title>brindle</title>\n", address) > 0 &&
	       !fflush(page);
}

// A browser may be long in starting and short in reading.
static void remove_later(const char *path)
{
	if (fork() != 0)
		return;
	setsid();
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	sleep(READ_WITHIN_SECONDS);
	unlink(path);
	_exit(0);
}

static void run_browser(const char *path)
{
	const char *browser = getenv("BROWSER");
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (browser && *browser)
		execlp(browser, browser, path, (char *)NULL);
	execlp("xdg-open", "xdg-open", path, (char *)NULL);
	_exit(127);
}

static bool has_display(void)
{
	return getenv("DISPLAY") || getenv("WAYLAND_DISPLAY") ||
	       getenv("BROWSER");
}

bool browser_open(const char *address)
{
	char path[256];

	if (!has_display()) {
		fprintf(stderr, "brindle: there is no display here: open the "
			"address in a browser; from another host after "
			"`ssh -L`\n");
		return false;
	}
	if (!write_page(address, path, sizeof(path))) {
		fprintf(stderr, "brindle: cannot write %s; open the address in "
			"a browser\n", path);
		return false;
	}
	// A grandchild: nobody has to wait for it.
	if (fork() == 0) {
		if (fork() == 0)
			run_browser(path);
		remove_later(path);
		_exit(0);
	}
	wait(NULL);
	return true;
}
