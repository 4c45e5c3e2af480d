"""Build hook: builds the front end by itself and puts it, with the templates, into the wheel.

Nothing is built when static/dist is of the same sources already (as in an sdist, which carries it), or when
ROUTILUX_SKIP_FRONTEND=1 is set; then Node is not even downloaded.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tools import frontend, node

WHEEL_PLACES = {"static/dist": "routilux_dashboard/static/dist", "templates": "routilux_dashboard/templates"}


class FrontEndHook(BuildHookInterface[Any]):
    """Puts what the browser needs into the wheel, and what is built into the sdist."""

    def dependencies(self) -> list[str]:
        """Node, when there is something to build."""
        return [node.REQUIREMENT] if self._must_build() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and name the folders to take along; an editable install reads them from the checkout."""
        root = Path(self.root)
        if self._must_build():
            frontend.build(root)
        if version == "editable":
            return
        # Not ignored by git, so in the sdist anyway: the templates.
        places = {"static/dist": "static/dist"} if self.target_name == "sdist" else WHEEL_PLACES
        for folder, place in places.items():
            if (root / folder).is_dir():
                build_data["force_include"][str(root / folder)] = place

    def _must_build(self) -> bool:
        return os.environ.get("ROUTILUX_SKIP_FRONTEND", "") in {"", "0"} and not frontend.up_to_date(Path(self.root))
