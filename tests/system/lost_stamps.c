/* SPDX-License-Identifier: Apache-2.0
 *
 * A driver that loses transmit stamps, as a process sees it: preloaded, LOST_STAMPS of 100 messages
 * of error queues are taken out of them and lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	const char *share = getenv("LOST_STAMPS");
	const struct msghdr asked = *msg;

	for (;;) {
		const ssize_t n = syscall(SYS_recvmsg, fd, msg, flags);

		if (n < 0 || (flags & MSG_ERRQUEUE) == 0 || share == NULL ||
		    rand() % 100 >= atoi(share))
			return n;
		*msg = asked;
	}
}
