# SPDX-License-Identifier: Apache-2.0
"""nasty.c, for the cases that need it."""
import ctypes
import os

FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
LIBRARY = ctypes.CDLL(os.environ["NASTY_LIBRARY"])
LIBRARY.nasty_alloca.argtypes = [FUNCTION, ctypes.c_int, ctypes.c_size_t]
LIBRARY.nasty_recurse.argtypes = [FUNCTION, ctypes.c_int, ctypes.c_int]
LIBRARY.nasty_thread.argtypes = [FUNCTION, ctypes.c_int, ctypes.c_int]
LIBRARY.nasty_switched.argtypes = [FUNCTION, ctypes.c_int]
LIBRARY.nasty_hook_set.argtypes = [ctypes.c_void_p, FUNCTION, ctypes.c_int]
LIBRARY.nasty_hook_put.argtypes = [ctypes.c_void_p, ctypes.c_int,
                                   ctypes.c_void_p, ctypes.c_void_p]
LIBRARY.nasty_child.argtypes = [ctypes.c_int]
LIBRARY.nasty_fault.argtypes = [ctypes.c_int]
