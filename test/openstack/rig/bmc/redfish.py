"""A Redfish BMC for every host of $RIG_STATE/bmc.json: sushy-tools' emulator with its fake driver (no libvirt), whose
power is bmc/power.sh. http://127.0.0.1:$RIG_PORT_REDFISH/redfish/v1/Systems/<systemId>, basic auth admin / $RIG_PASSWORD.
Needs: sushy-tools, the environment of env.sh. Leaves: $RIG_STATE/redfish."""
import json, os, subprocess, sys

import bcrypt
from sushy_tools import error
from sushy_tools.emulator import main
from sushy_tools.emulator.resources.systems import fakedriver

HERE, STATE = os.path.dirname(os.path.abspath(__file__)), os.environ["RIG_STATE"]
ACTIONS = {"On": "on", "ForceOn": "on", "ForceOff": "off", "GracefulShutdown": "off", "ForceRestart": "cycle", "GracefulRestart": "cycle"}


def power(host, action):
    return subprocess.run([HERE + "/power.sh", host, action], capture_output=True, text=True)


def get_power(self, identity):
    return "On" if power(self._get(identity)["name"], "status").stdout.strip() == "on" else "Off"


def set_power(self, identity, state):
    if state not in ACTIONS:
        raise error.NotSupportedError(f"Power state {state} is not supported")
    if power(self._get(identity)["name"], ACTIONS[state]).returncode:
        raise error.FishyError("BMC internal error", 500)


def write_config(folder):
    os.makedirs(folder, exist_ok=True)
    accounts, conf = os.path.join(folder, "htpasswd"), os.path.join(folder, "conf.py")
    with open(accounts, "w") as f:
        f.write("admin:" + bcrypt.hashpw(os.environ["RIG_PASSWORD"].encode(), bcrypt.gensalt(4)).decode() + "\n")
    with open(os.path.join(STATE, "bmc.json")) as f:
        systems = [{"uuid": b["systemId"], "name": host, "power_state": "On", "nics": []} for host, b in json.load(f).items()]
    with open(conf, "w") as f:
        f.write(f"SUSHY_EMULATOR_FAKE_DRIVER = True\nSUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'\nSUSHY_EMULATOR_STATE_DIR = {folder!r}\n"
                f"SUSHY_EMULATOR_AUTH_FILE = {accounts!r}\nSUSHY_EMULATOR_FAKE_SYSTEMS = {systems!r}\n")
    return conf


if __name__ == "__main__":
    fakedriver.FakeDriver.get_power_state, fakedriver.FakeDriver.set_power_state = get_power, set_power
    sys.argv = ["sushy-emulator", "--config", write_config(os.path.join(STATE, "redfish")),
                "--port", os.environ["RIG_PORT_REDFISH"], "--interface", "127.0.0.1"]
    sys.exit(main.main())
