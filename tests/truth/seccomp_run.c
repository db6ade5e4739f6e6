/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program that dies at once when it does what Brindle promises never to
 * do: load BPF, trace, write another process's memory, or signal any process
 * but itself.
 *
 *     seccomp_run PROGRAM ARGUMENT...
 *     seccomp_run --try bpf|ptrace|writev|kill|tgkill|pidfd  (must be killed)
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { SECCOMP_ARCH = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { SECCOMP_ARCH = AUDIT_ARCH_AARCH64 };
#endif

#define LOAD(field)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, yes, no)                                               \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), yes, no)
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)
/* Calls that are forbidden whatever their arguments. */
#define FORBID(number) IF_EQUAL(number, 0, 1), ANSWER(SECCOMP_RET_KILL_PROCESS)
/* Calls that send a signal to the process named by the first argument. */
#define ONLY_TO(pid, number)                                                   \
	IF_EQUAL(number, 0, 4), LOAD(args[0]), IF_EQUAL(pid, 0, 1),            \
		ANSWER(SECCOMP_RET_ALLOW), ANSWER(SECCOMP_RET_KILL_PROCESS)

static int filter_install(pid_t self)
{
	struct sock_filter code[] = {
		LOAD(arch),
		IF_EQUAL(SECCOMP_ARCH, 1, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		FORBID(__NR_bpf),
		FORBID(__NR_ptrace),
		FORBID(__NR_process_vm_writev),
		FORBID(__NR_tkill),
		FORBID(__NR_pidfd_send_signal),
		ONLY_TO(self, __NR_kill),
		ONLY_TO(self, __NR_tgkill),
		ONLY_TO(self, __NR_rt_sigqueueinfo),
		ONLY_TO(self, __NR_rt_tgsigqueueinfo),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/** Does one forbidden thing, harmlessly should the filter let it pass. */
static int try(const char *what)
{
	pid_t parent = getppid();

	if (!strcmp(what, "bpf"))
		syscall(__NR_bpf, -1, NULL, 0);
	else if (!strcmp(what, "ptrace"))
		syscall(__NR_ptrace, -1, 0, NULL, NULL);
	else if (!strcmp(what, "writev"))
		syscall(__NR_process_vm_writev, parent, NULL, 0, NULL, 0, 0);
	else if (!strcmp(what, "kill"))
		syscall(__NR_kill, parent, 0);
	else if (!strcmp(what, "tgkill"))
		syscall(__NR_tgkill, parent, parent, 0);
	else if (!strcmp(what, "pidfd"))
		syscall(__NR_pidfd_send_signal, -1, 0, NULL, 0);
	else if (!strcmp(what, "nothing"))
		return syscall(__NR_kill, getpid(), 0) ? 1 : 0;
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (filter_install(getpid())) {
		perror("seccomp_run: install the filter");
		return 77;
	}
	if (argc == 3 && !strcmp(argv[1], "--try"))
		return try(argv[2]);
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
