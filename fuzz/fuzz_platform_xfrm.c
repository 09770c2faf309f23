/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever a netlink message has in it, what the kernel says of states and policies is
 * read within its length.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "platform/net/xfrm_message.h"

static void read_message(const struct nlmsghdr *h)
{
	struct noon_xfrm_report r;
	struct noon_xfrm_policy_report p;

	if (noon_xfrm_get_report(h, &r) == NOON_OK)
		assert(r.id.dst.len > 0);
	if (noon_xfrm_get_policy_report(h, &p) == NOON_OK)
		assert(noon_xfrm_get_report(h, &r) == NOON_ERR_FORMAT);
}

/* Its type, then what is behind the header. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct nlmsghdr h = {.nlmsg_len = (uint32_t)(sizeof(h) + n - 1)};
	void *copy;

	if (n == 0 || n > 8192)
		return 0;
	h.nlmsg_type = (uint16_t)(16 + p[0] % 32);
	/* Of its size, which netlink rounds up, and no more, so that what is read behind is
	 * noticed. */
	copy = calloc(1, NLMSG_ALIGN(h.nlmsg_len));
	assert(copy != NULL);
	memcpy(copy, &h, sizeof(h));
	memcpy((uint8_t *)copy + sizeof(h), p + 1, n - 1);
	read_message(copy);
	free(copy);
	return 0;
}
