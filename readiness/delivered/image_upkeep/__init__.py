"""The program that maintains the images of the application's repository. It uses only the standard library.

`python3 -m image_upkeep COMMAND`, in the folder that contains this one. Settings: `images.toml` in that folder.
"""
