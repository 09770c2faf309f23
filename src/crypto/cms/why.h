/* SPDX-License-Identifier: Apache-2.0
 *
 * Why keys, certificates and signatures are refused, for people.
 */
#ifndef NOON_CRYPTO_WHY_H
#define NOON_CRYPTO_WHY_H

struct noon_ts_why {
	char text[256]; /**< a clause without a full stop */
};

#endif
