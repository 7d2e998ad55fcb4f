/* Hashes, HMACs and HKDF against published vectors. */

#include <libwebsockets.h>
#include "check.h"

static void
hash(enum lws_genhash_types type, const char *expected)
{
	struct lws_genhash_ctx ctx;
	uint8_t result[LWS_GENHASH_LARGEST];
	char text[160];

	CHECK(lws_genhash_size(type) * 2 == strlen(expected));
	CHECK(lws_genhash_init(&ctx, type) == 0);
	CHECK(lws_genhash_update(&ctx, "a", 1) == 0);
	CHECK(lws_genhash_update(&ctx, "", 0) == 0);
	CHECK(lws_genhash_update(&ctx, "bc", 2) == 0);
	CHECK(lws_genhash_destroy(&ctx, result) == 0);
	CHECK(lws_genhash_destroy(&ctx, result) == 0);
	CHECK(lws_genhash_render(type, result, text, sizeof(text)) == 0);
	CHECK_STR(text, expected);
}

static void
hashes(void)
{
	struct lws_genhash_ctx ctx;
	uint8_t result[20];
	char text[48];

	hash(LWS_GENHASH_TYPE_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	hash(LWS_GENHASH_TYPE_SHA256,
	     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash(LWS_GENHASH_TYPE_SHA384,
	     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	     "8086072ba1e7cc2358baeca134c825a7");
	hash(LWS_GENHASH_TYPE_SHA512,
	     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");

	/* dropped without a result */
	CHECK(lws_genhash_init(&ctx, LWS_GENHASH_TYPE_SHA256) == 0);
	CHECK(lws_genhash_destroy(&ctx, NULL) == 0);

	CHECK(lws_genhash_init(&ctx, LWS_GENHASH_TYPE_UNKNOWN) != 0);
	CHECK(lws_genhash_update(&ctx, "a", 1) != 0);
	CHECK(lws_genhash_destroy(&ctx, NULL) == 0);
	CHECK(lws_genhash_size(LWS_GENHASH_TYPE_UNKNOWN) == 0);
	CHECK(lws_genhash_size(LWS_GENHASH_TYPE_MD5) == 16);

	CHECK(lws_SHA1((const unsigned char *)"abc", 3, result) == result);
	CHECK(lws_genhash_render_prefixed(LWS_GENHASH_TYPE_SHA1, result, text, sizeof(text)) == 0);
	CHECK_STR(text, "SHA1:a9993e364706816aba3e25717850c26c9cd0d89d");
	CHECK(lws_genhash_render(LWS_GENHASH_TYPE_SHA1, result, text, 16) == 0);
	CHECK_STR(text, "a9993e364706...");
	CHECK(lws_genhash_render(LWS_GENHASH_TYPE_SHA1, result, text, 4) == -1);
	CHECK(lws_genhash_render(LWS_GENHASH_TYPE_UNKNOWN, result, text, 16) == -1);
}

/* RFC 4231, test case 2 */
static void
hmacs(void)
{
	static const struct {
		enum lws_genhmac_types	type;
		const char		*expected;
	} cases[] = {
		{ LWS_GENHMAC_TYPE_SHA1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ LWS_GENHMAC_TYPE_SHA256,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ LWS_GENHMAC_TYPE_SHA384,
		  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		  "8e2240ca5e69e2c78b3239ecfab21649" },
		{ LWS_GENHMAC_TYPE_SHA512,
		  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	};
	struct lws_genhmac_ctx ctx;
	uint8_t result[LWS_GENHASH_LARGEST];
	char text[160];
	size_t n;

	for (n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		CHECK(lws_genhmac_init(&ctx, cases[n].type, (const uint8_t *)"Jefe", 4) == 0);
		CHECK(lws_genhmac_update(&ctx, "what do ya want ", 16) == 0);
		CHECK(lws_genhmac_update(&ctx, "for nothing?", 12) == 0);
		CHECK(lws_genhmac_destroy(&ctx, result) == 0);
		lws_hex_from_byte_array(result, lws_genhmac_size(cases[n].type), text,
					sizeof(text));
		CHECK_STR(text, cases[n].expected);
	}
	CHECK(lws_genhmac_init(&ctx, LWS_GENHMAC_TYPE_UNKNOWN, result, 1) != 0);
}

/* RFC 5869, A.1 and A.3; RFC 8448, section 3 */
static void
hkdf(void)
{
	uint8_t ikm[22], salt[13], info[10], prk[32], okm[42];
	char text[160];
	unsigned int n;

	memset(ikm, 0x0b, sizeof(ikm));
	for (n = 0; n < sizeof(salt); n++)
		salt[n] = (uint8_t)n;
	for (n = 0; n < sizeof(info); n++)
		info[n] = (uint8_t)(0xf0 + n);

	CHECK(!lws_genhkdf_extract(LWS_GENHMAC_TYPE_SHA256, salt, sizeof(salt), ikm, sizeof(ikm),
				   prk));
	lws_hex_from_byte_array(prk, sizeof(prk), text, sizeof(text));
	CHECK_STR(text, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
	CHECK(!lws_genhkdf_expand(LWS_GENHMAC_TYPE_SHA256, prk, sizeof(prk), info, sizeof(info),
				  okm, sizeof(okm)));
	lws_hex_from_byte_array(okm, sizeof(okm), text, sizeof(text));
	CHECK_STR(text, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
			"34007208d5b887185865");

	CHECK(!lws_genhkdf_extract(LWS_GENHMAC_TYPE_SHA256, NULL, 0, ikm, sizeof(ikm), prk));
	lws_hex_from_byte_array(prk, sizeof(prk), text, sizeof(text));
	CHECK_STR(text, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");

	CHECK(lws_hex_to_byte_array("33ad0a1c607ec03b09e6cd9893680ce2"
				    "10adf300aa1f2660e1b22e10f170f92a", prk, sizeof(prk)) == 32);
	memset(salt, 0, sizeof(salt));
	CHECK(!lws_genhkdf_expand_label(LWS_GENHMAC_TYPE_SHA256, prk, sizeof(prk), "finished",
					NULL, 0, okm, 32));
	CHECK(lws_genhkdf_expand(LWS_GENHMAC_TYPE_UNKNOWN, prk, sizeof(prk), NULL, 0, okm, 1));
	CHECK(lws_genhkdf_expand(LWS_GENHMAC_TYPE_SHA256, prk, sizeof(prk), NULL, 0, okm, 0));
}

int
main(void)
{
	lws_set_log_level(0, NULL);

	hashes();
	hmacs();
	hkdf();

	return 0;
}
