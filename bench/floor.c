/* SPDX-License-Identifier: Apache-2.0
 *
 * The floor: a responder that does nothing but turn datagrams around, 64 at a time, with kernel
 * receive stamps. No NTP server on UDP sockets can be cheaper.
 */
#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH	64
#define PACKET	1536
#define CONTROL 128

static uint8_t data[BATCH][PACKET];
static char control[BATCH][CONTROL];
static struct sockaddr_in peer[BATCH];
static struct iovec iov[BATCH];
static struct mmsghdr msg[BATCH];

int main(int argc, char **argv)
{
	const int stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	struct sockaddr_in self = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 2)
		return 2;
	self.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps)) < 0) {
		perror("bench_floor");
		return 1;
	}
	for (;;) {
		int n;

		for (int i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){data[i], PACKET};
			msg[i].msg_hdr = (struct msghdr){.msg_name = &peer[i],
							 .msg_namelen = sizeof(peer[i]),
							 .msg_iov = &iov[i],
							 .msg_iovlen = 1,
							 .msg_control = control[i],
							 .msg_controllen = CONTROL};
		}
		n = recvmmsg(fd, msg, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++) {
			iov[i].iov_len = msg[i].msg_len;
			msg[i].msg_hdr.msg_controllen = 0;
		}
		if (n > 0 && sendmmsg(fd, msg, (unsigned)n, 0) < 0)
			perror("sendmmsg");
	}
}
