// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/task_list.h"

#include "base/array.h"
#include "base/clock.h"
#include "daemon/pipeline/recorder_state.h"

#include <fcntl.h>
#include <string.h>

static bool list_has(const struct task_list *list, pid_t tid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->tids[i] == tid)
			return true;
	return false;
}

static bool list_add(struct task_list *list, pid_t pid, pid_t tid)
{
	if (!array_reserve_one(list->tids, list->count, list->capacity) ||
	    !array_reserve_one(list->pids, list->count, list->pid_capacity))
		return false;
	list->tids[list->count] = tid;
	list->pids[list->count++] = pid;
	return true;
}

struct growing {
	struct task_list *list;
	pid_t pid;
};

static void add_thread(void *context, pid_t tid)
{
	struct growing *growing = context;

	if (!list_has(growing->list, tid))
		list_add(growing->list, growing->pid, tid);
}

static bool add_process(struct task_list *list, pid_t pid)
{
	struct growing growing = { list, pid };

	return opener_list(list->opener, pid, add_thread, &growing);
}

static void add_children_of(struct task_list *list, pid_t pid, pid_t tid)
{
	char path[80];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fscanf(file, "%d", &child) == 1)
		if (!list_has(list, child))
			add_process(list, child);
	fclose(file);
}

// The list grows while it is walked, so that grandchildren are found too.
static void add_descendants(struct task_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		add_children_of(list, list->pids[i], list->tids[i]);
}

// When @tid of @pid began, in clock ticks since boot (proc(5), stat field 22);
// 0 when it is gone. The name in field 2 may hold spaces and parentheses.
static unsigned long long start_ticks(pid_t pid, pid_t tid)
{
	unsigned long long ticks = 0;
	char path[80], text[1024];
	const char *fields;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	fields = strrchr(text, ')');
	if (!fields ||
	    sscanf(fields + 1,
		   " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
		   " %*s %*s %*s %*s %*s %llu",
		   &ticks) != 1)
		return 0;
	return ticks;
}

static unsigned long long now_ticks(void)
{
	return clock_now_ns(CLOCK_BOOTTIME) /
	       (NS_PER_SEC / (unsigned long long)sysconf(_SC_CLK_TCK));
}

// The process that thread @pid belongs to; 0: there is none.
static pid_t process_of(pid_t pid)
{
	char path[64], line[256];
	int process = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!process && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &process) != 1)
			process = 0;
	fclose(file);
	return process;
}

static struct error *add_asked_for(struct task_list *list, pid_t pid)
{
	pid_t process = process_of(pid);

	if (process && process != pid)
		return error_create(ERROR_NOT_FOUND,
				    "%d is a thread of process %d; profile "
				    "that", pid, process);
	if (!process || !add_process(list, pid))
		return error_create(ERROR_NOT_FOUND,
				    "no process has the PID %d", pid);
	return NULL;
}

struct error *task_list_init(struct task_list *list,
			     const struct recorder_options *options)
{
	*list = (struct task_list){ .opener = options->opener,
				    .system_wide = options->system_wide };
	for (size_t i = 0; i < options->pid_count; i++) {
		struct error *error = add_asked_for(list, options->pids[i]);

		if (error)
			return error;
	}
	if (!options->enable_on_exec)
		add_descendants(list);
	list->attached_ticks = now_ticks();
	return NULL;
}

void task_list_deinit(struct task_list *list)
{
	free(list->tids);
	free(list->pids);
	*list = (struct task_list){ 0 };
}

static void attach(struct recorder *recorder, pid_t tid)
{
	for (size_t i = 0; i < recorder->cpu_count; i++)
		error_destroy(perf_cpu_attach(&recorder->cpus[i],
					      &recorder->perf, tid));
}

// A thread born after its maker was attached inherits the events; attaching to
// it again would count it twice. Only one that is surely older than the first
// attachment was missed by the listing.
void task_list_catch_up(struct task_list *list, struct recorder *recorder)
{
	size_t before = list->count;
	unsigned long long first = list->attached_ticks;

	if (list->system_wide || recorder->options.enable_on_exec)
		return;
	for (size_t i = 0; i < before; i++)
		if (list->pids[i] == list->tids[i])
			add_process(list, list->pids[i]);
	add_descendants(list);
	for (size_t i = before; i < list->count; i++) {
		unsigned long long born =
			start_ticks(list->pids[i], list->tids[i]);

		if (born && born < first)
			attach(recorder, list->tids[i]);
	}
}

struct pid_array {
	pid_t *pids;
	size_t count, capacity;
};

static void append_pid(void *context, pid_t pid)
{
	struct pid_array *array = context;

	if (array_reserve_one(array->pids, array->count, array->capacity))
		array->pids[array->count++] = pid;
}

size_t task_list_processes(const struct task_list *list, pid_t **ret)
{
	struct pid_array array = { 0 };

	if (list->system_wide)
		opener_list(list->opener, 0, append_pid, &array);
	for (size_t i = 0; i < list->count; i++)
		if (list->pids[i] == list->tids[i])
			append_pid(&array, list->pids[i]);
	*ret = array.pids;
	return array.count;
}
