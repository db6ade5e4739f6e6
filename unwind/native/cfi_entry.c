// SPDX-License-Identifier: Apache-2.0
/*
 * Format of one entry (sizes in bytes; 32-bit length, version 1, as GCC makes
 * them for .eh_frame):
 *
 *     14 00 00 00  4  length of what follows; ffffffff: 8 bytes of length next
 *     00 00 00 00  4  id: 0 makes it a CIE; else an FDE, and the distance back
 *                     to its CIE. .debug_frame: ffffffff (8 bytes in the 64-bit
 *                     form) makes it a CIE, else the CIE's section offset
 *   CIE:
 *     01           1  version: 1, 3 or 4
 *     7a 52 00        augmentation string "zR"
 *                     version 4 only: address size (8), segment size (0)
 *     01              uleb: code alignment
 *     78              sleb: data alignment, -8
 *     10              return address column; uleb from version 3 on
 *     01 1b           'z': uleb size; 'R': pointer encoding (pcrel sdata4)
 *     0c 07 08 90 ..  program up to the end of the entry
 *   FDE:
 *     .. .. .. ..     first address, as 'R' says
 *     26 00 00 00     bytes covered
 *     00              'z': uleb size of augmentation data, then these
 *     ..              program up to the end of the entry
 *
 * Authority: DWARF 5 section 6.4.1; LSB 5.0 Core 10.6 (.eh_frame).
 */
#include "unwind/native/cfi_entry.h"

#include <dwarf.h>

static bool read_id(const struct cfi_section *section, struct reader *reader,
		    bool wide, struct cfi_entry *ret, size_t entry_offset)
{
	size_t id_offset = reader->offset;
	uint64_t id, cie_id;

	if (section->eh_frame || !wide) {
		id = reader_u32(reader);
		cie_id = section->eh_frame ? 0 : UINT32_MAX;
	} else {
		id = reader_u64(reader);
		cie_id = UINT64_MAX;
	}
	ret->is_cie = id == cie_id;
	if (ret->is_cie)
		ret->cie_offset = entry_offset;
	else
		ret->cie_offset = section->eh_frame ? id_offset - id : id;
	return !reader->failed;
}

// The entry at *@offset, be it the zero length that ends a list.
static bool read_entry(const struct cfi_section *section, size_t *offset,
		       struct cfi_entry *ret)
{
	size_t entry_offset = *offset;
	struct reader reader;
	uint64_t length;
	bool wide;

	reader_init(&reader, section->bytes, section->size);
	reader_seek(&reader, entry_offset);
	length = reader_u32(&reader);
	wide = length == UINT32_MAX;
	if (wide)
		length = reader_u64(&reader);
	else if (length >= 0xfffffff0)
		return false;
	if (reader.failed || length > reader_left(&reader))
		return false;
	*offset = reader.offset + length;
	reader.size = *offset;
	// An entry too short for its id is stepped over as an FDE of nobody.
	if (!read_id(section, &reader, wide, ret, entry_offset)) {
		ret->is_cie = false;
		ret->cie_offset = UINT64_MAX;
	}
	ret->body = reader;
	return true;
}

// A zero length ends what one input file gave; the linker may have put another
// file's entries behind it.
bool cfi_entry_next(const struct cfi_section *section, size_t *offset,
		    struct cfi_entry *ret)
{
	uint32_t length = 0;

	while (*offset <= section->size &&
	       section->size - *offset >= sizeof(length)) {
		memcpy(&length, section->bytes + *offset, sizeof(length));
		if (length)
			return read_entry(section, offset, ret);
		*offset += sizeof(length);
	}
	return false;
}

static uint64_t read_value(struct reader *reader, uint8_t format)
{
	switch (format) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return reader_u64(reader);
	case DW_EH_PE_udata2:
		return reader_u16(reader);
	case DW_EH_PE_udata4:
		return reader_u32(reader);
	case DW_EH_PE_sdata2:
		return (uint64_t)(int16_t)reader_u16(reader);
	case DW_EH_PE_sdata4:
		return (uint64_t)(int32_t)reader_u32(reader);
	case DW_EH_PE_uleb128:
		return reader_uleb128(reader);
	case DW_EH_PE_sleb128:
		return (uint64_t)reader_sleb128(reader);
	default:
		reader->failed = true;
		return 0;
	}
}

bool cfi_pointer_read(const struct cfi_section *section, struct reader *reader,
		      uint8_t encoding, uint64_t *ret)
{
	uint64_t place = section->vaddr + reader->offset;
	uint64_t value = read_value(reader, encoding & 0x0f);

	switch (encoding & 0xf0) {
	case DW_EH_PE_absptr:
		break;
	case DW_EH_PE_pcrel:
		value += place;
		break;
	default: // bases that linked code addresses never use
		return false;
	}
	*ret = value;
	return !reader->failed;
}

static void skip_personality(struct reader *reader)
{
	uint8_t encoding = reader_u8(reader);

	if (encoding != DW_EH_PE_omit)
		read_value(reader, encoding & 0x0f);
}

// The data of "z...", in the order of the letters.
static bool read_augmentation(struct reader *reader, const char *letters,
			      struct cfi_cie *ret)
{
	uint64_t size = reader_uleb128(reader);
	struct reader data = *reader;

	if (!reader_bytes(reader, size))
		return false;
	data.size = reader->offset;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			ret->pointer_encoding = reader_u8(&data);
			break;
		case 'P':
			skip_personality(&data);
			break;
		case 'L':
			reader_u8(&data);
			break;
		case 'S':
			ret->signal_frame = true;
			break;
		case 'B': // aarch64: return addresses signed with key B
		case 'G': // aarch64: memory tagging of the frame
			break;
		default:
			return false;
		}
	}
	return !data.failed;
}

static bool read_cie_body(struct reader *reader, struct cfi_cie *ret)
{
	uint8_t version = reader_u8(reader);
	const char *augmentation = reader_string(reader);

	if (!augmentation || (version != 1 && version != 3 && version != 4))
		return false;
	if (version == 4 && (reader_u8(reader) != 8 || reader_u8(reader) != 0))
		return false;
	ret->code_align = reader_uleb128(reader);
	ret->data_align = reader_sleb128(reader);
	ret->return_address =
		version == 1 ? reader_u8(reader) : reader_uleb128(reader);
	ret->pointer_encoding = DW_EH_PE_absptr;
	ret->signal_frame = false;
	ret->has_augmentation_size = augmentation[0] == 'z';
	if (ret->has_augmentation_size)
		return read_augmentation(reader, augmentation + 1, ret);
	return !augmentation[0];
}

// Zeros are not passed over: each FDE of many could name the same ones.
bool cfi_cie_read(const struct cfi_section *section, uint64_t offset,
		  struct cfi_cie *ret)
{
	size_t position = offset;
	struct cfi_entry entry;

	ret->size = 0;
	if (offset >= section->size ||
	    !read_entry(section, &position, &entry) || !entry.is_cie ||
	    position - offset > CFI_CIE_BYTES_MAX)
		return false;
	ret->size = position - offset;
	if (!read_cie_body(&entry.body, ret))
		return false;
	ret->program = entry.body;
	return !entry.body.failed;
}

bool cfi_fde_read(const struct cfi_section *section,
		  const struct cfi_entry *entry, const struct cfi_cie *cie,
		  struct cfi_fde *ret)
{
	struct reader reader = entry->body;
	uint64_t size;

	if (!cfi_pointer_read(section, &reader, cie->pointer_encoding,
			      &ret->start))
		return false;
	size = read_value(&reader, cie->pointer_encoding & 0x0f);
	ret->end = ret->start + size;
	if (cie->has_augmentation_size)
		reader_bytes(&reader, reader_uleb128(&reader));
	ret->program = reader;
	return !reader.failed && ret->end > ret->start;
}
