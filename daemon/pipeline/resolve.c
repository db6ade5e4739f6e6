// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/resolve.h"

#include "unwind/native/cfi_table.h"
#include "unwind/symbols/demangle.h"
#include "unwind/symbols/symbol_table.h"

#include <linux/perf_event.h>
#include <string.h>

struct error *resolver_init(struct resolver *resolver, struct store *store)
{
	*resolver = (struct resolver){ .store = store };
	resolver->cache = calloc(RESOLVE_CACHE_SLOTS, sizeof(*resolver->cache));
	if (!resolver->cache)
		return &error_nomem;
	return NULL;
}

void resolver_deinit(struct resolver *resolver)
{
	kallsyms_destroy(resolver->kallsyms);
	free(resolver->cache);
	*resolver = (struct resolver){ 0 };
}

static enum store_status status_of(enum frame_status status)
{
	static const enum store_status statuses[FRAME_STATUS_COUNT] = {
		[FRAME_EXACT] = STORE_EXACT,
		[FRAME_GUESSED] = STORE_GUESSED,
		[FRAME_PROVEN] = STORE_PROVEN,
		[FRAME_UNPROVEN] = STORE_UNPROVEN,
		[FRAME_UNRESOLVED] = STORE_UNRESOLVED,
	};

	return statuses[status];
}

static int64_t module_row(struct resolver *resolver, struct module *module)
{
	if (!module)
		return 0;
	if (!module->id || module->id_era != resolver->era)
		module->id = (uint64_t)store_module(resolver->store,
						    module->path,
						    module->build_id,
						    module->build_id_size);
	module->id_era = resolver->era;
	return (int64_t)module->id;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

// A function without a name is known by where its FDE begins.
static int64_t unnamed_function(struct resolver *resolver,
				struct module *module, uint64_t vaddr,
				uint64_t *ret_vaddr)
{
	const struct cfi_table *cfi = module ? module_cfi(module) : NULL;
	uint64_t start = vaddr, end;
	char name[320];

	if (cfi && cfi_table_function(cfi, vaddr, &start, &end))
		*ret_vaddr = start;
	else
		start = *ret_vaddr = vaddr;
	resolver->symbol_misses++;
	if (module)
		snprintf(name, sizeof(name), "[%.256s+0x%llx]",
			 base_name(module->path), (unsigned long long)start);
	else
		snprintf(name, sizeof(name), "[unmapped code]");
	return store_function(resolver->store,
			      module ? STORE_NATIVE : STORE_OTHER, name, "", 0,
			      module_row(resolver, module));
}

static int64_t native_function(struct resolver *resolver,
			       struct module *module, uint64_t vaddr,
			       uint64_t *ret_vaddr)
{
	const struct symbol_table *symbols =
		module ? module_symbols(module) : NULL;
	const struct symbol *symbol =
		symbols ? symbol_table_find(symbols, vaddr) : NULL;
	_cleanup_free_ char *name = symbol ? demangle(symbol->name) : NULL;

	if (!name)
		return unnamed_function(resolver, module, vaddr, ret_vaddr);
	*ret_vaddr = symbol->vaddr;
	return store_function(resolver->store, STORE_NATIVE, name, "", 0,
			      module_row(resolver, module));
}

static void load_kernel_symbols(struct resolver *resolver)
{
	_cleanup_close_ int fd = -1;

	if (!resolver->opener)
		return;
	error_destroy(opener_kernel_symbols(resolver->opener, &fd));
	if (fd >= 0)
		error_destroy(kallsyms_read(fd, &resolver->kallsyms));
}

// Loaded at the first kernel frame, for it takes a while. Where they may not be
// read, kernel frames stay without a name.
static const char *kernel_symbol(struct resolver *resolver, uint64_t address,
				 const char **ret_module)
{
	if (resolver->kernel_name)
		return resolver->kernel_name(resolver->kernel_context, address);
	if (!resolver->kallsyms_tried)
		load_kernel_symbols(resolver);
	resolver->kallsyms_tried = true;
	return resolver->kallsyms ? kallsyms_find(resolver->kallsyms, address,
						  ret_module) :
				    NULL;
}

static int64_t kernel_function(struct resolver *resolver, uint64_t address)
{
	const char *module = "";
	const char *name = kernel_symbol(resolver, address, &module);
	char module_name[80];

	if (!name)
		return store_function(resolver->store, STORE_KERNEL, "[kernel]",
				      "", 0, 0);
	snprintf(module_name, sizeof(module_name), "[%s]",
		 *module ? module : "kernel");
	return store_function(resolver->store, STORE_KERNEL, name, "", 0,
			      store_module(resolver->store, module_name, NULL,
					   0));
}

static struct resolve_entry *cache_slot(struct resolver *resolver,
					uint64_t module, uint64_t vaddr)
{
	uint64_t hash = (vaddr ^ module << 40) * UINT64_C(0x9e3779b97f4a7c15);

	return &resolver->cache[hash >> 50 & (RESOLVE_CACHE_SLOTS - 1)];
}

static void fill_entry(struct resolver *resolver, const struct frame *frame,
		       struct resolve_entry *entry)
{
	uint64_t vaddr = frame->module_vaddr;
	int64_t function;

	if (frame->kind == FRAME_KERNEL)
		function = kernel_function(resolver, frame->pc);
	else
		function = native_function(resolver, frame->module, vaddr,
					   &vaddr);
	entry->frame_id = store_frame(resolver->store, function, STORE_EXACT, 0,
				      vaddr);
	entry->guessed_id = store_frame(resolver->store, function,
					STORE_GUESSED, 0, vaddr);
}

static int64_t code_frame(struct resolver *resolver, const struct frame *frame)
{
	uint64_t module = (uint64_t)module_row(resolver, frame->module);
	uint64_t vaddr = frame->kind == FRAME_KERNEL || !frame->module ?
				 frame->pc :
				 frame->module_vaddr;
	struct resolve_entry *entry;

	// Code outside of any module (JIT, trampolines) is one function.
	if (frame->kind == FRAME_NATIVE && !frame->module)
		vaddr = 1;
	entry = cache_slot(resolver, module, vaddr);
	if (!entry->frame_id || entry->key_module != module ||
	    entry->key_vaddr != vaddr) {
		entry->key_module = module;
		entry->key_vaddr = vaddr;
		fill_entry(resolver, frame, entry);
	}
	return frame->status == FRAME_GUESSED ? entry->guessed_id :
						entry->frame_id;
}

static int64_t unresolved_frame(struct resolver *resolver, const char *why)
{
	char name[128];

	snprintf(name, sizeof(name), "[unresolved: %s]", why);
	return store_frame(resolver->store,
			   store_function(resolver->store, STORE_PYTHON, name,
					  "", 0, 0),
			   STORE_UNRESOLVED, 0, 0);
}

static int64_t python_frame_row(struct resolver *resolver,
				const struct resolved_frame *frame)
{
	struct python_code *code = frame->code;

	if (frame->frame.status == FRAME_UNRESOLVED || !code ||
	    code->state != PYTHON_CODE_NAMED)
		return unresolved_frame(resolver,
					code && code->problem ?
						code->problem :
						"code object not read");
	if (!code->id || code->id_era != resolver->era)
		code->id = (uint64_t)store_function(
			resolver->store, STORE_PYTHON, code->qualified_name,
			code->file_name, code->first_line, 0);
	code->id_era = resolver->era;
	return store_frame(resolver->store, (int64_t)code->id,
			   status_of(frame->frame.status),
			   python_code_line(code, frame->frame.instruction), 0);
}

static int64_t marker_frame(struct resolver *resolver)
{
	if (!resolver->unread_frame)
		resolver->unread_frame = store_frame(
			resolver->store,
			store_function(resolver->store, STORE_OTHER,
				       "[python frames not read]", "", 0, 0),
			STORE_UNRESOLVED, 0, 0);
	return resolver->unread_frame;
}

static int64_t frame_row(struct resolver *resolver,
			 const struct resolved_frame *frame)
{
	switch (frame->frame.kind) {
	case FRAME_NATIVE:
	case FRAME_KERNEL:
		return code_frame(resolver, &frame->frame);
	case FRAME_PYTHON:
		return python_frame_row(resolver, frame);
	case FRAME_OTHER:
		return marker_frame(resolver);
	}
	return 0;
}

// Ids of frames are valid in one era of the store.
static void forget_rows(struct resolver *resolver)
{
	resolver->era = store_era(resolver->store);
	resolver->unread_frame = 0;
	memset(resolver->cache, 0,
	       RESOLVE_CACHE_SLOTS * sizeof(*resolver->cache));
}

int64_t resolve_stack(struct resolver *resolver, int64_t event_id,
		      const struct resolved_frame *frames, size_t count)
{
	int64_t node = 0;

	if (store_era(resolver->store) != resolver->era)
		forget_rows(resolver);
	for (size_t i = count; i-- > 0;) {
		int64_t frame = frame_row(resolver, &frames[i]);

		if (!frame)
			return node;
		node = store_callsite(resolver->store, event_id, node, frame);
		if (!node)
			return 0;
	}
	return node;
}

size_t resolved_kernel_frames(const uint64_t *chain, uint64_t chain_count,
			      struct resolved_frame *frames)
{
	size_t count = 0;

	for (uint64_t i = 0; i < chain_count; i++) {
		uint64_t address = chain[i];

		if (address == (uint64_t)PERF_CONTEXT_USER)
			break;
		if (address >= (uint64_t)PERF_CONTEXT_MAX)
			continue;
		// Return addresses, but for the leaf's.
		frames[count] = (struct resolved_frame){
			.frame = { .kind = FRAME_KERNEL,
				   .status = FRAME_EXACT,
				   .pc = count ? address - 1 : address,
				   .instruction = -1 }
		};
		count++;
	}
	return count;
}
