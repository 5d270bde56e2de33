/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_claim.c - the mark that lets us overwrite something. */
#include "tests/test.h"

#include <string.h>

#include "common/bytes.h"
#include "common/claim.h"

#define MIB (1ULL << 20)

/* Guards against: a field lost, and any single wrong bit in a claim that passes as ours. */
static void test_bits(void **state)
{
	struct claim claim = {{1, 2, 3}, 7, 4096, 4, 65536, 64 * MIB}, back;
	uint8_t buf[CLAIM_SIZE];
	struct error err;
	unsigned bit;

	(void)state;
	claim_encode(&claim, buf);
	for (bit = 0; bit < CLAIM_SIZE * 8; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(claim_decode(buf, &back, &err), -1);
		assert_int_equal(err.kind, ERROR_USER);
		assert_int_equal(claim_decode_device(buf, 64 * MIB, &back, &err), -1);
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(claim_decode(buf, &back, NULL), 0);
	assert_memory_equal(back.run, claim.run, 16);
	assert_int_equal(back.volume, 7);
	assert_int_equal(back.unit, 4096);
	assert_int_equal(back.files, 4);
	assert_int_equal(back.size, 65536);
	assert_int_equal(back.device, 64 * MIB);
}

/* Guards against: a layout that changes unnoticed, and claims that were made before. */
static void test_layout(void **state)
{
	struct claim claim = {.run = {[0] = 0xa1, [15] = 0xa2},
			      .volume = 0x01020304,
			      .unit = 4096,
			      .files = 16,
			      .size = 1 << 20};
	uint8_t buf[CLAIM_SIZE];

	(void)state;
	claim_encode(&claim, buf);
	assert_memory_equal(buf, "stalemate-claim\n\1\0\0\0\0\20\0\0\20\0\0\0\4\3\2\1\xa1", 33);
	assert_int_equal(buf[47], 0xa2);
	assert_int_equal(get_u64(buf + 48), 1 << 20);
	assert_int_equal(get_u64(buf + 56), 0);
	/* as the first version of this program wrote it, which knew no devices */
	assert_int_equal(get_u64(buf + 504), 0xac6ba659c1915615ULL);
}

/* Guards against: the claim of a partition taken for the claim of the disk that ends where it does,
 * or of a device that has another size since; zeros or anything else taken for a claim. */
static void test_device(void **state)
{
	struct claim claim = {.device = 64 * MIB}, back = {.device = 99};
	uint8_t buf[CLAIM_SIZE] = {0};
	struct error err;

	(void)state;
	assert_int_equal(claim_decode_device(buf, 64 * MIB, &back, &err), -1);
	assert_non_null(strstr(err.text, "no stalemate-claim in its last 4096 bytes"));
	claim_encode(&claim, buf);
	assert_int_equal(claim_decode_device(buf, 64 * MIB + 4096, &back, &err), -1);
	assert_non_null(strstr(err.text, "of a device of 67108864 bytes, and it has 67112960"));
	assert_int_equal(back.device, 99);
	assert_int_equal(claim_decode_device(buf, 64 * MIB, &back, &err), 0);
	assert_int_equal(back.device, 64 * MIB);
	/* of a folder: none of a device, whatever its size */
	claim.device = 0;
	claim_encode(&claim, buf);
	assert_int_equal(claim_decode_device(buf, 64 * MIB, &back, &err), -1);
}

/* Guards against: a claim that is not wholly on the device, or not in its last whole block. */
static void test_place(void **state)
{
	(void)state;
	assert_int_equal(claim_place(4096), 0);
	assert_int_equal(claim_place(64 * MIB), 64 * MIB - 4096);
	assert_int_equal(claim_place(64 * MIB + 512), 64 * MIB - 4096);
	assert_int_equal(claim_place(64 * MIB + 4095), 64 * MIB - 4096);
	assert_int_equal(claim_place(64 * MIB - 512), 64 * MIB - 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
