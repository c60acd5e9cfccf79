"""What a reviewer reads: the offline plan of the unchanged program, as data, text and Markdown."""
