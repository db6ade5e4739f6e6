/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version, told once: configure.ac reads it from here, profiles store it.
 */
#ifndef BRINDLE_BASE_VERSION_H
#define BRINDLE_BASE_VERSION_H

#define BRINDLE_VERSION "0.1.0"

#endif
