/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hypervisor_domain.c - hypervisor.h: domains, their definitions and their lives.
 *
 * What is asked for may take its time: a guest that was told to shut down does so when it likes.
 * Waiting is the caller's, so that every wait has the caller's deadline.
 */
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdlib.h>

#include "virt/hypervisor_internal.h"

static int failed(struct job *job)
{
	return hypervisor_error(&job->err,
				job->request.what ? job->request.what : job->request.name);
}

/* The same of a definition: libvirt (ERROR_REFUSED) or something else may be in its way. */
static int not_taken(struct job *job)
{
	int code = virGetLastErrorCode();

	failed(job);
	if (code == VIR_ERR_CONFIG_UNSUPPORTED || code == VIR_ERR_XML_ERROR ||
	    code == VIR_ERR_XML_DETAIL || code == VIR_ERR_OPERATION_UNSUPPORTED)
		job->err.kind = ERROR_REFUSED;
	return -1;
}

/* 1 if it runs, 0 if it does not or is not there any more, -1 with the job's error. */
static int is_active(struct job *job)
{
	int active = virDomainIsActive(job->domain);

	if (active < 0 && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return 0;
	return active < 0 ? failed(job) : active;
}

/* The domain that a call made or not, which nobody holds. */
static int made(struct job *job, virDomainPtr domain)
{
	if (!domain)
		return not_taken(job);
	virDomainFree(domain);
	return 0;
}

static int create_xml(struct job *job)
{
	return made(job,
		    virDomainCreateXML(job->connection, job->request.text, job->request.flags));
}

int hypervisor_start(struct hypervisor *hypervisor, const char *xml, bool dies_with_us,
		     struct error *err)
{
	const struct request request = {.work = create_xml,
					.what = "cannot start a guest",
					.text = xml,
					.flags = dies_with_us ? VIR_DOMAIN_START_AUTODESTROY : 0,
					.changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int define_xml(struct job *job)
{
	return made(job, virDomainDefineXML(job->connection, job->request.text));
}

int hypervisor_define(struct hypervisor *hypervisor, const char *xml, struct error *err)
{
	const struct request request = {
		.work = define_xml, .what = "cannot define a guest", .text = xml, .changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int destroy(struct job *job)
{
	if (!virDomainDestroy(job->domain))
		return 0;
	failed(job);
	return is_active(job) ? -1 : 0;
}

int hypervisor_destroy(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	const struct request request = {
		.work = destroy, .name = name, .changes = true, .absent_ok = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int suspend(struct job *job)
{
	return virDomainSuspend(job->domain) < 0 ? failed(job) : 0;
}

int hypervisor_suspend(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	const struct request request = {.work = suspend, .name = name, .changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int resume(struct job *job)
{
	return virDomainResume(job->domain) < 0 ? failed(job) : 0;
}

int hypervisor_resume(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	const struct request request = {.work = resume, .name = name, .changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

int hypervisor_is_running(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	const struct request request = {.work = is_active, .name = name, .absent_ok = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

bool hypervisor_running(struct hypervisor *hypervisor, const char *name)
{
	return hypervisor_is_running(hypervisor, name, NULL) > 0;
}

static int start_defined(struct job *job)
{
	if (!virDomainCreate(job->domain))
		return 0;
	not_taken(job);
	return virDomainIsActive(job->domain) == 1 ? 0 : -1;
}

int hypervisor_start_defined(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	const struct request request = {.work = start_defined, .name = name, .changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int shut_down(struct job *job)
{
	if (!virDomainShutdownFlags(job->domain, VIR_DOMAIN_SHUTDOWN_DEFAULT))
		return 0;
	failed(job);
	return virDomainIsActive(job->domain) == 0 ? 0 : -1;
}

int hypervisor_shutdown(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	const struct request request = {.work = shut_down, .name = name, .changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int set_autostart(struct job *job)
{
	return virDomainSetAutostart(job->domain, (int)job->request.flags) < 0 ? failed(job) : 0;
}

int hypervisor_set_autostart(struct hypervisor *hypervisor, const char *name, bool on,
			     struct error *err)
{
	const struct request request = {
		.work = set_autostart, .name = name, .flags = on, .changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int is_off(struct job *job)
{
	int state, reason;

	if (virDomainGetState(job->domain, &state, &reason, 0) < 0)
		return failed(job);
	return state == VIR_DOMAIN_SHUTOFF;
}

int hypervisor_is_off(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	const struct request request = {.work = is_off, .name = name};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int get_xml(struct job *job)
{
	job->answer.text = virDomainGetXMLDesc(job->domain, job->request.flags);
	return job->answer.text ? 0 : failed(job);
}

static char *xml_with(struct hypervisor *hypervisor, const char *name, unsigned flags,
		      struct error *err)
{
	const struct request request = {.work = get_xml, .name = name, .flags = flags};

	return hypervisor_ask(hypervisor, &request, err);
}

char *hypervisor_xml(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	return xml_with(hypervisor, name, 0, err);
}

char *hypervisor_definition(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	return xml_with(hypervisor, name, VIR_DOMAIN_XML_INACTIVE, err);
}

char *hypervisor_definition_secure(struct hypervisor *hypervisor, const char *name,
				   struct error *err)
{
	return xml_with(hypervisor, name, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE, err);
}

/* A number that a driver may not know (false: it should have, and failed). */
static bool counted(int number)
{
	return number >= 0 || virGetLastErrorCode() == VIR_ERR_NO_SUPPORT;
}

static int look(struct job *job)
{
	struct domain_state *ret = &job->answer.state;
	int autostart, state, reason, persistent, active, managed_save;
	virDomainPtr domain = job->domain;

	if (virDomainGetUUIDString(domain, ret->uuid) < 0 ||
	    virDomainGetAutostart(domain, &autostart) < 0 ||
	    virDomainGetState(domain, &state, &reason, 0) < 0)
		return failed(job);
	persistent = virDomainIsPersistent(domain);
	active = persistent < 0 ? -1 : virDomainIsActive(domain);
	managed_save = active < 0 ? -1 : virDomainHasManagedSaveImage(domain, 0);
	if (managed_save < 0)
		return failed(job);
	ret->snapshots = virDomainSnapshotNum(domain, 0);
	if (!counted(ret->snapshots))
		return failed(job);
	ret->checkpoints = virDomainListAllCheckpoints(domain, NULL, 0);
	if (!counted(ret->checkpoints))
		return failed(job);
	ret->autostart = autostart;
	ret->halted = state != VIR_DOMAIN_RUNNING && state != VIR_DOMAIN_BLOCKED;
	ret->persistent = persistent;
	ret->running = active;
	ret->managed_save = managed_save;
	return 0;
}

int hypervisor_look(struct hypervisor *hypervisor, const char *name, struct domain_state *ret,
		    struct error *err)
{
	const struct request request = {.work = look, .name = name};
	struct answer answer;

	if (hypervisor_call(hypervisor, &request, &answer, err) < 0)
		return -1;
	*ret = answer.state;
	return 0;
}

static int block_job(struct job *job)
{
	virDomainBlockJobInfo info;
	int found = virDomainGetBlockJobInfo(job->domain, job->request.text, &info, 0);

	return found < 0 ? failed(job) : found;
}

int hypervisor_block_job(struct hypervisor *hypervisor, const char *name, const char *disk,
			 struct error *err)
{
	const struct request request = {.work = block_job, .name = name, .text = disk};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int guest_agent(struct job *job)
{
	job->answer.text =
		virDomainQemuAgentCommand(job->domain, job->request.text, job->request.seconds, 0);
	return job->answer.text ? 0 : failed(job);
}

char *hypervisor_guest_agent(struct hypervisor *hypervisor, const char *name, const char *command,
			     int timeout_s, struct error *err)
{
	const struct request request = {.work = guest_agent,
					.name = name,
					.text = command,
					.seconds = timeout_s,
					.once = true};

	return hypervisor_ask(hypervisor, &request, err);
}

static int attach(struct job *job)
{
	return virDomainAttachDeviceFlags(job->domain, job->request.text, VIR_DOMAIN_AFFECT_LIVE) <
			       0
		       ? not_taken(job)
		       : 0;
}

int hypervisor_attach(struct hypervisor *hypervisor, const char *name, const char *device_xml,
		      struct error *err)
{
	const struct request request = {
		.work = attach, .name = name, .text = device_xml, .changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int detach(struct job *job)
{
	return virDomainDetachDeviceFlags(job->domain, job->request.text, VIR_DOMAIN_AFFECT_LIVE) <
			       0
		       ? failed(job)
		       : 0;
}

int hypervisor_detach(struct hypervisor *hypervisor, const char *name, const char *device_xml,
		      struct error *err)
{
	const struct request request = {
		.work = detach, .name = name, .text = device_xml, .changes = true};

	return hypervisor_call(hypervisor, &request, NULL, err);
}

static int qmp(struct job *job)
{
	if (!virDomainQemuMonitorCommand(job->domain, job->request.text, &job->answer.text, 0))
		return 0;
	job->answer.text = NULL;
	return failed(job);
}

char *hypervisor_qmp(struct hypervisor *hypervisor, const char *name, const char *command,
		     struct error *err)
{
	const struct request request = {.work = qmp, .name = name, .text = command, .once = true};

	return hypervisor_ask(hypervisor, &request, err);
}
