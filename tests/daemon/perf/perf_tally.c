// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/perf/perf_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

void tally_find_stack(struct tally *tally)
{
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", tally->pid);
	maps = fopen(path, "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]"))
			sscanf(line, "%lx-%lx", &tally->stack_low,
			       &tally->stack_high);
	fclose(maps);
}

static unsigned int index_of_sp(void)
{
	const struct arch *arch = arch_native();
	unsigned int i = 0;

	while (arch->perf_to_dwarf[i] != arch->sp)
		i++;
	return i;
}

static void tally_timer(struct tally *tally, const struct perf_record *record)
{
	const struct perf_sample_fields *sample = &record->sample;

	if ((pid_t)record->pid != tally->pid) {
		tally->children++;
		return;
	}
	tally->samples++;
	tally->wanted_tid = 0;
	// Its registers may be gone already when the sample hit its exit.
	if (!sample->regs)
		return;
	tally->wanted_tid = (pid_t)record->tid;
	memcpy(tally->wanted, sample->regs, arch_native()->perf_count * 8u);
	tally->misplaced += sample->regs[index_of_sp()] < tally->stack_low ||
			    sample->regs[index_of_sp()] >= tally->stack_high ||
			    !sample->stack_size || !sample->period;
	tally->kernel_chains += sample->chain_count > 0;
}

static void tally_proof(struct tally *tally, const struct perf_record *record)
{
	tally->proofs++;
	tally->foreign += (pid_t)record->pid != tally->pid;
	if ((pid_t)record->tid != tally->wanted_tid || !record->sample.regs)
		return;
	tally->proven += !memcmp(tally->wanted, record->sample.regs,
				 arch_native()->perf_count * 8u);
	tally->wanted_tid = 0;
}

static void tally_other(struct tally *tally, const struct perf_record *record)
{
	switch (record->type) {
	case PERF_RECORD_MMAP2:
		tally->mappings += record->mapping.executable;
		break;
	case PERF_RECORD_FORK:
		tally->forks++;
		break;
	case PERF_RECORD_EXIT:
		tally->exits++;
		break;
	case PERF_RECORD_COMM:
		tally->execs += record->comm.exec;
		break;
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		tally->switches++;
		break;
	case PERF_RECORD_LOST:
		tally->lost_records++;
		tally->lost += record->lost.count;
		break;
	default:
		break;
	}
}

static void tally_record(const struct watch_cpu *cpu,
			 const struct perf_record *record,
			 enum perf_record_kind kind, void *context)
{
	struct tally *tally = context;

	assert_int_equal(record->cpu, cpu->perf.cpu);
	tally->disordered += record->time_ns < tally->last_time_ns;
	tally->last_time_ns = record->time_ns;
	switch (kind) {
	case PERF_KIND_TIMER:
		tally_timer(tally, record);
		break;
	case PERF_KIND_PROOF:
		tally_proof(tally, record);
		break;
	case PERF_KIND_WAKING:
		break;
	case PERF_KIND_MOVE:
		tally->moves += (pid_t)record->pid == tally->pid;
		break;
	case PERF_KIND_OTHER:
		tally_other(tally, record);
		break;
	}
}

void tally_watch(struct tally *tally, const struct watch *watch)
{
	for (unsigned int i = 0; i < watch->cpu_count; i++) {
		const struct watch_cpu *cpu = &watch->cpus[i];

		tally->last_time_ns = 0;
		tally->wanted_tid = 0;
		assert_int_equal(watch_each(cpu, cpu->perf.ring, tally_record,
					    tally), 0);
	}
}

void tally_alerts(struct tally *tally, const struct watch *watch)
{
	for (unsigned int i = 0; i < watch->cpu_count; i++) {
		tally->last_time_ns = 0;
		assert_int_equal(watch_each(&watch->cpus[i],
					    watch->cpus[i].perf.alerts,
					    tally_record, tally), 0);
	}
}
