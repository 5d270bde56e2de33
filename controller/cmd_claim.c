/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_claim.c - `stalemate claim`: put our mark on a device, or take it away.
 *
 * The one place where somebody decides that a device may be overwritten. So everything that is
 * known of it is shown first, what looks used is refused whatever is answered, and the answer is a
 * word that nobody types by habit.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "common/claim.h"
#include "site/claim_device.h"
#include "host/interrupt.h"

struct request {
	const char *device;
	struct host_options where;
	bool yes, remove;
};

static void show(const struct request *r, const struct claim_device *device)
{
	const char *where = r->where.ssh[0] ? r->where.ssh : "this machine";

	printf("device  %s on %s", r->device, where);
	if (strcmp(r->device, device->path) != 0)
		printf(" (%s)", device->path);
	printf("\nsize    %llu MiB (%llu bytes)\n", (unsigned long long)(device->size >> 20),
	       (unsigned long long)device->size);
	if (device->what[0])
		printf("is      %s\n", device->what);
	printf("holds   %s\n",
	       device->signatures[0] ? device->signatures
	       : device->blank	     ? "nothing that wipefs knows; its first MiB is empty"
				     : "nothing that wipefs knows, but its first MiB is not empty");
	printf("claim   %s\n", device->claimed ? "there" : "none");
}

/* "yes", typed by somebody. */
static int ask(const struct request *r, struct error *err)
{
	char answer[16] = "";

	if (r->yes)
		return 0;
	if (!isatty(STDIN_FILENO))
		return error_set(err, ERROR_USER,
				 "nobody is there to be asked (standard input is no terminal); "
				 "--yes answers beforehand");
	printf("\nType yes to go on: ");
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) && interrupted())
		return interrupt_error(err);
	if (strcmp(answer, "yes\n") != 0)
		return error_set(err, ERROR_USER, "not answered with yes: nothing was changed");
	return 0;
}

/* Somebody may have taken minutes to answer: is it still what was shown, and nobody's? */
static int look_again(struct host *host, const struct claim_device *shown, struct error *err)
{
	struct claim_device now;

	if (claim_device_look(host, shown->path, &now, err) < 0)
		return -1;
	if (strcmp(now.number, shown->number) != 0 || now.size != shown->size ||
	    strcmp(now.signatures, shown->signatures) != 0 || now.blank != shown->blank ||
	    now.claimed != shown->claimed)
		return error_set(err, ERROR_USER,
				 "%s is no longer what was shown above: somebody uses it; nothing "
				 "was changed",
				 shown->path);
	return claim_device_check_free(host, &now, err);
}

static int put_mark(struct host *host, const struct request *r, const struct claim_device *device,
		    struct error *err)
{
	if (device->claimed && !claim_device_check(device, NULL)) {
		printf("%s is already claimed.\n", r->device);
		return 0;
	}
	if (claim_device_check_free(host, device, err) < 0 || claim_device_check(device, err) < 0)
		return -1;
	show(r, device);
	printf("\nIts last %d bytes become the mark of stalemate. From then on a run whose plan "
	       "names\n"
	       "the device overwrites all of it and asks no more, until `stalemate claim "
	       "--remove`.\n"
	       "The mark is replicated like any data: one host is enough.\n",
	       CLAIM_BLOCK);
	if (ask(r, err) < 0 || look_again(host, device, err) < 0 ||
	    claim_device_mark(host, device, err) < 0)
		return -1;
	printf("%s is claimed.\n", r->device);
	return 0;
}

static int remove_mark(struct host *host, const struct request *r,
		       const struct claim_device *device, struct error *err)
{
	if (!device->claimed) {
		printf("%s is not claimed: there is nothing to remove.\n", r->device);
		return 0;
	}
	if (claim_device_check_free(host, device, err) < 0)
		return -1;
	show(r, device);
	printf("\nIts last %d bytes become zeros: no run writes to it any more.\n", CLAIM_BLOCK);
	if (ask(r, err) < 0 || look_again(host, device, err) < 0 ||
	    claim_device_unmark(host, device, err) < 0)
		return -1;
	printf("%s is no longer claimed.\n", r->device);
	return 0;
}

static int carry_out(const struct request *r, struct error *err)
{
	struct host *host = host_open(&r->where, err);
	struct claim_device device;
	int result;

	if (!host)
		return -1;
	if (host_warning(host)[0])
		fprintf(stderr, "stalemate: %s\n", host_warning(host));
	result = claim_device_look(host, r->device, &device, err);
	if (!result)
		result = r->remove ? remove_mark(host, r, &device, err)
				   : put_mark(host, r, &device, err);
	host_close(host);
	return result;
}

static int claim(int argc, char **argv)
{
	static const struct option long_options[] = {{"ssh", required_argument, NULL, 's'},
						     {"ssh-config", required_argument, NULL, 'F'},
						     {"yes", no_argument, NULL, 'y'},
						     {"remove", no_argument, NULL, 'r'},
						     {NULL, 0, NULL, 0}};
	struct request request = {.where.ssh = ""};
	struct error err;
	int opt;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		if (opt == 's')
			request.where.ssh = optarg;
		else if (opt == 'F')
			request.where.ssh_config = optarg;
		else if (opt == 'y')
			request.yes = true;
		else if (opt == 'r')
			request.remove = true;
		else
			return 2;
	}
	if (optind + 1 != argc || argv[optind][0] != '/') {
		fputs("stalemate claim: name one device, by an absolute path\n"
		      "Try `stalemate claim --help`.\n",
		      stderr);
		return 2;
	}
	request.device = argv[optind];
	interrupt_install();
	return carry_out(&request, &err) < 0 ? command_fail(&err) : 0;
}

const struct command command_claim = {
	.name = "claim",
	.summary = "mark a device as ours to overwrite, or take the mark away",
	.usage = "usage: stalemate claim DEVICE [--ssh USER@HOST] [--ssh-config FILE] [--yes]\n"
		 "       stalemate claim --remove DEVICE [OPTION]...\n"
		 "\n"
		 "Puts the mark of stalemate into the last 4096 bytes of a block device. Only a "
		 "device "
		 "with\n"
		 "it is ever overwritten by a run (volume = raw, domain = auto). A device that "
		 "holds "
		 "anything\n"
		 "(file system, partitions, LVM, RAID, LUKS, swap, DRBD metadata) or is in use by "
		 "anybody is\n"
		 "refused, and the message names what was found.\n"
		 "\n"
		 "      --ssh USER@HOST    the device is on that host; USER@HOST[:PORT] or a name "
		 "in\n"
		 "                         ~/.ssh/config\n"
		 "      --ssh-config FILE  instead of ~/.ssh/config, as ssh -F\n"
		 "      --remove           take the mark away again\n"
		 "      --yes              do not ask\n"
		 "\n"
		 "Exit status: 0 it is claimed (or no longer is), also if it was before; 2 "
		 "refused, or "
		 "not\n"
		 "answered with yes; 3 the host or the device could not be reached, or failed.\n",
	.run = claim,
};
