/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who writes a store? At most one process: it holds a lock on PATH.lock, a file
 * beside the store that stays and holds the writer's pid as text.
 * The lock belongs to the open file description (fcntl F_OFD_SETLK): it ends
 * with the process, however that ends, and stays when the store itself is
 * deleted or replaced. What is left of a process that the kernel cannot end has
 * it, too; only there the file that is locked may be another one than that of the
 * name, so whoever has locked one looks whether it is the one.
 */
#ifndef BRINDLE_SCHEMA_STORE_STORE_LOCK_H
#define BRINDLE_SCHEMA_STORE_STORE_LOCK_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/**
 * Takes the lock of the store at @path; closing *@ret gives it back.
 * *@ret_existed: the file was there before. ERROR_BUSY, with the holder's pid
 * in words, when another has it for half a second: who was killed has it for a
 * moment still. Not when that is process @ended, of which the caller knows that
 * it will not write again: then the file is replaced. 0: none.
 */
struct error *store_lock_take(const char *path, pid_t ended, int *ret,
			      bool *ret_existed);

/** The pid of who writes the store at @path; 0: nobody. */
struct error *store_lock_holder(const char *path, pid_t *ret);

#endif
