#!/bin/bash
# Become systemd as process 1 of a throw-away copy of this root. Run by nested.py inside of new mount,
# process, IPC, host-name and cgroup namespaces.
# use: nested_root.sh FOLDER CGROUP
#   FOLDER/add is copied over the copy's root; FOLDER/root is made, and is the copy.
set -e
umask 022
folder=$1
mkdir -p "$folder/root"
mount -t tmpfs -o mode=755 tmpfs "$folder/root"
# The root of an overlay has the mode of its upper folder: 0755, or no other user gets in.
mkdir "$folder/root/upper" "$folder/root/work" "$folder/root/copy"
root=$folder/root/copy
mount -t overlay -o "lowerdir=/,upperdir=$folder/root/upper,workdir=$folder/root/work" \
	overlay "$root"
cp -a "$folder/add/." "$root/"

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
	: >"$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
: >"$root/etc/machine-id"
rm -f "$root/usr/sbin/policy-rc.d"

mkdir -p "$root/mnt/old"
cd "$root"
pivot_root . mnt/old
cd /
umount -l /mnt/old
export container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec /lib/systemd/systemd --system --unit=nested.target --log-level=notice --log-target=console
