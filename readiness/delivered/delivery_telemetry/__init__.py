"""The program that reports deployments from the application's repository. It uses only the standard library.

`python3 -m delivery_telemetry COMMAND`, in the folder that contains this one. Settings: `delivery.toml` in that folder.
"""
