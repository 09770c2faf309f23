/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/tunnel_verdict.h"

const char *noon_tunnel_verdict_word(enum noon_tunnel_verdict v)
{
	static const char *const words[] = {
#define NOON_TUNNEL_VERDICT_WORD(name, word) word,
		NOON_TUNNEL_VERDICT_LIST(NOON_TUNNEL_VERDICT_WORD)
#undef NOON_TUNNEL_VERDICT_WORD
	};

	return (unsigned)v < NOON_TUNNEL_VERDICTS ? words[v] : "unknown";
}
