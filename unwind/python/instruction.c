// SPDX-License-Identifier: Apache-2.0
/*
 * x86-64 (Intel SDM volume 2, chapter 2 and appendix A):
 *
 *     prefixes  REX  opcode  ModRM  SIB  displacement  immediate
 *     48 89 4f 38            mov %rcx,0x38(%rdi)
 *
 * What follows an opcode is one letter per opcode in the tables below:
 *     0 nothing            m ModRM                 . no such opcode
 *     1 2 3 1, 2, 3 bytes  b ModRM and 1 byte      p prefix
 *     z 4 bytes (2: 66)    y ModRM and 4 bytes     v 4 bytes (8: REX.W)
 *     r rel32              g, G ModRM, and 1 or 4 bytes if it is a TEST
 *     a 8 bytes            e another table, VEX or EVEX
 *
 * aarch64 (Arm ARM C4.1): four bytes each.
 */
#include "unwind/python/instruction.h"

#include "base/reader.h"

#include <elf.h>

static const char one_byte[] =
	"mmmm1z..mmmm1z.e"
	"mmmm1z..mmmm1z.."
	"mmmm1zp.mmmm1zp."
	"mmmm1zp.mmmm1zp."
	"pppppppppppppppp"
	"0000000000000000"
	"..empppp" "zy1b0000"
	"1111111111111111"
	"by.bmmmmmmmmmmmm"
	"0000000000.00000"
	"aaaa00001z000000"
	"11111111vvvvvvvv"
	"bb20eeby30200" "1.0"
	"mmmm...0mmmmmmmm"
	"11111111rr.10000"
	"p0pp00gG000000mm";

static const char two_byte[] =
	"mmmm.00000.0.m0b"
	"mmmmmmmmmmmmmmmm"
	"mmmm....mmmmmmmm"
	"00000000e.e....."
	"mmmmmmmmmmmmmmmm"
	"mmmmmmmmmmmmmmmm"
	"mmmmmmmmmmmmmmmm"
	"bbbbmmm0mmmmmmmm"
	"rrrrrrrrrrrrrrrr"
	"mmmmmmmmmmmmmmmm"
	"000mbm..000mbmmm"
	"mmmmmmmmmmbmmmmm"
	"mmbmbbbm00000000"
	"mmmmmmmmmmmmmmmm"
	"mmmmmmmmmmmmmmmm"
	"mmmmmmmmmmmmmmmm";

_Static_assert(sizeof(one_byte) == 257, "one letter per opcode");
_Static_assert(sizeof(two_byte) == 257, "one letter per opcode");

enum {
	OPERAND_SIZE = 0x66,
	REX_W = 8,
	VEX3 = 0xc4,
	VEX2 = 0xc5,
	EVEX = 0x62,
	MAP_ONE = 0,
	MAP_0F = 1,
	MAP_0F38 = 2,
	MAP_0F3A = 3,
	RM_SIB = 4,   // also the encoding of the stack pointer as a base
	RM_DISP = 5,
	PREFIXES_MAX = 14,
};

struct x86_decoder {
	struct reader reader;
	bool short_operand;
	bool wide;
	uint8_t map;
	uint8_t opcode;
	uint8_t modrm;
	int32_t displacement;
	int32_t relative;
};

static bool is_rex(uint8_t byte)
{
	return (byte & 0xf0) == 0x40;
}

// VEX and EVEX name the opcode map in their payload.
static void read_vex(struct x86_decoder *x86, uint8_t prefix)
{
	uint8_t payload = reader_u8(&x86->reader);

	x86->map = prefix == VEX2 ? MAP_0F : payload & 0x1f;
	if (prefix == EVEX) {
		x86->map = payload & 7;
		reader_bytes(&x86->reader, 2);
	} else if (prefix == VEX3) {
		reader_bytes(&x86->reader, 1);
	}
	x86->opcode = reader_u8(&x86->reader);
}

static void read_opcode(struct x86_decoder *x86)
{
	uint8_t byte = 0;

	for (unsigned int i = 0; i < PREFIXES_MAX; i++) {
		byte = reader_u8(&x86->reader);
		if (one_byte[byte] != 'p')
			break;
		if (byte == OPERAND_SIZE)
			x86->short_operand = true;
		x86->wide = is_rex(byte) && byte & REX_W;
	}
	x86->opcode = byte;
	if (byte == VEX2 || byte == VEX3 || byte == EVEX) {
		read_vex(x86, byte);
		return;
	}
	if (byte != 0x0f)
		return;
	x86->map = MAP_0F;
	x86->opcode = reader_u8(&x86->reader);
	if (x86->opcode != 0x38 && x86->opcode != 0x3a)
		return;
	x86->map = x86->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
	x86->opcode = reader_u8(&x86->reader);
}

static void read_modrm(struct x86_decoder *x86)
{
	struct reader *reader = &x86->reader;
	uint8_t mode, rm, base;

	x86->modrm = reader_u8(reader);
	mode = x86->modrm >> 6;
	rm = x86->modrm & 7;
	if (mode == 3)
		return;
	base = rm == RM_SIB ? reader_u8(reader) & 7 : rm;
	if (mode == 1)
		x86->displacement = (int8_t)reader_u8(reader);
	else if (mode == 2 || base == RM_DISP)
		x86->displacement = (int32_t)reader_u32(reader);
}

static char form_of(const struct x86_decoder *x86)
{
	switch (x86->map) {
	case MAP_ONE:
		return one_byte[x86->opcode];
	case MAP_0F:
		return two_byte[x86->opcode];
	case MAP_0F38:
		return 'm';
	case MAP_0F3A:
		return 'b';
	default:
		return '.';
	}
}

static void read_immediate(struct x86_decoder *x86, char form)
{
	struct reader *reader = &x86->reader;
	bool is_test = (x86->modrm >> 3 & 7) < 2;
	size_t z = x86->short_operand ? 2 : 4;

	switch (form) {
	case '1':
	case 'b':
		x86->relative = (int8_t)reader_u8(reader);
		break;
	case '2':
	case '3':
		reader_bytes(reader, (size_t)(form - '0'));
		break;
	case 'z':
	case 'y':
		reader_bytes(reader, z);
		break;
	case 'v':
		reader_bytes(reader, x86->wide ? 8 : z);
		break;
	case 'a':
		reader_bytes(reader, 8);
		break;
	case 'r':
		x86->relative = (int32_t)reader_u32(reader);
		break;
	case 'g':
		reader_bytes(reader, is_test ? 1 : 0);
		break;
	case 'G':
		reader_bytes(reader, is_test ? z : 0);
		break;
	default:
		break;
	}
}

static enum instruction_kind x86_kind(const struct x86_decoder *x86)
{
	uint8_t opcode = x86->opcode;
	uint8_t extension = x86->modrm >> 3 & 7;

	if (x86->map == MAP_0F) {
		if ((opcode & 0xf0) == 0x80)
			return INSTRUCTION_BRANCH;
		return opcode == 0x0b ? INSTRUCTION_LEAVE : INSTRUCTION_PLAIN;
	}
	if (x86->map != MAP_ONE)
		return INSTRUCTION_PLAIN;
	if ((opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0)
		return INSTRUCTION_BRANCH;
	if (opcode == 0xe9 || opcode == 0xeb)
		return INSTRUCTION_JUMP;
	if (opcode == 0xe8 || (opcode == 0xff && extension / 2 == 1))
		return INSTRUCTION_CALL;
	if (opcode == 0xc2 || opcode == 0xc3 || opcode == 0xcc ||
	    opcode == 0xf4 || (opcode == 0xff && extension / 2 == 2))
		return INSTRUCTION_LEAVE;
	if (opcode == 0x89 && x86->wide && (x86->modrm & 7) != RM_SIB &&
	    (x86->modrm >> 6 == 1 || x86->modrm >> 6 == 2))
		return INSTRUCTION_STORE;
	return INSTRUCTION_PLAIN;
}

static bool decode_x86(const uint8_t *bytes, size_t size, uint64_t vaddr,
		       struct instruction *ret)
{
	struct x86_decoder x86 = { 0 };
	char form;

	reader_init(&x86.reader, bytes, size);
	read_opcode(&x86);
	form = form_of(&x86);
	if (form == '.' || form == 'p' || form == 'e')
		return false;
	if (form == 'm' || form == 'b' || form == 'y' || form == 'g' ||
	    form == 'G')
		read_modrm(&x86);
	read_immediate(&x86, form);
	if (x86.reader.failed || x86.reader.offset > 15)
		return false;
	ret->kind = x86_kind(&x86);
	ret->size = (uint8_t)x86.reader.offset;
	ret->target = vaddr + ret->size + (uint64_t)(int64_t)x86.relative;
	ret->offset = x86.displacement;
	return true;
}

static uint64_t a64_target(uint32_t word, uint64_t vaddr, unsigned int shift,
			   unsigned int bits)
{
	int64_t offset = (int64_t)((uint64_t)word >> shift << (64 - bits));

	return vaddr + (uint64_t)(offset >> (64 - bits)) * 4;
}

static bool decode_aarch64(const uint8_t *bytes, size_t size, uint64_t vaddr,
			   struct instruction *ret)
{
	uint32_t word;

	if (size < sizeof(word))
		return false;
	memcpy(&word, bytes, sizeof(word));
	*ret = (struct instruction){ .kind = INSTRUCTION_PLAIN, .size = 4 };
	if (word >> 26 == 0x05) { // b
		ret->kind = INSTRUCTION_JUMP;
		ret->target = a64_target(word, vaddr, 0, 26);
	} else if (word >> 24 == 0x54 || (word >> 25 & 0x3f) == 0x1a) {
		ret->kind = INSTRUCTION_BRANCH; // b.cond, cbz, cbnz
		ret->target = a64_target(word, vaddr, 5, 19);
	} else if ((word >> 25 & 0x3f) == 0x1b) { // tbz, tbnz
		ret->kind = INSTRUCTION_BRANCH;
		ret->target = a64_target(word, vaddr, 5, 14);
	} else if (word >> 26 == 0x25 || (word & 0xfffffc1f) == 0xd63f0000) {
		ret->kind = INSTRUCTION_CALL; // bl, blr
	} else if ((word & 0xffbffc1f) == 0xd61f0000) {
		ret->kind = INSTRUCTION_LEAVE; // br, ret
	} else if (word >> 22 == 0x3e4 && (word >> 5 & 31) != 31) {
		ret->kind = INSTRUCTION_STORE; // str Xt, [Xn, #imm]
		ret->offset = (int32_t)(word >> 10 & 0xfff) * 8;
	}
	return true;
}

bool instruction_decode(uint16_t machine, const uint8_t *bytes, size_t size,
			uint64_t vaddr, struct instruction *ret)
{
	if (machine == EM_X86_64)
		return decode_x86(bytes, size, vaddr, ret);
	if (machine == EM_AARCH64)
		return decode_aarch64(bytes, size, vaddr, ret);
	return false;
}
