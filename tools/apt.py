"""Installs the Debian packages that the tests need."""

from __future__ import annotations

import os
import shutil
import subprocess


class AptFailed(Exception):
    """A package could not be installed; the message says why."""


def install(package: str) -> None:
    """Install a package with apt-get, as root or through sudo without a password."""
    apt = shutil.which("apt-get")
    if apt is None:
        raise AptFailed("this machine has no apt-get to install one with")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and (shutil.which("sudo") is None or _run(*sudo, "true").returncode != 0):
        raise AptFailed("installing one needs root, or sudo without a password")
    print(f"Installing Debian's {package} with apt-get", flush=True)
    wanted = [apt, "install", "-y", "-qq", "--no-install-recommends", package]
    for command in ([apt, "update", "-qq"], wanted):
        done = _run(*sudo, "env", "DEBIAN_FRONTEND=noninteractive", *command)
        if done.returncode != 0:
            tail = "\n".join(done.stdout.splitlines()[-15:])
            raise AptFailed(f"{' '.join(command)!r} failed:\n{tail}\n")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
