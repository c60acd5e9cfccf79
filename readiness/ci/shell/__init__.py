"""Whether a shell script can fail: `shfmt` parses it, and the judge reads the tree by the rules of `bash -e`."""
