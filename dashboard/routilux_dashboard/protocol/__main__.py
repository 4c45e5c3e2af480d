"""Print the JSON Schema of the wire: `python -m routilux_dashboard.protocol`."""

import json

from .schema import json_schema

print(json.dumps(json_schema(), indent=2))
