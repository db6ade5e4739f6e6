// SPDX-License-Identifier: Apache-2.0
#include "web/server/answer_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"

struct entry {
	struct reply reply; // status 0: free
	uint64_t used;
	uint64_t until_ns;
};

struct answer_cache {
	pthread_mutex_t lock;
	struct entry entries[ANSWER_CACHE_ENTRIES];
	size_t bytes;
	uint64_t clock; // counts uses
};

struct answer_cache *answer_cache_create(void)
{
	struct answer_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		pthread_mutex_init(&cache->lock, NULL);
	return cache;
}

static void forget(struct answer_cache *cache, struct entry *entry)
{
	cache->bytes -= entry->reply.body->size;
	reply_deinit(&entry->reply);
}

void answer_cache_destroy(struct answer_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < ANSWER_CACHE_ENTRIES; i++)
		if (cache->entries[i].reply.status)
			forget(cache, &cache->entries[i]);
	free(cache);
}

static struct entry *find(struct answer_cache *cache, const char *etag)
{
	uint64_t now_ns = monotonic_ns();

	for (size_t i = 0; i < ANSWER_CACHE_ENTRIES; i++) {
		struct entry *entry = &cache->entries[i];

		if (entry->reply.status && entry->until_ns <= now_ns)
			forget(cache, entry);
		else if (entry->reply.status &&
			 !strcmp(entry->reply.etag, etag))
			return entry;
	}
	return NULL;
}

bool answer_cache_find(struct answer_cache *cache, struct reply *reply)
{
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	entry = find(cache, reply->etag);
	if (entry) {
		entry->used = ++cache->clock;
		*reply = entry->reply;
		body_ref(reply->body);
	}
	pthread_mutex_unlock(&cache->lock);
	return entry != NULL;
}

// A free one, or that unused for longest.
static struct entry *oldest(struct answer_cache *cache)
{
	struct entry *found = NULL;

	for (size_t i = 0; i < ANSWER_CACHE_ENTRIES; i++) {
		struct entry *entry = &cache->entries[i];

		if (!entry->reply.status)
			continue;
		if (!found || entry->used < found->used)
			found = entry;
	}
	return found;
}

static struct entry *make_room(struct answer_cache *cache, size_t bytes)
{
	while (cache->bytes + bytes > ANSWER_CACHE_BYTES)
		forget(cache, oldest(cache));
	for (size_t i = 0; i < ANSWER_CACHE_ENTRIES; i++)
		if (!cache->entries[i].reply.status)
			return &cache->entries[i];
	forget(cache, oldest(cache));
	return make_room(cache, bytes);
}

void answer_cache_add(struct answer_cache *cache, const struct reply *reply,
		      uint64_t until_ns)
{
	struct entry *entry;

	if (!reply->body || reply->body->size > ANSWER_CACHE_BODY_BYTES)
		return;
	pthread_mutex_lock(&cache->lock);
	if (!find(cache, reply->etag)) {
		entry = make_room(cache, reply->body->size);
		entry->reply = *reply;
		body_ref(reply->body);
		entry->used = ++cache->clock;
		entry->until_ns = until_ns;
		cache->bytes += reply->body->size;
	}
	pthread_mutex_unlock(&cache->lock);
}
