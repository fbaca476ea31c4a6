"""sushy-tools' emulator with its own fake driver, which is only told how long a power change takes (POWER_SECONDS; as shipped
that is 1 to 11 s by chance). Arguments: those of sushy-emulator."""
import os
import sys

from sushy_tools.emulator import main
from sushy_tools.emulator.resources.systems import fakedriver

fakedriver.random.randint = lambda _least, _most: int(os.environ.get("POWER_SECONDS", "0"))
sys.exit(main.main())
