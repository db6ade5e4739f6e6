// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/target_table.h"

#include "base/clock.h"

struct error *target_table_create(struct target_table **ret)
{
	struct target_table *table = calloc(1, sizeof(*table));

	if (!table)
		return &error_nomem;
	pthread_mutex_init(&table->lock, NULL);
	*ret = table;
	return NULL;
}

static void target_destroy(struct target *target)
{
	if (!target)
		return;
	python_target_destroy(target->python);
	if (target->memory_fd >= 0)
		close(target->memory_fd);
	free(target);
}

static bool is_held(const struct target_table *table,
		    const struct target *target)
{
	for (size_t i = 0; i < TARGET_HOLDERS; i++)
		if (__atomic_load_n(&table->held[i], __ATOMIC_SEQ_CST) ==
		    target)
			return true;
	return false;
}

// A capture thread that hangs in a read of the target may still wake.
static void destroy_unless_held(const struct target_table *table,
				struct target *target)
{
	if (target && !is_held(table, target))
		target_destroy(target);
}

void target_table_destroy(struct target_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < TARGET_SLOTS; i++)
		destroy_unless_held(table, table->slot[i]);
	while (table->retired) {
		struct target *target = table->retired;

		table->retired = target->next_retired;
		destroy_unless_held(table, target);
	}
	pthread_mutex_destroy(&table->lock);
	free(table);
}

static size_t first_slot(pid_t pid)
{
	return (uint32_t)pid * UINT32_C(2654435761) >> 8;
}

static struct target **slot_at(struct target_table *table, pid_t pid, size_t i)
{
	return &table->slot[(first_slot(pid) + i) & (TARGET_SLOTS - 1)];
}

// A hazard pointer: announce, then check that the target is still published.
// Whoever retires it unpublishes first and looks at the announcements after,
// so one of the two sees the other; both sides need sequential consistency.
struct target *target_table_hold(struct target_table *table,
				 unsigned int holder, pid_t pid)
{
	struct target **held = &table->held[holder];

	if (__atomic_load_n(&table->off, __ATOMIC_RELAXED))
		return NULL;
	for (size_t i = 0; i < TARGET_PROBES; i++) {
		struct target **slot = slot_at(table, pid, i);
		struct target *target =
			__atomic_load_n(slot, __ATOMIC_SEQ_CST);

		if (!target)
			continue;
		__atomic_store_n(held, target, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(slot, __ATOMIC_SEQ_CST) == target &&
		    target->pid == pid)
			return target;
	}
	__atomic_store_n(held, NULL, __ATOMIC_SEQ_CST);
	return NULL;
}

void target_table_release(struct target_table *table, unsigned int holder)
{
	__atomic_store_n(&table->held[holder], NULL, __ATOMIC_RELEASE);
}

static struct target **find_slot(struct target_table *table, pid_t pid)
{
	for (size_t i = 0; i < TARGET_PROBES; i++) {
		struct target **slot = slot_at(table, pid, i);

		if (*slot && (*slot)->pid == pid)
			return slot;
	}
	return NULL;
}

static struct target **free_slot(struct target_table *table, pid_t pid)
{
	for (size_t i = 0; i < TARGET_PROBES; i++) {
		struct target **slot = slot_at(table, pid, i);

		if (!*slot)
			return slot;
	}
	return NULL;
}

static void retire_locked(struct target_table *table, pid_t pid,
			  uint64_t now_ns)
{
	struct target **slot = find_slot(table, pid);
	struct target *target;

	if (!slot)
		return;
	target = *slot;
	__atomic_store_n(slot, NULL, __ATOMIC_SEQ_CST);
	target->retired_ns = now_ns;
	target->next_retired = table->retired;
	table->retired = target;
}

// Of whose processes too many have hung their readers. Each is told apart from
// one that could not be found.
static void retire_user_locked(struct target_table *table, uint32_t uid,
			       uint64_t now_ns)
{
	for (size_t i = 0; i < TARGET_SLOTS; i++) {
		const struct target *target = table->slot[i];

		if (!target || target->python->uid != uid)
			continue;
		target_bans_add(&table->bans, target->pid);
		retire_locked(table, target->pid, now_ns);
	}
}

static struct target *target_create(pid_t pid, uint64_t since_ns,
				    int memory_fd,
				    struct python_target *python)
{
	struct target *target = malloc(sizeof(*target));

	if (!target) {
		python_target_destroy(python);
		close(memory_fd);
		return NULL;
	}
	*target = (struct target){ .pid = pid,
				   .since_ns = since_ns,
				   .memory_fd = memory_fd,
				   .python = python };
	return target;
}

struct error *target_table_publish(struct target_table *table, pid_t pid,
				   uint64_t since_ns, int memory_fd,
				   struct python_target *python)
{
	struct target *target =
		target_create(pid, since_ns, memory_fd, python);
	uint64_t now_ns = monotonic_ns();
	struct error *error = NULL;
	struct target **slot;
	bool refused;

	if (!target)
		return &error_nomem;
	pthread_mutex_lock(&table->lock);
	retire_locked(table, pid, now_ns);
	if (target_users_are_banned(&table->users, python->uid, now_ns))
		target_bans_add(&table->bans, pid);
	refused = table->closed || target_bans_has(&table->bans, pid);
	slot = refused ? NULL : free_slot(table, pid);
	if (slot) {
		target->epoch = ++table->last_epoch;
		target_bans_remove(&table->denied, pid);
		__atomic_store_n(slot, target, __ATOMIC_SEQ_CST);
	}
	pthread_mutex_unlock(&table->lock);
	if (!slot) {
		error = refused ?
			error_create(ERROR_UNSUPPORTED,
				     "reading process %d may hang", (int)pid) :
			error_create(ERROR_UNSUPPORTED,
				     "more than %d Python processes",
				     TARGET_SLOTS);
		target_destroy(target);
	}
	return error;
}

void target_table_retire(struct target_table *table, pid_t pid,
			 uint64_t now_ns)
{
	pthread_mutex_lock(&table->lock);
	retire_locked(table, pid, now_ns);
	pthread_mutex_unlock(&table->lock);
}

void target_table_ban(struct target_table *table, pid_t pid, uint64_t now_ns)
{
	struct target **slot;
	uint32_t uid;

	pthread_mutex_lock(&table->lock);
	slot = find_slot(table, pid);
	uid = slot ? (*slot)->python->uid : UINT32_MAX;
	target_users_note(&table->users, uid, now_ns);
	retire_locked(table, pid, now_ns);
	target_bans_add(&table->bans, pid);
	if (target_users_are_banned(&table->users, uid, now_ns))
		retire_user_locked(table, uid, now_ns);
	pthread_mutex_unlock(&table->lock);
}

void target_table_allow(struct target_table *table, pid_t pid)
{
	pthread_mutex_lock(&table->lock);
	target_bans_remove(&table->bans, pid);
	target_bans_remove(&table->denied, pid);
	pthread_mutex_unlock(&table->lock);
}

static bool is_among(struct target_table *table, const struct target_bans *bans,
		     pid_t pid)
{
	bool found;

	pthread_mutex_lock(&table->lock);
	found = target_bans_has(bans, pid);
	pthread_mutex_unlock(&table->lock);
	return found;
}

bool target_table_is_banned(struct target_table *table, pid_t pid)
{
	return is_among(table, &table->bans, pid);
}

void target_table_deny(struct target_table *table, pid_t pid)
{
	pthread_mutex_lock(&table->lock);
	if (!target_bans_has(&table->denied, pid))
		target_bans_add(&table->denied, pid);
	pthread_mutex_unlock(&table->lock);
}

bool target_table_is_denied(struct target_table *table, pid_t pid)
{
	return is_among(table, &table->denied, pid);
}

void target_table_restrict(struct target_table *table, bool closed, bool off)
{
	pthread_mutex_lock(&table->lock);
	table->closed = closed;
	__atomic_store_n(&table->off, off, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&table->lock);
}

void target_table_retire_gone(struct target_table *table, size_t first,
			      size_t count,
			      bool (*gone)(void *context,
					   const struct target *target),
			      void *context, uint64_t now_ns)
{
	// Whoever calls is the only one to publish and retire, so that the
	// slots may be looked at, and be slow about it, without the lock.
	for (size_t i = first; i < first + count && i < TARGET_SLOTS; i++) {
		struct target *target =
			__atomic_load_n(&table->slot[i], __ATOMIC_SEQ_CST);

		if (target && gone(context, target))
			target_table_retire(table, target->pid, now_ns);
	}
}

struct target *target_table_find(struct target_table *table, pid_t pid)
{
	struct target **slot;
	struct target *target;

	pthread_mutex_lock(&table->lock);
	slot = find_slot(table, pid);
	target = slot ? *slot : NULL;
	pthread_mutex_unlock(&table->lock);
	return target;
}

struct target *target_table_by_epoch(struct target_table *table, pid_t pid,
				     uint64_t epoch)
{
	struct target **slot;
	struct target *target = NULL;

	pthread_mutex_lock(&table->lock);
	slot = find_slot(table, pid);
	if (slot && (*slot)->epoch == epoch)
		target = *slot;
	for (struct target *t = table->retired; t && !target;
	     t = t->next_retired)
		if (t->epoch == epoch)
			target = t;
	pthread_mutex_unlock(&table->lock);
	return target;
}

void target_table_collect(struct target_table *table, uint64_t before_ns)
{
	struct target **link;

	pthread_mutex_lock(&table->lock);
	link = &table->retired;
	while (*link) {
		struct target *target = *link;

		if (target->retired_ns >= before_ns ||
		    is_held(table, target)) {
			link = &target->next_retired;
			continue;
		}
		*link = target->next_retired;
		target_destroy(target);
	}
	pthread_mutex_unlock(&table->lock);
}
