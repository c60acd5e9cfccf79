# Made by readiness from the setting readiness:deployment_telemetry. Edit it there: this file is written over.
# sha256 of what follows: 3e1df993644eebcdfca0bbcdf4975537ea9a8df6fe994032d25b4f4ffc4d51ee
"""What the application's repository runs to tell of its deployments: standard library only, delivered as it is here.

`python3 -m delivery_telemetry COMMAND`, in the folder that holds this one. Settings: `delivery.toml` beside it.
"""
