"""introspective.py UUID   What masakari-introspectiveinstancemonitor sends when a guest's agent has not answered for too long: its
own class, from there on. Without QEMU nothing can stand before it. MONITORED_HOST names the machine it runs on."""
import os
import socket
import sys

from masakarimonitors import config

socket.gethostname = lambda: os.environ.get("MONITORED_HOST", "compute-2")
config.parse_args(["introspective"] + sys.argv[2:])
from masakarimonitors.introspectiveinstancemonitor import qemu_utils  # noqa: E402

qemu_utils.QemuGuestAgent()._masakari_notifier(sys.argv[1])
