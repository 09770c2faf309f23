/* SPDX-License-Identifier: Apache-2.0
 *
 * CPU time of another process of this machine.
 */
#ifndef NOON_TOOLS_PROCESS_CPU_H
#define NOON_TOOLS_PROCESS_CPU_H

#include <stdbool.h>

/** Read user and system time of a process with all its threads, s; steps of 10 ms.
 *  @return false if there is no such process */
bool noon_process_cpu(long pid, double *ret_s);

#endif
