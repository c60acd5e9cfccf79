"""Files for the application's repository, below `.github/`: rendered from settings, and delivered completely."""
