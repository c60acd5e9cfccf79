"""Files that belong into the application's repository, below `.github/`: rendered from settings, delivered whole."""
