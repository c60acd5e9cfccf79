"""One command a file: parse, call, print. What a command needs is imported inside it, so that `--help` stays fast."""
