/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accelerator.h - KVM where it really works, software emulation otherwise. */
#ifndef SITE_ACCELERATOR_H
#define SITE_ACCELERATOR_H

#include <stdbool.h>

#include "common/error.h"
#include "host/host.h"

enum accelerator { ACCELERATOR_AUTO, ACCELERATOR_KVM, ACCELERATOR_TCG, ACCELERATORS };
extern const char *const accelerator_names[ACCELERATORS]; /* auto kvm tcg */

/*
 * Whether to use KVM. AUTO: only if the CPU says it can virtualise (flags vmx or svm) and /dev/kvm
 * opens; the node alone proves nothing: on nested machines it may be there and a guest never
 * prints a line. KVM asked for by name is believed, unless /dev/kvm does not open (ERROR_WORLD).
 */
int accelerator_choose(enum accelerator asked, bool *ret_kvm, struct error *err);

/* The same of any host. */
int accelerator_choose_on(struct host *host, enum accelerator asked, bool *ret_kvm,
			  struct error *err);

#endif
