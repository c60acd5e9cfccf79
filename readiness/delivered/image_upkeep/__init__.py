"""What the application's repository runs to look after its images: standard library only, delivered as it is here.

`python3 -m image_upkeep COMMAND`, in the folder that holds this one. Settings: `images.toml` beside it.
"""
