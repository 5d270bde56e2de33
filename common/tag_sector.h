/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tag_sector.h - the layout of tag.h in code: what is done for every sector of every operation.
 *
 * It owns the tag's byte order. It is all in one header because it is compiled twice, for any
 * processor (tag.c) and for those with AVX2 (tag_avx2.c): the hash of xxhash.h uses what the
 * compiler is told the processor has, and all of it inlines into one loop over the sectors.
 * Nobody else includes it, but for the test that both do the same.
 */
#ifndef COMMON_TAG_SECTOR_H
#define COMMON_TAG_SECTOR_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <assert.h>

#include "common/bytes.h"
#include "common/tag.h"

/* tag_avx2.c: tag_stamp and tag_read for a processor that has it. */
#if defined(__x86_64__) && !defined(__clang__)
#define TAG_AVX2
void tag_stamp_avx2(const struct tag_space *space, const struct tag *tag, void *buf);
void tag_read_avx2(const struct tag_space *space, uint64_t sector, unsigned sectors,
		   const void *buf, struct value *ret);
#endif

#define TAG_MAGIC 0x31544d53U /* "SMT1" */
#define TAG_VERSION 1

enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_NODE = 6,
	AT_FLAGS = 7,
	AT_RUN = 8,
	AT_WRITE_ID = 24,
	AT_SECTOR = 32,
	AT_SECTORS = 40,
	AT_INDEX = 42,
	AT_VOLUME = 44,
	AT_PEER = 48,
	AT_INVOKE = 56,
	AT_BODY = 64,
	AT_CHECKSUM = 504,
};
#define BODY_WORDS ((AT_CHECKSUM - AT_BODY) / 8)

static_assert(BODY_WORDS == 55 && AT_CHECKSUM + 8 == SECTOR_SIZE, "the layout fills a sector");

/* The finaliser of MurmurHash3 (Appleby, public domain constants): spreads every input bit. */
static inline uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	x ^= x >> 33;
	return x;
}

/* The start of a body: depends on the run and the sector; word i adds i odd steps to it. */
static inline uint64_t body_base(const uint8_t run[16], uint64_t sector)
{
	return mix(get_u64(run) ^ mix(get_u64(run + 8) + sector));
}

static inline uint64_t body_word(uint64_t base, unsigned i)
{
	uint64_t x = base + i * 0x9e3779b97f4a7c15ULL;

	return x ^ x >> 29;
}

static inline uint64_t place(uint32_t volume, uint64_t sector)
{
	return mix(sector + ((uint64_t)volume << 32 | 1));
}

static inline uint64_t hash_sector(const uint8_t *at)
{
	return XXH3_64bits(at, AT_CHECKSUM);
}

static inline void fill_body(uint8_t *at, uint64_t base, uint64_t id)
{
	unsigned i;

	for (i = 0; i < BODY_WORDS; i++)
		put_u64(at + AT_BODY + i * 8, id ^ body_word(base, i));
}

static inline uint64_t compare_body(const uint8_t *at, uint64_t base, uint64_t id)
{
	uint64_t differing = 0;
	unsigned i;

	for (i = 0; i < BODY_WORDS; i++)
		differing |= get_u64(at + AT_BODY + i * 8) ^ id ^ body_word(base, i);
	return differing;
}

static inline void stamp_sectors(const struct tag_space *space, const struct tag *tag, void *buf)
{
	uint8_t *at = buf;
	uint64_t sector;
	unsigned i;

	for (i = 0; i < tag->sectors; i++, at += SECTOR_SIZE) {
		sector = tag->sector + i;
		put_u32(at + AT_MAGIC, TAG_MAGIC);
		put_u16(at + AT_VERSION, TAG_VERSION);
		at[AT_NODE] = (uint8_t)write_id_node(tag->write_id);
		at[AT_FLAGS] = 0;
		memcpy(at + AT_RUN, space->run, 16);
		put_u64(at + AT_WRITE_ID, tag->write_id);
		put_u64(at + AT_SECTOR, sector);
		put_u16(at + AT_SECTORS, tag->sectors);
		put_u16(at + AT_INDEX, (uint16_t)i);
		put_u32(at + AT_VOLUME, space->volume);
		put_u64(at + AT_PEER, tag->peer);
		put_u64(at + AT_INVOKE, tag->invoke);
		fill_body(at, body_base(space->run, sector), tag->write_id);
		put_u64(at + AT_CHECKSUM, hash_sector(at) ^ place(space->volume, sector));
	}
}

static inline bool all_zero(const uint8_t *at)
{
	return !at[0] && !memcmp(at, at + 1, SECTOR_SIZE - 1);
}

/* A sector, decoded: its kind and, for a tag of ours, the write and the place it was meant for. */
struct sector {
	enum value_kind kind;
	uint64_t write_id, sector;
};

static inline struct sector read_sector(const struct tag_space *space, uint64_t sector,
					const uint8_t *at)
{
	struct sector ret = {VALUE_CORRUPT, 0, 0};
	uint64_t own = get_u64(at + AT_SECTOR), id = get_u64(at + AT_WRITE_ID);
	uint32_t volume = get_u32(at + AT_VOLUME);

	if (get_u32(at + AT_MAGIC) != TAG_MAGIC || get_u16(at + AT_VERSION) != TAG_VERSION) {
		if (all_zero(at))
			ret.kind = VALUE_ZERO;
		return ret;
	}
	if (get_u64(at + AT_CHECKSUM) != (hash_sector(at) ^ place(volume, own)) ||
	    at[AT_NODE] != write_id_node(id) || compare_body(at, body_base(at + AT_RUN, own), id))
		return ret;
	if (memcmp(at + AT_RUN, space->run, 16) || volume != space->volume) {
		ret.kind = VALUE_FOREIGN;
		return ret;
	}
	ret.kind = own == sector ? VALUE_TAG : VALUE_MISDIRECTED;
	ret.write_id = id;
	ret.sector = own;
	return ret;
}

static inline void read_sectors(const struct tag_space *space, uint64_t sector, unsigned sectors,
				const void *buf, struct value *ret)
{
	struct sector first = {VALUE_NONE, 0, 0}, last = first, next;
	struct part *part = NULL;
	unsigned i;

	assert(sectors >= 1 && sectors <= SECTORS_MAX);
	ret->n_parts = 0;
	for (i = 0; i < sectors; i++) {
		next = read_sector(space, sector + i, (const uint8_t *)buf + i * SECTOR_SIZE);
		if (!i)
			first = next;
		if (part && part->kind == next.kind && part->write_id == next.write_id &&
		    (next.kind != VALUE_MISDIRECTED || next.sector == last.sector + 1)) {
			part->sectors++;
		} else {
			part = &ret->parts[ret->n_parts++];
			*part = (struct part){next.kind, 1, next.write_id};
		}
		last = next;
	}
	ret->kind = ret->n_parts == 1 ? first.kind : VALUE_TORN;
	ret->write_id = ret->n_parts == 1 ? first.write_id : 0;
	ret->at_unit = ret->kind == VALUE_MISDIRECTED ? first.sector / sectors : 0;
	if (ret->n_parts == 1)
		ret->n_parts = 0;
}

#endif
