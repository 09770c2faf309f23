/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/hwstamp.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define AGE_MAX NOON_S(10)

/* A card's clock that we steer differs from CLOCK_MONOTONIC_RAW by at most this: 500 ppm for the
 * errors of both, and as much for a correction in progress (maxslewrate). */
#define STEADY 1000 /* 1 / 1000 ppm */

static noon_err fail(const char *why, const char **ret_why)
{
	*ret_why = why;
	switch (errno) {
	case ENODEV:
		return NOON_ERR_NOT_FOUND;
	case EPERM:
	case EACCES:
		return NOON_ERR_PERM;
	case EOPNOTSUPP:
	case ERANGE:
	case ENOTTY:
		return NOON_ERR_UNSUPPORTED;
	default:
		return NOON_ERR_OS;
	}
}

/* The number of a card's clock, as in /dev/ptpN; -1 if it has none. */
static noon_err find_clock(int fd, struct ifreq *ifr, int *ret_index, const char **ret_why)
{
	struct ethtool_ts_info info = {.cmd = ETHTOOL_GET_TS_INFO};

	ifr->ifr_data = (char *)&info;
	if (ioctl(fd, SIOCETHTOOL, ifr) < 0)
		return fail("cannot ask what the card can do", ret_why);
	if (info.phc_index < 0 || !(info.so_timestamping & SOF_TIMESTAMPING_RAW_HARDWARE)) {
		errno = EOPNOTSUPP;
		return fail("the card has no hardware time stamps", ret_why);
	}
	*ret_index = info.phc_index;
	return NOON_OK;
}

static noon_err switch_on(int fd, struct ifreq *ifr, const char **ret_why)
{
	/* All packets if the card supports it, else those of NTP. */
	static const int filters[] = {HWTSTAMP_FILTER_ALL, HWTSTAMP_FILTER_NTP_ALL};

	for (size_t i = 0; i < 2; i++) {
		struct hwtstamp_config config = {.tx_type = HWTSTAMP_TX_ON,
						 .rx_filter = filters[i]};

		ifr->ifr_data = (char *)&config;
		if (ioctl(fd, SIOCSHWTSTAMP, ifr) == 0)
			return NOON_OK;
		if (errno != ERANGE && errno != EINVAL)
			break;
	}
	return fail("cannot switch hardware time stamps on", ret_why);
}

noon_err noon_hwstamp_open(const char *interface, struct noon_hwstamp *ret, const char **ret_why)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr;
	char path[32];
	int index = -1;
	noon_err err;

	memset(&ifr, 0, sizeof(ifr));
	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	if (fd < 0)
		return fail("no socket", ret_why);
	err = find_clock(fd, &ifr, &index, ret_why);
	err = err ? err : switch_on(fd, &ifr, ret_why);
	(void)close(fd);
	if (err)
		return err;
	(void)snprintf(path, sizeof(path), "/dev/ptp%d", index);
	err = noon_phc_device_open(path, &ret->dev);
	if (err)
		*ret_why = "cannot open the card's clock";
	return err;
}

noon_err noon_hwstamp_want(int fd)
{
	const int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
			  SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_HARDWARE |
			  SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
			  SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY |
			  SOF_TIMESTAMPING_OPT_TX_SWHW;

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)) ? NOON_ERR_OS
										  : NOON_OK;
}

/* Read both clocks at one instant. */
static noon_err compare(const struct noon_hwstamp *hw, struct noon_hwstamp_look *ret,
			int64_t *ret_real_ns, noon_dur *ret_half)
{
	const struct noon_instant now = noon_instant_now();
	int64_t before;
	int64_t card;
	int64_t after;

	if (hw->dev.sample(hw->dev.arg, &before, &card, &after) != 0)
		return NOON_ERR_OS;
	*ret_real_ns = before + (after - before) / 2;
	*ret_half = (after - before + 1) / 2;
	*ret = (struct noon_hwstamp_look){
		.valid = true,
		.raw_ns = now.raw_ns + (*ret_real_ns - now.real_ns),
		.card_ns = card,
		.err = noon_sat_add(*ret_half, now.err),
	};
	return NOON_OK;
}

struct noon_hwstamp_look noon_hwstamp_look(const struct noon_hwstamp *hw)
{
	struct noon_hwstamp_look look = {.valid = false};
	int64_t real;
	noon_dur half;

	if (hw != NULL && compare(hw, &look, &real, &half))
		look.valid = false;
	return look;
}

/* Whether the card ran between two comparisons as one that no other program steers. */
static bool is_steady(const struct noon_hwstamp_look *a, const struct noon_hwstamp_look *b)
{
	const noon_dur raw = noon_sat_sub(b->raw_ns, a->raw_ns);
	const noon_dur moved =
		noon_dur_abs(noon_sat_sub(noon_sat_sub(b->card_ns, a->card_ns), raw));

	return a->valid && raw >= -a->err - b->err &&
	       moved - a->err - b->err <= noon_dur_abs(raw) / STEADY + 1;
}

noon_err noon_hwstamp_to_real(const struct noon_hwstamp *hw, const struct noon_hwstamp_look *since,
			      int64_t card_ns, int64_t *ret_real_ns, noon_dur *ret_err)
{
	struct noon_hwstamp_look now;
	int64_t real = 0;
	noon_dur half = 0;
	noon_dur age;

	if (compare(hw, &now, &real, &half))
		return NOON_ERR_OS;
	age = noon_sat_sub(now.card_ns, card_ns);
	if (age < -half || age > AGE_MAX || !is_steady(since, &now) ||
	    noon_sat_sub(card_ns, since->card_ns) < -since->err)
		return NOON_ERR_RANGE;
	*ret_real_ns = real - age;
	*ret_err = half + noon_dur_abs(age) / STEADY + 1;
	return NOON_OK;
}
