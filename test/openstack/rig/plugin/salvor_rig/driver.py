"""A fake hypervisor whose guests outlive nova-compute, as real ones do.

Extends Nova's FakeDriverWithoutFakeNodes (the other fake drivers draw a new node UUID at every start and so cannot be
restarted). Each running guest is a file $RIG_STATE/guests/<host>/<uuid>; only the driver or bmc/power.sh removes it.
Every start and stop is a line of $RIG_STATE/ledger:   <unix time> <host> <uuid> on|off
A guest that is started while another host's file for it still exists also writes "DOUBLE <other host>": a split brain,
what fencing must make impossible.

Environment: RIG_STATE; RIG_SPAWN_DELAY_SECONDS; RIG_SHARED_STORAGE=1|0 (what instance_on_disk answers;
an instance with the metadata rig:local_disk=true has its disk on its host in any case).
$RIG_STATE/faults/<host>.spawn holds one word: "once" fails the next spawn on that host, "always" each of them, "hang"
holds spawns back until the file is gone. <host>.crash holds the uuid of a guest that has ended by itself: it is taken for shut
down, and Nova is told, as libvirt tells it; then the file is removed.
"""
import io
import os
import time

from nova.compute import power_state
from nova import exception
from nova.image import glance
from nova import utils
from nova.virt import event
from nova.virt import fake

STATE = os.environ["RIG_STATE"]
GUESTS = os.path.join(STATE, "guests")
LEDGER = os.path.join(STATE, "ledger")
LOCAL_DISK = "rig:local_disk"


class RigDriver(fake.FakeDriverWithoutFakeNodes):
    def init_host(self, host):
        super().init_host(host)
        self._dir = os.path.join(GUESTS, host)
        self._images = glance.API()
        os.makedirs(self._dir, exist_ok=True)
        for uuid in os.listdir(self._dir):       # guests that survived our restart
            with open(os.path.join(self._dir, uuid)) as f:
                self.instances[uuid] = fake.FakeInstance(f.read().strip(), power_state.RUNNING, uuid)
        utils.spawn(self._watch_for_crashes)

    def _watch_for_crashes(self):
        path = os.path.join(STATE, "faults", self._host + ".crash")
        while True:
            time.sleep(0.3)
            if not os.path.exists(path):
                continue
            with open(path) as f:
                uuid = f.read().strip()
            os.unlink(path)
            if uuid in self.instances:
                self.instances[uuid].state = power_state.SHUTDOWN
                self.emit_event(event.LifecycleEvent(uuid, event.EVENT_LIFECYCLE_STOPPED))

    def _note(self, uuid, what):
        with open(LEDGER, "a") as f:             # O_APPEND: whole lines
            f.write("%.3f %s %s %s\n" % (time.time(), self._host, uuid, what))

    def _on(self, instance):
        for other in os.listdir(GUESTS):
            if other != self._host and os.path.exists(os.path.join(GUESTS, other, instance.uuid)):
                self._note(instance.uuid, "DOUBLE " + other)
        with open(os.path.join(self._dir, instance.uuid), "w") as f:
            f.write(instance.name)
        self._note(instance.uuid, "on")

    def _off(self, instance):
        try:
            os.unlink(os.path.join(self._dir, instance.uuid))
            self._note(instance.uuid, "off")
        except FileNotFoundError:
            pass

    def _suffer_fault(self):
        path = os.path.join(STATE, "faults", self._host + ".spawn")
        while os.path.exists(path):
            with open(path) as f:
                word = f.read().strip()
            if word == "hang":
                time.sleep(0.2)
                continue
            if word == "once":
                os.unlink(path)
            raise exception.NovaException("rig: spawn made to fail on " + self._host)

    def spawn(self, context, instance, *args, **kwargs):
        self._suffer_fault()
        time.sleep(float(os.environ.get("RIG_SPAWN_DELAY_SECONDS") or 0))
        super().spawn(context, instance, *args, **kwargs)
        if kwargs.get("power_on", True):
            self._on(instance)

    def power_on(self, context, instance, *args, **kwargs):
        # A stopped guest has no file, so that a restarted driver does not know it any more.
        self.instances.setdefault(instance.uuid, fake.FakeInstance(instance.name, power_state.SHUTDOWN, instance.uuid))
        super().power_on(context, instance, *args, **kwargs)
        self._on(instance)

    def power_off(self, instance, *args, **kwargs):
        super().power_off(instance, *args, **kwargs)
        self._off(instance)

    def rescue(self, context, instance, *args, **kwargs):
        super().rescue(context, instance, *args, **kwargs)
        self._on(instance)                       # Nova has stopped it before; the rescue system runs in its place

    def suspend(self, context, instance):
        super().suspend(context, instance)
        self._off(instance)                      # its memory is on disk, it runs nowhere

    def resume(self, context, instance, *args, **kwargs):
        super().resume(context, instance, *args, **kwargs)
        self._on(instance)

    def destroy(self, context, instance, *args, **kwargs):
        super().destroy(context, instance, *args, **kwargs)
        self._off(instance)

    def migrate_disk_and_power_off(self, context, instance, *args, **kwargs):
        self._off(instance)
        return super().migrate_disk_and_power_off(context, instance, *args, **kwargs)

    def finish_revert_migration(self, context, instance, *args, **kwargs):
        super().finish_revert_migration(context, instance, *args, **kwargs)
        if kwargs.get("power_on", True):
            self._on(instance)

    def live_migration(self, context, instance, *args, **kwargs):
        self._off(instance)                      # the other side has it from here on
        super().live_migration(context, instance, *args, **kwargs)
        # The fake driver goes on knowing it, and would refuse it as a doublet if it ever came back.
        self.instances.pop(instance.uuid, None)

    def snapshot(self, context, instance, image_id, update_task_state):
        super().snapshot(context, instance, image_id, update_task_state)
        # The fake driver leaves the image without bytes, and so `queued` for ever.
        meta = {"name": self._images.get(context, image_id)["name"], "disk_format": "raw", "container_format": "bare"}
        self._images.update(context, image_id, meta, io.BytesIO(os.urandom(4096)), purge_props=False)

    def instance_on_disk(self, instance):
        if instance.metadata.get(LOCAL_DISK) == "true":
            return False
        return os.environ.get("RIG_SHARED_STORAGE", "1") == "1"
