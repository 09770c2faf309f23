/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stddef.h>

const char *noon_err_text(noon_err err)
{
	static const char *const text[] = {
#define NOON_ERR_TEXT(name, words) words,
		NOON_ERR_LIST(NOON_ERR_TEXT)
#undef NOON_ERR_TEXT
	};
	const size_t i = (size_t)err;

	return i < sizeof(text) / sizeof(text[0]) ? text[i] : "unknown error";
}
