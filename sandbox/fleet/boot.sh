#!/bin/sh
# Boots one host: runs as process 1 in its own network, mount, UTS and PID namespaces, and ends as tini.
# Usage: boot.sh FOLDER NAME CGROUP [ROOT]
#   FOLDER: the host's files; etc/ beside it belongs to the fleet
#   ROOT: the root file system below the host's own; without it the host has the machine's
set -e
folder=$1 name=$2 cgroup=$3 root=$4
fleet=$(dirname "$folder")
etc=$fleet/etc

# /proc is still the machine's here, so this is the machine's id of this process.
read -r pid _ </proc/self/stat
echo "$pid" >"$folder/pid.new"
mv "$folder/pid.new" "$folder/pid"

if [ -n "$root" ]; then
  new=$folder/root
  mkdir -p "$new" "$folder/disk" "$folder/overlay-work"
  mount -t overlay overlay -o "lowerdir=$root,upperdir=$folder/disk,workdir=$folder/overlay-work" "$new"
  mkdir -p "$new$fleet" "$new/machine"
  mount --bind "$fleet" "$new$fleet"
  mount --rbind /dev "$new/dev"
  mount --rbind /sys "$new/sys"
  cd "$new"
  pivot_root . machine
  cd /
fi
mount -t proc proc /proc
[ -z "$root" ] || umount -l /machine
echo "$name" >/proc/sys/kernel/hostname

# dockerd needs a sysfs of this network namespace that contains the machine's cgroups.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/cgroup /run/sshd /run/home /run/lock /run/fleet
mount --rbind /sys/fs/cgroup /run/cgroup
mount -t sysfs sysfs /sys
mount --rbind /run/cgroup /sys/fs/cgroup
umount -l /run/cgroup

for file in passwd group shadow hosts; do mount --bind "$etc/$file" "/etc/$file"; done
mount --bind "$folder/hostname" /etc/hostname
mkdir -p /etc/docker "$folder/docker-etc"
mount --bind "$folder/docker-etc" /etc/docker
printf '{"data-root": "%s", "init-path": "none"}\n' "$folder/data" >/etc/docker/daemon.json
# With systemd-resolved, resolv.conf points into /run, which is now covered by a new mount.
resolv=$(readlink -m /etc/resolv.conf)
mkdir -p "$(dirname "$resolv")"
[ -e "$resolv" ] || : >"$resolv"
mount --bind "$etc/resolv.conf" "$resolv"

# A partition drops IPv4; without IPv6 nothing can bypass it.
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 >/proc/sys/net/ipv4/ip_forward

# sshd must be able to read these for any user, even if the fleet's folder is private.
cp "$etc/authorized_keys" /run/fleet/authorized_keys
cp "$folder/ssh_host_ed25519_key" /run/fleet/host_key
chmod 600 /run/fleet/host_key
cat >/run/fleet/sshd_config <<CONFIG
HostKey /run/fleet/host_key
AuthorizedKeysFile /run/fleet/authorized_keys
PidFile /run/sshd.pid
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
UseDNS no
CONFIG
cat >/run/fleet/start-dockerd <<DOCKERD
#!/bin/sh
cd /
exec dockerd --exec-root /run/docker --pidfile /run/docker.pid \\
  -H unix:///run/docker.sock --cgroup-parent "/$cgroup" --log-level warn >>"$folder/dockerd.log" 2>&1
DOCKERD
cat >/run/fleet/start-sshd <<SSHD
#!/bin/sh
cd /
exec /usr/sbin/sshd -D -f /run/fleet/sshd_config -E "$folder/sshd.log" </dev/null >/dev/null 2>&1
SSHD
chmod +x /run/fleet/start-dockerd /run/fleet/start-sshd
exec </dev/null >>"$folder/boot.log" 2>&1
# Docker's programs start often here and live shortly: with less garbage collection a reset takes a tenth less CPU.
export GOGC=400
export HOME=/run/home PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# An engine runs runc and docker-init for their versions at each GET /info, which costs twice as much as the rest of its
# answer. A shell is quicker than runc, and a docker-init that is not found (see daemon.json) is not started.
mkdir /run/fleet/bin
version=$(runc --version) && printf '#!/bin/sh\nif [ "$*" = --version ]; then echo "%s"; else exec %s "$@"; fi\n' \
  "$version" "$(command -v runc)" >/run/fleet/bin/runc
chmod +x /run/fleet/bin/runc
# containerd looks every 10 ms whether it should collect garbage, for as long as that takes under a millisecond: a
# hundredth of a CPU for each host. Without a threshold it looks every second. dockerd writes the file at each start.
cat >/run/fleet/bin/containerd <<CONTAINERD
#!/bin/sh
case \$(cat "\$2") in
*scheduler*) ;;
"version = 0"*) printf '[plugins.scheduler]\npause_threshold = 0.0\n' >>"\$2" ;;
*) printf '[plugins."io.containerd.gc.v1.scheduler"]\npause_threshold = 0.0\n' >>"\$2" ;;
esac
exec $(command -v containerd) "\$@"
CONTAINERD
chmod +x /run/fleet/bin/containerd
export PATH=/run/fleet/bin:$PATH
/run/fleet/start-dockerd &
/run/fleet/start-sshd &
cd /
exec tini -- sleep infinity
