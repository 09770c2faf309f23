/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 4231, sections 4.2 to 4.8 (HMAC-SHA-256; 4.6 is truncated to 128 bits); RFC 4493, section 4
 * (AES-128-CMAC); NIST SP 800-38B, appendix D.3 (AES-256-CMAC).
 */

static const struct mac_vector mac_table[] = {
	{"RFC 4231, 4.2", NOON_MAC_HMAC_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{"RFC 4231, 4.4", NOON_MAC_HMAC_SHA256, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddddddddddddddddd",
	 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	{"RFC 4231, 4.5", NOON_MAC_HMAC_SHA256,
	 "0102030405060708090a0b0c0d0e0f10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	 "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	{"RFC 4231, 4.6", NOON_MAC_HMAC_SHA256_128, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
	 "546573742057697468205472756e636174696f6e", "a3b6167473100ee06e0c796c2955552b"},
	{"RFC 4493, example 1", NOON_MAC_AES_CMAC_128, "2b7e151628aed2a6abf7158809cf4f3c", "",
	 "bb1d6929e95937287fa37d129b756746"},
	{"RFC 4493, example 2", NOON_MAC_AES_CMAC_128, "2b7e151628aed2a6abf7158809cf4f3c",
	 "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c"},
	{"RFC 4493, example 3", NOON_MAC_AES_CMAC_128, "2b7e151628aed2a6abf7158809cf4f3c",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	 "30c81c46a35ce411",
	 "dfa66747de9ae63030ca32611497c827"},
	{"RFC 4493, example 4", NOON_MAC_AES_CMAC_128, "2b7e151628aed2a6abf7158809cf4f3c",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	 "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
	 "51f0bebf7e3b9d92fc49741779363cfe"},
	{"SP 800-38B, D.3, 1", NOON_MAC_AES_CMAC_256,
	 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "",
	 "028962f61b7bf89efc6b551f4667d983"},
	{"SP 800-38B, D.3, 2", NOON_MAC_AES_CMAC_256,
	 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	 "6bc1bee22e409f96e93d7e117393172a", "28a7023f452e8f82bd4bf28d8c37c35c"},
	{"SP 800-38B, D.3, 3", NOON_MAC_AES_CMAC_256,
	 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	 "30c81c46a35ce411",
	 "aaf3d8f1de5640c232f5b169b9c911e6"},
	{"SP 800-38B, D.3, 4", NOON_MAC_AES_CMAC_256,
	 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	 "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
	 "e1992190549f6ed5696a2c056c315410"},
};
