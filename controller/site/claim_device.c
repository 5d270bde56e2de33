/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim_device.c - see claim_device.h: reading and writing the mark, past the host's cache.
 *
 * host_run has no input to give, so the 512 bytes travel as an argument, in the form that every
 * printf(1) knows. Shell texts here are constants; what varies are their arguments.
 */
#include "site/claim_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/claim.h"
#include "common/parse.h"
#include "site/claim_internal.h"

static const char read_shell[] =
	"dd if=\"$1\" bs=4096 skip=\"$2\" count=1 iflag=direct status=none |"
	" od -An -v -tx1";
static const char write_shell[] =
	"printf %b \"$1\" | dd of=\"$2\" bs=4096 seek=\"$3\" count=1 iflag=fullblock"
	" conv=sync,notrunc,nocreat,fsync oflag=direct status=none";

char *claim_ask(struct host *host, const char *const argv[], struct error *err)
{
	struct process_result result;
	char *ret;

	if (host_run(host, argv, CLAIM_ASK_NS, &result, err) < 0)
		return NULL;
	if (result.status) {
		process_result_ok(&result, argv[0], err);
		return NULL;
	}
	ret = result.out;
	result.out = NULL;
	process_result_done(&result);
	return ret;
}

static void block_number(const struct claim_device *device, char ret[24])
{
	snprintf(ret, 24, "%llu", (unsigned long long)(claim_place(device->size) / CLAIM_BLOCK));
}

/* Hexadecimal bytes with blanks between them; how many there are, at most `size`. */
static size_t read_bytes(const char *text, uint8_t *ret, size_t size)
{
	unsigned byte;
	size_t n = 0;
	int used;

	while (n < size && sscanf(text, " %2x%n", &byte, &used) == 1) {
		ret[n++] = (uint8_t)byte;
		text += used;
	}
	return n;
}

/* The last block of the device. */
static int read_block(struct host *host, const struct claim_device *device,
		      uint8_t ret[CLAIM_BLOCK], struct error *err)
{
	char number[24], said[256];
	const char *const argv[] = {"sh", "-c", read_shell, "sh", device->path, number, NULL};
	struct process_result result;
	int status = 0;

	block_number(device, number);
	if (host_run(host, argv, CLAIM_ASK_NS, &result, err) < 0)
		return -1;
	printable(result.complaint, strcspn(result.complaint, "\n"), said, sizeof(said));
	if (strstr(said, "Wrong medium type")) /* EMEDIUMTYPE, as DRBD says it */
		status = error_set(err, ERROR_WORLD,
				   "%s is a DRBD device that is Secondary on this host: nobody can "
				   "read it; drbdadm primary RESOURCE",
				   device->path);
	else if (read_bytes(result.out, ret, CLAIM_BLOCK) != CLAIM_BLOCK)
		status = error_set(err, ERROR_WORLD, "cannot read the end of %s%s%s", device->path,
				   said[0] ? ": " : "", said);
	process_result_done(&result);
	return status;
}

int claim_read_mark(struct host *host, const struct claim_device *device, bool *ret,
		    struct error *err)
{
	uint8_t block[CLAIM_BLOCK];
	struct claim claim;

	if (read_block(host, device, block, err) < 0)
		return -1;
	*ret = !claim_decode_device(block, device->size, &claim, NULL);
	return 0;
}

static int write_block(struct host *host, const struct claim_device *device, const uint8_t *bytes,
		       size_t n, struct error *err)
{
	char number[24], text[CLAIM_SIZE * 5 + 1];
	const char *const argv[] = {"sh", "-c",		write_shell, "sh",
				    text, device->path, number,	     NULL};
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(text + 5 * i, 6, "\\0%03o", bytes[i]);
	block_number(device, number);
	if (host_run_ok(host, argv, CLAIM_ASK_NS, err) < 0)
		return error_prefix(err, "cannot write the end of %s", device->path);
	return 0;
}

int claim_device_mark(struct host *host, const struct claim_device *device, struct error *err)
{
	struct claim claim = {.device = device->size};
	uint8_t mark[CLAIM_SIZE];
	bool there;

	claim_encode(&claim, mark);
	if (write_block(host, device, mark, sizeof(mark), err) < 0 ||
	    claim_read_mark(host, device, &there, err) < 0)
		return -1;
	if (!there)
		return error_set(err, ERROR_WORLD,
				 "%s did not keep what was written to its end: the claim is not "
				 "there",
				 device->path);
	return 0;
}

int claim_device_unmark(struct host *host, const struct claim_device *device, struct error *err)
{
	static const uint8_t zero[1];
	bool there;

	if (write_block(host, device, zero, sizeof(zero), err) < 0 ||
	    claim_read_mark(host, device, &there, err) < 0)
		return -1;
	if (there)
		return error_set(err, ERROR_WORLD,
				 "%s did not keep what was written to its end: the claim is still "
				 "there",
				 device->path);
	return 0;
}

int claim_device_read(struct host *host, const char *device, uint64_t *ret_size, bool *ret_claimed,
		      struct error *err)
{
	struct claim_device looked;

	if (claim_device_look(host, device, &looked, err) < 0)
		return -1;
	if (looked.claimed && claim_device_check(&looked, err) < 0)
		return error_prefix(err, "the claim is not believed");
	*ret_size = looked.size;
	*ret_claimed = looked.claimed;
	return 0;
}
