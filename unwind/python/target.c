// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/target.h"

#include "base/clock.h"

#include <stdlib.h>

// Both tables are sets of small buckets: a key lives in one of the few slots of
// its bucket, so that a look-up is one or two cache lines, and a full bucket
// simply drops somebody. What is dropped is found again in the process.
enum { BUCKET_SLOTS = 8 };

struct python_target *python_target_create(struct live_memory memory,
					   const struct python_layout *layout,
					   uint64_t runtime, uint64_t code_type)
{
	struct python_target *target = calloc(1, sizeof(*target));

	if (!target)
		return NULL;
	target->memory = memory;
	target->layout = layout;
	target->runtime = runtime;
	target->code_type = code_type;
	return target;
}

void python_target_destroy(struct python_target *target)
{
	free(target);
}

// Fibonacci hashing: code objects are 16-byte aligned and often equidistant.
static uint64_t code_hash(uint64_t code)
{
	return (code >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static size_t code_bucket(uint64_t code)
{
	return (code_hash(code) * BUCKET_SLOTS) & (PYTHON_CODE_SLOTS - 1);
}

/*
 * A code slot: the address, which has 48 bits at most, how often its head was
 * read, and how often another object was found there. Heads are read more than
 * once, for what is run while a program starts is often freed at once and its
 * address given to another object; and an address that was caught at that is
 * read many times more.
 */
enum {
	SLOT_READS_SHIFT = 48,
	SLOT_READS_MASK = 0xfff,
	SLOT_REUSES_SHIFT = 60,
	SLOT_REUSES_MAX = 3,
	// A head slot: some bits of the fingerprint, and this one.
	HEAD_NAMED = 1,
};

static const uint64_t young_ns = 500 * NS_PER_MS;

#define SLOT_ADDRESS ((UINT64_C(1) << SLOT_READS_SHIFT) - 1)
#define SLOT_ONE_READ (UINT64_C(1) << SLOT_READS_SHIFT)
#define SLOT_ONE_REUSE (UINT64_C(1) << SLOT_REUSES_SHIFT)

static bool slot_is_enough(uint64_t slot)
{
	static const uint16_t enough[SLOT_REUSES_MAX + 1] = { 32, 256, 2048,
							      SLOT_READS_MASK };
	unsigned int reuses = slot >> SLOT_REUSES_SHIFT & SLOT_REUSES_MAX;

	return (slot >> SLOT_READS_SHIFT & SLOT_READS_MASK) >= enough[reuses];
}

static uint64_t slot_reused(uint64_t slot)
{
	uint64_t reuses = slot & (SLOT_ONE_REUSE * SLOT_REUSES_MAX);

	if (reuses != SLOT_ONE_REUSE * SLOT_REUSES_MAX)
		reuses += SLOT_ONE_REUSE;
	return (slot & SLOT_ADDRESS) | reuses;
}

static uint32_t head_bits(uint64_t fingerprint)
{
	return (uint32_t)fingerprint & ~(uint32_t)HEAD_NAMED;
}

// The slot of @code, or NULL.
static uint64_t *code_slot(const struct python_target *target, uint64_t code)
{
	const uint64_t *slot = &target->code[code_bucket(code)];

	for (unsigned int i = 0; i < BUCKET_SLOTS; i++)
		if ((__atomic_load_n(&slot[i], __ATOMIC_RELAXED) &
		     SLOT_ADDRESS) == code)
			return (uint64_t *)&slot[i];
	return NULL;
}

static uint32_t *head_slot(const struct python_target *target,
			   const uint64_t *slot)
{
	return (uint32_t *)&target->head[slot - target->code];
}

enum python_code_need
python_target_code_need(const struct python_target *target, uint64_t code)
{
	const uint64_t *slot = code_slot(target, code);

	if (!slot)
		return PYTHON_CODE_NEW;
	return slot_is_enough(__atomic_load_n(slot, __ATOMIC_RELAXED)) ?
		       PYTHON_CODE_ENOUGH :
		       PYTHON_CODE_AGAIN;
}

static void add_code(struct python_target *target, uint64_t code, uint32_t head)
{
	uint64_t *slot = &target->code[code_bucket(code)];
	uint64_t victim = code_hash(code) / PYTHON_CODE_SLOTS % BUCKET_SLOTS;

	for (unsigned int i = 0; i < BUCKET_SLOTS; i++) {
		uint64_t empty = 0;

		if (__atomic_compare_exchange_n(&slot[i], &empty,
						code | SLOT_ONE_READ, false,
						__ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			__atomic_store_n(head_slot(target, &slot[i]), head,
					 __ATOMIC_RELAXED);
			return;
		}
	}
	__atomic_store_n(&slot[victim], code | SLOT_ONE_READ, __ATOMIC_RELAXED);
	__atomic_store_n(head_slot(target, &slot[victim]), head,
			 __ATOMIC_RELAXED);
}

// A count lost to another thread's means one read more; a head slot that two
// threads disagree about means that names are captured once more.
void python_target_learn_code(struct python_target *target, uint64_t code,
			      uint64_t fingerprint)
{
	uint64_t *slot = code_slot(target, code);
	uint32_t head = head_bits(fingerprint), before;
	uint64_t value, now;

	if (!slot) {
		add_code(target, code, head);
		return;
	}
	value = __atomic_load_n(slot, __ATOMIC_RELAXED);
	before = __atomic_load_n(head_slot(target, slot), __ATOMIC_RELAXED);
	now = value;
	if (head_bits(before) != head) {
		if (before)
			now = slot_reused(value);
		__atomic_store_n(head_slot(target, slot), head,
				 __ATOMIC_RELAXED);
	}
	if (!slot_is_enough(now))
		now += SLOT_ONE_READ;
	if ((value & SLOT_ADDRESS) == code)
		__atomic_compare_exchange_n(slot, &value, now, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void python_target_forget_code(struct python_target *target, uint64_t code)
{
	uint64_t *slot = code_slot(target, code);
	uint64_t value;

	// Every sample that waits says so; it has happened once.
	if (!slot || !__atomic_exchange_n(head_slot(target, slot), 0,
					  __ATOMIC_RELAXED))
		return;
	value = __atomic_load_n(slot, __ATOMIC_RELAXED);
	if ((value & SLOT_ADDRESS) == code)
		__atomic_compare_exchange_n(slot, &value, slot_reused(value),
					    false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
}

bool python_target_is_young(struct python_target *target, uint64_t now_ns)
{
	uint64_t first = __atomic_load_n(&target->first_ns, __ATOMIC_RELAXED);

	if (!first && __atomic_compare_exchange_n(&target->first_ns, &first,
						  now_ns, false,
						  __ATOMIC_RELAXED,
						  __ATOMIC_RELAXED))
		return true;
	return now_ns < first + young_ns;
}

void python_target_set_entry(struct python_target *target, uint64_t start,
			     uint64_t end)
{
	__atomic_store_n(&target->entry, start, __ATOMIC_RELAXED);
	__atomic_store_n(&target->entry_end, end, __ATOMIC_RELEASE);
}

bool python_target_is_entry(const struct python_target *target, uint64_t pc)
{
	uint64_t end = __atomic_load_n(&target->entry_end, __ATOMIC_ACQUIRE);

	return pc < end &&
	       pc >= __atomic_load_n(&target->entry, __ATOMIC_RELAXED);
}

bool python_target_has_names(const struct python_target *target, uint64_t code,
			     uint64_t fingerprint)
{
	const uint64_t *slot = code_slot(target, code);

	return slot && __atomic_load_n(head_slot(target, slot),
				       __ATOMIC_RELAXED) ==
			       (head_bits(fingerprint) | HEAD_NAMED);
}

void python_target_learn_names(struct python_target *target, uint64_t code,
			       uint64_t fingerprint)
{
	const uint64_t *slot = code_slot(target, code);
	uint32_t head = head_bits(fingerprint);

	if (slot)
		__atomic_compare_exchange_n(head_slot(target, slot), &head,
					    head | HEAD_NAMED, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

// Thread ids are handed out in sequence, which spreads them evenly as they are.
static struct python_thread_slot *
thread_bucket(const struct python_target *target, uint32_t tid)
{
	size_t at = (size_t)tid * BUCKET_SLOTS & (PYTHON_THREAD_SLOTS - 1);

	return (struct python_thread_slot *)&target->thread[at];
}

bool python_target_find_thread(const struct python_target *target, uint32_t tid,
			       struct python_thread_slot *ret)
{
	const struct python_thread_slot *slot = thread_bucket(target, tid);

	for (unsigned int i = 0; i < BUCKET_SLOTS; i++, slot++) {
		uint64_t state;

		if (__atomic_load_n(&slot->tid, __ATOMIC_ACQUIRE) != tid)
			continue;
		state = __atomic_load_n(&slot->state, __ATOMIC_RELAXED);
		if (!state)
			continue;
		ret->tid = tid;
		ret->state = state;
		ret->found_ns = __atomic_load_n(&slot->found_ns,
						__ATOMIC_RELAXED);
		ret->self = __atomic_load_n(&slot->self, __ATOMIC_RELAXED);
		ret->began = __atomic_load_n(&slot->began, __ATOMIC_RELAXED);
		return true;
	}
	return false;
}

// The slot that has @tid, else an empty one, else one to take over.
static struct python_thread_slot *thread_slot(struct python_target *target,
					      uint32_t tid)
{
	struct python_thread_slot *slot = thread_bucket(target, tid);
	size_t bucket_count = PYTHON_THREAD_SLOTS / BUCKET_SLOTS;

	for (unsigned int i = 0; i < BUCKET_SLOTS; i++) {
		if (__atomic_load_n(&slot[i].tid, __ATOMIC_RELAXED) == tid)
			return &slot[i];
	}
	for (unsigned int i = 0; i < BUCKET_SLOTS; i++) {
		uint32_t empty = 0;

		if (__atomic_compare_exchange_n(&slot[i].tid, &empty, tid,
						false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return &slot[i];
	}
	slot += tid / bucket_count % BUCKET_SLOTS;
	__atomic_store_n(&slot->state, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->self, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->began, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->tid, tid, __ATOMIC_RELAXED);
	return slot;
}

// Two writers of one slot may leave the address of one with the time of the
// other: the time says how fresh the hint is, so the older one goes first.
void python_target_learn_thread(struct python_target *target, uint32_t tid,
				uint64_t state, uint64_t now_ns)
{
	struct python_thread_slot *slot;

	if (!tid)
		return;
	slot = thread_slot(target, tid);
	__atomic_store_n(&slot->found_ns, now_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->state, state, __ATOMIC_RELEASE);
}

// Of an address and a thread that the slot is not of nothing comes that fits, so
// that what two writers of one slot leave is of one of them, or of nobody.
enum { WITNESS_TID_SHIFT = 40 };

static uint64_t witness(uint32_t tid, uint64_t vaddr)
{
	return vaddr ^ (uint64_t)tid << WITNESS_TID_SHIFT;
}

bool python_thread_searched(const struct python_thread_slot *slot, uint32_t tid,
			    uint64_t head)
{
	return slot->began && slot->began == witness(tid, head);
}

void python_target_learn_search(struct python_target *target, uint32_t tid,
				uint64_t hint, uint64_t began, uint64_t now_ns)
{
	if (tid)
		__atomic_store_n(&thread_slot(target, tid)->began,
				 began ? witness(tid, began) : 0,
				 __ATOMIC_RELAXED);
	python_target_learn_thread(target, tid, hint, now_ns);
}

bool python_thread_is_self(const struct python_thread_slot *slot, uint32_t tid,
			   uint64_t self)
{
	return slot->self && slot->self == witness(tid, self);
}

void python_target_learn_self(struct python_target *target, uint32_t tid,
			      uint64_t self)
{
	struct python_thread_slot *slot = thread_bucket(target, tid);

	for (unsigned int i = 0; i < BUCKET_SLOTS; i++, slot++)
		if (__atomic_load_n(&slot->tid, __ATOMIC_RELAXED) == tid)
			__atomic_store_n(&slot->self, witness(tid, self),
					 __ATOMIC_RELAXED);
}

void python_target_forget_thread(struct python_target *target, uint32_t tid)
{
	struct python_thread_slot *slot = thread_bucket(target, tid);

	for (unsigned int i = 0; i < BUCKET_SLOTS; i++, slot++) {
		if (__atomic_load_n(&slot->tid, __ATOMIC_RELAXED) != tid)
			continue;
		__atomic_store_n(&slot->self, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->began, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->state, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->tid, 0, __ATOMIC_RELEASE);
	}
}

// An alias slot: the thread's number here, and below it the one inside.
enum { ALIAS_SHIFT = 32 };

static uint64_t *alias_bucket(const struct python_target *target, uint32_t tid)
{
	size_t at = (size_t)tid * BUCKET_SLOTS & (PYTHON_ALIAS_SLOTS - 1);

	return (uint64_t *)&target->alias[at];
}

void python_target_set_alias(struct python_target *target, uint32_t tid,
			     uint32_t inside)
{
	uint64_t *slot = alias_bucket(target, tid);
	uint64_t alias = (uint64_t)tid << ALIAS_SHIFT | inside;
	unsigned int at = tid / (PYTHON_ALIAS_SLOTS / BUCKET_SLOTS) %
			  BUCKET_SLOTS;

	for (unsigned int i = BUCKET_SLOTS; i-- > 0;)
		if (!slot[i])
			at = i;
	for (unsigned int i = 0; i < BUCKET_SLOTS; i++)
		if (slot[i] >> ALIAS_SHIFT == tid)
			at = i;
	__atomic_store_n(&slot[at], alias, __ATOMIC_RELAXED);
}

uint32_t python_target_inside(const struct python_target *target, uint32_t tid)
{
	const uint64_t *slot = alias_bucket(target, tid);

	if (!target->namespaced)
		return tid;
	for (unsigned int i = 0; i < BUCKET_SLOTS; i++) {
		uint64_t alias = __atomic_load_n(&slot[i], __ATOMIC_RELAXED);

		if (alias >> ALIAS_SHIFT == tid)
			return (uint32_t)alias;
	}
	return 0;
}

uint32_t python_target_outside(const struct python_target *target,
			       uint32_t inside)
{
	if (!target->namespaced)
		return inside;
	for (size_t i = 0; i < PYTHON_ALIAS_SLOTS; i++) {
		uint64_t alias = __atomic_load_n(&target->alias[i],
						 __ATOMIC_RELAXED);

		if (alias && (uint32_t)alias == inside)
			return alias >> ALIAS_SHIFT;
	}
	return 0;
}

enum { RUN_PAGE_BYTES = 4096, RUN_PAGES_MAX = RUN_PAGE_BYTES - 1 };

static size_t run_slot(uint64_t vaddr)
{
	return code_hash(vaddr) & (PYTHON_RUN_SLOTS - 1);
}

size_t python_target_find_run(const struct python_target *target,
			      uint64_t vaddr)
{
	uint64_t run = __atomic_load_n(&target->run[run_slot(vaddr)],
				       __ATOMIC_RELAXED);

	if ((run & ~(uint64_t)RUN_PAGES_MAX) != vaddr)
		return 0;
	return (run & RUN_PAGES_MAX) * RUN_PAGE_BYTES;
}

void python_target_learn_run(struct python_target *target, uint64_t vaddr,
			     size_t size)
{
	size_t pages = (size + RUN_PAGE_BYTES - 1) / RUN_PAGE_BYTES;

	if (vaddr & RUN_PAGES_MAX || pages > RUN_PAGES_MAX)
		return;
	__atomic_store_n(&target->run[run_slot(vaddr)], vaddr | pages,
			 __ATOMIC_RELAXED);
}

// A block's word: its number, for 49 bits of address, and a bit for each page. Of
// which thread it is decides the slot alone; what another's says is a hint, too.
enum { BLOCK_SHIFT = 17, BLOCK_PAGE_SHIFT = 12 };

static uint64_t *block_slot(const struct python_target *target, uint64_t state,
			    uint64_t vaddr)
{
	uint64_t key = (vaddr >> BLOCK_SHIFT) + (state << BLOCK_SHIFT);
	size_t at = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	return (uint64_t *)&target->block[at & (PYTHON_BLOCK_SLOTS - 1)];
}

static uint32_t block_bit(uint64_t vaddr)
{
	return 1u << (vaddr >> BLOCK_PAGE_SHIFT & (PYTHON_BLOCK_PAGES - 1));
}

uint32_t python_target_find_pages(const struct python_target *target,
				  uint64_t state, uint64_t vaddr)
{
	uint64_t word = __atomic_load_n(block_slot(target, state, vaddr),
					__ATOMIC_RELAXED);

	return word >> 32 == vaddr >> BLOCK_SHIFT ? (uint32_t)word : 0;
}

// A bit lost to another thread's is a page that is read for itself once more.
void python_target_learn_page(struct python_target *target, uint64_t state,
			      uint64_t vaddr, bool used)
{
	uint32_t pages = python_target_find_pages(target, state, vaddr);
	uint32_t now = used ? pages | block_bit(vaddr) :
			      pages & ~block_bit(vaddr);

	if (now != pages)
		__atomic_store_n(block_slot(target, state, vaddr),
				 vaddr >> BLOCK_SHIFT << 32 | now,
				 __ATOMIC_RELAXED);
}
