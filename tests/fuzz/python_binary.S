/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that looks like a CPython 3.11 to fuzz_python_binary. Its seeds:
 *     gcc -c python_binary.S; ld -shared --hash-style=gnu -z norelro
 */
	.globl	Py_Version, _PyRuntime, PyCode_Type, _PyEval_EvalFrameDefault
	.section .rodata
	.type	Py_Version, @object
	.size	Py_Version, 4
Py_Version:
	.long	VERSION
	.string	"lib/python3.8"

	.section .PyRuntime, "aw"
	.type	_PyRuntime, @object
	.size	_PyRuntime, 64
_PyRuntime:
	.ascii	"xdebugpy"
	.quad	VERSION, 0, 0, 0, 40, 0, 0
	.type	PyCode_Type, @object
PyCode_Type:
	.quad	0

	.text
	.type	outlined, @function
outlined:
	.cfi_startproc
	.cfi_def_cfa_offset 272
	.cfi_offset rbx, -16
	call	_PyEval_EvalFrameDefault
	jmp	back
	.cfi_endproc

	.type	_PyEval_EvalFrameDefault, @function
_PyEval_EvalFrameDefault:
	.cfi_startproc
	push	%rbx
	.cfi_def_cfa_offset 16
	.cfi_offset rbx, -16
	sub	$256, %rsp
	.cfi_def_cfa_offset 272
	test	%rdi, %rdi
	je	outlined
	lea	16(%rsp), %rax
	mov	%rax, 0x38(%rdi)
	mov	%rsi, 24(%rsp)
	cmpl	$0, 0x20(%rdi)
	jle	outlined
back:
	add	$256, %rsp
	.cfi_def_cfa_offset 16
	pop	%rbx
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	_PyEval_EvalFrameDefault, . - _PyEval_EvalFrameDefault
	.section .note.GNU-stack, "", @progbits
