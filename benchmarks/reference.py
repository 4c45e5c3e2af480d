"""The reference in its own environment, because it is also imported as `routilux`."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "build" / "reference"
PACKAGES = ("routilux==0.10.0", "serilux==0.3.1")


def python() -> Path:
    """Return the environment's interpreter; the first call creates the environment."""
    interpreter = HOME / "bin" / "python"
    if not (HOME / "installed").exists():
        print(f"Installing {' and '.join(PACKAGES)} into {HOME.relative_to(ROOT)}", flush=True)
        venv.create(HOME, with_pip=True, clear=True)
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (HOME / "installed").touch()
    return interpreter


def own_python() -> Path:
    """Return the running interpreter."""
    return Path(sys.executable)
