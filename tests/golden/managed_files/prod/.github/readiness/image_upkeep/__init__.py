# Made by readiness from the setting readiness:image_workflows. Edit it there: this file is written over.
# sha256 of what follows: 890f7ccd541e96cf9dc66973c6c696d040cba36b28641ab1982c31670df549ff
"""What the application's repository runs to look after its images: standard library only, delivered as it is here.

`python3 -m image_upkeep COMMAND`, in the folder that holds this one. Settings: `images.toml` beside it.
"""
