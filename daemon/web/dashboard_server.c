// SPDX-License-Identifier: Apache-2.0
#include "daemon/web/dashboard_server.h"

#include "daemon/broker/sandbox.h"
#include "daemon/broker/sandbox_calls.h"
#include "web/server/access.h"

#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

enum {
	FILES_MAX = 512,
	PATIENCE_MS = 3000,
	LOOK_MS = 50,
};

/** One server. */
struct serving {
	const struct dashboard *dashboard; // borrowed
	char folder[CONFIG_TEXT_MAX];	   // of the database
	char index[CONFIG_TEXT_MAX + 8];   // of its log, SQLite's "-shm"
	uint64_t index_inode;		   // as walled in; 0: there was none
	char words[CONFIG_TEXT_MAX];	   // of hosts, cut up
	const char *hosts[ACCESS_HOSTS_MAX + 1];
	uid_t peers[SERVER_PEERS_MAX];
	size_t peer_count;
};

static uint64_t inode_of(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : status.st_ino;
}

// Readers write into it that they read. Who has leave to write one file has it
// for that very file: another one of the same name needs other walls.
static bool is_index_as_walled(void *context)
{
	const struct serving *serving = context;

	return inode_of(serving->index) == serving->index_inode;
}

// The profiler, started at the same time, makes it.
static void await_index(struct serving *serving)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
		serving->index_inode = inode_of(serving->index);
		if (serving->index_inode)
			return;
		usleep(LOOK_MS * 1000);
	}
}

static struct error *wall_folders(const struct serving *serving)
{
	const char *const readable[] = { serving->folder, NULL };
	const char *const writable[] = { serving->index, NULL };
	struct sandbox_options walls = { .role = SANDBOX_WEB,
					 .readable = readable,
					 .writable = writable };
	bool landlocked;

	return sandbox_wall_folders(&walls, &landlocked);
}

static struct error *wall_calls(void *context)
{
	(void)context;
	return sandbox_wall_calls(SANDBOX_WEB);
}

static void take_hosts(struct serving *serving, const char *text)
{
	size_t count = 0;
	char *rest = NULL, *word;

	snprintf(serving->words, sizeof(serving->words), "%s", text);
	for (word = strtok_r(serving->words, " ,", &rest);
	     word && count < ACCESS_HOSTS_MAX;
	     word = strtok_r(NULL, " ,", &rest))
		serving->hosts[count++] = word;
	serving->hosts[count] = NULL;
}

static bool names(const char *list, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += size)
		if ((at == list || strchr(" ,", at[-1])) &&
		    (!at[size] || strchr(" ,", at[size])))
			return true;
	return false;
}

// Without a name service, which would load foreign code.
static void take_users(struct serving *serving, const char *list)
{
	_cleanup_fclose_ FILE *file = *list ? fopen("/etc/passwd", "re") : NULL;
	struct passwd *entry;

	while (file && serving->peer_count < SERVER_PEERS_MAX &&
	       (entry = fgetpwent(file)))
		if (names(list, entry->pw_name))
			serving->peers[serving->peer_count++] = entry->pw_uid;
}

static void prepare(struct serving *serving, const struct dashboard *dashboard)
{
	const struct config *config = &dashboard->config;
	char path[CONFIG_TEXT_MAX];

	*serving = (struct serving){ .dashboard = dashboard };
	memcpy(path, config->db, sizeof(path));
	snprintf(serving->folder, sizeof(serving->folder), "%s", dirname(path));
	snprintf(serving->index, sizeof(serving->index), "%s-shm", config->db);
	take_hosts(serving, config->web_hosts);
	take_users(serving, config->web_users);
}

static struct error *become_server(pid_t parent)
{
	const struct rlimit files = { FILES_MAX, FILES_MAX }, none = { 0, 0 };

	prctl(PR_SET_NAME, "brindle-web");
	if (setrlimit(RLIMIT_NOFILE, &files) || setrlimit(RLIMIT_CORE, &none) ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0))
		return error_from_errno(errno, "limit the server");
	if (getppid() != parent)
		return error_create(ERROR_SYSTEM, "the daemon has gone");
	return NULL;
}

static struct error *watch_signals(int *ret)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*ret = signalfd(-1, &set, SFD_CLOEXEC);
	return *ret < 0 ? error_from_errno(errno, "make a signalfd") : NULL;
}

static struct error *serve(struct serving *serving, int signals)
{
	const struct dashboard *dashboard = serving->dashboard;
	struct server_options options = {
		.database = dashboard->config.db,
		.live = true,
		.listeners = dashboard->listeners,
		.listener_count = dashboard->listener_count,
		.port = dashboard->port,
		.hosts = serving->hosts,
		.sessions = dashboard->sessions,
		.peers = serving->peers,
		.peer_count = serving->peer_count,
		.stop_fd = signals,
		.close_in = wall_calls,
		.is_valid = is_index_as_walled,
		.context = serving,
	};

	return server_run(&options);
}

int dashboard_serve(const struct dashboard *dashboard, pid_t parent)
{
	_cleanup_close_ int signals = -1;
	struct serving serving;
	struct error *error = become_server(parent);

	prepare(&serving, dashboard);
	if (!error)
		error = watch_signals(&signals);
	if (!error) {
		await_index(&serving);
		error = wall_folders(&serving);
	}
	if (!error)
		error = serve(&serving, signals);
	if (!error)
		return 0;
	fprintf(stderr, "<3>brindle: the dashboard: %s\n", error->message);
	error_destroy(error);
	return 1;
}
