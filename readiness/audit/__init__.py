"""The security audit: every line that was asked for is a row, checked where it can be, with exact steps where not."""
