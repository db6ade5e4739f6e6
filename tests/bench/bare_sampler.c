/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples a process and throws the samples away: what the kernel alone costs,
 * to be taken off what the whole profiler costs.
 *
 *     bare_sampler PID RATE STACK_BYTES [wake]
 *
 * "wake": a pinned SCHED_FIFO thread for each CPU is woken by each sample, as
 * the recorder's capture threads are, and does nothing. Ends at SIGINT.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_COUNT = 512, CPU_MAX = 1024 };

struct sampler {
	unsigned int cpu;
	int fd;
	bool wake;
	struct perf_event_mmap_page *page;
};

static void attr_init(struct perf_event_attr *attr, unsigned long rate,
		      unsigned long stack_bytes, bool wake)
{
	*attr = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(*attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_freq = rate,
		.freq = 1,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN |
			       PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.exclude_callchain_user = 1,
		.exclude_idle = 1,
		.inherit = 1,
		.sample_regs_user = 0xff0fff,
		.sample_stack_user = (uint32_t)stack_bytes,
	};
	if (wake) {
		attr->wakeup_events = 1;
	} else {
		attr->watermark = 1;
		attr->wakeup_watermark = PAGE_COUNT * 4096 / 2;
	}
}

static void become_capture_thread(unsigned int cpu)
{
	struct sched_param param = { .sched_priority = 1 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	sched_setscheduler(0, SCHED_FIFO, &param);
}

static void *drain(void *argument)
{
	struct sampler *sampler = argument;
	struct pollfd poll_fd = { .fd = sampler->fd, .events = POLLIN };

	if (sampler->wake)
		become_capture_thread(sampler->cpu);
	while (poll(&poll_fd, 1, -1) >= 0 || errno == EINTR) {
		uint64_t head = __atomic_load_n(&sampler->page->data_head,
						__ATOMIC_ACQUIRE);

		__atomic_store_n(&sampler->page->data_tail, head,
				 __ATOMIC_RELEASE);
		if (poll_fd.revents & POLLHUP)
			break;
	}
	return NULL;
}

static bool sampler_start(struct sampler *sampler,
			  struct perf_event_attr *attr, pid_t pid)
{
	pthread_t thread;

	sampler->fd = (int)syscall(SYS_perf_event_open, attr, pid,
				   (int)sampler->cpu, -1, 0);
	if (sampler->fd < 0)
		return false;
	sampler->page = mmap(NULL, (PAGE_COUNT + 1) * 4096,
			     PROT_READ | PROT_WRITE, MAP_SHARED, sampler->fd,
			     0);
	if (sampler->page == MAP_FAILED)
		return false;
	return pthread_create(&thread, NULL, drain, sampler) == 0;
}

int main(int argc, char **argv)
{
	static struct sampler samplers[CPU_MAX];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct perf_event_attr attr;

	if (argc < 4)
		return 2;
	attr_init(&attr, strtoul(argv[2], NULL, 10),
		  strtoul(argv[3], NULL, 10), argc > 4);
	for (long cpu = 0; cpu < cpus && cpu < CPU_MAX; cpu++) {
		samplers[cpu].cpu = (unsigned int)cpu;
		samplers[cpu].wake = argc > 4;
		if (!sampler_start(&samplers[cpu], &attr,
				   (pid_t)strtol(argv[1], NULL, 10))) {
			perror("bare_sampler");
			return 1;
		}
	}
	pause();
	return 0;
}
