/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the fuzz targets share: histories from bytes and back, and how a target fails.
 *
 * A target is an LLVMFuzzerTestOneInput: `make fuzz` feeds it mutated inputs, `make check` the
 * files of tests/fuzz/corpus (run_corpus.c). It fails by abort(), as a sanitizer does.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history/history.h"

/* libFuzzer's own; weak, since there is none where the corpora are only run. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Say what is wrong, and abort. */
void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Read one file from memory. false: refused, *err says why, and there is nothing to release. */
bool fuzz_read_text(const char *text, size_t len, struct history *ret, struct error *err);
bool fuzz_read_binary(const uint8_t *data, size_t len, struct history *ret, struct error *err);

/* malloc'ed. */
char *fuzz_print_text(const struct history *history);
uint8_t *fuzz_print_binary(const struct history *history, size_t *ret_len);

/* The text and the binary form of a history must read back as the same history. */
void fuzz_expect_twins(const struct history *history);

#endif
