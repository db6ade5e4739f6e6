// SPDX-License-Identifier: Apache-2.0
/*
 * What Python alone cannot do to a stack: big C frames, C recursion, threads
 * that Python did not start, stacks that are switched, frames that are evaluated
 * by others, and waits that no system call makes. Those that call back into
 * Python do so through a function pointer made by ctypes.
 */
#include <alloca.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

typedef int (*nasty_fn)(int);

int nasty_alloca(nasty_fn call, int argument, size_t bytes);
int nasty_recurse(nasty_fn call, int argument, int depth);
int nasty_thread(nasty_fn call, int argument, int times);
int nasty_switched(nasty_fn call, int argument);
void *nasty_hook(void *a, void *b, void *c);
void nasty_hook_set(void *eval, nasty_fn call, int mode);
int nasty_hook_put(void **slots, int count, void *from, void *to);
int nasty_child(int microseconds);
int nasty_fault(int microseconds);

int nasty_alloca(nasty_fn call, int argument, size_t bytes)
{
	volatile char *room = alloca(bytes);

	room[0] = 1;
	room[bytes - 1] = 1;
	return call(argument) + room[0];
}

int nasty_recurse(nasty_fn call, int argument, int depth)
{
	volatile char room[1000];

	room[depth % 1000] = 1;
	if (!depth)
		return call(argument);
	return nasty_recurse(call, argument, depth - 1) + room[depth % 1000];
}

struct thread_job {
	nasty_fn call;
	int argument;
	int times;
};

static void *thread_main(void *data)
{
	struct thread_job *job = data;

	for (int i = 0; i < job->times; i++)
		job->call(job->argument);
	return NULL;
}

int nasty_thread(nasty_fn call, int argument, int times)
{
	struct thread_job job = { call, argument, times };
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, &job))
		return -1;
	return pthread_join(thread, NULL);
}

// One coroutine on a stack of its own, as libraries of coroutines do it. musl
// declares what it takes, and has none of it.
#pragma weak getcontext
#pragma weak makecontext
#pragma weak swapcontext

static __thread ucontext_t switched_from, switched_to;
static __thread struct thread_job switched_job;
static __thread char switched_stack[256 << 10];

static void switched_main(void)
{
	switched_job.call(switched_job.argument);
}

int nasty_switched(nasty_fn call, int argument)
{
	switched_job = (struct thread_job){ call, argument, 1 };
	if (!getcontext || getcontext(&switched_to))
		return -1;
	switched_to.uc_stack.ss_sp = switched_stack;
	switched_to.uc_stack.ss_size = sizeof(switched_stack);
	switched_to.uc_link = &switched_from;
	makecontext(&switched_to, switched_main, 0);
	return swapcontext(&switched_from, &switched_to);
}

/*
 * PEP 523: who evaluates a frame. The default does, but somebody else decides
 * when. Its arguments differ by version: a frame and a flag up to 3.8, a thread
 * state, a frame and a flag since; all of them go through registers.
 */
enum hook_mode { HOOK_PLAIN, HOOK_CALLS, HOOK_WIDE };

typedef void *(*eval_fn)(void *, void *, void *);

static eval_fn hook_eval;
static nasty_fn hook_call;
static enum hook_mode hook_mode;
static int hook_inside; // what the hook calls is not hooked again

static void *hook_wide(void *a, void *b, void *c)
{
	volatile char *room = alloca(100 << 10);
	void *result;

	room[0] = 1;
	result = hook_eval(a, b, c);
	room[1] = room[0];
	return result;
}

static void *hook_calls(void *a, void *b, void *c)
{
	void *result;

	hook_inside = 1;
	hook_call(0);
	hook_inside = 0;
	result = hook_eval(a, b, c);
	if (result) { // not with an exception set
		hook_inside = 1;
		hook_call(1);
		hook_inside = 0;
	}
	return result;
}

void *nasty_hook(void *a, void *b, void *c)
{
	volatile int kept = 1;
	void *result;

	if (hook_mode == HOOK_CALLS && !hook_inside)
		return hook_calls(a, b, c);
	if (hook_mode == HOOK_WIDE)
		return hook_wide(a, b, c);
	result = hook_eval(a, b, c);
	return kept ? result : NULL;
}

void nasty_hook_set(void *eval, nasty_fn call, int mode)
{
	hook_eval = (eval_fn)eval;
	hook_call = call;
	hook_mode = (enum hook_mode)mode;
}

// Before there was a function to do so: the one member of a PyInterpreterState
// that is @from becomes @to.
int nasty_hook_put(void **slots, int count, void *from, void *to)
{
	for (int i = 0; i < count; i++) {
		if (slots[i] == from) {
			slots[i] = to;
			return 0;
		}
	}
	return -1;
}

// The parent of a vfork() waits uninterruptibly, in state D.
int nasty_child(int microseconds)
{
	pid_t pid = vfork();
	int status;

	if (!pid) {
		usleep((useconds_t)microseconds);
		_exit(0);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -1 : 0;
}

struct fault_job {
	int fd;
	int microseconds;
	struct uffdio_zeropage page;
};

static void *answer_fault(void *data)
{
	struct fault_job *job = data;
	struct pollfd ready = { job->fd, POLLIN, 0 };
	struct uffd_msg message;

	if (poll(&ready, 1, 1000) == 1 &&
	    read(job->fd, &message, sizeof(message)) == sizeof(message))
		usleep((useconds_t)job->microseconds);
	ioctl(job->fd, UFFDIO_ZEROPAGE, &job->page);
	return NULL;
}

static int wait_for_page(int fd, volatile char *page, int microseconds)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (unsigned long)page, 4096 },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct fault_job job = { fd, microseconds, { .range = range.range } };
	pthread_t thread;

	if (ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range) ||
	    pthread_create(&thread, NULL, answer_fault, &job))
		return -1;
	page[100] = 1; // no system call: the fault itself waits
	return pthread_join(thread, NULL);
}

int nasty_fault(int microseconds)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = -1;

	if (fd >= 0 && page != MAP_FAILED)
		status = wait_for_page(fd, page, microseconds);
	if (page != MAP_FAILED)
		munmap(page, 4096);
	if (fd >= 0)
		close(fd);
	return status;
}
