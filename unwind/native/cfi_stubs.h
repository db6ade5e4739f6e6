/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CFI for code whose file has none, where the code itself leaves no doubt:
 * libffi's trampolines, through which C calls back into Python (ctypes), and
 * what they jump to. The stack pointer is off by 16 from one to the other:
 *
 *     endbr64                        endbr64
 *     sub  $16,%rsp                  mov  8(%rsp),%r10
 *     mov  %r10,(%rsp)               add  $16,%rsp
 *     mov  data(%rip),%r10           jmp  ffi_closure_unix64
 *     mov  %r10,8(%rsp)
 *     mov  code(%rip),%r10
 *     jmp  *%r10
 *
 * Authority: libffi 3.5 src/x86/unix64.S; the bytes are those of Debian's build.
 */
#ifndef BRINDLE_UNWIND_NATIVE_CFI_STUBS_H
#define BRINDLE_UNWIND_NATIVE_CFI_STUBS_H

#include "unwind/native/elf_image.h"

enum { CFI_STUBS_BYTES_MAX = 4096 };

/**
 * Writes a .debug_frame for what @image has of such code into @ret, which has
 * room for CFI_STUBS_BYTES_MAX. Its size; 0: there is none.
 */
size_t cfi_stubs_section(struct elf_image *image, uint8_t *ret);

#endif
