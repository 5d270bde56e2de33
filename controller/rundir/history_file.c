/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_file.c - the header of a binary history, and the writer that appends to one.
 *
 *   off size  little-endian
 *    0   8  magic "SMHIST\x1a\n": binary, and told from a text by its first bytes
 *    8   2  version
 *   10   1  nodes: bit 0 a, bit 1 b
 *   11   1  clock (enum history_clock)
 *   12   4  volume id
 *   16  16  run uuid
 *   32   4  unit, bytes
 *   36   4  drift, ppm
 *   40   8  units
 *   48   8  seed
 *   56   8  theta_lo, ns, signed
 *   64   8  theta_hi, ns, signed
 *   72  48  0
 *  120   8  XXH3-64 of bytes 0..119
 *
 * The version is looked at before the checksum: a newer version may keep its checksum elsewhere,
 * and "newer" is the more helpful thing to say.
 */
#include "rundir/history_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bytes.h"

enum {
	AT_VERSION = 8,
	AT_NODES = 10,
	AT_CLOCK = 11,
	AT_VOLUME = 12,
	AT_RUN = 16,
	AT_UNIT = 32,
	AT_DRIFT = 36,
	AT_UNITS = 40,
	AT_SEED = 48,
	AT_LO = 56,
	AT_HI = 64,
	AT_SPARE = 72,
	AT_CHECKSUM = 120,
};

static const uint8_t magic[8] = {'S', 'M', 'H', 'I', 'S', 'T', 0x1a, '\n'};

struct history_writer {
	FILE *file;
	char *path;
};

bool history_is_binary(const uint8_t *buf, size_t len)
{
	/* Six letters are enough: a cut magic is then called a cut history, not noise. */
	return len >= 6 && !memcmp(buf, magic, len < sizeof(magic) ? len : sizeof(magic));
}

void history_header_encode(const struct history_header *header, uint8_t ret[HISTORY_HEADER_SIZE])
{
	memset(ret, 0, HISTORY_HEADER_SIZE);
	memcpy(ret, magic, sizeof(magic));
	put_u16(ret + AT_VERSION, HISTORY_VERSION);
	ret[AT_NODES] = header->nodes;
	ret[AT_CLOCK] = (uint8_t)header->clock;
	put_u32(ret + AT_VOLUME, header->volume);
	memcpy(ret + AT_RUN, header->run, sizeof(header->run));
	put_u32(ret + AT_UNIT, header->unit);
	put_u32(ret + AT_DRIFT, header->drift_ppm);
	put_u64(ret + AT_UNITS, header->units);
	put_u64(ret + AT_SEED, header->seed);
	if (header->clock == HISTORY_CLOCK_BOUNDS) {
		put_u64(ret + AT_LO, (uint64_t)header->theta_lo);
		put_u64(ret + AT_HI, (uint64_t)header->theta_hi);
	}
	put_u64(ret + AT_CHECKSUM, XXH3_64bits(ret, AT_CHECKSUM));
}

static int damaged(struct error *err, const char *name, unsigned offset, const char *what)
{
	return error_set(err, ERROR_USER, "%s: damaged header: %s (offset %u)", name, what, offset);
}

int history_header_decode(const char *name, const uint8_t *buf, size_t len,
			  struct history_header *ret, struct error *err)
{
	uint8_t canonical[HISTORY_HEADER_SIZE];
	struct history_header header = {0};
	unsigned version;

	if (!history_is_binary(buf, len))
		return error_set(err, ERROR_USER,
				 "%s: not a history: its first bytes (offset 0) are not the magic",
				 name);
	if (len < AT_VERSION + 2)
		return damaged(err, name, (unsigned)len, "the file ends within it");
	version = get_u16(buf + AT_VERSION);
	if (version > HISTORY_VERSION)
		return error_set(err, ERROR_USER,
				 "%s: history of format version %u, but this stalemate reads up to "
				 "version %u; use a newer stalemate",
				 name, version, HISTORY_VERSION);
	if (len < HISTORY_HEADER_SIZE)
		return damaged(err, name, (unsigned)len, "the file ends within it");
	if (get_u64(buf + AT_CHECKSUM) != XXH3_64bits(buf, AT_CHECKSUM))
		return damaged(err, name, AT_CHECKSUM, "checksum does not match");
	header.nodes = buf[AT_NODES];
	header.clock = (enum history_clock)buf[AT_CLOCK];
	header.volume = get_u32(buf + AT_VOLUME);
	memcpy(header.run, buf + AT_RUN, sizeof(header.run));
	header.unit = get_u32(buf + AT_UNIT);
	header.drift_ppm = get_u32(buf + AT_DRIFT);
	header.units = get_u64(buf + AT_UNITS);
	header.seed = get_u64(buf + AT_SEED);
	header.theta_lo = (int64_t)get_u64(buf + AT_LO);
	header.theta_hi = (int64_t)get_u64(buf + AT_HI);
	if (!version)
		return damaged(err, name, AT_VERSION, "version 0");
	if (!header.nodes || header.nodes >> NODES)
		return damaged(err, name, AT_NODES, "impossible nodes");
	if (header.clock > HISTORY_CLOCK_BOUNDS)
		return damaged(err, name, AT_CLOCK, "unknown kind of clock");
	if (header.unit < UNIT_MIN || header.unit > UNIT_MAX || header.unit % SECTOR_SIZE)
		return damaged(err, name, AT_UNIT, "impossible unit");
	if (header.drift_ppm > HISTORY_DRIFT_MAX)
		return damaged(err, name, AT_DRIFT, "impossible drift");
	if (header.theta_lo > header.theta_hi)
		return damaged(err, name, AT_LO, "empty clock bounds");
	if (header.theta_lo == INT64_MIN)
		return damaged(err, name, AT_LO, "impossible clock bounds");
	history_header_encode(&header, canonical);
	if (memcmp(buf, canonical, AT_CHECKSUM))
		return damaged(err, name, AT_SPARE, "bytes that must be 0 are not");
	*ret = header;
	return 0;
}

struct history_writer *history_create(const char *path, const struct history_header *header,
				      struct error *err)
{
	uint8_t bytes[HISTORY_HEADER_SIZE];
	struct history_writer *writer = calloc(1, sizeof(*writer));
	int fd = -1;

	if (!writer || !(writer->path = strdup(path))) {
		error_set(err, ERROR_WORLD, "%s: out of memory", path);
		goto out;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot create the history %s", path);
		goto out;
	}
	writer->file = fdopen(fd, "wb");
	if (!writer->file) {
		error_set_errno(err, ERROR_WORLD, "cannot open the history %s", path);
		goto out;
	}
	fd = -1;
	history_header_encode(header, bytes);
	/* flushed at once: a run killed before its first record leaves an empty history, not noise
	 */
	if (fwrite(bytes, sizeof(bytes), 1, writer->file) != 1 || fflush(writer->file)) {
		error_set_errno(err, ERROR_WORLD, "cannot write the history %s", path);
		goto out;
	}
	return writer;
out:
	if (fd >= 0)
		close(fd);
	history_close(writer, NULL);
	return NULL;
}

int history_append(struct history_writer *writer, const struct record *record, struct error *err)
{
	uint8_t bytes[RECORD_MAX];
	size_t size = record_encode(record, bytes);

	if (fwrite(bytes, size, 1, writer->file) != 1)
		return error_set_errno(err, ERROR_WORLD, "cannot write the history %s",
				       writer->path);
	return 0;
}

int history_flush(struct history_writer *writer, struct error *err)
{
	if (fflush(writer->file))
		return error_set_errno(err, ERROR_WORLD, "cannot write the history %s",
				       writer->path);
	return 0;
}

int history_sync(struct history_writer *writer, struct error *err)
{
	if (fflush(writer->file) || fsync(fileno(writer->file)) < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot write the history %s",
				       writer->path);
	return 0;
}

int history_close(struct history_writer *writer, struct error *err)
{
	int result = 0;

	if (!writer)
		return 0;
	/* ferror remembers an append that failed and that nobody looked at. */
	if (writer->file && (fflush(writer->file) || ferror(writer->file)))
		result = error_set_errno(err, ERROR_WORLD, "cannot write the history %s",
					 writer->path);
	if (writer->file && fclose(writer->file) && !result)
		result = error_set_errno(err, ERROR_WORLD, "cannot close the history %s",
					 writer->path);
	free(writer->path);
	free(writer);
	return result;
}
