"""What the application's repository runs to tell of its deployments: standard library only, delivered as it is here.

`python3 -m delivery_telemetry COMMAND`, in the folder that holds this one. Settings: `delivery.toml` beside it.
"""
