/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format of kept samples: everything that one sample was unwound from, so
 * that it can be unwound again anywhere with the same result, without the
 * process, its files or its interpreter. A header, then blocks; all integers
 * little-endian, every block 8-byte aligned:
 *
 *     "brindle samples\n" version u32 machine u32       (machine: ELF e_machine)
 *     block: kind u32, size u32, payload[size], zeros up to a multiple of 8
 *
 * Within a payload, scalars come first; each array begins at a multiple of 8.
 * Modules, expressions, rows, processes and code objects are numbered from 1,
 * each in the order of their blocks, 0 meaning none; a block refers to earlier
 * ones only.
 *
 *  START       monotonic_ns u64, wall_ns u64 (since the epoch): one instant
 *  MODULE      build_id_size u32, path_size u32, build_id[], path[]
 *  UNWINDING   module u32, flags u32 (MODULE_*), code start u64, end u64,
 *              version u32 (PY_VERSION_HEX), eval_count u32, runtime u64,
 *              code_type u64, entry_end u64, 4 x { start u64, end u64 },
 *              version_text char[24], unsupported char[96]
 *  EXPRESSION  module u32, size u32, DWARF bytes[]
 *  ROW         rules u8, cfa_kind u8, cfa_reg u8, signal u8, cfa_operand i32,
 *              and per rule: kind u8, reg u8, 0 u16, operand i32. See
 *              cfi_table.h; operands that name expressions mean the number of
 *              an EXPRESSION, which must be of the module that uses the row.
 *  FUNCTION    module u32, rows u32, start u64, end u64 (one FDE), then per row:
 *              offset u32 (from start), ROW u32 (0: none from here on)
 *  SYMBOL      module u32 (0: the kernel), name_size u32, vaddr u64, size u64,
 *              name[]
 *  PROCESS     pid u32, mappings u32, start_ns u64, name char[16], then per
 *              mapping: start, end, file_offset, bias u64, kind u32, module u32.
 *              A process whose mappings changed is written again.
 *  CODE        named u32, first_line u32, address u64, fingerprint u64, unit
 *              count, first traceable, frame words u32, name_size, qualified_size,
 *              file_size, table_size u32, format of the table u32 (enum
 *              python_lines), the four of them []
 *  SAMPLE      time_ns, period_ns, end_ns u64 (of the reads), process, tid, cpu,
 *              switches, flags (SAMPLE_*), layout u32 (python_layout_id()),
 *              thread char[16], counts u32 of regs, chain, stack, pieces, bytes,
 *              codes, frames, 0; status u32, reads u32, thread_state u64,
 *              found_ns u64 (see snapshot.h); end u32 (enum walk_end), evals u32,
 *              unmatched u32, 0 u32; regs u64[], chain u64[], stack[],
 *              pieces[24], bytes[], codes u32[], frames[40]
 *              piece: vaddr u64, size, kind, offset, 0 u32
 *              frame: kind u8, status u8, 0 u16, instruction i32, module u32,
 *              0 u32, pc, module_vaddr, code u64
 *  VERDICT     sample u64 (from 0), trust u32 (enum store_trust), reason_size
 *              u32, reason[]: what became of the sample's proof
 *  END         samples u64; a file without it was cut off
 *
 * A sample's `codes` are the code objects that the recorder knew of when it
 * walked, as far as the snapshot mentions them: the walk asks for their facts.
 * FUNCTIONs cover what the stack copies point to, not only the frames found, so
 * that another unwinder finds its way as well.
 */
#ifndef BRINDLE_DAEMON_REPLAY_SAMPLE_FORMAT_H
#define BRINDLE_DAEMON_REPLAY_SAMPLE_FORMAT_H

#define SAMPLE_FORMAT_MAGIC "brindle samples\n"

enum sample_block_kind {
	SAMPLE_BLOCK_START = 1,
	SAMPLE_BLOCK_MODULE,
	SAMPLE_BLOCK_UNWINDING,
	SAMPLE_BLOCK_EXPRESSION,
	SAMPLE_BLOCK_ROW,
	SAMPLE_BLOCK_FUNCTION,
	SAMPLE_BLOCK_SYMBOL,
	SAMPLE_BLOCK_PROCESS,
	SAMPLE_BLOCK_CODE,
	SAMPLE_BLOCK_SAMPLE,
	SAMPLE_BLOCK_VERDICT,
	SAMPLE_BLOCK_END,
};

/* Flags of UNWINDING and SAMPLE. */
#define MODULE_HAS_CFI (1u << 0)
#define MODULE_IS_PYTHON (1u << 1)
#define MODULE_HAS_LAYOUT (1u << 2)
#define MODULE_FREE_THREADED (1u << 3)
#define SAMPLE_HAS_REGS (1u << 0)
#define SAMPLE_HAS_SNAPSHOT (1u << 1)
#define SAMPLE_CONTRADICTION (1u << 2)

enum {
	SAMPLE_FORMAT_VERSION = 1,
	SAMPLE_FORMAT_MAGIC_BYTES = 16,
	SAMPLE_FORMAT_HEADER_BYTES = 24,
	SAMPLE_BLOCK_HEADER_BYTES = 8,
	SAMPLE_BLOCK_ALIGNMENT = 8, /* of blocks, and of arrays in them */
	SAMPLE_BLOCK_MAX = 16 << 20,
	SAMPLE_NAME_BYTES = 16, /* of processes and threads */
	SAMPLE_PATH_MAX = 4096,
	SAMPLE_SYMBOL_MAX = 4096,
	SAMPLE_MAPPING_MAX = 65536, /* vm.max_map_count */
	SAMPLE_CODES_MAX = 65536,
	SAMPLE_CHAIN_MAX = 1024,
	SAMPLE_REASON_MAX = 64,
};

#endif
