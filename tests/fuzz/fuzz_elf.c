// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/native/exercise_elf.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	exercise_elf(data, size);
	return 0;
}
