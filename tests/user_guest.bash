# SPDX-License-Identifier: GPL-2.0-or-later
# user_guest.bash - guests as a user has them: persistent domains that boot, form a cluster, mount the
# file system on their vda by themselves, and heed the power button. Their system is the lab's image:
# $kernel and $initramfs, where libvirt finds them. What a test may have otherwise stands in:
# shellcheck shell=bash
# shellcheck disable=SC2154 # kernel, initramfs

user_parameters=	# more for the kernel's command line
user_devices="<channel type='unix'><target type='virtio' name='org.stalemate.agent.0'/></channel>"
user_domain=		# more elements of the domain
user_cache=none		# of the volume's disk

# user_guest NODE TYPE DEVICE ADDRESS PORT PEER_ADDRESS PEER_PORT - user-NODE's definition
user_guest()
{
	cat <<-END
	<domain type='$2' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
	  <name>user-$1</name>
	  <memory unit='MiB'>512</memory>
	  <os>
	    <type machine='q35'>hvm</type>
	    <kernel>$kernel</kernel>
	    <initrd>$initramfs</initrd>
	    <cmdline>console=ttyS0 panic=-1 quiet loglevel=5 stalemate.node=$1 stalemate.mount=/dev/vda:/srv/shared $user_parameters</cmdline>
	  </os>
	  <features><acpi/><apic/></features>
	  <on_reboot>destroy</on_reboot>
	  <on_crash>destroy</on_crash>
	  <devices>
	    <controller type='usb' model='none'/>
	    <disk type='block' device='disk'>
	      <driver name='qemu' type='raw' cache='$user_cache' discard='unmap'/>
	      <source dev='$3'/>
	      <target dev='vda' bus='virtio'/>
	      <shareable/>
	    </disk>
	    <interface type='udp'>
	      <mac address='52:54:00:57:a2:0$1'/>
	      <source address='$6' port='$7'><local address='$4' port='$5'/></source>
	      <model type='virtio'/>
	    </interface>
	    $user_devices
	    <serial type='file'><source path='/var/log/libvirt/qemu/user-$1.console'/></serial>
	    <memballoon model='none'/>
	  </devices>
	  $user_domain
	</domain>
	END
}
