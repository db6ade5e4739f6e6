// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/snapshot.h"

const char *snapshot_status_name(enum snapshot_status status)
{
	switch (status) {
	case SNAPSHOT_OK:
		return "ok";
	case SNAPSHOT_NO_RUNTIME:
		return "interpreter not initialised";
	case SNAPSHOT_NO_THREAD:
		return "no thread state";
	case SNAPSHOT_UNREADABLE:
		return "interpreter memory unreadable";
	case SNAPSHOT_TOO_DEEP:
		return "interpreter stack too deep";
	case SNAPSHOT_BROKEN:
		return "interpreter frame chain broken";
	}
	return "unknown"; // a stored snapshot is foreign data
}
