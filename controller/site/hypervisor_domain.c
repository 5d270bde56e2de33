/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hypervisor_domain.c - hypervisor.h: domains that stay, their definitions and their lives.
 *
 * What is asked for may take its time: a guest that was told to shut down does so when it likes.
 * Waiting is the caller's, so that every wait has the caller's deadline.
 */
#include <stdlib.h>

#include "site/hypervisor_internal.h"

char *hypervisor_definition_secure(struct hypervisor *hypervisor, const char *name,
				   struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	char *xml;

	if (!domain)
		return NULL;
	xml = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
	if (!xml)
		hypervisor_error(err, name);
	virDomainFree(domain);
	return xml;
}

int hypervisor_define(struct hypervisor *hypervisor, const char *xml, struct error *err)
{
	virDomainPtr domain = virDomainDefineXML(hypervisor->connection, xml);

	if (!domain)
		return hypervisor_error(err, "cannot define a guest");
	virDomainFree(domain);
	return 0;
}

int hypervisor_set_autostart(struct hypervisor *hypervisor, const char *name, bool on,
			     struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	int result = 0;

	if (!domain)
		return -1;
	if (virDomainSetAutostart(domain, on) < 0)
		result = hypervisor_error(err, name);
	virDomainFree(domain);
	return result;
}

int hypervisor_start_defined(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	int result = 0;

	if (!domain)
		return -1;
	if (virDomainCreate(domain) < 0 && virDomainIsActive(domain) != 1)
		result = hypervisor_error(err, name);
	virDomainFree(domain);
	return result;
}

int hypervisor_shutdown(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	int result = 0;

	if (!domain)
		return -1;
	if (virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_DEFAULT) < 0 &&
	    virDomainIsActive(domain) != 0)
		result = hypervisor_error(err, name);
	virDomainFree(domain);
	return result;
}

int hypervisor_block_job(struct hypervisor *hypervisor, const char *name, const char *disk,
			 struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	virDomainBlockJobInfo info;
	int result;

	if (!domain)
		return -1;
	result = virDomainGetBlockJobInfo(domain, disk, &info, 0);
	if (result < 0)
		hypervisor_error(err, name);
	virDomainFree(domain);
	return result;
}

int hypervisor_is_off(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	int state, reason, result;

	if (!domain)
		return -1;
	if (virDomainGetState(domain, &state, &reason, 0) < 0)
		result = hypervisor_error(err, name);
	else
		result = state == VIR_DOMAIN_SHUTOFF;
	virDomainFree(domain);
	return result;
}
