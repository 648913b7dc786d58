#!/bin/bash
# Boots a second systemd beside the running one, as root, in namespaces and a control group of its own, on an overlay of
# this machine's file system that vanishes with it. Runs until it is killed.
#   boot.sh begin PROJECT WORK   PROJECT appears as /opt/depotd; what is below WORK/root is laid over the file system
set -euo pipefail
project=$2
work=$3
root=$work/machine

if [[ $1 == begin ]]; then
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    [[ -e $hierarchy/cgroup.procs ]] || continue
    mkdir -p "$hierarchy/depotd-test"
    echo $$ >"$hierarchy/depotd-test/cgroup.procs"
  done
  exec unshare --mount --pid --ipc --uts --cgroup --fork --kill-child "$0" inside "$project" "$work"
fi

mount --make-rprivate /
mkdir -p "$root" "$work/changes"
mount -t tmpfs tmpfs "$work/changes"
mkdir "$work/changes/upper" "$work/changes/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/changes/upper,workdir=$work/changes/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  mkdir "$root/sys/fs/cgroup/unified" "$root/sys/fs/cgroup/systemd"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
  mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
fi
mkdir -p "$root/opt/depotd" "$root/run/systemd/system"
mount --bind "$project" "$root/opt/depotd"
cp -r "$work/root/." "$root/"
: >"$root/etc/machine-id"

chroot "$root" systemd-sysusers depotd.conf
chroot "$root" systemd-tmpfiles --create depotd.conf
exec chroot "$root" /usr/bin/env -i container=test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=depotd-test.target --show-status=0
